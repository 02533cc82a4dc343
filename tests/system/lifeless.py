"""The driver of supervision with lives that are none: a tree as the kernel keeps it, in which nothing is started."""

import itertools
from types import SimpleNamespace

import csp
from csp.exits import ExitReason
from csp.kernel.tree import Tree
from csp.system.packing import pack_supervisor


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
        self.made, self.restarts, self.closed = {}, 0, []
        number = itertools.count(1).__next__
        nothing = lambda *_, **__: None  # noqa: E731
        self.log = SimpleNamespace(bind=lambda **_: SimpleNamespace(debug=nothing, info=nothing, error=nothing))
        self.loop = SimpleNamespace(number=number, later=nothing)
        self.roots = SimpleNamespace(outcomes={}, supervisor_gone=nothing, gone=nothing)
        self.slots = SimpleNamespace(make=self.make_slot, close=lambda slot, _: self.closed.append(slot.name))
        self.lives = SimpleNamespace(begin=self.begin_life)

    def make_slot(self, name, *_):
        slot = SimpleNamespace(id=self.loop.number(), name=name, life=None, last_reason=None, forget_arguments=list)
        self.made[name] = slot
        return slot

    def begin_life(self, slot, incarnation, after="end"):
        slot.life = SimpleNamespace(slot=slot, incarnation=incarnation, stop=lambda *_: None, kill=lambda: None)


def begun(n):
    """A tree of *n* children that has begun to start, none of which is up."""
    kernel = Kernel()
    reply = SimpleNamespace(answer=lambda *_: True, fail_packed=lambda *_: True)
    tree = Tree(kernel, "many", pack_supervisor(Many(n), []), reply, None)
    tree.begin()
    return kernel, tree


def up(n):
    """A tree of *n* children that are all up."""
    kernel, tree = begun(n)
    for k in range(n):
        start(kernel, tree, k)
    return kernel, tree


def start(kernel, tree, k):
    """Child *k* is up: the next one starts."""
    tree.child_started(kernel.made[f"many/w{k}"].life)


def restart(kernel, tree, k):
    """Child *k* fails, and its next life is up."""
    slot = kernel.made[f"many/w{k}"]
    tree.child_ended(slot.life, ExitReason("failed", "x"))
    tree.child_started(slot.life)


def terminate(kernel, tree, k):
    """Child *k* ends for good, as it was asked to."""
    slot = kernel.made[f"many/w{k}"]
    tree.terminate_in(slot, SimpleNamespace(answer=lambda *_: True))
    tree.child_ended(slot.life, ExitReason("shutdown"))
    assert kernel.closed[-1] == slot.name
