"""Interpreters kept warm: started, with what an actor needs imported, waiting for an order."""

from csp._native import Sender
from csp.interpreters.start import Exit, Started, start

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Pool:
    """Up to *size* waiting interpreters. They are started all at once, each on its own thread, so on all cores."""

    def __init__(self, size: int, exits: Sender[Exit], next_tag: Callable[[], int]) -> None:
        self.size = size
        self._exits = exits
        self._next_tag = next_tag
        self._waiting: dict[int, Started] = {}
        self.leaving: set[int] = set()  # told to go, not gone yet

    def fill(self) -> None:
        """Start what is missing; returns at once."""
        while len(self._waiting) < self.size:
            tag = self._next_tag()
            self._waiting[tag] = start(f"warm {tag}", self._exits, tag, warm=True)

    def take(self) -> tuple[int, Started] | None:
        """The oldest that waits, with its tag; None when the pool is empty."""
        for tag, started in self._waiting.items():
            del self._waiting[tag]
            return tag, started
        return None

    def ready(self) -> int:
        """How many have finished importing and wait for their order."""
        return sum(started.control.statistics().waiting_receivers > 0 for started in self._waiting.values())

    def lost(self, tag: int) -> bool:
        """Forget one that ended without being used; False when it is none of ours."""
        return self._waiting.pop(tag, None) is not None

    def close(self) -> None:
        """Let all go: their control channels end, and so do they."""
        self.size = 0
        for tag, started in self._waiting.items():
            started.control.close()
            self.leaving.add(tag)
        self._waiting.clear()
