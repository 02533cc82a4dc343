"""Who counts which file, and which were counted: the aggregator's books, as a plain object without actors.

**Every file is counted exactly once**, although files are handed out as often as it takes. A file is handed out
again

- to the successor of a worker that died with it: whoever takes work under a name that still has some is the next
  life under that name;
- to a worker that would have nothing else to do, as a backup of a worker that may never come back (backup tasks:
  MapReduce, Dean and Ghemawat 2004). A file has at most two holders then.

A report is known by the number of its file. The first counts; one that comes again is noted, and changes nothing.

The largest files go first, several small ones at a time: less is handed out at once the less is left (guided
self-scheduling: Polychronopoulos and Kuck 1987), so that at the end no worker waits long for the others.

**Deaths are ordered here**, before anything is handed out: each file has a list of deaths that some worker dies of
it, mostly an empty one. A worker is never told of more than one. The last death of a file may come after its
report was delivered; all others come before, so that no file is done before all its deaths have been ordered.
Hence exactly as many are ordered as were asked for, even if there are fewer files than that.

Not safe for threads: one actor owns it.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from csp.cli.census.measure import Report

type Moment = int
"""When a worker dies of a file: BEFORE, MEASURED or DELIVERED."""

type Death = tuple[int, Moment, bool]
"""The number of the file in question, the moment, and whether the worker is killed from outside."""

type Job = tuple[tuple[int, ...], Death | None]
"""The numbers of the files to measure, in this order, and how to die of one of them."""

BEFORE, MEASURED, DELIVERED = range(3)
MOMENTS = ("before measuring", "before delivering", "after delivering")

# Each hand-out is this part of one worker's share of what is left, by weight, but never less than one file.
_PART = 4
# And never weighs more than this, so that little is measured twice when a worker dies.
_MOST = 64 * 1024
# A file weighs as many bytes as it has, and so many more for being opened, closed and reported.
_WEIGHT_OF_ANY = 512


class Ledger:
    """The books of one census.

    Attributes:
        reports: what was counted, by the number of the file.
        hand_outs: how often a file was handed out, again included.
        duplicates: how many reports came again.
        deaths: how many workers died with work or on order, and were succeeded.
        ordered: how many deaths of each moment were ordered.
        kills: how many of these are to be kills from outside.
    """

    def __init__(self, sizes: Sequence[int], workers: int, crashes: int = 0, seed: int | None = None) -> None:
        """Open the books.

        Args:
            sizes: how large each file is; its number is its place here.
            workers: how many will take.
            crashes: how many deaths to order, if there are files to die of.
            seed: makes the choice of the deaths repeatable.
        """
        self.reports: dict[int, Report] = {}
        self.hand_outs = 0
        self.duplicates = 0
        self.deaths = 0
        self.ordered = [0] * len(MOMENTS)
        self.kills = 0
        self._weights = [size + _WEIGHT_OF_ANY for size in sizes]
        self._workers = workers
        # Taken from the end. Of equal sizes the first in the list goes first.
        self._waiting = sorted(range(len(sizes)), key=lambda index: (sizes[index], -index))
        self._left = sum(self._weights)
        self._held: dict[str, list[int]] = {}  # by worker, what it took and has not delivered
        self._dying: set[str] = set()  # who was ordered to die, and has no successor yet
        self._plan = _plan(len(sizes), crashes, seed) if crashes and sizes else {}

    @property
    def files(self) -> int:
        """How many files there are."""
        return len(self._weights)

    @property
    def done(self) -> int:
        """How many were counted."""
        return len(self.reports)

    @property
    def finished(self) -> bool:
        """Whether all files are counted, and all who were ordered to die have done so and come back."""
        return len(self.reports) == len(self._weights) and not self._dying

    def take(self, worker: str) -> Job | None:
        """Return what *worker* is to do next, None if there will be nothing."""
        left_behind = self._held.pop(worker, None)
        if left_behind or worker in self._dying:
            self.deaths += 1
            self._dying.discard(worker)
        batch = self._missing(left_behind) or self._next() or self._backup()
        if not batch:
            return None
        self.hand_outs += len(batch)
        self._held[worker] = batch
        death = self._order(batch)
        if death is not None:
            self._dying.add(worker)
        return tuple(batch), death

    def put(self, worker: str, index: int, report: Report) -> bool:
        """Count the report of a file, unless it was counted before. Return whether it was counted now.

        Raises :class:`ValueError` if there is no file of that number.
        """
        if not 0 <= index < len(self._weights):
            raise ValueError(f"{worker} reports file {index}; there are {len(self._weights)}")
        held = self._held.get(worker)
        if held is not None and index in held:
            held.remove(index)
        if index in self.reports:
            self.duplicates += 1
            return False
        self.reports[index] = report
        return True

    def _missing(self, batch: list[int] | None) -> list[int]:
        return [index for index in batch or () if index not in self.reports]

    def _next(self) -> list[int]:
        batch: list[int] = []
        waiting = self._waiting
        room = min(self._left / (_PART * self._workers), _MOST)
        while waiting and (not batch or self._weights[waiting[-1]] <= room):
            index = waiting.pop()
            batch.append(index)
            room -= self._weights[index]
            self._left -= self._weights[index]
        return batch

    def _backup(self) -> list[int]:
        """Choose one file of another's, of those that have one holder."""
        holders: dict[int, int] = {}
        for held in self._held.values():
            for index in held:
                holders[index] = holders.get(index, 0) + 1
        for index, count in holders.items():
            if count == 1 and index not in self.reports:
                return [index]
        return []

    def _order(self, batch: list[int]) -> Death | None:
        for index in batch:
            planned = self._plan.get(index)
            if planned:
                moment, killed = planned.pop(0)
                self.ordered[moment] += 1
                self.kills += killed
                return index, moment, killed
        return None


def _plan(files: int, crashes: int, seed: int | None) -> dict[int, list[tuple[Moment, bool]]]:
    """Choose what is died of, when, and how: by the number of the file."""
    from random import Random  # here, because it loads a good deal

    chance = Random(seed)  # noqa: S311  (no secret)
    plan: dict[int, list[tuple[Moment, bool]]] = {}
    for _ in range(crashes):
        moment = chance.choice((BEFORE, MEASURED, DELIVERED))
        killed = chance.random() < 1 / 4
        deaths = plan.setdefault(chance.randrange(files), [])
        if deaths and deaths[-1][0] == DELIVERED:  # only the last may be
            deaths[-1] = (chance.choice((BEFORE, MEASURED)), deaths[-1][1])
        deaths.append((moment, killed))
    return plan
