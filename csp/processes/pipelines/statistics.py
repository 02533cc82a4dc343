"""What a pipeline says about its run: where the time went, and whether it was worth it."""

from typing import NamedTuple


class StageStatistics(NamedTuple):
    """A stage of a pipeline, that is, the functions that the same workers call; of all its workers together.

    Attributes:
        name: of its functions.
        workers: how many there are.
        items: that went into it.
        work: seconds by the clock that its functions took, also while they waited.
        hand_over: seconds of processor time that its workers spent on receiving and sending. An estimate: some
            messages are measured, and stand for the others.
    """

    name: str
    workers: int
    items: int
    work: float
    hand_over: float

    def __str__(self) -> str:
        return (
            f"{self.name} ({self.workers} workers): {self.items} items, {_each(self.work, self.items)} of work and "
            f"{_each(self.hand_over, self.items)} of handing over for each"
        )


class PipelineStatistics(NamedTuple):
    """Where a run of a pipeline spent its time. Printed, it is a few lines that end with an advice, if there is one.

    Attributes:
        items: that were taken from the iterable for the workers.
        caller: seconds of processor time that the caller spent on feeding and collecting, without the iterable itself
            and what becomes of the results; an estimate, as StageStatistics.hand_over.
        stages: of each stage.
    """

    items: int
    caller: float
    stages: tuple[StageStatistics, ...]

    @property
    def work(self) -> float:
        """Seconds that the functions of all stages took, in all workers together."""
        return sum(stage.work for stage in self.stages)

    @property
    def hand_over(self) -> float:
        """Seconds of processor time that handing over cost: in the caller and in all workers."""
        return self.caller + sum(stage.hand_over for stage in self.stages)

    @property
    def advice(self) -> str:
        """What to do when handing over costs more than the work: then a plain loop is faster. Else the empty str."""
        if not self.stages or self.hand_over <= self.work:
            return ""
        return (
            f"handing over costs more than the work, {_each(self.hand_over, self.items)} and "
            f"{_each(self.work, self.items)} for each item: put .batch(n) in front, or make n larger, and let the "
            "function take n items; or do it in a plain loop"
        )

    def __str__(self) -> str:
        lines = [f"{self.items} items, {_each(self.caller, self.items)} of feeding and collecting for each"]
        lines += map(str, self.stages)
        lines += [self.advice] if self.advice else []
        return "\n".join(lines)


def _each(seconds: float, items: int) -> str:
    each = seconds / max(items, 1)
    for unit, name in ((1.0, "s"), (1e-3, "ms"), (1e-6, "\N{MICRO SIGN}s")):
        if each >= unit:
            return f"{each / unit:.1f} {name}"
    return f"{each * 1e9:.0f} ns"
