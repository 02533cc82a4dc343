"""What runs in a process: one call, and word of how it ended."""

import pytest
import workers
from loaded import heavy

import csp
from csp.messages.failure import unpack
from csp.processes.entry import run
from observed import raised_in


def call(function, *args, **kwargs):
    """Run a function of workers as a process does, here; gives (outcome, what waits in the result channel)."""
    give, given = csp.channel(1)
    result, box = csp.channel(1)
    with give, given, result, box:
        give.send((args, kwargs))
        outcome = run(None, 5.0, "workers", function.__name__, given, result)
        return outcome, box.recv_nowait("nothing")


class TestOutcome:
    """run never raises: it tells how the function ended."""

    def test_returned(self):
        """A value that was returned waits in the result channel; keyword arguments arrive by name."""
        assert call(workers.add, 1, y=2, times=10) == (("returned",), 30)

    def test_none(self):
        """None is a result like any other."""
        assert call(workers.nothing) == (("returned",), None)

    def test_stopped(self):
        """Stopped is an ending of its own, and no failure."""
        assert call(workers.stop_oneself) == (("stopped",), "nothing")

    def test_raised(self):
        """An exception travels with its type, its text and its traceback."""
        (ending, failure), left = call(workers.refuse_with, 3)
        error = unpack(failure)
        assert (ending, left) == ("raised", "nothing")
        assert isinstance(error, workers.Refusal)
        assert error.code == 3
        assert raised_in(error) == ["refuse_with"]

    def test_exit(self):
        """SystemExit ends the process like any other exception."""
        (ending, failure), _ = call(workers.leave, 4)
        assert ending == "raised"
        assert unpack(failure).code == 4

    def test_result_that_cannot_travel(self):
        """A result that cannot travel is a failure of the process."""
        (ending, failure), left = call(workers.local, 1)
        assert (ending, left) == ("raised", "nothing")
        assert isinstance(unpack(failure), csp.NotShareable)

    def test_arguments_that_cannot_be_read(self):
        """An argument that cannot be read where the process runs is a failure of the process."""
        (ending, failure), _ = call(workers.nothing, workers.ReadsOnlyAbroad())
        assert ending == "raised"
        assert isinstance(unpack(failure), ValueError)

    def test_function_that_is_not_there(self):
        """A function that cannot be found is a failure of the process."""
        give, given = csp.channel(1)
        result, box = csp.channel(1)
        with give, given, result, box:
            ending, failure = run(None, 5.0, "workers", "no_such_function", given, result)
        assert ending == "raised"
        assert isinstance(unpack(failure), csp.NotImportable)

    def test_arguments_belong_to_the_function(self):
        """An end that the function drops is closed, though the function still runs."""
        tx, rx = csp.channel()
        go, come = csp.channel()
        with csp.parallel() as par:
            process = par.start(workers.drop_then_wait, tx, come)
            tx.close()
            with pytest.raises(csp.EndOfChannel):
                rx.recv(timeout=30)
            assert not process.done
            go.send("on")
        assert process.result() == "on"


class TestCost:
    """What a process loads, each of its interpreters pays for."""

    def test_process_is_light(self):
        """The interpreter of a process holds nothing heavy beside what the function itself imports."""
        with csp.parallel() as par:
            process = par.start(workers.loaded)
        assert heavy(process.result()) == set()

    def test_worker_is_light(self):
        """So does the interpreter of a pipeline's worker."""
        (names,) = csp.pipeline([None]).map(workers.loaded).collect()
        assert heavy(names) == set()

    @pytest.mark.parametrize(
        "module", ["csp.processes.parallel", "csp.processes.pipelines.pipeline", "csp.processes.pipelines.run"]
    )
    def test_starters_are_light(self, module):
        """A process that starts others loads little more."""
        with csp.parallel() as par:
            process = par.start(workers.importing, module)
        assert heavy(process.result()) <= {"collections", "collections.abc"}
