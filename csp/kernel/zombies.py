"""What is left behind of lives: threads that nobody could stop. It is counted, and no more when it ends after all."""

from csp._native import left_interpreters, no_starts


class Zombies:
    """Lives that were cut off, by number; and interpreters whose actor is over while threads that it left go on."""

    def __init__(self) -> None:
        self._cut_off: set[int] = set()
        self._left: set[int] = set()

    def add(self, id: int) -> None:
        """Record that a life was cut off."""
        self._cut_off.add(id)

    def discard(self, id: int) -> None:
        """Note that the interpreter of a life has ended."""
        self._cut_off.discard(id)

    def why_left(self, interpreter: int) -> str:
        """Why one that has told its end has not ended, in which case it counts; else ""."""
        if interpreter not in {id for id, _, _ in left_interpreters()}:
            return ""
        self._left.add(interpreter)
        return no_starts() or "threads that it left do not end"

    def __len__(self) -> int:
        self._left &= {id for id, _, _ in left_interpreters()}
        return len(self._cut_off) + len(self._left)
