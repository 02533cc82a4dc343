"""What opens packed messages in other interpreters."""

import csp


def opened(packed):
    """Say what is in it, opened twice."""
    assert packed.open() == packed.open()
    return len(packed.open()["document"]), packed.nbytes


class Keeper(csp.Actor):
    """Keeps what it began with, and opens it when asked."""

    def __init__(self, packed, answers):
        self.packed = packed
        answers.send(packed.open()["n"])

    @csp.handler
    def read(self) -> int:
        """What it is that is kept."""
        return self.packed.open()["n"]

    @csp.handler
    def swap(self, packed: csp.Packed[dict[str, int]]) -> csp.Packed[dict[str, int]]:
        """Keep this instead, and give what was kept, unopened."""
        self.packed, packed = packed, self.packed
        return packed


class WithLetter(Exception):
    """Brings something packed along."""


class Refuses(csp.Actor):
    """Is not made, or fails when it is called; both with a packed value in the exception."""

    def __init__(self, packed, at_once):
        self.packed = packed
        if at_once:
            raise WithLetter("at once", packed)

    @csp.handler
    def fail(self) -> None:
        """Raise."""
        raise WithLetter("called", self.packed)


class Letters(csp.Supervisor):
    """One keeper, begun again whenever it ends."""

    def __init__(self, packed, answers):
        self.packed, self.answers = packed, answers

    def children(self):
        """The keeper."""
        return [csp.child(Keeper, self.packed, self.answers)]
