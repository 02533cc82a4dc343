"""Actors that the workloads start."""

import time

import csp
from tests.bench.work import burn, increment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Idle(csp.Actor):
    """Does nothing."""


class Adder(csp.Actor):
    """Answers calls."""

    @csp.handler
    def increment(self, number: int) -> int:
        """One more."""
        return increment(number)


class BufferedAdder(Adder):
    """The same with room in its mailbox."""

    mailbox = csp.Buffered(1024)


class Caller(csp.Actor):
    """Calls another actor."""

    @csp.handler
    def drive(self, adder: Any, count: int) -> float:
        """Seconds for so many calls."""
        begin = time.perf_counter()
        for number in range(count):
            adder.increment(number)
        return time.perf_counter() - begin


class Burner(csp.Actor):
    """Works in pure Python."""

    @csp.handler
    def burn(self, steps: int) -> int:
        """The fixed piece."""
        return burn(steps)
