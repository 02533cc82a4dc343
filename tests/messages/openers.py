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
