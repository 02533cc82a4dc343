"""One life of an actor: an interpreter, from its order to its end. Ending it goes down a ladder:

1. ask: a message on the control channel, which the actor reads between two messages;
2. after the grace time, ``Stopped`` out of every channel operation that waits;
3. then a raising tracer on all its threads, from a reaper thread;
4. then the fence: whatever it held is closed, and it counts as ended. Its thread, somewhere in C, is left behind and
   counted.
"""

from functools import partial
from weakref import ref

from csp._native import Sender, cancel_interpreter, end_within, fence_interpreter, kill_interpreter, limits_off
from csp.exits import SHUTDOWN, ExitReason
from csp.hosts.interpreter import Started, order
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
        tag: its number in the kernel; 0 until it has begun.
        interpreter: where it runs; 0 until it has begun.
        up: its ``__init__`` has returned.
        over: nothing of it runs any more, but for the clean-up of its interpreter.
    """

    def __init__(self, keeper: Keeper, slot: Slot, incarnation: int) -> None:
        self.keeper = keeper
        self.slot = slot
        self.incarnation = incarnation
        self.name = slot.name  # one that was made up may give way to another
        self.tag = 0
        self.interpreter = 0
        self.control: Sender[object] | None = None
        self.up = False
        self.over = False
        self.stopping = False
        self.killing = False
        self.had_its_time = False  # its shutdown time went by with the message at hand, before it was asked
        self.limit = 0  # the one that runs, in the keeper's patience

    def begin(self, tag: int, started: Started) -> None:
        """Give an interpreter its order; the news come to the kernel's inbox."""
        slot, keeper = self.slot, self.keeper
        self.tag = tag
        self.interpreter = started.id
        self.control = started.control
        order(
            started,
            "csp.actors.entry",
            "live",
            (
                slot.id,
                tag,
                self.name,
                slot.recipe.path,
                slot.recipe.folders,
                slot.receiver,
                slot.sender,
                keeper.to_inbox,
                keeper.log_channel,
                slot.letters,
                slot.data,
                slot.ends,
                STOPPED_FOR,
            ),
        )

    def stop(self, grace: float | None) -> None:
        """Begin to end the life: ask now, and go down the ladder in time. *grace* None: only ask.

        Asked again, the shorter time counts.
        """
        if self.over or self.killing:
            return
        if self.control is None:
            self.keeper.never_began(self, SHUTDOWN)
            return
        if not self.stopping:
            self.stopping = True
            try:
                self.control.send_nowait("shutdown")
            except Exception:  # noqa: BLE001  (its control channel is gone: so is it, and the news is on its way)
                return
            if self.slot.recipe.free_form and self.up:
                cancel_interpreter(self.interpreter)
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
        if self.control is None:
            self.keeper.never_began(self, killed_reason(self))
            return
        kill_interpreter(self.interpreter)
        self._then(KILLED_FOR, self._fence)
        self.keeper.loop.later(NAMED_AFTER, partial(_kill_is_slow, ref(self)))

    def wind_up(self) -> float | None:
        """The actor has ended: grant what it has left running, threads and exit handlers, the time of its shutdown.

        Gives these seconds. None: no limit.
        """
        shutdown = self.slot.shutdown
        granted = 0.0 if shutdown == "kill" else None if limits_off() else shutdown
        end_within(self.interpreter, granted)
        return granted

    def hurry(self) -> None:
        """The actor has ended: what still runs in its interpreter gets no more time."""
        kill_interpreter(self.interpreter)

    def _cancel(self) -> None:
        if not self.over:
            cancel_interpreter(self.interpreter)
            self._then(STOPPED_FOR, self.kill)

    def _then(self, seconds: float, step: Callable[[], None]) -> None:
        """Take the next step down the ladder in so many seconds, by the keeper's patience."""
        patience = self.keeper.patience
        patience.take_back(self.limit)
        self.limit = patience.give(self.interpreter, seconds, step)

    def _fence(self) -> None:
        if not self.over:
            fence_interpreter(self.interpreter)
            self.keeper.fenced(self)


def _grace_is_over(life: ref[Life]) -> None:
    mine = life()
    if mine is not None:
        mine._cancel()


def _kill_is_slow(life: ref[Life]) -> None:
    mine = life()
    if mine is not None and not mine.over:
        where = whereabouts(mine.interpreter)
        mine.keeper.log.warning("an actor that was killed does not end", actor=mine.slot.name, where=where)


def ended_reason(kind: str, text: str, trace: str) -> ExitReason:
    """The exit reason from an actor's own last message."""
    if kind == "failed":
        return ExitReason("failed", text, trace)
    return ExitReason("normal" if kind == "normal" else "shutdown", "" if text in {"normal", "shutdown"} else text)


def killed_reason(life: Life) -> ExitReason:
    """The exit reason of a life that was killed."""
    return ExitReason("killed", "it did not stop in time" if life.stopping else "")


def lost_reason(life: Life, ending: str, detail: object) -> ExitReason:
    """The exit reason of a life whose interpreter ended without a last message from the actor."""
    if ending == "killed" or life.killing:
        return killed_reason(life)
    return ExitReason("failed", str(detail) if detail is not None else "its interpreter could not be created")
