"""What a step costs the driver of supervision, by the calls it makes; with lives that are none."""

import itertools
import sys
import time

import pytest
from lifeless import begun, restart, start, terminate, up

from csp.exits import ExitReason


def before(what, n):
    """A tree of *n* children, and which of them *what* is done to first: all are up, unless one is to be started."""
    if what is not start:
        return *up(n), 7
    kernel, tree = begun(n + 3)
    for k in range(n):
        start(kernel, tree, k)
    return kernel, tree, n


@pytest.mark.parametrize("what", [start, restart, terminate])
def test_a_step_of_the_driver_costs_the_same_with_many_children(what):
    """A start, a restart and a termination make as many calls with 5,000 children as with 50, within a fifth."""
    calls = {}
    for n in (50, 5000):
        kernel, tree, k = before(what, n)
        what(kernel, tree, k)
        counted = itertools.count()
        sys.setprofile(lambda *_, counted=counted: next(counted))
        try:
            what(kernel, tree, k + 1)
        finally:
            sys.setprofile(None)
        calls[n] = next(counted)
    assert calls[5000] <= 1.2 * calls[50], calls


def test_no_call_of_a_step_takes_longer_with_many_children():
    """A restart takes about as long with 5,000 children as with 50: no single call goes through all of them.

    The benchmark "supervise" has the figures; what goes through all takes more than ten times as long.
    """
    took = {}
    for n in (50, 5000):
        kernel, tree = up(n)
        rounds = []
        for _ in range(20):
            began = time.thread_time()
            for k in range(10):
                restart(kernel, tree, k)
            rounds.append(time.thread_time() - began)
        took[n] = min(rounds)
    assert took[5000] <= 3 * took[50], took


def test_a_tree_of_five_thousand_stops():
    """Children of a big tree stop one after the other, the youngest first, and the tree is over."""
    kernel, tree = up(5000)
    tree.stop(ExitReason("shutdown"))
    for k in reversed(range(5000)):
        tree.child_ended(kernel.made[f"many/w{k}"].life, ExitReason("shutdown"))
    assert tree.over
    assert len(kernel.closed) == 5000
