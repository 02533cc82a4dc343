"""A meter of processor time that looks at some rounds only, because looking costs as much as a small item."""

from time import thread_time_ns

# Asking for the processor time takes half a microsecond, as long as a small item does. So the first SURE rounds are
# measured, and then each EVERYth, which stands for the others.
SURE = EVERY = 16


class Meter:
    """Processor time of the calling thread, without what is between pause and resume; round by round.

    Attributes:
        on: whether this round is measured; otherwise pause, resume and end have nothing to do.
    """

    __slots__ = ("_measured", "_rounds", "_samples", "_spent", "_sure", "on")

    def __init__(self) -> None:
        self.on = False
        self._rounds = self._samples = 0
        self._spent = 0  # nanoseconds, in this round
        self._sure = self._measured = 0  # ... in the first rounds, and in those measured later

    def begin(self) -> None:
        """Begin a round."""
        rounds = self._rounds
        self._rounds = rounds + 1
        self.on = on = rounds < SURE or not rounds % EVERY
        if on:
            self._spent = -thread_time_ns()

    def pause(self) -> None:
        """Stop counting: what follows is not counted."""
        if self.on:
            self._spent += thread_time_ns()

    def resume(self) -> None:
        """Count again what follows."""
        if self.on:
            self._spent -= thread_time_ns()

    def end(self) -> None:
        """End the round."""
        if self.on:
            spent = self._spent + thread_time_ns()
            if self._rounds <= SURE:
                self._sure += spent
            else:
                self._measured += spent
                self._samples += 1

    def total(self) -> int:
        """Nanoseconds of all rounds."""
        if not self._samples:
            return self._sure
        return self._sure + self._measured * (self._rounds - SURE) // self._samples
