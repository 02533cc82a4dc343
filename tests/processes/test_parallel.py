"""csp.parallel: everything that was started has ended when the block is left, in good order or not."""

# ruff: noqa: SIM117  (a whole block is what raises here)

import os
import re
import signal
import threading
import time

import pytest
import workers

import csp
from csp._native import interpreter_counts, interpreters, kill_interpreter
from csp.hosts.crew import Crew, is_exit
from csp.hosts.interpreter import exit_of
from observed import raised_in


def running():
    """Interpreters alive now."""
    return interpreter_counts()[0]


class TestBlock:
    """The block in good order."""

    def test_waits_for_all(self):
        """When the block is left, every process has ended and its result is there."""
        before = running()
        with csp.parallel() as par:
            processes = [par.start(workers.add, i, 1) for i in range(4)]
        assert running() == before
        assert [process.result() for process in processes] == [1, 2, 3, 4]
        assert all(process.done for process in processes)

    def test_empty(self):
        """A block that starts nothing is left at once."""
        with csp.parallel():
            pass

    def test_talk_to_each_other(self):
        """Producer, relay and consumers meet on channels, which end one after the other as their users end."""
        with csp.parallel() as par:
            tx, middle = csp.channel()
            out, rx = csp.channel()
            par.start(workers.send_all, tx, tuple(range(20)))
            par.start(workers.relay, middle, out)
            consumers = par.start_many(2, workers.receive_all, rx)
        assert sorted(value for consumer in consumers for value in consumer.result()) == list(range(20))

    def test_start_many(self):
        """start_many numbers the names, and takes 0 for none."""
        with csp.parallel() as par:
            assert par.start_many(0, workers.nothing) == []
            processes = par.start_many(3, workers.add, 1, y=1, times=5)
        assert [process.name for process in processes] == ["add/0", "add/1", "add/2"]
        assert [process.result() for process in processes] == [10, 10, 10]

    def test_handle(self):
        """A process has a name, a number of its own, and a repr that tells both and its state."""
        go, come = csp.channel()
        with csp.parallel() as par:
            one, two = par.start(workers.receive_one, come), par.start(workers.nothing)
            assert one.id != two.id
            assert repr(one) == f"<csp.Process receive_one ({one.id}), running>"
            assert not one.done
            go.send(1)
        assert repr(one) == f"<csp.Process receive_one ({one.id}), returned>"
        go.close()

    def test_used_once(self):
        """A block is entered once, and starts processes only while it is open."""
        par = csp.parallel()
        with pytest.raises(RuntimeError, match="inside the block"):
            par.start(workers.nothing)
        with par:
            pass
        with pytest.raises(RuntimeError, match="inside the block"):
            par.start(workers.nothing)
        with pytest.raises(RuntimeError, match="used once"):
            par.__enter__()

    def test_nested(self):
        """A process may have a block of its own."""
        with csp.parallel() as par:
            process = par.start(workers.nested_sum, 3)
        assert process.result() == 6

    def test_scripts_functions(self, program):
        """Functions of the script itself can be processes."""
        status, out, err = program.script(
            "import csp\n"
            "def greet(name): return 'hello ' + name\n"
            "if __name__ == '__main__':\n"
            "    with csp.parallel() as par:\n"
            "        process = par.start(greet, 'ada')\n"
            "    print(process.result())\n"
        )
        assert (status, out, err) == (0, "hello ada\n", "")


class TestResult:
    """Process.result."""

    def test_inside_the_block(self):
        """It waits for the process, inside the block as well."""
        with csp.parallel() as par:
            assert par.start(workers.add, 2, 3).result() == 5

    def test_same_object(self):
        """It gives the same object every time."""
        with csp.parallel() as par:
            process = par.start(workers.receive_all, csp.channel()[1])
        assert process.result() is process.result()

    def test_timeout(self):
        """It waits no longer than asked, and the process lives on."""
        go, come = csp.channel()
        with csp.parallel() as par:
            process = par.start(workers.receive_one, come)
            with pytest.raises(TimeoutError, match="receive_one still runs"):
                process.result(timeout=0)
            with pytest.raises(ValueError, match="timeout must be at least 0"):
                process.result(timeout=-1)
            go.send("late")
            assert process.result(timeout=30) == "late"
        go.close()

    def test_other_thread(self):
        """Only the thread of the block may wait; others get an error and not a hang, and once it ended, the result."""
        go, come = csp.channel()
        seen = []

        def ask():
            try:
                seen.append(process.result())
            except RuntimeError as error:
                seen.append(str(error))

        with csp.parallel() as par:
            process = par.start(workers.receive_one, come)
            in_thread(ask)
            go.send("x")
        in_thread(ask)
        assert "only the thread of its block" in seen[0]
        assert seen[1] == "x"
        go.close()

    def test_ends(self):
        """An end may be a result; it belongs to whoever asked."""
        tx, rx = csp.channel()
        with csp.parallel() as par:
            process = par.start(give_back, rx)
        back = process.result()
        with tx, back:
            tx.close()
            with pytest.raises(csp.EndOfChannel):
                back.recv()

    def test_never_fetched(self):
        """A result that nobody fetches is dropped with its process, and what it holds is closed."""
        tx, rx = csp.channel()
        with csp.parallel() as par:
            process = par.start(give_back, rx)
        assert tx.statistics().receivers == 1
        del process, par
        with tx, pytest.raises(csp.BrokenChannel):
            tx.send(1)

    def test_unreadable(self):
        """A result that cannot be read here says so, when it is asked for."""
        with csp.parallel() as par:
            process = par.start(workers.abroad)
        with pytest.raises(csp.ProcessFailed, match="result of process abroad cannot be read here"):
            process.result()


class TestEnds:
    """Ends given to processes belong to them."""

    def test_closed_when_left(self):
        """The caller's handles of what it gave away are closed when the block is left."""
        tx, rx = csp.channel(4)
        with csp.parallel() as par:
            par.start(workers.send_all, tx, (1, 2))
            assert not tx.closed
        assert tx.closed
        assert list(rx) == [1, 2]
        rx.close()

    def test_inside_containers(self):
        """Also those inside tuples, lists and the values of dicts, and in keyword arguments."""
        tx, rx = csp.channel()
        other, more = csp.channel(1)
        with csp.parallel() as par:
            par.start(workers.receive_in, {"in": [(rx,)]})
            par.start(workers.send_all, tx=tx, values=(1,))
            par.start(workers.nothing_with, [[other], (more,)])
        assert (tx.closed, rx.closed, other.closed, more.closed) == (True, True, True, True)

    def test_before_waiting(self):
        """They are closed before the block waits: else this consumer would never see the end of its channel."""
        tx, rx = csp.channel()
        with csp.parallel() as par:
            par.start(workers.send_all, tx, (1, 2, 3))
            consumer = par.start(workers.receive_all, rx)
        assert consumer.result() == (1, 2, 3)

    def test_clone_stays(self):
        """A clone that was kept stays open."""
        tx, rx = csp.channel(4)
        with csp.parallel() as par:
            par.start(workers.send_all, tx.clone(), (1,))
        assert not tx.closed
        tx.close()
        rx.close()

    def test_given_to_several(self):
        """The same end may be given to several processes."""
        tx, rx = csp.channel(64)
        with csp.parallel() as par:
            par.start_many(3, workers.send_all, tx, (1, 2))
        assert sorted(rx) == [1, 1, 1, 2, 2, 2]
        rx.close()

    def test_given_to_none(self):
        """Ends given to 0 processes are closed as well: else this consumer would wait for ever."""
        tx, rx = csp.channel()
        with csp.parallel() as par:
            assert par.start_many(0, workers.send_all, tx, (1,)) == []
            consumer = par.start(workers.receive_all, rx)
        assert consumer.result() == ()

    def test_closed_end_refused(self):
        """An end that is already closed is refused, with the argument it came in."""
        tx, rx = csp.channel()
        tx.close()
        rx.close()
        with csp.parallel() as par, pytest.raises(csp.ClosedEnd, match="argument 1 of nothing_with"):
            par.start(workers.nothing_with, 0, [tx])

    def test_refused_start_leaves_ends_alone(self):
        """A start that was refused takes nothing away from the caller."""
        tx, rx = csp.channel()
        with csp.parallel() as par, pytest.raises(csp.NotShareable):
            par.start(workers.nothing_with, tx, workers.Local())
        assert not tx.closed
        tx.close()
        rx.close()


class TestRefusals:
    """What cannot be started says why."""

    @pytest.mark.parametrize(
        ("function", "text"),
        [
            (lambda: None, "lambda"),
            (workers.Local().__reduce__, "another interpreter"),
            ("workers.nothing", "must be a class or function"),
        ],
    )
    def test_not_importable(self, function, text):
        """A function that cannot be imported by name is refused before anything is started."""
        with csp.parallel() as par, pytest.raises(csp.NotImportable, match=text):
            par.start(function)

    def test_nested_function(self):
        """A function defined inside a function is refused with the advice to move it."""

        def inner():
            pass

        with csp.parallel() as par, pytest.raises(csp.NotImportable, match="top level"):
            par.start(inner)

    def test_not_shareable(self):
        """An argument that cannot travel is named, with the path inside it."""
        with csp.parallel() as par:
            with pytest.raises(csp.NotShareable, match=r"argument 1 of add cannot be sent: message\['deep'\]\[0\]"):
                par.start(workers.add, 1, {"deep": [workers.Local()]})
            with pytest.raises(csp.NotShareable, match="argument 'times' of add"):
                par.start(workers.add, 1, 2, times=workers.Local())

    def test_numbers(self):
        """Numbers out of range are refused."""
        with pytest.raises(ValueError, match="grace must be at least 0"):
            csp.parallel(grace=-1)
        with pytest.raises(TypeError, match="grace must be a number"):
            csp.parallel(grace="long")
        with csp.parallel() as par:
            with pytest.raises(TypeError, match="number of processes"):
                par.start_many(workers.nothing, 2)
            with pytest.raises(ValueError, match="number of processes"):
                par.start_many(-1, workers.nothing)


class TestFailure:
    """The first failure stops the others and is raised."""

    def test_cause(self):
        """ProcessFailed names the process; its cause is the process's own exception, with its traceback."""
        with pytest.raises(csp.ProcessFailed, match=r"process refuse_with raised workers\.Refusal: code 5") as caught:
            with csp.parallel() as par:
                process = par.start(workers.refuse_with, 5)
        cause = caught.value.__cause__
        assert isinstance(cause, workers.Refusal)
        assert cause.code == 5
        assert raised_in(cause) == ["refuse_with"]
        with pytest.raises(csp.ProcessFailed) as again:
            process.result()
        assert again.value is caught.value

    def test_stops_the_others(self):
        """Processes that wait on a channel that never ends are stopped."""
        never, rx = csp.channel()
        with pytest.raises(csp.ProcessFailed, match="refuse"):
            with csp.parallel() as par:
                waiting = par.start_many(3, workers.wait, rx)
                par.start(workers.refuse, 1)
        assert all(process.done for process in waiting)
        for process in waiting:
            with pytest.raises(csp.ProcessFailed, match="was stopped before it returned"):
                process.result()
        never.close()

    def test_clean_up(self):
        """Stopped lets a process clean up, also with channels."""
        ready, started = csp.channel()
        never, rx = csp.channel()
        done, cleaned = csp.channel(1)
        with pytest.raises(csp.ProcessFailed, match="refuse"):
            with csp.parallel() as par:
                par.start(workers.clean_up_when_stopped, ready, rx, done)
                started.recv()
                par.start(workers.refuse, 1)
        assert cleaned.recv() == "cleaned up"
        for end in (started, never, cleaned):
            end.close()

    def test_others_as_notes(self):
        """Of several failures the first is raised, and the others are its notes, with their tracebacks."""
        ready, started = csp.channel()
        never, rx = csp.channel()
        with pytest.raises(csp.ProcessFailed, match="refuse raised ValueError: no 1") as caught:
            with csp.parallel() as par:
                par.start(workers.fail_when_stopped, ready, rx, "second")
                started.recv()
                par.start(workers.refuse, 1)
        (note,) = caught.value.__notes__
        assert "also, process fail_when_stopped raised ValueError: second" in note
        assert "in fail_when_stopped" in note
        started.close()
        never.close()

    def test_consequences_are_not_the_cause(self):
        """A process that died because its peer's channel ended is not the one that is raised, though it ended first."""
        tx, rx = csp.channel()
        alive, peer_gone = csp.channel()
        with pytest.raises(csp.ProcessFailed, match="the true reason") as caught:
            with csp.parallel() as par:
                par.start(workers.need_more, rx, alive)
                par.start(workers.fail_after_peer, tx, peer_gone)
        assert "need_more raised csp.errors.EndOfChannel" in caught.value.__notes__[0]

    def test_consequence_alone(self):
        """If nothing else failed, the end of a channel is a failure like any other."""
        tx, rx = csp.channel()
        with pytest.raises(csp.ProcessFailed, match="EndOfChannel"):
            with csp.parallel() as par:
                par.start(workers.send_all, tx, ())
                par.start(workers.receive_one, rx)

    def test_stopped_is_no_failure(self):
        """A process that ends with Stopped of its own has no result, and does not disturb the others."""
        with csp.parallel() as par:
            one, two = par.start(workers.stop_oneself), par.start(workers.add, 1, 1)
        assert two.result() == 2
        with pytest.raises(csp.ProcessFailed, match="stopped before it returned"):
            one.result()

    def test_noticed_by_result(self):
        """Waiting for one process ends when another fails: else this would wait for ever."""
        never, rx = csp.channel()
        with pytest.raises(csp.ProcessFailed, match="process refuse raised"):
            with csp.parallel() as par:
                waiting = par.start(workers.wait, rx)
                par.start(workers.refuse, 1)
                waiting.result()
        never.close()

    def test_noticed_by_start(self, wait_until):
        """Nothing new is started once a process has failed; the failure is raised instead."""
        with pytest.raises(csp.ProcessFailed, match="process refuse raised"):
            with csp.parallel() as par:
                process = par.start(workers.refuse, 1)
                wait_until(lambda: process.done, "the process has failed")
                par.start(workers.nothing)
                pytest.fail("it was started")

    def test_caught_inside(self):
        """A failure that the body caught is raised all the same when the block is left."""
        with pytest.raises(csp.ProcessFailed, match="no 1"):
            with csp.parallel() as par:
                process = par.start(workers.refuse, 1)
                with pytest.raises(csp.ProcessFailed):
                    process.result()

    def test_killed_from_outside(self):
        """A process that somebody else kills is a failure."""
        ready, started = csp.channel()
        with pytest.raises(csp.ProcessFailed, match="process spin was killed"):
            with csp.parallel() as par:
                process = par.start(workers.spin, ready)
                started.recv()
                kill_interpreter(process.id)
        started.close()

    def test_exit(self):
        """sys.exit in a process ends the process, and is its failure."""
        with pytest.raises(csp.ProcessFailed, match="SystemExit") as caught:
            with csp.parallel() as par:
                par.start(workers.leave, 3)
        assert isinstance(caught.value.__cause__, SystemExit)

    def test_result_that_cannot_travel(self):
        """A result that cannot travel is the failure of its process."""
        with pytest.raises(csp.ProcessFailed, match="NotShareable"):
            with csp.parallel() as par:
                par.start(workers.local, 1)

    def test_argument_that_cannot_be_read(self):
        """An argument that cannot be read over there is the failure of its process, with the reason."""
        with pytest.raises(csp.ProcessFailed, match="to be read in the main interpreter only") as caught:
            with csp.parallel() as par:
                par.start(workers.nothing_with, workers.ReadsOnlyAtHome())
        assert isinstance(caught.value.__cause__, ValueError)

    def test_nested(self):
        """The failure of an inner block is the failure of its process."""
        with pytest.raises(csp.ProcessFailed, match="process nested_failure raised") as caught:
            with csp.parallel() as par:
                par.start(workers.nested_failure)
        assert isinstance(caught.value.__cause__, csp.ProcessFailed)
        assert repr(caught.value.__cause__.__cause__) == "ValueError('no inner')"


class TestBody:
    """An exception in the body stops all and propagates."""

    def test_propagates(self):
        """It comes out as it is, when all have ended."""
        never, rx = csp.channel()
        with pytest.raises(LookupError, match="mine"):
            with csp.parallel() as par:
                process = par.start(workers.wait, rx)
                raise LookupError("mine")
        assert process.done
        never.close()

    def test_with_failures(self, wait_until):
        """Failures of processes are noted on it."""
        with pytest.raises(LookupError) as caught:
            with csp.parallel() as par:
                process = par.start(workers.refuse, 1)
                wait_until(lambda: process.done, "the process has failed")
                raise LookupError
        assert "also, process refuse raised ValueError: no 1" in caught.value.__notes__[0]


class TestStopping:
    """Those that do not stop are made to."""

    def test_killed(self):
        """A process that never waits is killed after the grace, and that is noted."""
        ready, started = csp.channel()
        with pytest.raises(LookupError) as caught:
            with csp.parallel(grace=0.05) as par:
                process = par.start(workers.spin, ready)
                started.recv()
                raise LookupError
        assert caught.value.__notes__ == [f"csp: spin ({process.id}) did not stop within 0.05 s and had to be killed"]
        with pytest.raises(csp.ProcessFailed, match="was killed"):
            process.result()
        started.close()

    def test_cut_off(self):
        """A process inside C code that does not return is cut off, and named; the block is left without it."""
        before = running()
        ready, started = csp.channel()
        with pytest.raises(LookupError) as caught:
            with csp.parallel(grace=0.05) as par:
                process = par.start(workers.sleep, ready, 3.0)
                started.recv()
                raise LookupError
        assert running() == before + 1
        assert f"sleep ({process.id}) cannot be stopped" in caught.value.__notes__[-1]
        with pytest.raises(csp.ProcessFailed, match="cut off"):
            process.result()
        started.close()

    def test_keyboard_interrupt(self, wait_until):
        """Ctrl-C while the block waits stops all processes and propagates."""
        never, rx = csp.channel()

        def interrupt():
            wait_until(lambda: rx.statistics().waiting_receivers == 1, "the process waits")
            wait_until(lambda: block_waits(par), "the block waits")
            os.kill(os.getpid(), signal.SIGINT)

        thread = threading.Thread(target=interrupt)
        with pytest.raises(KeyboardInterrupt):
            with csp.parallel() as par:
                process = par.start(workers.wait, rx.clone())
                thread.start()
        thread.join()
        assert process.done
        never.close()
        rx.close()

    def test_second_keyboard_interrupt(self, wait_until):
        """A second Ctrl-C does not wait for the grace, and the note says how long it really was."""
        never, rx = csp.channel()
        ready, started = csp.channel()

        def interrupt():
            wait_until(lambda: block_waits(par), "the block waits")
            os.kill(os.getpid(), signal.SIGINT)
            wait_until(lambda: par._nursery._stopping and block_waits(par), "it waits for the grace")
            os.kill(os.getpid(), signal.SIGINT)

        thread = threading.Thread(target=interrupt)
        began = time.monotonic()
        with pytest.raises(KeyboardInterrupt) as caught:
            with csp.parallel(grace=50) as par:
                par.start(workers.spin, ready)
                started.recv()
                thread.start()
        thread.join()
        took = time.monotonic() - began
        assert took < 40
        [within] = re.findall(r"did not stop within ([\d.]+) s and had to be killed", "".join(caught.value.__notes__))
        assert float(within) <= took + 0.1
        for end in (never, rx, started):
            end.close()

    def test_stopped_inside(self):
        """A process that is stopped stops the processes of its own block, which may clean up."""
        ready, started = csp.channel(2)
        never, rx = csp.channel()
        with pytest.raises(LookupError) as caught:
            with csp.parallel() as par:
                process = par.start(workers.nested_wait, ready, rx)
                assert started.recv() is None
                raise LookupError
        assert list(started) == ["cleaned up"]
        assert not hasattr(caught.value, "__notes__")
        with pytest.raises(csp.ProcessFailed, match="stopped"):
            process.result()
        started.close()
        never.close()

    def test_stopped_inside_with_a_stubborn_process(self):
        """An inner block that is stopped has killed what does not stop before the outer block would kill itself."""
        before = running()
        ready, started = csp.channel()
        with pytest.raises(LookupError) as caught:
            with csp.parallel(grace=3.0) as par:
                process = par.start(workers.nested_spin, ready)
                started.recv()
                raise LookupError
        assert running() == before
        assert not hasattr(caught.value, "__notes__")
        with pytest.raises(csp.ProcessFailed, match="stopped"):
            process.result()
        started.close()


def block_waits(par):
    """Whether a thread waits at the inbox of the block."""
    return par._nursery._crew.inbox.statistics().waiting_receivers == 1


def give_back(rx):
    """The argument."""
    return rx


def in_thread(function):
    """Call it in another thread, and wait for that."""
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()


class TestCrew:
    """What is below blocks and pipelines."""

    def test_exits(self):
        """Exits are told from messages of any length; one that has nothing but its tag has failed, or was not begun."""
        assert exit_of((-1, "ended", None)) == (-1, "ended", None)
        assert all(map(is_exit, [(-1, "ended", None), -7, -7.0]))
        assert not any(is_exit((0, 1, 2, (3,))[:length]) for length in (1, 2, 3, 4))
        tag, ending, detail = exit_of(-7)
        assert (tag, ending) == (-7, "failed")
        assert "no more interpreters" in detail
        assert exit_of(-7.0) == (-7, "stopped", "it was told to stop before it began")

    def test_interpreter_that_could_not_be_made(self):
        """A process whose interpreter could not be made is a failure, and the block is left."""
        never, rx = csp.channel()
        with pytest.raises(csp.ProcessFailed, match="process wait could not run: the system gives no more"):
            with csp.parallel() as par:
                process = par.start(workers.wait, rx)
                crew = par._nursery._crew
                (tag,) = crew.alive
                crew.sender.send(tag)  # what the native side sends then
                kill_interpreter(process.id)
        never.close()

    @pytest.mark.parametrize("name", ["f" * 100, "ü" * 50, "𝋠" * 17, ""])
    def test_long_names(self, name):
        """A name is cut to what the core keeps, never within a character."""
        go, come = csp.channel()
        crew = Crew()
        crew.start(name, "workers", "control_waits", (come,))
        assert [shown for _, shown, _ in interpreters() if shown == name[: len(shown)]]
        assert all(len(shown.encode()) <= 63 for _, shown, _ in interpreters())
        go.close()
        come.close()
        tag, _, _ = exit_of(crew.inbox.recv(timeout=30))
        assert crew.ended(tag) == name
        crew.close()
