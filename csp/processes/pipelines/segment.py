"""A segment of a pipeline: stages linked by channels, as the caller sees them; items go in and come out.

What is under way is bounded by the window, which counts items from when they went in until they were taken out. Items
travel in chunks. A chunk is one item, unless the stages have been seen to take mere microseconds for one, with its
copying: then a chunk is as many as they do in TARGET, so that the cost of a message is shared. Nothing ever waits for a
chunk to fill: it is made of what is there.
"""

from collections import deque
from time import perf_counter_ns

from csp._native import Receiver, Sender, unbounded_channel
from csp.errors import ClosedEnd, NotShareable, ProcessFailed
from csp.processes.pipelines.worker import CHUNK, WAKE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from csp.hosts.crew import Crew
    from csp.processes.pipelines.stages import Stage
    from csp.processes.pipelines.worker import Chunk

_WORK = ("csp.processes.pipelines.worker", "work")
# Nanoseconds of work in a chunk: some ten times what a message costs that finds its receiver asleep.
TARGET = 200_000
# Items in a chunk, at most.
MOST = 1024
# By how much the default window grows for stages of microseconds, when items must go one by one.
DEEPEN = 64


class Segment:
    """The caller's side of some stages.

    Args:
        number: its number in the pipeline.
        stages: one or more; each passes its chunks on to the next.
        one_by_one: an item goes in before the next is asked for, so that no chunk holds more than one.
    """

    __slots__ = (
        "_cost",
        "_done",
        "_doors",
        "_encoding",
        "_jobs",
        "_last",
        "_most",
        "_next_in",
        "_next_out",
        "_one_by_one",
        "_order",
        "_share",
        "_size",
        "_under_way",
        "_window",
        "chunk",
        "items",
        "limit",
        "number",
        "over",
        "stages",
        "waiting",
    )  # fmt: skip

    def __init__(self, number: int, stages: list[Stage], *, one_by_one: bool) -> None:
        self.number = number
        self.stages = stages
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
        self._one_by_one = one_by_one
        # Each worker has an item, and one to go on with; two more are on their way.
        self._share = sum(2 * stage.workers + 2 for stage in stages)
        given = any(stage.window for stage in stages)
        self._window = sum(stage.window or 2 * stage.workers + 2 for stage in stages) if given else 0
        # Sizes beyond this change nothing.
        self._most = max(1, self._window // self._share) if given else DEEPEN if one_by_one else MOST
        self._cost = 0.0  # nanoseconds that an item takes
        self._last = 0.0  # ... in the last chunk
        self._encoding = 0  # nanoseconds that it took to send one
        self._size = 0  # items that are done in TARGET
        self._resize(1)

    def _resize(self, size: int) -> None:
        """Set how many items may be under way, and in one chunk."""
        self._size = size
        self.chunk = 1 if self._one_by_one else size
        self.limit = self._window or self._share * size

    # ---- its workers ------------------------------------------------------------------------------------------------

    def start(self, crew: Crew, grace: float, most: int | None) -> None:
        """Start the workers, of each stage no more than *most* (items there will be)."""
        out: Sender[Chunk] = crew.sender
        for number in reversed(range(len(self.stages))):
            stage = self.stages[number]
            jobs, door = unbounded_channel()  # bounded by the window
            self._doors.append(door)
            paths = tuple((function.keeps, function.module, function.name) for function in stage.functions)
            count = stage.workers if most is None else min(stage.workers, most)
            for i in range(count):
                crew.start(f"{stage.name}/{i}", *_WORK, (grace, self.number, number, door, out, crew.sender, paths))
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
        """A chunk came out of the last stage. Gives the number of items that went into it."""
        count = self._under_way[chunk]
        self._done[chunk] = values
        if self._order is not None:
            self._order.append(chunk)
        size = self._size
        if size < self._most or cost * size > TARGET * count:
            # What two chunks in a row took: one alone may have lost its CPU for a while. Slower is believed sooner than
            # faster: a chunk that is too large delays, one that is too small only costs.
            this = cost / count or 1.0
            each, self._last = min(this, self._last or this), this
            mean = self._cost or each
            self._cost = mean = mean + (each - mean) / (2 if each > mean else 4)
            self._resize(max(1, min(int(TARGET / mean), size * 2, self._most)))
        return count

    def take(self) -> tuple[object, ...] | None:
        """The next chunk's results, in the order in which they went in (unordered: came out); None if not there."""
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
