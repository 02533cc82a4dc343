"""How a pipeline ends before its time: by a failure, by what its caller does, by being stopped."""

# ruff: noqa: SIM117  (a whole block is what raises here)

import itertools
import os
import signal
import sys
import threading
import types

import pytest
import workers

import csp
from csp._native import cancel_interpreter, interpreter_counts, interpreters, kill_interpreter
from observed import raised_in


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
        assert raised_in(error.__cause__) == ["refuse_seven"]

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
            wait_until(lambda: come.statistics().waiting_receivers == 1 and workers.main_waits(), "the worker waits")
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
            wait_until(lambda: come.statistics().waiting_receivers == 1 and workers.main_waits(), "all wait")
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
