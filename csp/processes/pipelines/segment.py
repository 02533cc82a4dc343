"""A segment of a pipeline: stages linked by channels, as the caller sees them; items go in and come out.

What is under way is bounded by the window, which counts items from when they went in until they were taken out. Items
travel in chunks. Nothing ever waits for a chunk to fill: it is made of what is there.
"""

from collections import deque
from time import perf_counter_ns

from csp._native import Receiver, Sender, unbounded_channel
from csp.errors import ClosedEnd, NotShareable, ProcessFailed
from csp.processes.pipelines.chunking import Chunking
from csp.processes.pipelines.worker import CHUNK, WAKE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from csp.hosts.crew import Crew
    from csp.processes.pipelines.stages import Stage
    from csp.processes.pipelines.worker import Chunk

_WORK = ("csp.processes.pipelines.worker", "work")


class Segment:
    """The caller's side of some stages.

    Args:
        number: its number in the pipeline.
        stages: one or more; each passes its chunks on to the next.
        one_by_one: an item goes in before the next is asked for, so that no chunk holds more than one.
    """

    __slots__ = (
        "_done", "_doors", "_encoding", "_jobs", "_next_in", "_next_out", "_order", "_under_way", "chunking", "items",
        "number", "over", "stages", "waiting",
    )  # fmt: skip

    def __init__(self, number: int, stages: list[Stage], *, one_by_one: bool) -> None:
        self.number = number
        self.stages = stages
        self.chunking = Chunking(stages, one_by_one=one_by_one)
        self.over = False  # nothing more goes in
        self.waiting: tuple[object, ...] = ()  # items that are to go in next
        self.items = 0  # that went in and were not taken out
        self._under_way: dict[int, int] = {}  # chunk -> items that went in
        self._done: dict[int, tuple[object, ...]] = {}  # what came out
        # Unordered: the chunks in the order in which they came out.
        self._order: deque[int] | None = None if all(stage.ordered for stage in stages) else deque()
        self._next_in = self._next_out = 0
        self._jobs: Sender[Chunk] | None = None
        self._doors: list[Receiver[Chunk]] = []
        self._encoding = 0  # nanoseconds that it took to send an item

    # ---- its workers ------------------------------------------------------------------------------------------------

    def start(self, crew: Crew, grace: float, most: int | None) -> None:
        """Start the workers, of each stage no more than *most* (items there will be)."""
        out: Sender[Chunk] = crew.sender
        for index in reversed(range(len(self.stages))):
            stage = self.stages[index]
            jobs, door = unbounded_channel()  # bounded by the window
            self._doors.append(door)
            paths = tuple((function.keeps, function.module, function.name) for function in stage.functions)
            count = stage.workers if most is None else min(stage.workers, most)
            for i in range(count):
                crew.start(f"{stage.name}/{i}", *_WORK, (grace, self.number, index, door, out, crew.sender, paths))
            if out is not crew.sender:
                out.close()
            out = jobs
        self._jobs = out

    def finish(self) -> None:
        """Nothing more goes in: its workers end when they have done what is under way."""
        self.over = True
        if self._jobs is not None:
            self._jobs.close()

    def abort(self) -> None:
        """Take away from its workers what they have not begun."""
        for door in self._doors:
            door.abort()
        self.close()

    def close(self) -> None:
        """Close all that is held of its channels."""
        for door in self._doors:
            door.close()
        self.finish()

    # ---- items ------------------------------------------------------------------------------------------------------

    def put(self, items: tuple[object, ...]) -> None:
        """Send a chunk to the workers. Does not wait. Raises ProcessFailed for an item that cannot travel."""
        assert self._jobs is not None
        count = len(items)
        chunk = self._next_in
        timed = count > 1 or not chunk & 15
        began = perf_counter_ns() if timed else 0
        try:
            # A chunk that is as large as the last one takes as long to encode.
            self._jobs.send((CHUNK, self.number, chunk, self._encoding * count, items))
        except (NotShareable, ClosedEnd) as error:
            raise self._cannot_go_in(items, error) from error
        if timed:
            self._encoding = max(0, perf_counter_ns() - began - WAKE) // count
        self._under_way[chunk] = count
        self._next_in = chunk + 1
        self.items += count

    def came(self, chunk: int, cost: int, values: tuple[object, ...]) -> int:
        """Record a finished chunk; return how many items went into it."""
        count = self._under_way[chunk]
        self._done[chunk] = values
        if self._order is not None:
            self._order.append(chunk)
        self.chunking.learn(count, cost)
        return count

    def take(self) -> tuple[object, ...] | None:
        """Take the next chunk's results, in the order in which they went in (unordered: came out); None: not there."""
        order = self._order
        if order is None:
            chunk = self._next_out
            if chunk not in self._done:
                return None
            self._next_out = chunk + 1
        elif order:
            chunk = order.popleft()
        else:
            return None
        self.items -= self._under_way.pop(chunk)
        return self._done.pop(chunk)

    @property
    def empty(self) -> bool:
        """Whether nothing more will come out."""
        return self.over and self.items == 0

    def _cannot_go_in(self, items: tuple[object, ...], error: Exception) -> ProcessFailed:
        from csp.messages.probe import why_it_cannot_travel
        from csp.messages.shapes import show

        name = self.stages[0].functions[0].name
        for item in items:
            refusal = why_it_cannot_travel(item)
            if refusal is not None:
                return ProcessFailed(f"{show(item)} cannot be sent to the workers of {name}: {refusal}", item)
        return ProcessFailed(f"an item cannot be sent to the workers of {name}: {error}")
