"""Scopes with a deadline: move_on_after, fail_after, and deadlines that move."""

import math
import time

import pytest
from scopes import LONG, Within, cancelled, waiting

import csp
from csp._native import wait_graph

# ---- deadlines -------------------------------------------------------------------------------------------------------


def test_move_on_after(rx):
    """The block is cut short when the time is up, and not before."""
    began = time.monotonic()
    with csp.move_on_after(0.02) as scope:
        rx.recv()
    assert time.monotonic() - began >= 0.02
    assert scope.cancelled_caught
    assert scope.cancel_called


def test_fail_after(rx):
    """TimeoutError, whose cause says where it waited; but not when it was done, or cancelled by hand."""
    with pytest.raises(TimeoutError) as raised, csp.fail_after(0.01):
        rx.recv()
    assert isinstance(raised.value.__cause__, csp.Cancelled)
    with csp.fail_after(LONG) as scope:
        pass
    assert not scope.cancelled_caught
    with csp.fail_after(LONG) as scope:
        scope.cancel()
        rx.recv()
    assert scope.cancelled_caught


def test_a_deadline_in_the_past(rx):
    """Its block runs until it waits for the first time."""
    for scope in (csp.CancelScope(deadline=time.monotonic() - 1), csp.CancelScope(deadline=-5), csp.move_on_after(0)):
        with scope:
            assert cancelled(rx)
            rx.recv()
        assert scope.cancelled_caught


def test_the_nearest_deadline_counts(rx):
    """The earliest of the visible scopes, whichever it is; the operation's own is a TimeoutError."""
    with csp.move_on_after(0.01) as outer, csp.move_on_after(LONG) as inner:
        rx.recv()
    assert (outer.cancelled_caught, inner.cancel_called) == (True, False)
    with csp.move_on_after(LONG) as outer, csp.move_on_after(0.01) as inner:
        rx.recv()
    assert (outer.cancel_called, inner.cancelled_caught) == (False, True)
    with csp.move_on_after(LONG) as outer, pytest.raises(TimeoutError):
        rx.recv(timeout=0.01)
    assert not outer.cancel_called


def test_a_deadline_is_heard_again_and_again(rx):
    """Also when it is moved away after it has passed: it stays passed."""
    with csp.move_on_after(0.001) as scope:
        with pytest.raises(csp.Cancelled):
            rx.recv()
        scope.deadline = math.inf
        assert cancelled(rx)
        rx.recv()
    assert scope.cancelled_caught


@pytest.mark.parametrize("further_first", [True, False])
def test_a_deadline_that_is_moved_nearer(rx, wait_until, further_first):
    """A wait that has begun ends by the new one."""
    inside = Within(csp.move_on_after(LONG), rx.recv)
    wait_until(lambda: waiting(rx), "it waits")
    if further_first:
        inside.scope.deadline += LONG
    inside.scope.deadline = time.monotonic() + 0.01
    assert inside.end()


def test_a_deadline_that_is_moved_away(rx, wait_until):
    """A wait that has begun does not end by the old one."""
    while True:
        inside = Within(csp.move_on_after(0.05), rx.recv)
        inside.scope.deadline = math.inf
        if not inside.scope.cancel_called:
            break
        assert inside.end()  # this machine is slow: once more
    past = time.monotonic() + 0.1
    wait_until(lambda: waiting(rx) and time.monotonic() > past, "it waits beyond")
    inside.scope.cancel()
    assert inside.end()


def test_the_deadline_is_an_instant():
    """In seconds of time.monotonic(); None and math.inf are none."""
    instant = time.monotonic() + LONG
    scope = csp.CancelScope(deadline=instant)
    assert scope.deadline == pytest.approx(instant)
    scope.deadline = None
    assert scope.deadline == math.inf
    scope.deadline = 7
    assert scope.deadline == 7.0
    assert csp.move_on_after(LONG).deadline == pytest.approx(time.monotonic() + LONG, abs=60)
    assert csp.move_on_after(None).deadline == csp.fail_after(math.inf).deadline == math.inf


def test_the_wait_graph_knows_the_deadline(rx, wait_until):
    """Who waits in a scope with a deadline does not wait for ever: csp.waits() calls nobody stuck for it."""
    inside = Within(csp.move_on_after(LONG), rx.recv)
    wait_until(lambda: waiting(rx), "it waits")
    (deadline,) = [edge[7] for edge in wait_graph() if edge[0] == "waits" and edge[4] == rx.channel_id]
    assert deadline == pytest.approx(inside.scope.deadline)
    inside.scope.cancel()
    assert inside.end()


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: csp.CancelScope(1.0), TypeError),
        (lambda: csp.CancelScope(deadline="soon"), TypeError),
        (lambda: csp.CancelScope(deadline=math.nan), ValueError),
        (lambda: csp.move_on_after(-1), ValueError),
        (csp.move_on_after, TypeError),
        (lambda: csp.fail_after("1"), TypeError),
        (lambda: setattr(csp.CancelScope(), "deadline", math.nan), ValueError),
        (lambda: setattr(csp.CancelScope(), "shield", 1), TypeError),
        (lambda: delattr(csp.CancelScope(), "shield"), AttributeError),
        (lambda: delattr(csp.CancelScope(), "deadline"), AttributeError),
    ],
)
def test_what_is_refused(call, error):
    """Times are judged as everywhere in csp; a shield is a bool."""
    with pytest.raises(error):
        call()
