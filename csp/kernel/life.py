"""One life of an actor: a host, from its order to its end. Ending it goes down a ladder:

1. ask: a message to the host, which the actor reads between two others;
2. after the grace time, cancel: ``Stopped`` out of every channel operation that waits;
3. then kill: a raising tracer on all its threads, from a reaper thread;
4. then the fence: whatever it held is closed, and it counts as ended. Its thread, somewhere in C, is left behind and
   counted.
"""

from functools import partial
from weakref import ref

from csp._native import Sender, limits_off
from csp.actors.context import Order
from csp.exits import SHUTDOWN, ExitReason
from csp.hosts.naming import NAMED_AFTER, whereabouts
from csp.kernel.slot import Slot

# Seconds that each step down the ladder is given, after the grace time.
STOPPED_FOR = 0.5
KILLED_FOR = 2.0

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from csp.actors.log import ActorLog
    from csp.hosts.kinds import Host
    from csp.hosts.patience import Patience
    from csp.kernel.loop import Loop

    class Keeper(Protocol):
        """Who keeps the lives: their clock, and what is done about them; see csp.kernel.lives."""

        to_inbox: Sender[object]
        log_channel: Sender[object]
        log: ActorLog
        loop: Loop
        patience: Patience

        def never_began(self, life: Life, reason: ExitReason) -> None: ...
        def fenced(self, life: Life) -> None: ...


class Life:
    """One life in a slot.

    Attributes:
        id: its number in the kernel, which news of it bear and its host's exit; 0 until it has begun.
        incarnation: which life of its slot it is, as the supervisor counts; 0 where nobody does.
        host: what runs it; None until it has begun.
        up: its ``__init__`` has returned.
        over: nothing of it runs any more, but for the clean-up of its host.
    """

    def __init__(self, keeper: Keeper, slot: Slot, incarnation: int) -> None:
        self.keeper = keeper
        self.slot = slot
        self.incarnation = incarnation
        self.name = slot.name  # one that was made up may give way to another
        self.id = 0
        self.host: Host | None = None
        self.up = False
        self.over = False
        self.stopping = False
        self.killing = False
        self.had_its_time = False  # its shutdown time went by with the message at hand, before it was asked
        self.limit = 0  # the one that runs, in the keeper's patience

    def begin(self, id: int, host: Host) -> None:
        """Give a host its order; the news come to the kernel's inbox."""
        slot, keeper = self.slot, self.keeper
        self.id = id
        self.host = host
        order = Order(
            life=id,
            slot=slot.id,
            name=self.name,
            path=slot.recipe.path,
            folders=slot.recipe.folders,
            mailbox=slot.sender,
            inbox=slot.receiver,
            kernel=keeper.to_inbox,
            log=keeper.log_channel,
            letters=slot.letters,
            arguments=slot.arguments,
            grace=STOPPED_FOR,
        )
        host.begin("csp.actors.entry", "run", order.fields())

    @property
    def host_id(self) -> int:
        """The number of its interpreter; 0 while it has none, or if it has none at all."""
        return self.host.id if self.host is not None else 0

    def stop(self, grace: float | None) -> None:
        """Begin to end the life: ask now, and go down the ladder in time. *grace* None: only ask.

        Asked again, the shorter time counts.
        """
        if self.over or self.killing:
            return
        if self.host is None:
            self.keeper.never_began(self, SHUTDOWN)
            return
        if not self.stopping:
            self.stopping = True
            try:
                self.host.ask("shutdown")
            except Exception:  # noqa: BLE001  (it has ended, and the news is on its way)
                return
            if self.slot.recipe.free_form and self.up:
                self.host.cancel()
        if self.had_its_time:
            grace = 0.0
        if grace is not None:
            # The timer must not keep a life, and the channels it holds, that is over long before.
            self.keeper.loop.limit(grace, partial(_grace_is_over, ref(self)))

    def kill(self) -> None:
        """End the life now: no asking."""
        if self.over or self.killing:
            return
        self.killing = True
        if self.host is None:
            self.keeper.never_began(self, killed_reason(self))
            return
        self.host.kill()
        self._then(KILLED_FOR, self._fence)
        self.keeper.loop.later(NAMED_AFTER, partial(_kill_is_slow, ref(self)))

    def wind_up(self) -> float | None:
        """Grant what an ended actor has left running, threads and exit handlers, the time of its shutdown.

        Gives these seconds. None: no limit.
        """
        shutdown = self.slot.shutdown
        granted = 0.0 if shutdown == "kill" else None if limits_off() else shutdown
        if self.host is not None:
            self.host.end_within(granted)
        return granted

    def hurry(self) -> None:
        """Give what still runs in an ended actor's interpreter no more time."""
        if self.host is not None:
            self.host.kill()

    def _cancel(self) -> None:
        if not self.over and self.host is not None:
            self.host.cancel()
            self._then(STOPPED_FOR, self.kill)

    def _then(self, seconds: float, step: Callable[[], None]) -> None:
        """Take the next step down the ladder in so many seconds, by the keeper's patience."""
        patience = self.keeper.patience
        patience.take_back(self.limit)
        self.limit = patience.give(self.host_id, seconds, step)

    def _fence(self) -> None:
        if not self.over and self.host is not None:
            self.host.fence()
            self.keeper.fenced(self)


def _grace_is_over(life: ref[Life]) -> None:
    mine = life()
    if mine is not None:
        mine._cancel()


def _kill_is_slow(life: ref[Life]) -> None:
    mine = life()
    if mine is not None and not mine.over:
        where = whereabouts(mine.host_id)
        mine.keeper.log.warning("an actor that was killed does not end", actor=mine.slot.name, where=where)


def ended_reason(kind: str, text: str, trace: str) -> ExitReason:
    """Read the exit reason from an actor's own last message."""
    if kind == "failed":
        return ExitReason("failed", text, trace)
    return ExitReason("normal" if kind == "normal" else "shutdown", "" if text in {"normal", "shutdown"} else text)


def killed_reason(life: Life) -> ExitReason:
    """Make the exit reason of a life that was killed."""
    return ExitReason("killed", "it did not stop in time" if life.stopping else "")


def lost_reason(life: Life, ending: str, detail: object) -> ExitReason:
    """Make the exit reason of a life whose interpreter ended without a last message from the actor."""
    if ending == "killed" or life.killing:
        return killed_reason(life)
    return ExitReason("failed", str(detail) if detail is not None else "its interpreter could not be created")
