"""Futures of calls: what completes them, what their callbacks may do, and what becomes of the thread behind them."""

import logging
import sys
import threading

import pytest
from sample_actors import AsksAtTheEnd, Everything, Own

import csp
from observed import raised_in


@pytest.fixture
def actor(system):
    return system.spawn(Everything)


def test_futures(system, actor):
    """future returns a concurrent.futures.Future: many at once, results and exceptions, in any order."""
    futures = [actor.echo.future(n) for n in range(20)]
    assert [future.result(10) for future in reversed(futures)] == list(reversed(range(20)))
    failing = actor.raise_.future("own", 3)
    error = failing.exception(10)
    assert type(error) is Own
    assert raised_in(error) == ["raise_"]
    for _ in range(3):  # the frames of those who were given it before are not in it
        with pytest.raises(Own) as caught:
            failing.result(10)
        assert raised_in(caught.value) == ["test_futures", "raise_"]


def test_future_of_a_dying_actor(system):
    """A future whose actor dies over it, or has died, completes with ActorDied at once."""
    ref = system.spawn(Everything)
    error = ref.raise_.future("exit", "bye").exception(10)
    assert isinstance(error, csp.ActorDied)
    assert error.maybe_ran
    with pytest.raises(csp.ActorDied) as dead:
        ref.echo.future(1).result(10)
    assert not dead.value.maybe_ran


def test_futures_inside_actors(system, actor):
    """An actor can ask another for a future, and its interpreter ends cleanly afterwards."""
    other = system.spawn(Everything)
    assert other.future_of_other(actor, "asked") == "asked"
    system.stop(other)


def test_a_future_that_was_accepted_cannot_be_cancelled(actor):
    """A call that the mailbox has accepted runs: it cannot be taken back."""
    future = actor.echo.future(1)
    assert not future.cancel()
    assert future.result(10) == 1


# ---- callbacks -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, GeneratorExit, csp.Stopped])
def test_a_callback_that_wants_to_exit_ends_no_thread(actor, monkeypatch, kind):
    """A done-callback that raises SystemExit or its like is logged, the next ones run, and later futures complete."""
    reported = []
    logger = logging.getLogger("concurrent.futures")
    monkeypatch.setattr(logger, "handle", lambda record: reported.append(record.exc_info[0]))
    gate, opened = csp.channel(1)
    future = actor.wait_for.future(opened)
    called = []

    def leave(future):
        called.append(threading.current_thread().name)
        raise kind("enough")

    future.add_done_callback(leave)
    future.add_done_callback(called.append)
    gate.send("go")
    assert future.result(10) == "go"
    assert actor.echo.future(1).result(10) == 1
    assert called == ["csp-futures", future]
    assert reported == ([] if kind is csp.Stopped else [kind])


def test_a_callback_of_a_finished_future_raises_where_it_is_added(actor):
    """A callback that is added to a finished future runs in the caller's thread, and may exit that."""
    future = actor.echo.future(1)
    assert future.result(10) == 1
    with pytest.raises(SystemExit):
        future.add_done_callback(lambda _: sys.exit("mine"))


def test_a_future_that_somebody_else_completed(system, actor):
    """A future completed behind our back keeps that result, and later futures complete."""
    other = system.spawn(Everything)
    gate, opened = csp.channel(1)
    mine, refused = actor.wait_for.future(opened), other.wait_for.future(opened)
    mine.set_result("mine")
    refused.set_result("mine, too")
    gate.send("go")
    gate.close()
    assert actor.echo.future(1).result(10) == 1
    assert other.echo.future(1).result(10) == 1
    assert (mine.result(), refused.result()) == ("mine", "mine, too")


# ---- the thread ------------------------------------------------------------------------------------------------------

FAILING_THREAD = """
import csp
from csp.actors import futures

class Echo(csp.Actor):
    @csp.handler
    def echo(self, value):
        return value
    @csp.handler
    def wait_for(self, gate):
        return gate.recv()

def recv_reply(replies, deadline, working=futures.recv_reply, failing=[True]):
    if failing and len(failing) > 1:
        failing.clear()
        raise RuntimeError("receiving failed")
    failing and failing.append(True)
    return working(replies, deadline)

if __name__ == "__main__":
    futures.recv_reply = recv_reply
    with csp.System(warm=0) as system:
        slow, quick = system.spawn(Echo), system.spawn(Echo)
        gate, opened = csp.channel(1)
        waiting = slow.wait_for.options(timeout=None).future(opened)
        print(quick.echo.future("first").result(10))
        print(repr(waiting.exception(10)))
        print(quick.echo.future("second").result(10))
        gate.send("go")
        print(slow.echo.future("third").result(10))
"""


def test_a_receiving_thread_that_is_gone_is_replaced(program):
    """When the receiving thread fails, the futures that wait for it fail with its error, and the next have another."""
    status, out, err = program.script(FAILING_THREAD)
    assert (status, out) == (0, "first\nRuntimeError('receiving failed')\nsecond\nthird\n"), err
    assert "Exception in thread csp-futures" in err


def test_a_receiving_thread_that_goes_while_the_call_is_sent(program):
    """A call that was about to go when its receiving thread failed is a future that has that error; the next works."""
    text = FAILING_THREAD.replace(
        "    futures.recv_reply = recv_reply\n",
        "    begin, end = threading.Event(), threading.Event()\n"
        "    def fail(replies, deadline):\n"
        "        begin.wait()\n"
        "        raise RuntimeError('receiving failed')\n"
        "    def post(*arguments, working=futures.post):\n"
        "        futures.post, futures.recv_reply = working, working_recv\n"
        "        thread = futures._receiving.get().thread\n"
        "        begin.set()\n"
        "        thread.join()\n"
        "        return working(*arguments)\n"
        "    working_recv = futures.recv_reply\n"
        "    futures.post, futures.recv_reply = post, fail\n",
    )
    text = (
        "import threading\n"
        + text[: text.index("        gate, opened")]
        + ("        print(repr(quick.echo.future(1).exception(10)))\n        print(quick.echo.future(2).result(10))\n")
    )
    status, out, err = program.script(text)
    assert (status, out) == (0, "RuntimeError('receiving failed')\n2\n"), err


def test_futures_while_an_actor_stops(system, actor):
    """An actor that was told to stop, which ends its receiving thread, can ask for futures in on_stop."""
    out, told = csp.channel(2)
    ending = system.spawn(AsksAtTheEnd, actor, out)
    out.close()
    assert told.recv(timeout=10) == "alive"
    system.stop(ending, grace=20)
    assert list(told) == ["at the end"]


SIGNALLED_ELSEWHERE = """
import csp, signal, sys, threading

class Silent(csp.Actor):
    @csp.handler
    def wait(self):
        tx, rx = csp.channel()
        rx.recv()

def interrupt(begun):
    begun.recv()
    main = threading.main_thread().ident
    while sys._current_frames()[main].f_code.co_filename != threading.__file__: pass  # until it waits in the lock
    # Handled by this thread, so that nothing wakes main: as if it came in the instant before main slept.
    signal.pthread_kill(threading.get_ident(), signal.SIGINT)

if __name__ == "__main__":
    with csp.System(warm=0) as system:
        ref = system.spawn(Silent)
        future = ref.wait.future()
        begin, begun = csp.channel(1)
        threading.Thread(target=interrupt, args=(begun,)).start()
        try:
            begin.send(1)
            future.METHOD(TIMEOUT)
        except KeyboardInterrupt:
            print("interrupted")
        system.kill(ref)
"""


@pytest.mark.parametrize("method", ["result", "exception"])
@pytest.mark.parametrize("timeout", ["", "60"])
def test_no_signal_is_slept_through(program, method, timeout):
    """A signal that does not wake main out of a future's lock is seen all the same, and soon."""
    script = SIGNALLED_ELSEWHERE.replace("METHOD", method).replace("TIMEOUT", timeout)
    status, out, err = program.script(script, timeout=20)
    assert (status, out) == (0, "interrupted\n"), err
