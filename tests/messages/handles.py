"""Every kind of native handle, and every place inside a message where one can stand. Other interpreters import it."""

import collections
import functools
import types

from oracle_classes import MyDict, MyList, Plain, Registered, Slotted, WithArgs, WithState
from oracle_records import Attrs, AttrsFrozen, Data, DataFrozen, DataSlots, Pair

import csp

# Makes one, and what has to stay for it to be of use.
MAKERS = {
    "Sender": lambda: csp.channel(1),
    "Receiver": lambda: csp.channel(1)[::-1],
    "Broadcaster": lambda: csp.broadcast(1),
    "Lock": lambda: (csp.Lock(), None),
    "RLock": lambda: (csp.RLock(), None),
    "Semaphore": lambda: (csp.Semaphore(), None),
    "Event": lambda: (csp.Event(), None),
    "Barrier": lambda: (csp.Barrier(2), None),
    "Counter": lambda: (csp.Counter(), None),
}

# Puts one in, and takes it out.
PLACES = {
    "alone": (lambda end: end, lambda m: m),
    "tuple": (lambda end: (1, (end, 2)), lambda m: m[1][0]),
    "list": (lambda end: [[end]], lambda m: m[0][0]),
    "dict": (lambda end: {"k": {1: end}}, lambda m: m["k"][1]),
    "key": (lambda end: {end: 1}, lambda m: next(iter(m))),
    "key tuple": (lambda end: {("k", (end, 1)): [2]}, lambda m: next(iter(m))[1][0]),
    "set": (lambda end: {end, "other"}, lambda m: next(part for part in m if type(part) is not str)),
    "frozenset": (lambda end: frozenset({(end, 1)}), lambda m: next(iter(m))[0]),
    "object": (lambda end: Plain([end]), lambda m: m.x[0]),
    "slots": (lambda end: Slotted(end), lambda m: m.left),  # noqa: PLW0108
    "private slot": (lambda end: Slotted(1, end), lambda m: m._Slotted__secret),
    "reduced": (lambda end: WithArgs({"k": end}), lambda m: m.x["k"]),
    "registered": (lambda end: Registered(end), lambda m: m.x[1]),  # noqa: PLW0108
    "state": (lambda end: WithState((end,)), lambda m: m.x[0]),
    "dataclass": (lambda end: Data(1, end), lambda m: m.y),
    "slots dataclass": (lambda end: DataSlots(end), lambda m: m.x),  # noqa: PLW0108
    "frozen dataclass": (lambda end: DataFrozen(1, [end]), lambda m: m.y[0]),
    "attrs": (lambda end: Attrs(1, private=end), lambda m: m._private),
    "frozen attrs": (lambda end: AttrsFrozen(end), lambda m: m.x),  # noqa: PLW0108
    "pair": (lambda end: Pair(1, end), lambda m: m.right),
    "list of one's own": (lambda end: MyList([end]), lambda m: m[0]),
    "dict of one's own": (lambda end: MyDict(k=end), lambda m: m["k"]),
    "deque": (lambda end: collections.deque([end]), lambda m: m[0]),
    "defaultdict": (lambda end: collections.defaultdict(list, k=end), lambda m: m["k"]),
    "namespace": (lambda end: types.SimpleNamespace(e=end), lambda m: m.e),
    "partial": (lambda end: functools.partial(print, end), lambda m: m.args[0]),
    "slice": (lambda end: slice(end, None), lambda m: m.start),
    "exception": (lambda end: ValueError("take", end), lambda m: m.args[1]),
    "group": (lambda end: ExceptionGroup("g", [ValueError(end)]), lambda m: m.exceptions[0].args[0]),
    "bound method": (lambda end: Plain(end).__init__, lambda m: m.__self__.x),
}


def answer(control, inbox, outbox):
    """Of each (place, message): how many handles of its kind there are now, and the handle itself."""
    while True:
        try:
            place, message = inbox.recv()
        except csp.EndOfChannel:
            return "done"
        outbox.send((PLACES[place][1](message), type(message).__name__))
        del message
