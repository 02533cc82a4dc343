"""The census: who works, who watches over them, and what comes out.

.. code-block:: text

    main ── spawns ──> aggregator <── take, put ── worker-1 … worker-n
      │                                               │
      └── starts ──> supervisor of the census ── keeps ┘

The workers are a supervisor's children, one in an interpreter per core. One that dies is started again, and its
successor gets the files that it did not deliver. Main waits on two channels of the aggregator, which tell how far it
is and what main has to do, and on the end of the supervisor.
"""

import os
from threading import Thread
from time import perf_counter

import attrs

import csp
from csp.cli.census.aggregator import Aggregator
from csp.cli.census.totals import Totals
from csp.cli.census.worker import Worker
from csp.errors import CspError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from csp.supervision.child import ChildSpec

NAME = "census"

# Deaths that nobody ordered and that are survived nevertheless, by each worker.
SPARE_LIVES = 3
# Seconds that a worker is given at the end: those that still measure do what somebody else has done.
_SHUTDOWN = 0.3


class CensusFailed(CspError):
    """The census could not be finished."""


@attrs.frozen
class Census:
    """What a census found, and what it took.

    Attributes:
        totals: what was counted.
        seconds: wall-clock time, from before anything was started until everything had ended.
        workers: how many workers there were.
        restarts: how often a worker died and was started again.
        hand_outs: how often a file was handed out.
        duplicates: how many reports came a second time and were not counted again.
        deaths: how many workers were told to die, by moment; see :data:`csp.cli.census.ledger.MOMENTS`.
        kills: how many of these were killed from outside; the others raised.
    """

    totals: Totals
    seconds: float
    workers: int
    restarts: int
    hand_outs: int
    duplicates: int
    deaths: tuple[int, ...]
    kills: int


class Workers(csp.Supervisor):
    """Keeps the workers of a census alive until each has ended cleanly, having nothing left to do."""

    strategy = "one_for_one"
    auto_shutdown = "all_significant"

    def __init__(
        self, aggregator: Aggregator, root: str, workers: int, crashes: int = 0, kind: type[Worker] = Worker
    ) -> None:
        """Say whom to keep.

        Args:
            aggregator: whom they work for.
            root: what files are named relative to.
            workers: how many there are.
            crashes: how many deaths will be ordered.
            kind: their class.
        """
        self._aggregator = aggregator
        self._root = root
        self._workers = workers
        self._kind = kind
        self._limit = csp.Intensity(restarts=crashes + SPARE_LIVES, seconds=24 * 60 * 60.0)

    def children(self) -> Iterator[ChildSpec[Worker]]:
        """Yield the workers."""
        for number in range(1, self._workers + 1):
            yield csp.child(self._kind, self._aggregator, self._root).options(
                name=f"worker-{number}",
                restart="transient",
                significant=True,
                intensity=self._limit,
                shutdown=_SHUTDOWN,
            )


def take_census(
    files: Sequence[str],
    root: str,
    *,
    workers: int,
    crashes: int = 0,
    seed: int | None = None,
    on_progress: Callable[[int], object] | None = None,
    on_kill: Callable[[str], object] | None = None,
    kind: type[Worker] = Worker,
) -> Census:
    """Measure *files* with *workers* workers, each in an interpreter of its own.

    Args:
        files: the paths of the files, each once.
        root: what they are named relative to.
        workers: how many at most; there are never more than files.
        crashes: how many times a worker is to die.
        seed: makes the choice of the deaths repeatable.
        on_progress: called with the number of files done, now and then and at the end.
        on_kill: called with the name of a worker before it is killed on order.
        kind: the class of the workers.

    What is wrong with a file is in its report.

    Raises:
        CensusFailed: workers died too often without being told to, or the aggregator did.
    """
    begin = perf_counter()
    workers = max(1, min(workers, len(files)))
    # Warm interpreters make restarts cheap; where none is expected, keeping some is work for nothing.
    with csp.System(warm=min(workers, crashes, os.process_cpu_count() or 1)) as system:
        progress_in, progress = csp.channel(1, overflow="drop_oldest")
        # Room for everybody: a worker that asks to be killed asks for nothing more.
        events_in, events = csp.channel(workers + 1)
        sizes = [_size(path) for path in files]
        aggregator = system.spawn(Aggregator, files, sizes, workers, crashes, seed, progress_in, events_in)
        # Ours are closed, so that the channels end when the aggregator does.
        progress_in.close()
        events_in.close()
        try:
            system.supervise(Workers(aggregator, root, workers, crashes, kind), name=NAME)
        except csp.StartFailed as error:
            raise CensusFailed(_first_line(error)) from error
        ended_in, ended = csp.channel(1)
        Thread(target=_tell_the_end, args=(system, ended_in), name="csp census", daemon=True).start()
        while True:
            try:
                guard, message = csp.select(events, ended, progress, priority=True)
            except csp.EndOfChannel:
                raise CensusFailed(_why_it_died(aggregator)) from None
            if guard is progress:
                if on_progress is not None:
                    on_progress(message)
            elif guard is ended:
                raise CensusFailed(f"the workers ended before every file was counted: {message}")
            elif message is None:
                # The last number was sent before this; an event goes first when both are there.
                last = progress.recv_nowait(None)
                if on_progress is not None and last is not None:
                    on_progress(last)
                break
            else:
                if on_kill is not None:
                    on_kill(message)
                system.kill(system.lookup(message))
        reports, hand_outs, duplicates, deaths, kills = aggregator.books.options(timeout=None)()
        restarts = system.statistics()["restarts"]
    return Census(Totals(reports), perf_counter() - begin, workers, restarts, hand_outs, duplicates, deaths, kills)


def _tell_the_end(system: csp.System, ended: csp.Sender[str]) -> None:
    """Tell how the workers' supervisor ended, which only a call can wait for, on a channel."""
    try:
        reason = system.wait(NAME) or "none was left"
    except CspError as error:
        reason = _first_line(error)
    try:
        ended.send(reason)
    except csp.ChannelError:
        pass  # nobody asks any more


def _why_it_died(aggregator: Aggregator) -> str:
    try:
        aggregator.books()
    except csp.ActorError as error:
        return _first_line(error)
    return "the aggregator closed its channels"


def _first_line(error: Exception) -> str:
    """Its text without the traceback of the other interpreter, which is in the log."""
    return str(error).partition("\n")[0]


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:  # measuring it will tell
        return 0
