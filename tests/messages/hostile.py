"""Classes whose code does things while they are encoded or decoded. Other interpreters import this module."""

import gc

import csp

# What their code does, and to what; set by a test, in the interpreter that encodes.
during = []


class Acts:
    """While it is encoded, it does what stands in ``during``."""

    def __init__(self, x=None):
        self.x = x

    def __reduce_ex__(self, protocol):
        for act in during:
            act()
        return Acts, (self.x,)


class ActsInState(Acts):
    """The same when it is asked for its state; and its reduce is that of all classes."""

    __reduce_ex__ = object.__reduce_ex__

    def __getstate__(self):
        for act in during:
            act()
        return {"x": self.x}


class RaisesHalfWay:
    """Tells of three items, and raises."""

    def __init__(self, error=LookupError, *, pairs=False, end=None):
        self.error, self.pairs, self.end = error, pairs, end

    def __reduce__(self):
        if self.pairs:
            return dict, (), None, None, ((n, self._item(n)) for n in range(9))
        return list, (), None, map(self._item, range(9))

    def _item(self, n):
        if n == 3:
            raise self.error("half-way")
        return self.end


class RaisesThere:
    """Its state cannot be put into it."""

    def __init__(self, held=None):
        self.held = held

    def __setstate__(self, state):
        raise LookupError("not here")


class BadKey:
    """A key: whoever asks for its hash after it has arrived changes the dict that it is being put into."""

    def __init__(self, held):
        self.held = held
        self.arrived = False

    def __reduce__(self):
        return BadKey, (None,), {"held": self.held, "arrived": True}

    def __hash__(self):
        if getattr(self, "arrived", False):
            if isinstance(self.held, dict):
                self.held.clear()
                self.held.update((n, n) for n in range(100))
            elif isinstance(self.held, set):
                self.held.clear()
            gc.collect()
        return 5

    def __eq__(self, other):
        if getattr(self, "arrived", False) and isinstance(self.held, (dict, set)):
            self.held.clear()
        return self is other


class RaisingKey:
    """A key that is not hashable any more once it has arrived."""

    def __init__(self, arrived=False):
        self.arrived = arrived

    def __reduce__(self):
        return RaisingKey, (True,)

    def __hash__(self):
        if self.arrived:
            raise LookupError("no hash here")
        return 1

    def __eq__(self, other):
        return self is other


class SendsThere:
    """While it is decoded, it uses channels, among them the one that it comes from."""

    def __init__(self, again, other):
        self.again, self.other = again, other

    def __setstate__(self, state):
        self.__dict__.update(state)
        gc.collect()
        self.other.send("from within")
        self.seen = self.again.recv(timeout=10)


def answer(control, inbox, outbox):
    """Say what came: its type's name, or the error in its place; until the channel ends."""
    while True:
        try:
            value = inbox.recv()
        except csp.EndOfChannel:
            return "done"
        except Exception as error:
            outbox.send(("error", type(error).__name__, str(error)))
        else:
            outbox.send(("value", type(value).__name__, len(value) if hasattr(value, "__len__") else 0))
            del value
