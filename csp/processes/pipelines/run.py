"""A running pipeline: the caller's one loop, which feeds the source to the workers and collects what they make of it.

The loop waits at one place, the inbox, where results, failures and exits arrive. It never waits to send: the window
bounds what is under way. It draws from the source only when no result is ready.
"""

from csp._native import select
from csp.errors import EndOfChannel, ProcessFailed, Stopped
from csp.hosts.crew import Crew, is_exit
from csp.hosts.interpreter import exit_of
from csp.processes.pipelines.chunking import MOST
from csp.processes.pipelines.figures import Figures
from csp.processes.pipelines.segment import Segment
from csp.processes.pipelines.stages import Batch, Stage
from csp.processes.pipelines.worker import CHUNK, GAVE_UP, IMPORT, ITEM, RESULT, SPENT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from typing import Any

    from csp.hosts.interpreter import Exit
    from csp.messages.failure import Failure
    from csp.processes.pipelines.progress import Progress
    from csp.processes.pipelines.source import Source
    from csp.processes.pipelines.stages import Step
    from csp.processes.pipelines.worker import Chunk

type Values = tuple[object, ...]


class _Batches:
    """Joins items into tuples of one size: chunks of items go in, chunks of tuples come out."""

    __slots__ = ("_held", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self._held: list[object] = []

    def push(self, values: Values) -> Values:
        """Return the full batches."""
        self._held.extend(values)
        whole = len(self._held) // self.size * self.size
        out = tuple(tuple(self._held[i : i + self.size]) for i in range(0, whole, self.size))
        del self._held[:whole]
        return out

    def flush(self) -> Values:
        """Return the rest, which may be short."""
        rest = (tuple(self._held),) if self._held else ()
        self._held = []
        return rest


class Run:
    """One run of a pipeline.

    It raises only after all workers have ended: ProcessFailed for a worker's failure; and unchanged, what the source
    raises, Ctrl-C, and Stopped. Closing the iteration ends the workers, too.

    Args:
        source: where units come from: items, or batches of items if *steps* began with batches.
        steps: what to do with these units.
        crew: for the workers. The source looks at its inbox, too. The run closes it.
    """

    def __init__(
        self, source: Source, steps: tuple[Step, ...], crew: Crew, grace: float, progress: Progress | None
    ) -> None:
        self._grace = grace
        self._progress = progress
        self._counted = 0  # items that the progress bar has been told of
        self._source = source
        self._crew = crew
        self._segments: list[Segment] = []
        # batches[i] stand before segment i, and the last ones behind all segments. Those before the first segment
        # belong to the source.
        self._batches: list[list[_Batches]] = [[]]
        chain: list[Stage] = []
        for step in (*steps, None):
            if isinstance(step, Stage):
                chain.append(step)
                continue
            if chain:
                first = not self._segments
                self._segments.append(Segment(len(self._segments), chain, one_by_one=first and not source.stored))
                self._batches.append([])
                chain = []
            if isinstance(step, Batch):
                self._batches[-1].append(_Batches(step.size))
        self.figures = Figures(self._segments)
        self._meter = self.figures.caller

    def chunks(self) -> Generator[Iterable[object]]:
        """Yield the results, chunk by chunk."""
        try:
            if self._segments:
                most = self._source.units if self._source.stored else None
                for segment in self._segments:
                    segment.start(self._crew, self._grace, most)
                yield from self._loop()
                while self._crew.alive:
                    self._handle(self._crew.inbox.recv())
            else:
                yield from self._without_workers()
        except BaseException as error:
            for segment in self._segments:
                segment.abort()
            for note in self._crew.stop(self._grace, stopped=isinstance(error, Stopped)):
                error.add_note(note)
            raise
        for segment in self._segments:
            segment.close()
        self._crew.close()

    # ---- moving items -----------------------------------------------------------------------------------------------

    def _loop(self) -> Generator[Values]:
        poll, segments = self._crew.inbox.recv_nowait, self._segments
        last, backwards = segments[-1], range(len(segments) - 1, -1, -1)
        meter, figures, source = self._meter, self.figures, self._source
        meter.begin()
        while not last.empty:
            if values := self._pull(len(segments)):
                meter.end()
                figures.items = source.taken
                yield values
                meter.begin()
                continue
            moved = False
            for number in backwards:
                segment = segments[number]
                sizes = segment.chunking
                room = sizes.limit - segment.items
                if room > 0 and not segment.over and self._feed(segment, min(room, sizes.chunk)):
                    moved = True
            if moved:
                while (message := poll(None)) is not None:
                    self._handle(message)
            elif not last.empty:
                self._wait()
        meter.end()
        figures.items = source.taken
        if rest := _flush(self._batches[-1]):
            yield rest

    def _feed(self, segment: Segment, room: int) -> bool:
        """Send a chunk of at most *room* items into a segment. Return whether anything has changed."""
        waiting = segment.waiting
        if not waiting:
            number = segment.number
            waiting = self._draw(room) if number == 0 else self._pull(number)
            if not waiting:
                if not (self._source.over if number == 0 else self._segments[number - 1].empty):
                    return number == 0 and self._source.channel is None
                waiting = _flush(self._batches[number]) if number > 0 else ()
                if not waiting:
                    segment.finish()
                    return True
        if len(waiting) > room:
            segment.put(waiting[:room])
            segment.waiting = waiting[room:]
        else:
            segment.put(waiting)
            segment.waiting = ()
        return True

    def _draw(self, count: int) -> Values:
        """Draw the next units of the source, and do not count its time as the caller's."""
        if not self._meter.on:
            return self._source.draw(count)
        self._meter.pause()
        units = self._source.draw(count)
        self._meter.resume()
        return units

    def _wait(self) -> None:
        """Wait for a message, or, if the source is a channel and may go on, for an item."""
        first, channel = self._segments[0], self._source.channel
        if channel is None or first.over or first.waiting or first.items >= first.chunking.limit:
            self._handle(self._crew.inbox.recv())
            return
        try:
            guard, value = select(self._crew.inbox, channel)
        except EndOfChannel:  # of the source: the inbox never ends, because we hold its sender
            self._source.over = True
            return
        if guard is channel:
            first.waiting = self._source.push(value)
        else:
            self._handle(value)

    def _pull(self, number: int) -> Values:
        """Take the next results of the segment before *number*, batched as between the two; () if there are none."""
        take, batches = self._segments[number - 1].take, self._batches[number]
        while (values := take()) is not None:
            for batch in batches:
                values = batch.push(values)
            if values:
                return values
        return ()

    def _without_workers(self) -> Generator[Iterable[object]]:
        source = self._source
        if self._progress is None and (all_units := source.lazily()) is not None:
            yield all_units
            return
        while True:
            units = source.draw(MOST if source.stored else 1)
            self.figures.items = source.taken
            self._count(source.taken - self._counted)
            if units:
                yield units
            elif source.over:
                return
            elif source.channel is not None:
                try:
                    item = source.channel.recv()
                except EndOfChannel:
                    source.over = True
                else:
                    if units := source.push(item):
                        yield units

    # ---- messages ---------------------------------------------------------------------------------------------------

    def _handle(self, message: Any) -> None:
        """Handle one message of the inbox. Raises ProcessFailed if it says that a worker failed."""
        if is_exit(message):
            self._ended(exit_of(message))
        elif message[0] == CHUNK:
            finished: Chunk = message
            _, number, chunk, cost, values = finished
            count = self._segments[number].came(chunk, cost, values)
            if number == 0 and self._progress is not None:
                self._count(min(count * self._source.each, self._source.taken - self._counted))
        elif message[0] == SPENT:
            self.figures.add(*message[1:])
        else:
            assert message[0] == GAVE_UP, f"no message of a pipeline: {message!r}"
            raise self._failure(*message[1:])

    def _ended(self, end: Exit) -> None:
        tag, ending, detail = end
        name = self._crew.ended(tag)
        if ending in {"killed", "stopped"} or detail == "stopped":
            raise ProcessFailed(f"worker {name} was stopped from outside the pipeline")
        if ending != "ended":
            raise ProcessFailed(f"worker {name} could not run: {detail}")

    def _failure(
        self, number: int, stage: int, function: int, why: str, failure: Failure, shown: str, item: object
    ) -> ProcessFailed:
        from csp.messages.failure import unpack

        name = self._segments[number].stages[stage].functions[function].name
        kind, text = failure[2:4]
        said = f"{kind}: {text}" if text else kind
        if why == IMPORT:
            error = ProcessFailed(f"{name} cannot be imported by its workers: {said}")
        elif why == ITEM:
            error = ProcessFailed(f"an item cannot be read by the workers of {name}: {said}")
        elif why == RESULT:
            error = ProcessFailed(f"what {name} returned for {shown} cannot be sent on: {said}", item)
        else:
            error = ProcessFailed(f"{name} raised {said}; the item was {shown}", item)
        error.__cause__ = unpack(failure)
        return error

    def _count(self, items: int) -> None:
        """Tell the progress bar that so many more items are done."""
        if self._progress is not None:
            self._counted += items
            self._progress.advance(items)


def _flush(batches: list[_Batches]) -> Values:
    """Empty these batches, each into the next, and return what comes out of the last."""
    values: Values = ()
    for batch in batches:
        values = (*batch.push(values), *batch.flush())
    return values
