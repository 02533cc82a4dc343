"""Interpreters kept warm: started, with what their order will need imported, waiting for it."""

import os

from csp._native import Sender, no_starts
from csp.hosts.interpreter import Exit, Interpreter, start

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


# Seconds between two looks at a pool that is being filled: an interpreter needs about 20 ms of a CPU to get ready.
_LOOK_AGAIN = 0.01
# And while nothing can be started.
_LOOK_LATER = 1.0


class Pool:
    """Up to *size* waiting interpreters, each started on its own thread; twice as many as there are CPUs get ready at
    once, then *refill* is done again. Each imports *preload* ahead.
    """

    def __init__(
        self,
        size: int,
        preload: tuple[str, ...],
        exits: Sender[Exit],
        next_tag: Callable[[], int],
        later: Callable[[float, Callable[[], None]], None],
        refill: Callable[[], None],
    ) -> None:
        self.size = size
        self._preload = preload
        self._exits = exits
        self._next_tag = next_tag
        self._later = later
        self._refill = refill
        self._looking = False  # it is refilled later, whatever happens
        self._at_once = 2 * (os.process_cpu_count() or 1)
        self._waiting: dict[int, Interpreter] = {}
        self.leaving: set[int] = set()  # told to go, not gone yet

    def fill(self) -> None:
        """Start some of what is missing; returns at once.

        Never more than can get ready soon: a closing would have to wait for all of them.
        """
        if no_starts() is not None:  # whoever asks for an interpreter is told; one that nobody asked for can wait
            self._look_again(_LOOK_LATER)
            return
        missing = self.size - len(self._waiting)
        room = self._at_once - (len(self._waiting) - self.ready())
        for _ in range(min(room, missing)):
            tag = self._next_tag()
            self._waiting[tag] = start(f"csp warm {tag}", self._exits, tag, preload=self._preload)
        if missing > room:
            self._look_again(_LOOK_AGAIN)

    def _look_again(self, delay: float) -> None:
        if not self._looking:
            self._looking = True
            self._later(delay, self._look)

    def _look(self) -> None:
        self._looking = False
        self._refill()

    def take(self) -> tuple[int, Interpreter] | None:
        """Take the oldest that is ready, or else the oldest, with its tag; None when the pool is empty.

        One that is older and not ready may be held up for long: a new interpreter waits for main's GIL.
        """
        tag = next((tag for tag, started in self._waiting.items() if started.is_ready()), None)
        if tag is None:
            tag = next(iter(self._waiting), None)
        return None if tag is None else (tag, self._waiting.pop(tag))

    def ready(self) -> int:
        """How many have finished importing and wait for their order."""
        return sum(started.is_ready() for started in self._waiting.values())

    def lost(self, tag: int) -> bool:
        """Forget one that ended without being used; False when it is none of ours."""
        return self._waiting.pop(tag, None) is not None

    def close(self) -> None:
        """Let all go: their control channels end, and so do they."""
        self.size = 0
        for tag, started in self._waiting.items():
            started.close()
            self.leaving.add(tag)
        self._waiting.clear()
