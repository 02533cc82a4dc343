"""csp.pipeline: what map, filter and reduce give, from many interpreters; bounded, lazy, and gone when it is over."""

# ruff: noqa: SIM117  (a whole block is what raises here)

import itertools
import os
import signal
import sys
import threading
import types
from collections import Counter
from functools import reduce

import pytest
import workers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import csp
from csp._native import cancel_interpreter, interpreter_counts, interpreters, kill_interpreter, wait_graph

examples = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


def started():
    """Interpreters started so far."""
    return interpreter_counts()[1]


def main_waits():
    """Whether the main interpreter waits on a channel."""
    return any(kind == "waits" and name == "main" for kind, _, name, *_ in wait_graph())


# ---- equivalence -----------------------------------------------------------------------------------------------------

STEPS = {
    "map": [workers.double, workers.negate, abs],
    "filter": [workers.is_odd, workers.is_small, workers.nobody],
    "measure": [workers.length],
}


@st.composite
def plans(draw, *, ordered=True, batches=True):
    """[(kind, function or size, options)]: steps that fit each other."""
    plan, tuples = [], False
    for _ in range(draw(st.integers(0, 4))):
        kinds = ["measure", "batch"] if tuples else ["map", "filter", "batch"]
        kind = draw(st.sampled_from(kinds if batches else ["map", "filter"]))
        if kind == "batch":
            plan.append((kind, draw(st.integers(1, 5)), {}))
            tuples = True
            continue
        options = {}
        if draw(st.booleans()):
            options["workers"] = draw(st.integers(1, 2))
        if draw(st.booleans()):
            options["window"] = draw(st.integers(1, 6))
        if not ordered:
            options["ordered"] = draw(st.booleans())
        plan.append((kind, draw(st.sampled_from(STEPS[kind])), options))
        tuples = False
    return plan


def piped(source, plan):
    """The plan as a pipeline."""
    pipeline = csp.pipeline(source)
    for kind, what, options in plan:
        if kind == "batch":
            pipeline = pipeline.batch(what)
        elif kind == "filter":
            pipeline = pipeline.filter(what, **options)
        else:
            pipeline = pipeline.map(what, **options)
    return pipeline


def modelled(source, plan):
    """The same with Python's own."""
    values = list(source)
    for kind, what, _ in plan:
        if kind == "batch":
            values = list(itertools.batched(values, what, strict=False))
        else:
            values = list(filter(what, values) if kind == "filter" else map(what, values))
    return values


def channel_of(values):
    """A channel that holds these and has ended."""
    tx, rx = csp.channel(max(1, len(values)))
    for value in values:
        tx.send(value)
    tx.close()
    return rx


SOURCES = {"list": list, "iterator": iter, "channel": channel_of, "deque": tuple}
numbers = st.lists(st.integers(-100, 100), max_size=60)


class TestEquivalence:
    """A pipeline gives what Python's own functions give."""

    @examples
    @given(values=numbers, plan=plans(), kind=st.sampled_from(sorted(SOURCES)))
    def test_ordered(self, values, plan, kind):
        """Ordered stages give the same list, whatever the workers, windows and batches."""
        source = SOURCES[kind](values)
        assert piped(source, plan).collect() == modelled(values, plan)
        if kind == "channel":
            source.close()

    @examples
    @given(values=numbers, plan=plans(ordered=False, batches=False), size=st.none() | st.integers(1, 7))
    def test_unordered(self, values, plan, size):
        """Unordered stages give the same values in any order, also in batches."""
        pipeline = piped(values, plan)
        if size is None:
            found = pipeline.collect()
        else:
            batches = pipeline.batch(size).collect()
            assert all(len(batch) == size for batch in batches[:-1])
            found = list(itertools.chain.from_iterable(batches))
        assert Counter(found) == Counter(modelled(values, plan))

    @settings(examples, max_examples=10)
    @given(values=numbers, plan=plans(batches=False))
    def test_reduce(self, values, plan):
        """reduce folds in order, from the initial value."""
        found = piped(values, plan).reduce(lambda text, x: f"{text},{x}", "start")
        assert found == reduce(lambda text, x: f"{text},{x}", modelled(values, plan), "start")

    def test_many_small_items(self):
        """Items that travel in chunks keep their order; there is no other way to see the chunks."""
        assert csp.pipeline(range(50_000)).map(workers.double, workers=2).collect() == list(range(0, 100_000, 2))

    def test_many_small_items_through_stages(self):
        """Also through stages of their own, and a batch in between."""
        pipeline = (
            csp.pipeline(range(20_000))
            .map(workers.double, workers=1)
            .map(workers.negate, workers=2)
            .batch(7)
            .map(workers.length, workers=1)
        )
        assert pipeline.reduce(lambda total, n: total + n, 0) == 20_000

    def test_for_each(self):
        """for_each calls its function with each result, here, in order."""
        seen = []
        csp.pipeline("abc").map(workers.as_text, workers=1).for_each(seen.append)
        assert seen == ["a", "b", "c"]

    def test_without_workers(self):
        """A pipeline of batches alone starts no worker."""
        before = started()
        assert list(csp.pipeline(iter(range(5))).batch(2)) == [(0, 1), (2, 3), (4,)]
        assert csp.pipeline(range(5)).collect() == [0, 1, 2, 3, 4]
        assert started() == before


class TestBuilding:
    """A pipeline is a value."""

    def test_nothing_starts(self):
        """Nothing is started or taken from the source before a result is asked for."""
        before, taken = started(), []
        source = (taken.append(x) or x for x in range(3))
        iterator = iter(csp.pipeline(source).map(workers.double, workers=1).batch(2))
        assert (started(), taken) == (before, [])
        assert next(iterator) == (0, 2)
        iterator.close()

    def test_immutable(self):
        """A method leaves its pipeline as it was; it can be run again and be continued in two ways."""
        doubled = csp.pipeline([1, 2, 3]).map(workers.double, workers=1)
        odd, negated = doubled.filter(workers.is_odd), doubled.map(workers.negate)
        assert negated.collect() == [-2, -4, -6]
        assert odd.collect() == []
        assert doubled.collect() == doubled.collect() == [2, 4, 6]

    @pytest.mark.parametrize(
        ("build", "count"),
        [
            (lambda p: p.map(workers.double, workers=2).filter(workers.is_odd).map(workers.negate), 2),
            (lambda p: p.map(workers.double, workers=2).map(workers.negate, workers=1), 3),
            (
                lambda p: p.map(workers.double, workers=2).map(workers.negate, window=4),
                2 + (os.process_cpu_count() or 1),
            ),
            (lambda p: p.filter(workers.is_odd, workers=2).map(workers.negate), 2),
            (lambda p: p.map(workers.double), os.process_cpu_count() or 1),
            (
                lambda p: p.map(workers.double, workers=2).batch(2).map(workers.length),
                2 + (os.process_cpu_count() or 1),
            ),
        ],
    )
    def test_workers(self, build, count):
        """A stage without settings of its own runs in the workers of the one before; by default one per CPU."""
        before = started()
        build(csp.pipeline(iter(range(3)))).collect()
        assert started() - before == count

    def test_no_more_workers_than_items(self):
        """Of a collection no more workers are started than it has items."""
        before = started()
        assert csp.pipeline([1]).map(workers.double, workers=8).collect() == [2]
        assert csp.pipeline([]).map(workers.double, workers=8).collect() == []
        assert started() - before == 1

    def test_repr(self):
        """The repr tells the stages."""
        pipeline = csp.pipeline([]).map(workers.double, workers=2).filter(workers.is_odd).batch(3)
        assert repr(pipeline) == "csp.pipeline(...).map(double+is_odd, workers=2).batch(3)"

    @pytest.mark.parametrize(
        ("build", "error", "text"),
        [
            (lambda: csp.pipeline(3), TypeError, "takes an iterable, not 3"),
            (lambda: csp.pipeline([], grace=-1), ValueError, "grace must be at least 0"),
            (lambda: csp.pipeline([], grace="x"), TypeError, "grace must be a number"),
            (lambda: csp.pipeline([]).map(lambda x: x), csp.NotImportable, "a map's function is a lambda"),
            (lambda: csp.pipeline([]).filter([].append), csp.NotImportable, "a filter's function"),
            (lambda: csp.pipeline([]).map(3), TypeError, "a map's function must be callable, not 3"),
            (lambda: csp.pipeline([]).map(abs, workers=0), ValueError, "map: the number of workers must be at least 1"),
            (lambda: csp.pipeline([]).map(abs, workers=1.5), TypeError, "map: the number of workers must be an int"),
            (lambda: csp.pipeline([]).filter(abs, window=0), ValueError, "filter: the window"),
            (lambda: csp.pipeline([]).map(abs, ordered=None), TypeError, "ordered=True or ordered=False"),
            (lambda: csp.pipeline([]).batch(0), ValueError, "batch: the number of items must be at least 1"),
            (lambda: csp.pipeline([]).batch(True), TypeError, "batch: the number of items must be an int"),
            (lambda: csp.pipeline([]).collect(progress=7), TypeError, "progress must be True, False or a label"),
        ],
    )
    def test_refusals(self, build, error, text):
        """What a pipeline cannot be made of says why, at once."""
        with pytest.raises(error, match=text):
            build()


# ---- bounds ----------------------------------------------------------------------------------------------------------


class Counted:
    """An endless source that knows how far it was taken."""

    def __init__(self, item=lambda n: n):
        self.taken = 0
        self.item = item

    def __iter__(self):
        for n in itertools.count():
            self.taken += 1
            yield self.item(n)


class TestBounds:
    """What is under way is bounded."""

    @settings(examples, max_examples=12)
    @given(
        window=st.integers(1, 12),
        count=st.integers(1, 3),
        ordered=st.booleans(),
        wanted=st.integers(1, 60),
        two=st.booleans(),
    )
    def test_window(self, window, count, ordered, wanted, two):
        """An endless iterator is never taken further than the window beyond what was given out."""
        source = Counted()
        pipeline = csp.pipeline(source).map(workers.double, workers=count, ordered=ordered, window=window)
        if two:
            pipeline = pipeline.map(workers.negate, workers=1, window=window)
        results = iter(pipeline)
        for given_out in range(wanted):
            next(results)
            assert source.taken <= given_out + 1 + window * (1 + two)
        results.close()

    def test_window_is_used(self, wait_until):
        """While the first item is stuck, the others go on until the window is full, and no further."""
        go, come = csp.channel()
        source = Counted(lambda n: come if n == 0 else n)

        def release():
            wait_until(lambda: source.taken >= 5, "the window is full")
            wait_until(lambda: come.statistics().waiting_receivers == 1 and main_waits(), "all stand still")
            seen.append(source.taken)
            go.send(-1)

        seen = []
        thread = threading.Thread(target=release)
        thread.start()
        results = iter(csp.pipeline(source).map(workers.value_of, workers=2, window=5))
        assert [next(results) for _ in range(3)] == [-1, 1, 2]
        thread.join()
        assert seen == [5]
        results.close()
        go.close()
        come.close()

    @pytest.mark.parametrize(("count", "window"), [(1, 4), (2, 6)])
    def test_default_window(self, wait_until, count, window):
        """Without a window, 2 * workers + 2 items are under way of a stage that has not shown to be fast."""
        go, come = csp.channel()
        source = Counted(lambda n: come)

        def release():
            waiting = wait_until(
                lambda: come.statistics().waiting_receivers == count and main_waits() and [source.taken],
                "all stand still",
            )
            seen.extend(waiting)
            go.close()

        seen = []
        thread = threading.Thread(target=release)
        thread.start()
        with pytest.raises(csp.ProcessFailed, match="EndOfChannel"):
            csp.pipeline(source).map(workers.value_of, workers=count).collect()
        thread.join()
        assert seen == [window]
        come.close()

    def test_endless(self):
        """Results of an endless source come as long as they are asked for; closing has ended the workers."""
        before = interpreter_counts()[0]
        results = iter(csp.pipeline(itertools.count()).map(workers.double, workers=2))
        assert list(itertools.islice(results, 1000)) == list(range(0, 2000, 2))
        assert interpreter_counts()[0] == before + 2
        results.close()
        assert interpreter_counts()[0] == before

    def test_memory_stays_flat(self):
        """What is under way of a collection grows with chunks, but only so far."""
        from csp.processes.section import CHUNK

        source = Counted()
        results = iter(csp.pipeline(source).map(workers.double, workers=1))
        for given_out, _ in enumerate(itertools.islice(results, 20_000), 1):
            assert source.taken - given_out <= 4 * CHUNK
        results.close()

    def test_nothing_waits_for_a_chunk(self):
        """An item is at work before the next is asked for, also after many that took no time."""
        tx, rx = csp.channel()

        def source():
            for n in range(300):
                yield n, tx
                assert rx.recv(timeout=30) == n  # the item before is in its worker

        assert csp.pipeline(source()).map(workers.reported, workers=1).collect() == list(range(300))
        tx.close()
        rx.close()


class TestOrder:
    """ordered= decides whether a result waits for those before it."""

    def test_unordered(self):
        """ordered=False gives a result as soon as it is there."""
        go, come = csp.channel()
        results = iter(csp.pipeline([come, 1, 2]).map(workers.value_of, workers=2, ordered=False))
        assert [next(results), next(results)] == [1, 2]
        go.send("late")
        assert list(results) == ["late"]
        go.close()
        come.close()

    def test_ordered(self, wait_until):
        """ordered=True holds it back until those before it are there."""
        go, come = csp.channel()

        def release():
            wait_until(lambda: come.statistics().waiting_receivers == 1 and main_waits(), "the first is stuck")
            go.send("first")

        thread = threading.Thread(target=release)
        thread.start()
        assert csp.pipeline([come, 1, 2]).map(workers.value_of, workers=2).collect() == ["first", 1, 2]
        thread.join()
        go.close()
        come.close()


class TestChannelAsSource:
    """A channel may be the source."""

    def test_results_do_not_wait_for_items(self):
        """A result is given out while the source has no next item yet."""
        tx, rx = csp.channel(1)
        results = iter(csp.pipeline(rx).map(workers.double, workers=1))
        for n in range(20):
            tx.send(n)
            assert next(results) == 2 * n
        tx.close()
        assert list(results) == []
        rx.close()

    def test_from_a_process(self):
        """It may be fed by a process."""
        tx, rx = csp.channel()
        with csp.parallel() as par:
            par.start(workers.send_all, tx, tuple(range(100)))
            tx.close()
            assert csp.pipeline(rx).map(workers.double, workers=2).batch(30).collect() == list(
                itertools.batched(range(0, 200, 2), 30, strict=False)
            )
        rx.close()


# ---- failures --------------------------------------------------------------------------------------------------------


class TestFailure:
    """The first failure ends the pipeline."""

    def failure(self, pipeline):
        """Its failure, which comes when all workers have ended."""
        before = interpreter_counts()[0]
        with pytest.raises(csp.ProcessFailed) as caught:
            pipeline.collect()
        assert interpreter_counts()[0] == before
        return caught.value

    @pytest.mark.parametrize("source", [range(100), iter(range(100))])
    def test_names_function_and_item(self, source):
        """It names the function and the item; the cause is the function's own exception with its traceback."""
        error = self.failure(csp.pipeline(source).map(workers.refuse_seven, workers=2))
        assert str(error) == "refuse_seven raised KeyError: 'seven'; the item was 7"
        assert error.item == 7
        assert isinstance(error.__cause__, KeyError)
        assert "in refuse_seven" in str(error.__cause__.__cause__)

    def test_later_stage(self):
        """The item is what the function that raised was called with."""
        pipeline = csp.pipeline([1]).map(workers.as_text, workers=1).map(workers.double).map(workers.refuse, workers=1)
        error = self.failure(pipeline)
        assert str(error) == "refuse raised ValueError: no 11; the item was '11'"
        assert error.item == "11"

    def test_filter(self):
        """A filter's failure, fused with a map, names the filter and what the map gave it."""
        error = self.failure(csp.pipeline([5]).map(workers.double, workers=1).filter(workers.refuse))
        assert (str(error), error.item) == ("refuse raised ValueError: no 10; the item was 10", 10)

    def test_long_item(self):
        """A long item is cut in the text, and whole in .item."""
        error = self.failure(csp.pipeline(["x" * 5000]).map(workers.refuse_long, workers=1))
        assert error.item == "x" * 5000
        assert len(str(error)) < 300
        assert str(error).endswith("x...")

    def test_item_that_cannot_travel_back(self):
        """When the item itself cannot travel, its repr still tells."""
        error = self.failure(
            csp.pipeline([1])
            .map(workers.as_text, workers=1)
            .map(workers.as_text)
            .map(workers.local)
            .map(workers.refuse)
        )
        assert error.item is None
        assert "the item was <workers.Local object" in str(error)

    @pytest.mark.parametrize("workers_after", [None, 1])
    def test_result_that_cannot_travel(self, workers_after):
        """A result that cannot travel is reported with the item that it was made of, also out of a chunk."""
        pipeline = csp.pipeline(range(5000)).map(workers.local_for_seven, workers=1)
        if workers_after:
            pipeline = pipeline.map(workers.as_text, workers=workers_after)
        error = self.failure(pipeline)
        assert str(error).startswith("what local_for_seven returned for 7 cannot be sent on: csp.errors.NotShareable")
        assert error.item == 7

    def test_result_behind_a_filter(self):
        """Also when a filter behind the map has let other results go."""
        error = self.failure(
            csp.pipeline(range(20)).map(workers.as_text, workers=1).map(workers.local).filter(workers.length_or_true)
        )
        assert error.item == "0"

    @pytest.mark.parametrize("source", [[1, workers.Local()], iter([1, workers.Local()])])
    def test_item_that_cannot_travel(self, source):
        """An item that cannot travel is named together with the function it was meant for."""
        error = self.failure(csp.pipeline(source).map(workers.as_text, workers=1))
        assert "cannot be sent to the workers of as_text" in str(error)
        assert isinstance(error.item, workers.Local)
        assert isinstance(error.__cause__, csp.NotShareable)

    def test_item_that_cannot_be_read(self):
        """An item that cannot be read by a worker is a failure, with the reason."""
        error = self.failure(csp.pipeline([workers.ReadsOnlyAtHome()]).map(workers.as_text, workers=1))
        assert "an item cannot be read by the workers of as_text" in str(error)
        assert isinstance(error.__cause__, ValueError)

    def test_result_that_cannot_be_read(self):
        """A result that cannot be read here raises what reading it raised."""
        with pytest.raises(ValueError, match="not to be read in the main interpreter"):
            csp.pipeline([1]).map(workers.abroad, workers=1).collect()

    def test_function_that_cannot_be_imported(self, monkeypatch):
        """A function that the workers cannot import is a failure that says so."""
        only_here = types.ModuleType("only_here")
        exec("def function(x): return x", only_here.__dict__)
        monkeypatch.setitem(sys.modules, "only_here", only_here)
        error = self.failure(csp.pipeline([1]).map(only_here.function, workers=1))
        assert "function cannot be imported by its workers" in str(error)
        assert isinstance(error.__cause__, csp.NotImportable)

    def test_exit(self):
        """sys.exit in a worker is a failure like any other."""
        error = self.failure(csp.pipeline([3]).map(workers.leave, workers=1))
        assert isinstance(error.__cause__, SystemExit)

    @pytest.mark.parametrize(("act", "ending"), [(kill_interpreter, "killed"), (cancel_interpreter, "cancelled")])
    def test_worker_ended_from_outside(self, wait_until, act, ending):
        """A worker that somebody else ends is reported by name."""
        go, come = csp.channel()

        def end_it():
            wait_until(lambda: come.statistics().waiting_receivers == 1 and main_waits(), "the worker waits")
            act(next(number for number, name, _ in interpreters() if name == "value_of/0"))

        thread = threading.Thread(target=end_it)
        thread.start()
        error = self.failure(csp.pipeline([come]).map(workers.value_of, workers=1))
        assert str(error) == "worker value_of/0 was stopped from outside the pipeline"
        thread.join()
        go.close()
        come.close()

    def test_stops_a_busy_worker(self):
        """A worker that does not stop is killed after the grace, and that is noted."""
        ready, started = csp.channel(1)
        error = self.failure(csp.pipeline([ready, 1], grace=0.05).map(workers.spin_or_refuse, workers=2))
        assert "ValueError" in str(error)
        assert "spin_or_refuse/" in error.__notes__[0]
        assert "had to be killed" in error.__notes__[0]
        ready.close()
        started.close()


class TestEarlyEnd:
    """What ends a pipeline early ends its workers."""

    def test_source_raises(self):
        """What the source raises propagates as it is."""

        def source():
            yield 1
            raise LookupError("mine")

        with pytest.raises(LookupError, match="mine"):
            csp.pipeline(source()).map(workers.double, workers=2).collect()

    def test_reducer_raises(self):
        """What the caller's own function raises propagates as it is."""

        def stop(total, value):
            raise LookupError("mine")

        with pytest.raises(LookupError, match="mine"):
            csp.pipeline(itertools.count()).map(workers.double, workers=2).reduce(stop, 0)
        with pytest.raises(LookupError, match="mine"):
            csp.pipeline(itertools.count()).map(workers.double, workers=2).for_each(lambda value: stop(0, value))

    def test_abandoned(self):
        """A loop that is left early ends the workers, also one that waits inside the function."""
        go, come = csp.channel()
        for value in csp.pipeline([1, come, come]).map(workers.value_of, workers=2):
            assert value == 1
            break
        come.close()
        with go, pytest.raises(csp.BrokenChannel):
            go.send(1)

    def test_keyboard_interrupt(self, wait_until):
        """Ctrl-C while the caller waits ends the workers and propagates."""
        go, come = csp.channel()

        def interrupt():
            wait_until(lambda: come.statistics().waiting_receivers == 1 and main_waits(), "all wait")
            os.kill(os.getpid(), signal.SIGINT)

        thread = threading.Thread(target=interrupt)
        thread.start()
        with pytest.raises(KeyboardInterrupt):
            csp.pipeline([come]).map(workers.value_of, workers=1).collect()
        thread.join()
        go.close()
        come.close()


class TestInsideAProcess:
    """A process may have a pipeline."""

    def test_result(self):
        """It works there as it does here."""
        with csp.parallel() as par:
            process = par.start(workers.nested_pipeline, 10)
        assert process.result() == 90

    def test_stopped(self):
        """A process that is stopped while it waits for its pipeline ends the workers first."""
        ready, started = csp.channel()
        never, rx = csp.channel()
        with pytest.raises(LookupError) as caught:
            with csp.parallel() as par:
                process = par.start(workers.nested_pipeline_waits, ready, rx)
                started.recv()
                raise LookupError
        assert not hasattr(caught.value, "__notes__")
        with pytest.raises(csp.ProcessFailed, match="stopped"):
            process.result()
        started.close()
        never.close()
