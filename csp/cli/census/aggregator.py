"""The actor that hands out the files of a census and adds up the reports.

This module loads in an interpreter of its own: it imports only what it needs.
"""

from time import monotonic

import csp
from csp.cli.census.ledger import Ledger

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from csp.cli.census.ledger import Death
    from csp.cli.census.measure import Report

type Work = tuple[tuple[tuple[int, str], ...], Death | None]
"""The files to measure, each with its number, and how to die of one of them."""

type Event = str | None
"""The name of a worker that is to be killed, or None: all is done."""

type Books = tuple[tuple[Report, ...], int, int, tuple[int, ...], int]
"""The reports, hand-outs, duplicates, deaths ordered by moment, and how many of these were kills."""

# Seconds between two reports of progress: showing them takes time from the work.
_PROGRESS_EVERY = 0.05


class Aggregator(csp.Actor):
    """Holds the ledger of one census. Its mailbox is a rendezvous: what was taken from a worker is never lost."""

    def __init__(
        self,
        files: Sequence[str],
        sizes: Sequence[int],
        workers: int,
        crashes: int,
        seed: int | None,
        progress: csp.Sender[int],
        events: csp.Sender[Event],
    ) -> None:
        """Begin a census.

        Args:
            files: the paths to hand out.
            sizes: the size of each.
            workers: how many workers there will be.
            crashes: how many deaths to order.
            seed: makes the choice of the deaths repeatable.
            progress: gets how many files are done, now and then and at the end; should never block.
            events: gets what the starter has to do; should never block.
        """
        self._files = files
        self._ledger = Ledger(sizes, workers, crashes, seed)
        self._progress = progress
        self._events = events
        self._next_progress = 0.0
        self._told = False

    @csp.handler
    def take(self, worker: str) -> Work | None:
        """Return what *worker* is to do next, None if there will be nothing more.

        What an earlier life under that name took and did not deliver comes first.
        """
        job = self._ledger.take(worker)
        self._tell()
        if job is None:
            return None
        indexes, death = job
        return tuple((index, self._files[index]) for index in indexes), death

    @csp.handler
    def put(self, worker: str, index: int, report: Report) -> None:
        """Count the report of file number *index*, unless it was counted before."""
        self._ledger.put(worker, index, report)
        self._tell()

    @csp.handler
    def kill(self, worker: str) -> None:
        """Have *worker* killed, which waits for it."""
        self._events.send(worker)

    @csp.handler
    def books(self) -> Books:
        """Return everything that was counted, and what it took."""
        ledger = self._ledger
        reports = tuple(ledger.reports.values())
        return reports, ledger.hand_outs, ledger.duplicates, tuple(ledger.ordered), ledger.kills

    def _tell(self) -> None:
        ledger = self._ledger
        if self._told:
            return
        if ledger.finished:
            self._told = True
            self._progress.send(ledger.done)
            self._events.send(None)
        elif (now := monotonic()) >= self._next_progress:
            self._next_progress = now + _PROGRESS_EVERY
            self._progress.send(ledger.done)
