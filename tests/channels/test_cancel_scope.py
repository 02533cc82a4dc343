"""csp.CancelScope: what trio and anyio promise of theirs, in terms of threads and channels.

Deadlines: test_cancel_deadlines.py. That every public wait hears it: tests/interpreters/test_every_cancel.py.
"""

import math
import threading

import pytest
from scopes import LONG, Within, cancelled, waiting

import csp

# ---- one scope -------------------------------------------------------------------------------------------------------


def test_another_thread_cancels_a_recv(rx, wait_until):
    """A recv that waits ends with Cancelled, which ends at the scope; the thread goes on behind it."""
    inside = Within(csp.CancelScope(), rx.recv)
    wait_until(lambda: waiting(rx), "it waits")
    inside.scope.cancel()
    assert inside.end()
    assert inside.scope.cancel_called
    assert waiting(rx) == 0


def test_another_thread_cancels_a_send(wait_until):
    """A send likewise: nothing is sent, and the exception has the message."""
    tx, rx = csp.channel()
    kept = []

    def send():
        try:
            tx.send("whole")
        except csp.Cancelled as error:
            kept.append(error.unsent)
            raise

    inside = Within(csp.CancelScope(), send)
    wait_until(lambda: waiting(tx), "it waits")
    inside.scope.cancel()
    assert inside.end()
    assert kept == [("whole",)]
    assert rx.recv_nowait("nothing") == "nothing"


def test_what_send_many_did_not_send():
    """Cancelled in the middle of a batch it says what did not go; the rest was sent."""
    tx, rx = csp.channel(2)
    with csp.move_on_after(0.01) as scope, pytest.raises(csp.Cancelled) as raised:
        tx.send_many(range(5))
    assert raised.value.unsent == (2, 3, 4)
    assert rx.recv_many(5) == [0, 1]
    assert not scope.cancelled_caught  # pytest caught it


def test_it_is_heard_again_and_again(rx):
    """Each later wait inside of it raises Cancelled, too, whatever was caught in between."""
    with csp.CancelScope() as scope:
        assert not cancelled(rx)
        scope.cancel()
        for _ in range(3):
            assert cancelled(rx)
        rx.recv()
    assert scope.cancelled_caught
    assert not cancelled(rx)


def test_cancelled_before_it_does_anything():
    """A cancelled operation is not carried out, though it need not wait; what never waits takes what is there."""
    tx, rx = csp.channel(4)
    with csp.CancelScope() as scope:
        scope.cancel()
        tx.send_nowait(1)
        for operation in (lambda: tx.send(2), rx.recv, lambda: csp.select(rx), lambda: next(rx), lambda: csp.sleep(0)):
            with pytest.raises(csp.Cancelled):
                operation()
        assert rx.recv_nowait() == 1
        with pytest.raises(csp.Cancelled):
            rx.recv_nowait("default")
    assert rx.recv_nowait("nothing") == "nothing"


def test_a_loop_that_never_waits_is_cut_short():
    """Who finds a message every time is cancelled all the same."""
    tx, rx = csp.channel(1)
    with csp.move_on_after(0.05) as scope:
        while True:
            tx.send(0)
            rx.recv()
    assert scope.cancelled_caught


def test_cancelled_before_the_block(rx):
    """A scope may be cancelled before it is entered: its first wait hears it."""
    scope = csp.CancelScope()
    scope.cancel()
    scope.cancel()
    assert scope.cancel_called
    reached = False
    with scope:
        reached = True
        rx.recv()
    assert reached
    assert scope.cancelled_caught


def test_a_block_that_is_done_was_not_cut_short():
    """Cancelled, but nothing in it waited any more: cancel_called is true, cancelled_caught is not."""
    with csp.CancelScope() as scope:
        scope.cancel()
    assert scope.cancel_called
    assert not scope.cancelled_caught


def test_a_scope_nobody_cancels(rx):
    """It changes nothing."""
    with csp.CancelScope() as scope:
        assert not cancelled(rx)
    assert (scope.cancel_called, scope.cancelled_caught, scope.deadline, scope.shield) == (
        False,
        False,
        math.inf,
        False,
    )


def test_cancelled_after_the_block(rx):
    """A scope that was left is heard by nobody: not by the next scope, nor outside of all."""
    with csp.CancelScope() as left:
        pass
    with csp.CancelScope() as later:
        left.cancel()
        left.deadline = 1.0
        assert not cancelled(rx)
    assert not later.cancel_called
    assert not cancelled(rx)


def test_it_is_one_threads(rx, wait_until):
    """Other threads wait on, also on the same channel, and also in scopes of their own."""
    beside, other = Within(csp.CancelScope(), rx.recv), Within(csp.CancelScope(), rx.recv)
    wait_until(lambda: waiting(rx) == 2, "both wait")
    beside.scope.cancel()
    assert beside.end()
    assert waiting(rx) == 1
    other.scope.cancel()
    assert other.end()


# ---- what comes out --------------------------------------------------------------------------------------------------


def test_other_exceptions_pass():
    """What is no Cancelled goes through a cancelled scope, also where Cancelled was turned into it."""
    with pytest.raises(LookupError), csp.CancelScope() as scope:
        scope.cancel()
        raise LookupError
    with pytest.raises(KeyError) as raised, csp.move_on_after(0):
        try:
            csp.sleep(LONG)
        except csp.Cancelled:
            raise KeyError from None
    assert not scope.cancelled_caught
    assert raised.value.__context__.__class__ is csp.Cancelled


def test_a_cancelled_of_no_scope_passes():
    """A scope that is not cancelled lets Cancelled through: it is not its own."""
    with pytest.raises(csp.Cancelled), csp.CancelScope() as scope:
        raise csp.Cancelled
    assert not scope.cancelled_caught


def test_of_a_group_the_rest_goes_on():
    """From an exception group Cancelled is taken out; a group of nothing else ends at the scope."""
    with pytest.raises(ExceptionGroup) as raised, csp.CancelScope() as scope:
        scope.cancel()
        raise BaseExceptionGroup("both", [ValueError("kept"), BaseExceptionGroup("in", [csp.Cancelled()])])
    assert [str(error) for error in raised.value.exceptions] == ["kept"]
    assert raised.value.__context__ is None
    with csp.CancelScope() as alone:
        alone.cancel()
        raise BaseExceptionGroup("one", [csp.Cancelled()])
    assert scope.cancelled_caught
    assert alone.cancelled_caught
    with pytest.raises(ExceptionGroup), csp.CancelScope() as nothing:
        nothing.cancel()
        raise ExceptionGroup("none", [ValueError()])
    assert not nothing.cancelled_caught


def test_it_is_no_exception():
    """``except Exception`` does not keep a block going that was cancelled."""
    with csp.CancelScope() as scope:
        scope.cancel()
        try:
            csp.sleep(LONG)
        except Exception:
            pytest.fail("it was caught")
    assert scope.cancelled_caught
    assert not issubclass(csp.Cancelled, Exception)


# ---- nested ----------------------------------------------------------------------------------------------------------


def test_an_inner_scope_ends_alone(rx):
    """Cancelled inside: the outer block goes on."""
    with csp.CancelScope() as outer:
        with csp.CancelScope() as inner:
            inner.cancel()
            rx.recv()
        assert inner.cancelled_caught
        assert not cancelled(rx)
    assert not outer.cancel_called


def test_an_outer_scope_ends_both(rx):
    """Cancelled outside: it passes the inner scope, which was not cancelled, and the lines behind it."""
    with csp.CancelScope() as outer:
        with csp.CancelScope() as inner:
            outer.cancel()
            rx.recv()
        pytest.fail("it was swallowed too early")
    assert outer.cancelled_caught
    assert not inner.cancel_called


@pytest.mark.parametrize("inner_first", [True, False])
def test_of_two_cancelled_the_outer_one_catches(rx, inner_first):
    """Both are cancelled: what waits behind the inner one would be cancelled anyway."""
    with csp.CancelScope() as outer:
        with csp.CancelScope() as inner:
            for scope in (inner, outer) if inner_first else (outer, inner):
                scope.cancel()
            rx.recv()
        pytest.fail("it was swallowed too early")
    assert outer.cancelled_caught
    assert not inner.cancelled_caught


def test_the_outer_one_is_cancelled_on_the_way_out(rx):
    """Cancelled that has begun at the inner scope goes on to the outer one, if that is cancelled meanwhile."""
    with csp.CancelScope() as outer, csp.CancelScope() as inner:
        inner.cancel()
        try:
            rx.recv()
        finally:
            outer.cancel()
    assert outer.cancelled_caught


def test_deep_nesting(rx, wait_until):
    """From many scopes down, the one that is cancelled from outside is where it ends."""
    scopes = [csp.CancelScope() for _ in range(50)]

    def enter(depth):
        if depth == len(scopes):
            rx.recv()
        else:
            with scopes[depth]:
                enter(depth + 1)

    thread = threading.Thread(target=enter, args=(0,))
    thread.start()
    wait_until(lambda: waiting(rx), "it waits")
    scopes[20].cancel()
    thread.join(20)
    assert [scope.cancelled_caught for scope in scopes] == [number == 20 for number in range(50)]


# ---- shields ---------------------------------------------------------------------------------------------------------


def test_a_shield(rx):
    """What is shielded waits on though the scope around it is cancelled; for clean-up. Behind it, it is heard."""
    with csp.CancelScope() as outer:
        outer.cancel()
        with csp.CancelScope(shield=True) as inner:
            assert not cancelled(rx)
            inner.shield = False
            assert cancelled(rx)
            inner.shield = True
            assert not cancelled(rx)
        assert cancelled(rx)
        rx.recv()
    assert outer.cancelled_caught
    assert not inner.cancel_called


def test_a_shield_keeps_nothing_from_its_own(rx):
    """Its own cancel and deadline end it; scopes inside of it are behind it, too."""
    with csp.CancelScope() as outer:
        outer.cancel()
        with csp.move_on_after(0.01, shield=True) as shield:
            with csp.CancelScope() as inner:
                rx.recv()
            pytest.fail("it was swallowed too early")
        assert shield.cancelled_caught
        assert not inner.cancelled_caught
        assert cancelled(rx)


def test_a_shield_that_another_thread_takes_away(rx, wait_until):
    """A wait behind a shield ends when the shield is taken away."""
    shield = csp.CancelScope(shield=True)

    def wait():
        with shield:
            rx.recv()

    inside = Within(csp.CancelScope(), wait)
    wait_until(lambda: waiting(rx), "it waits")
    inside.scope.cancel()
    assert waiting(rx) == 1
    shield.shield = False
    assert inside.end()
    assert not shield.cancelled_caught
