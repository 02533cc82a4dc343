"""What a run of a pipeline costs: the work of its functions, and handing the items over.

Work is counted by the clock, for a function that waits for a disk is at work. Handing over is counted as processor time
of the threads that do it, for nothing is lost while they sleep.
"""

from csp.processes.pipelines.meter import Meter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from csp.processes.pipelines.segment import Segment
    from csp.processes.pipelines.statistics import PipelineStatistics


class Figures:
    """The figures of one run, which grow while it goes on.

    Attributes:
        items: taken from the iterable.
        caller: of the caller, without the iterable and what becomes of the results.
    """

    __slots__ = ("_names", "_sums", "caller", "items")

    def __init__(self, segments: Sequence[Segment]) -> None:
        self.items = 0
        self.caller = Meter()
        stages = {(segment.number, i): stage for segment in segments for i, stage in enumerate(segment.stages)}
        self._names = [(stage.name, stage.workers) for stage in stages.values()]
        # What the workers of a stage said: items, nanoseconds of work, and of handing over.
        self._sums = {key: [0, 0, 0] for key in stages}

    def add(self, segment: int, stage: int, items: int, work: int, hand_over: int) -> None:
        """Take note of what a worker has done since it last said so."""
        sums = self._sums[segment, stage]
        for i, more in enumerate((items, work, hand_over)):
            sums[i] += more

    def statistics(self) -> PipelineStatistics:
        """As users see them."""
        from csp.processes.pipelines.statistics import PipelineStatistics, StageStatistics

        return PipelineStatistics(
            self.items,
            self.caller.total() / 1e9,
            tuple(
                StageStatistics(name, workers, items, work / 1e9, hand_over / 1e9)
                for (name, workers), (items, work, hand_over) in zip(self._names, self._sums.values(), strict=True)
            ),
        )
