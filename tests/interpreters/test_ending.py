"""The end of an interpreter: what its code leaves running is waited for, told, killed, and left, in this order."""

import pytest

import csp
from csp._native import end_within, interpreter_counts, kill_interpreter, left_interpreters, self_id


def test_the_order_is_that_of_cpython(in_interpreter):
    """Callbacks of threading, then the threads, then exit handlers; all on the interpreter's own thread, and once."""
    tx, rx = csp.channel(10)
    with rx:
        assert in_interpreter("entries", "ending_order", tx) == ("ended", None)
        tx.close()
        assert list(rx) == [("told", True), ("thread", False), ("exit handler", True)]


def test_the_jobs_of_a_pool_are_done(begin):
    """A pool that nobody shuts down does all its jobs before its interpreter ends, also where that takes a second."""
    _id, ended, arrived, _control = begin("start_pool", 5, 0.2)
    assert ended.recv(timeout=20) == (7, "ended", "returned")
    assert list(arrived) == list(range(5))


def test_a_pool_without_work_is_told_and_costs_nothing(begin):
    """The threads of an idle pool end at once, also those of an interpreter that is killed: none is left behind."""
    for kill in (False, True):
        id, ended, arrived, control = begin("use_pool_and_wait")
        assert arrived.recv(timeout=10) == 3
        if kill:
            kill_interpreter(id)
        else:
            control.send("go on")
        assert ended.recv(timeout=10)[1] == ("killed" if kill else "ended")
        assert interpreter_counts()[3] == 0


def test_a_thread_is_not_told_before_the_time(begin):
    """What a thread waits for may come after the code has returned: until then nobody tells it to stop."""
    told, heard = csp.channel(1)
    answer, wait = csp.channel(1)
    exits = begin("give_ends_to_thread", wait, told)
    told.close()
    wait.close()
    answer.send("late")
    assert heard.recv(timeout=10) == ("got", "late")
    assert exits[1].recv(timeout=10) == (7, "ended", "returned")
    heard.close()
    answer.close()


@pytest.mark.parametrize("how", ["park", "spin", "nap"])
def test_threads_left_running(begin, how, wait_until, capfd):
    """After the time a thread that waits is told, one that computes is made to raise, one in C is left behind; all are
    named first.
    """
    id, ended, arrived, _control = begin("start_thread", how, 2.5)
    assert arrived.recv(timeout=10) == "thread"
    end_within(id, 0.1)
    assert ended.recv(timeout=10) == (7, "ended", "returned")
    assert [left[:2] for left in left_interpreters()] == ([(id, "start_thread")] if how == "nap" else [])
    assert interpreter_counts()[3] == (1 if how == "nap" else 0)
    printed = capfd.readouterr().err
    assert "csp: threads were left running; they are told to stop now count=1 after=0.1 s" in printed
    assert f" in start_thread.<locals>.{how}" in printed
    wait_until(lambda: interpreter_counts()[3] == 0, "the interpreter has ended after its thread")
    assert left_interpreters() == []


def test_a_thread_that_waits_is_told_after_the_time(begin):
    """csp.Stopped comes out of a wait on a channel, and the thread may still clean up."""
    told, heard = csp.channel(1)
    answer, wait = csp.channel(1)
    id, ended, _arrived, _control = begin("give_ends_to_thread", wait, told)
    told.close()
    wait.close()
    end_within(id, 0.1)
    assert heard.recv(timeout=10) == ("stopped", None)
    assert ended.recv(timeout=10) == (7, "ended", "returned")
    heard.close()
    answer.close()


@pytest.mark.parametrize("how", ["park", "spin", "nap"])
def test_an_exit_handler_that_takes_too_long(begin, how, wait_until, capfd):
    """An exit handler is waited for, named, told, made to raise, and left behind in C, as a thread is."""
    id, ended, arrived, _control = begin("exit_handler", how)
    assert arrived.recv(timeout=10) is True, "it runs on the interpreter's own thread"
    end_within(id, 0.1)
    assert ended.recv(timeout=10) == (7, "ended", "returned")
    assert interpreter_counts()[3] == (1 if how == "nap" else 0)
    assert "an exit handler still runs" in capfd.readouterr().err
    wait_until(lambda: interpreter_counts()[3] == 0, "the interpreter has ended after its exit handler")


def test_a_kill_ends_the_waiting(begin, capfd):
    """Killed while it waits for a thread that computes, an interpreter waits no more, and says nothing."""
    id, ended, arrived, _control = begin("start_thread", "spin", 0)
    assert arrived.recv(timeout=10) == "thread"
    end_within(id, None)
    kill_interpreter(id)
    assert ended.recv(timeout=10)[0] == 7
    assert interpreter_counts()[3] == 0
    assert capfd.readouterr().err == ""


def test_end_within_checks_its_arguments():
    """An id and seconds or None; False for one that is gone."""
    assert end_within(2**60, 1.0) is False
    assert end_within(self_id(), 1.0) is False, "main is no interpreter of ours"
    for wrong in ((), (1,), (1, -1.0), (1, float("nan")), (1, "x"), ("x", 1.0)):
        with pytest.raises(TypeError):
            end_within(*wrong)


# The import of threading is made slow in its middle, and the kill falls into it.
KILLED_WHILE_IMPORTING = """
import sys, time
import csp
from csp._native import channel, kill_interpreter, unbounded_channel
from csp.hosts.interpreter import order, start

def half(control, here):
    class Slow:
        def find_spec(self, name, path=None, target=None):
            if name == "_weakrefset":
                here.send("in the middle")
                while True:
                    time.sleep(0.01)
    for name in ("threading", "_weakrefset"):
        sys.modules.pop(name, None)
    sys.meta_path.insert(0, Slow())
    import threading

if __name__ == "__main__":
    exits, ended = unbounded_channel()
    here, arrived = channel(1)
    started = start("half", exits, 1)
    order(started, "__main__", "half", (here,))
    print(arrived.recv(timeout=10))
    kill_interpreter(started.id)
    print(ended.recv(timeout=10)[1])
"""


def test_a_kill_while_importing_is_quiet(program):
    """CPython, which looks for threading at the end, does not find the half of it that a kill has left."""
    assert program.script(KILLED_WHILE_IMPORTING) == (0, "in the middle\nkilled\n", "")
