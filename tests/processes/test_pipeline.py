"""csp.pipeline: what map, filter and reduce give, from many interpreters; bounded, lazy, and gone when it is over."""

import itertools
import os
import threading
from collections import Counter
from functools import reduce

import pytest
import workers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import csp
from csp._native import interpreter_counts
from csp.hosts.crew import Crew
from csp.processes.pipelines.chunking import DEEPEN, MOST, TARGET
from csp.processes.pipelines.segment import Segment
from csp.processes.pipelines.stages import Function, Stage

examples = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


def started():
    """Interpreters started so far."""
    return interpreter_counts()[1]


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

    def test_methods_of_classes(self):
        """A method of a class is a function as good as any, also of a built-in one."""
        assert csp.pipeline(["a", "b"]).map(str.upper, workers=1).map(workers.Shout.at).collect() == ["A!", "B!"]

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
            wait_until(lambda: come.statistics().waiting_receivers == 1 and workers.main_waits(), "all stand still")
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
                lambda: come.statistics().waiting_receivers == count and workers.main_waits() and [source.taken],
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
        source = Counted()
        results = iter(csp.pipeline(source).map(workers.double, workers=1))
        for given_out, _ in enumerate(itertools.islice(results, 20_000), 1):
            assert source.taken - given_out <= 4 * MOST
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


class TestChunks:
    """How many items a segment sends in one message, and how many may be under way."""

    @pytest.fixture
    def segment(self, request):
        """A segment of one stage with two workers, none of them started, as its marks say."""
        crew = Crew()
        made = []

        def make(*, window=None, one_by_one=False):
            segment = Segment(0, [Stage((Function(abs, False),), 2, True, window)], one_by_one=one_by_one)
            segment.start(crew, 5.0, 0)
            made.append(segment)
            return segment

        yield make
        for segment in made:
            segment.close()
        crew.close()

    def run(self, segment, each):
        """One chunk goes in, comes out after so many nanoseconds for each item, and is taken."""
        chunk, items = segment._next_in, (0,) * segment.chunking.chunk
        segment.put(items)
        assert segment.came(chunk, each * len(items), items) == len(items)
        assert segment.take() == items
        assert segment.items == 0

    def test_starts_with_one(self, segment):
        """The first chunks are single items, and 2 * workers + 2 of them."""
        made = segment()
        assert (made.chunking.chunk, made.chunking.limit) == (1, 6)

    def test_grows(self, segment):
        """While items take microseconds a chunk doubles, up to what is done in TARGET."""
        made = segment()
        sizes = []
        for _ in range(12):
            self.run(made, 1000)
            sizes.append(made.chunking.chunk)
        assert sizes[:4] == [2, 4, 8, 16]
        assert sizes[-1] == TARGET // 1000

    def test_slow_items_stay_alone(self, segment):
        """Items that take as long as TARGET travel one by one."""
        made = segment()
        for _ in range(10):
            self.run(made, TARGET)
            assert (made.chunking.chunk, made.chunking.limit) == (1, 6)

    def test_shrinks(self, segment):
        """One slow chunk may be chance; two in a row are believed."""
        made = segment()
        for _ in range(12):
            self.run(made, 1000)
        before = made.chunking.chunk
        self.run(made, 1_000_000)
        assert made.chunking.chunk == before
        self.run(made, 1_000_000)
        assert made.chunking.chunk == 1

    @settings(examples, max_examples=50)
    @given(
        costs=st.lists(st.integers(0, 10**9), max_size=60),
        window=st.none() | st.integers(1, 10_000),
        one_by_one=st.booleans(),
    )
    def test_limits(self, segment, costs, window, one_by_one):
        """Whatever the costs, a chunk and what is under way stay within their limits."""
        made = segment(window=window, one_by_one=one_by_one)
        for each in costs:
            self.run(made, each)
            sizes = made.chunking
            assert 1 <= sizes.chunk <= (1 if one_by_one else MOST)
            assert sizes.limit == window if window else 6 <= sizes.limit <= 6 * (DEEPEN if one_by_one else MOST)
            assert sizes.chunk <= sizes.limit


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
            wait_until(lambda: come.statistics().waiting_receivers == 1 and workers.main_waits(), "the first is stuck")
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
