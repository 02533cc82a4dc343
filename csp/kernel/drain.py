"""Before a system stops its actors: what is queued in their mailboxes is handled."""

from csp._native import limits_off, limits_paused, now

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from csp.kernel.slot import Slot

# Seconds between two looks.
_SOONEST, _LATEST = 0.001, 0.02


class Drain:
    """Goes in rounds: one is over when each actor has handled what had been queued for it when the round began.

    That may have made others send more, hence the next round, until nobody has anything to do. What still flies after
    as many rounds as there are actors flies in a circle, or comes from one that never rests: then it is over, too. Each
    actor has its shutdown time for all of it. Nothing is asked of the actors: their mailboxes tell.

    Args:
        slots: gives those of the system.
        over: called once.
    """

    def __init__(
        self,
        later: Callable[[float, Callable[[], None]], None],
        slots: Callable[[], Iterable[Slot]],
        over: Callable[[], None],
    ) -> None:
        self._later = later
        self._slots = slots
        self._over: Callable[[], None] | None = over
        self._began = _limits_clock()
        self._first = {slot.id: _taken(slot) for slot in slots()}  # what each had begun by then
        self._left: dict[Slot, int] = {}  # those that have something to do in this round, and up to which message
        self._rounds = 0
        self._sent = -1  # all that had been sent when the last round began
        self._delay = _SOONEST
        self._look()

    def end(self) -> None:
        """Wait no longer."""
        over, self._over = self._over, None
        if over is not None:
            over()

    def left(self) -> list[Slot]:
        """Those that it waits for now."""
        return list(self._left) if self._over is not None else []

    def _look(self) -> None:
        if self._over is None:
            return
        spent = _limits_clock() - self._began
        for slot, target in list(self._left.items()):
            if _done(slot, target) or self._out_of_time(slot, spent):
                del self._left[slot]
        while not self._left:
            if self._next_round(spent):
                self.end()
                return
        self._later(self._delay, self._look)
        self._delay = min(2 * self._delay, _LATEST)

    def _next_round(self, spent: float) -> bool:
        """Begin another; True when none is needed, or none would help."""
        slots = list(self._slots())
        last, self._sent = self._sent, 0
        for slot in slots:
            sent = slot.sender.statistics().sent
            self._sent += sent
            if not _done(slot, sent) and not self._out_of_time(slot, spent):
                self._left[slot] = sent
        if not self._left:
            # Nobody had anything to do, one after the other: all at once, if nothing was sent since the last look.
            return self._sent == last
        self._delay = _SOONEST
        self._rounds += 1
        return self._rounds > len(slots) + 1

    def _out_of_time(self, slot: Slot, spent: float) -> bool:
        limit = slot.shutdown
        late = limit is not None and not limits_off() and (limit == "kill" or spent >= limit)
        if late and slot.life is not None and _taken(slot) == self._first.get(slot.id):
            slot.life.had_its_time = True
        return late


def _limits_clock() -> float:
    """Read the time, which stands still while somebody debugs."""
    return now() - limits_paused()


def _done(slot: Slot, target: int) -> bool:
    """Whether the first *target* messages of a mailbox are dealt with."""
    statistics = slot.sender.statistics()
    if statistics.received > target:
        return True
    if statistics.length:
        return False
    life = slot.life
    if slot.recipe.free_form or life is None or not life.up:
        return True  # what one does that runs by itself, or is not there, is no work on its mailbox
    return bool(statistics.waiting_receivers)


def _taken(slot: Slot) -> int:
    taken: int = slot.sender.statistics().received
    return taken
