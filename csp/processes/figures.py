"""What a run of a pipeline costs: the work of its functions, and handing the items over.

Work is counted by the clock, for a function that waits for a disk is at work. Handing over is counted as processor time
of the threads that do it, for nothing is lost while they sleep.
"""

from time import thread_time_ns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol

    from csp.processes.stages import Stage
    from csp.processes.statistics import PipelineStatistics

    class Section(Protocol):
        """As much of a section as this needs."""

        @property
        def place(self) -> int: ...
        @property
        def stages(self) -> Sequence[Stage]: ...


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
        """What follows is not counted."""
        if self.on:
            self._spent += thread_time_ns()

    def resume(self) -> None:
        """What follows is counted."""
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


class Figures:
    """The figures of one run, which grow while it goes on.

    Attributes:
        items: taken from the iterable.
        caller: of the caller, without the iterable and what becomes of the results.
    """

    __slots__ = ("_names", "_sums", "caller", "items")

    def __init__(self, sections: Sequence[Section]) -> None:
        self.items = 0
        self.caller = Meter()
        stages = {(section.place, i): stage for section in sections for i, stage in enumerate(section.stages)}
        self._names = [(stage.name, stage.workers) for stage in stages.values()]
        # What the workers of a stage said: items, nanoseconds of work, and of handing over.
        self._sums = {place: [0, 0, 0] for place in stages}

    def add(self, section: int, stage: int, items: int, work: int, hand_over: int) -> None:
        """Take note of what a worker has done since it last said so."""
        sums = self._sums[section, stage]
        for i, more in enumerate((items, work, hand_over)):
            sums[i] += more

    def statistics(self) -> PipelineStatistics:
        """As users see them."""
        from csp.processes.statistics import PipelineStatistics, StageStatistics

        return PipelineStatistics(
            self.items,
            self.caller.total() / 1e9,
            tuple(
                StageStatistics(name, workers, items, work / 1e9, hand_over / 1e9)
                for (name, workers), (items, work, hand_over) in zip(self._names, self._sums.values(), strict=True)
            ),
        )
