"""Values that travel in the tests, and the entries that send them back."""

import dataclasses
import enum

import csp


@dataclasses.dataclass
class Point:
    x: object
    y: object = None


class Slots:
    __slots__ = ("left", "right")

    def __init__(self, left, right):
        self.left, self.right = left, right

    def __eq__(self, other):
        return type(other) is Slots and (self.left, self.right) == (other.left, other.right)

    __hash__ = None


class Colour(enum.Enum):
    RED = 1


class Picky:
    """Pickles; may be read only where it was made."""

    def __init__(self):
        import os

        self.pid = os.getpid()

    def __reduce__(self):
        return _picky, (_interpreter(),)


def _interpreter():
    from csp._native import self_id

    return self_id()


def _picky(made_in):
    if made_in != _interpreter():
        raise LookupError("read in another interpreter")
    return Picky()


def echo(control, inbox, outbox):
    """Send everything back, until the channel ends; what cannot be read is sent back as its repr."""
    while True:
        try:
            outbox.send(inbox.recv())
        except csp.EndOfChannel:
            return "done"
        except Exception as error:
            outbox.send(("unreadable", type(error).__name__, str(error)))


def use_end(control, holder):
    """Send through an end that came in somebody's structure."""
    holder["list"][0].x.send("through the end")


def raise_there(control, what):
    raise what
