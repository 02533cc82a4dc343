"""What a step costs the driver of supervision, by the calls it makes; with lives that are none."""

import itertools
import sys
from types import SimpleNamespace

import pytest

import csp
from csp.supervision.reason import ExitReason
from csp.system import client
from csp.system.tree import Tree


class Worker(csp.Actor):
    pass


class Many(csp.Supervisor):
    intensity = csp.Intensity(restarts=1000, seconds=5.0)

    def __init__(self, n):
        self.n = n

    def children(self):
        return [csp.child(Worker).options(name=f"w{n}") for n in range(self.n)]


class Kernel:
    """As much of it as a tree asks of. A life begins when it is told, and ends when the test says so."""

    def __init__(self):
        self.places, self.outcomes, self.restarts, self.closed = {}, {}, 0, []
        self.number = itertools.count(1).__next__
        nothing = lambda *_, **__: None  # noqa: E731
        self.log = SimpleNamespace(bind=lambda **_: SimpleNamespace(debug=nothing, info=nothing, error=nothing))
        self.later = self.supervisor_gone = self.root_gone = nothing

    def make_place(self, name, *_):
        place = SimpleNamespace(id=self.number(), name=name, life=None, last_reason=None, forget_arguments=list)
        self.places[name] = place
        return place

    def begin_life(self, place, incarnation, after="end"):
        place.life = SimpleNamespace(place=place, incarnation=incarnation, stop=lambda *_: None, kill=lambda: None)

    def close_place(self, place, reason):
        self.closed.append(place.name)


def up(n):
    """A tree of *n* children that are all up."""
    kernel = Kernel()
    reply = SimpleNamespace(answer=lambda *_: True, fail_packed=lambda *_: True)
    tree = Tree(kernel, "many", client.pack_supervisor(Many(n), []), reply, None)
    tree.begin()
    for k in range(n):
        tree.child_started(kernel.places[f"many/w{k}"].life)
    return kernel, tree


def restart(kernel, tree, k):
    place = kernel.places[f"many/w{k}"]
    tree.child_ended(place.life, ExitReason("failed", "x"))
    tree.child_started(place.life)


def terminate(kernel, tree, k):
    place = kernel.places[f"many/w{k}"]
    tree.request("terminate", place, SimpleNamespace(answer=lambda *_: True))
    tree.child_ended(place.life, ExitReason("shutdown"))
    assert kernel.closed[-1] == place.name


@pytest.mark.parametrize("what", [restart, terminate])
def test_a_step_of_the_driver_costs_the_same_with_many_children(what):
    """A restart, and a termination, make as many calls with 5,000 children as with 50, within a fifth."""
    calls = {}
    for n in (50, 5000):
        kernel, tree = up(n)
        what(kernel, tree, 7)
        counted = itertools.count()
        sys.setprofile(lambda *_, counted=counted: next(counted))
        try:
            what(kernel, tree, 8)
        finally:
            sys.setprofile(None)
        calls[n] = next(counted)
    assert calls[5000] <= 1.2 * calls[50], calls


def test_a_tree_of_five_thousand_stops():
    """Children of a big tree stop one after the other, the youngest first, and the tree is over."""
    kernel, tree = up(5000)
    tree.stop(ExitReason("shutdown"))
    for k in reversed(range(5000)):
        tree.child_ended(kernel.places[f"many/w{k}"].life, ExitReason("shutdown"))
    assert tree.over
    assert len(kernel.closed) == 5000
