"""All lives of a system: begun, from the pool where they can be; and heard of, until their hosts have ended."""

from functools import partial

from csp._native import Sender, no_starts
from csp.errors import StartFailed, SystemClosing
from csp.exits import ExitReason
from csp.hosts.kinds import KINDS, USUAL
from csp.hosts.patience import Patience
from csp.hosts.pool import Pool
from csp.kernel.endings import Endings
from csp.kernel.life import KILLED_FOR, STOPPED_FOR, Life, ended_reason, killed_reason, lost_reason
from csp.kernel.slot import Slot
from csp.kernel.zombies import Zombies

TYPE_CHECKING = False
if TYPE_CHECKING:
    from csp.actors.log import ActorLog
    from csp.hosts.kinds import Host
    from csp.kernel.loop import Loop
    from csp.supervision.child import After

# What an actor needs, and a module that defines a supervisor; and times in messages, whose module in C would wait for
# main. The pool imports it ahead.
_NEEDED = ("math", "datetime", "csp.actors.entry")


class Lives:
    """Begins lives, and tells the owners of their slots what becomes of them.

    Attributes:
        by_id: the lives whose hosts have not ended.
        patience: the limits of those that are to end.
        pool: the interpreters that are kept warm.
        zombies: what was left behind.
    """

    def __init__(self, loop: Loop, to_inbox: Sender[object], log_channel: Sender[object], log: ActorLog, pool: int):
        self.loop = loop
        self.to_inbox = to_inbox
        self.log_channel = log_channel
        self.log = log
        self.by_id: dict[int, Life] = {}
        self.zombies = Zombies()
        self.patience = Patience(loop.later)
        self.pool = Pool(pool, _NEEDED, to_inbox, loop.number, loop.later, self._refill)
        self._endings = Endings(self.patience, self._stuck)
        self._stopping = False
        self._refill()

    # ---- beginning --------------------------------------------------------------------------------------------------

    def begin(self, slot: Slot, incarnation: int = 0, *, after: After = "end") -> None:
        """Start the next life in a slot, from the pool if it can be.

        It follows the end of the life before at once, or waits until the host of that has ended: when *after*
        says so, and when the latest life here did not come up, for what an earlier one still holds may be why.
        """
        life = Life(self, slot, incarnation)
        slot.life = life
        if (after == "interpreter" or slot.start_failed) and self._endings.any_of(slot.name):
            self._endings.after(slot.name, partial(self._begin_now, life))
        else:
            self._begin(life)

    def _begin(self, life: Life) -> None:
        try:
            if (why := no_starts()) is not None:  # also for one from the pool
                raise StartFailed(why)
            id, host = self._host(life.slot)
            self.by_id[id] = life
            life.begin(id, host)
        except BaseException:
            self._leave(life)  # its host is let go of with that, and so it ends
            raise

    def _host(self, slot: Slot) -> tuple[int, Host]:
        """Give a host, and the number of the life that it is for."""
        if slot.isolation == USUAL and not self._stopping and (warm := self.pool.take()) is not None:
            return warm
        id = self.loop.number()
        return id, KINDS[slot.isolation](slot.name, self.to_inbox, id)

    def _begin_now(self, life: Life) -> None:
        """Begin a life that had to wait; who waits for it hears of it, whatever becomes of it."""
        if life.over:
            return
        try:
            self._begin(life)
        except Exception as error:  # noqa: BLE001  (a failed start, for the owner to decide on)
            reason = ExitReason("failed", f"{type(error).__name__}: {error}")
            life.slot.owner.child_start_failed(life, reason, None)

    def never_began(self, life: Life, reason: ExitReason) -> None:
        """Record that a life was told to end before it began."""
        self._leave(life)
        life.slot.owner.child_start_failed(life, reason, None)

    def _refill(self) -> None:
        """Make up for what was taken, once nobody waits for the life that took it."""
        if not self._stopping and all(life.up or life.over for life in self.by_id.values()):
            self.pool.fill()

    # ---- news -------------------------------------------------------------------------------------------------------

    def started(self, id: int) -> None:
        """Record that an actor is up."""
        life = self.by_id.get(id)
        if life is not None and not life.over:
            life.up = True
            life.slot.start_failed = False
            if life.stopping and life.slot.recipe.free_form:
                life.stopping = False
                life.stop(None)
            life.slot.owner.child_started(life)
        self._refill()

    def start_failed(self, id: int, failure: tuple[object, ...]) -> None:
        """Record that an actor did not come up, and why."""
        life = self._over(id)
        if life is not None:
            reason = ExitReason("failed", f"{failure[2]}: {failure[3]}", str(failure[4]))
            self._did_not_start(life, reason, failure)
        self._refill()

    def _did_not_start(self, life: Life, reason: ExitReason, failure: tuple[object, ...] | None) -> None:
        """Tell of a failed start; or try it again, if an earlier life still held what it may have failed for."""
        slot = life.slot
        if self._stopping and reason.text.startswith(f"{SystemClosing.__name__}: "):
            slot.owner.forgo(life)
        overlapped = self._endings.any_of(slot.name)
        slot.start_failed = True
        if life.id in self.by_id:
            self._endings.add(life)
        if overlapped and slot.owner.supervised and not self._stopping and not life.stopping and not life.killing:
            self.log.info(
                "a start failed while the life before still cleaned up; it is tried again after that",
                actor=slot.name,
                reason=str(reason),
            )
            self.begin(slot, life.incarnation)
        else:
            slot.owner.child_start_failed(life, reason, failure)

    def ended(self, id: int, kind: str, text: str, trace: str) -> None:
        """Take an actor's last message: its code is done, and its interpreter begins to clean up."""
        life = self._over(id)
        if life is not None:
            reason = killed_reason(life) if life.killing else ended_reason(kind, text, trace)
            self._endings.add(life)
            if kind == "closing":
                life.slot.owner.forgo(life)
            life.slot.owner.child_ended(life, reason)

    def host_ended(self, id: int, ending: str, detail: object) -> None:
        """Take the exit message of a host: an actor's, or one of the pool."""
        if id in self.pool.leaving:
            self.pool.leaving.discard(id)
            return
        if self.pool.lost(id):
            self.log.error("a warm interpreter ended before it was used", detail=str(detail))
            return
        self.zombies.discard(id)
        over = self._over(id) is None
        life = self.by_id.pop(id, None)
        if life is None:
            return
        if why := self.zombies.why_left(life.host_id):
            self.log.error("an actor has ended and its interpreter cannot yet", actor=life.slot.name, reason=why)
        if over:
            self._endings.gone(life)
        elif life.up:
            life.slot.owner.child_ended(life, lost_reason(life, ending, detail))
        else:
            self._did_not_start(life, lost_reason(life, ending, detail), None)

    # ---- those that do not end --------------------------------------------------------------------------------------

    def _stuck(self, id: int) -> None:
        """Note that an actor is long over and its interpreter does not end: something in its clean-up hangs."""
        life = self.by_id.pop(id, None)
        if life is None:
            return
        if life.host is not None:
            life.host.fence()
        self.zombies.add(id)
        self.log.error("an actor has ended and its interpreter does not; it stays behind", actor=life.slot.name)
        self._endings.gone(life)

    def fenced(self, life: Life) -> None:
        """Go on without a life that nothing could stop, and that was cut off."""
        self.zombies.add(life.id)
        self.log.error("an actor cannot be stopped and was cut off; its thread stays behind", actor=life.slot.name)
        self._over(life.id)
        del self.by_id[life.id]
        reason = ExitReason("killed", "it could not be stopped and was cut off")
        if life.up:
            life.slot.owner.child_ended(life, reason)
        else:
            life.slot.owner.child_start_failed(life, reason, None)

    def _over(self, id: int) -> Life | None:
        """Mark a life as over. Returns it, or None if it was over already or never existed."""
        life = self.by_id.get(id)
        if life is None or life.over:
            return None
        self._leave(life)
        return life

    def _leave(self, life: Life) -> None:
        """Let go of a life that is over."""
        life.over = True
        self.patience.take_back(life.limit)
        if life.slot.life is life:
            life.slot.life = None
        if life.host is not None:
            life.host.close()

    # ---- the end ----------------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Start nothing ahead any more, and take no failed start for more than it is."""
        self._stopping = True
        self.pool.close()

    def are_over(self) -> bool:
        """Whether no host is left to hear of."""
        return not self.by_id and not self.pool.leaving

    def ending(self) -> list[Life]:
        """Those that were told to end, or clean up."""
        return [life for life in self.by_id.values() if life.stopping or life.killing or life.over]

    def hurry(self) -> None:
        """Give those that clean up no more time."""
        for id in self._endings.ids():
            self.by_id[id].hurry()
            self.loop.later(STOPPED_FOR + KILLED_FOR, partial(self._stuck, id))
