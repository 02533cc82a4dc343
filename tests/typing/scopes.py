"""Cancellation scopes."""

import math
from typing import assert_type

import csp


def made() -> None:
    assert_type(csp.CancelScope(deadline=1.0, shield=True), csp.CancelScope)
    assert_type(csp.CancelScope(deadline=None), csp.CancelScope)
    assert_type(csp.move_on_after(1), csp.CancelScope)
    assert_type(csp.fail_after(None, shield=True), csp.CancelScope)
    csp.CancelScope(1.0)  # rejected: call-arg
    csp.move_on_after("1")  # rejected: arg-type
    csp.fail_after()  # rejected: call-arg


def used(rx: csp.Receiver[int]) -> int | None:
    with csp.move_on_after(1.5) as scope:
        return rx.recv()
    assert_type(scope, csp.CancelScope)  # reached: the block may have been cut short
    assert_type(scope.cancel_called, bool)
    assert_type(scope.cancelled_caught, bool)
    assert_type(scope.deadline, float)
    scope.deadline += 1
    scope.deadline = math.inf
    scope.deadline = None
    scope.shield = True
    scope.cancel()
    scope.shield = "yes"  # rejected: assignment
    scope.cancel_called = True  # rejected: misc
    return None


def not_always(rx: csp.Receiver[int]) -> int:  # rejected: return
    with csp.fail_after(1):
        return rx.recv()


def caught(error: csp.Cancelled) -> None:
    assert_type(error.unsent, tuple[object, ...])
