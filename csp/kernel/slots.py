"""All slots of a system: the living ones by number and by name, and how those ended that are closed."""

from csp._native import tally_new
from csp.actors.recipe import Recipe
from csp.errors import NoSuchActor
from csp.exits import ExitReason
from csp.hosts.kinds import USUAL
from csp.kernel.names import Names
from csp.kernel.slot import Slot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from csp._native import Packed, Reply
    from csp.actors.log import ActorLog
    from csp.actors.recipe import Arguments
    from csp.kernel.slot import Shutdown

    # A slot's mailbox, name, and the reason of its end.
    type Ended = tuple[int, str, str]

_ENDED_KEPT = 1000
_NAMED = 5  # actors in one line of the log


class Slots:
    """The slots, which this makes and closes.

    Attributes:
        by_id: those that are not closed.
        names: theirs.
        letters: the tally of dead letters, counted by whoever loses one, in any interpreter.
        stopping: the system stops; what is not handled then is told once, at the end.
    """

    def __init__(self, number: Callable[[], int], log: ActorLog) -> None:
        self._number = number
        self._log = log
        self.by_id: dict[int, Slot] = {}
        self.names = Names(number)
        self.letters = tally_new()
        self.stopping = False
        self._ended: dict[int, Ended] = {}  # by number; of many, the latest
        self._unhandled: dict[str, int] = {}  # dead letters while stopping, by actor

    def make(
        self,
        name: str | None,
        recipe: Recipe,
        arguments: Packed[Arguments] | None,
        shutdown: Shutdown,
        isolation: str | None,
    ) -> Slot:
        """Make a slot, under a name that nobody else was given, or (None) under one that is made up."""
        slot = Slot(self._number(), name or "", recipe, arguments, shutdown, self.letters, isolation or USUAL)
        if name is None:
            self.names.make_up(slot)
        else:
            self.names.take(slot)
        self.by_id[slot.id] = slot
        return slot

    def close(self, slot: Slot, reason: ExitReason) -> None:
        """End a slot for good; what waits in its mailbox is told."""
        if self.by_id.pop(slot.id, None) is None:
            return
        self.names.free(slot)
        del slot.owner  # they refer to each other, and what a slot holds must not wait for the collector
        while len(self._ended) >= _ENDED_KEPT:
            del self._ended[next(iter(self._ended))]
        self._ended[slot.id] = (slot.sender.channel_id, slot.name, str(reason))
        for reply in slot.waiting:
            reply.answer(str(reason))
        letters = slot.close(str(reason))
        if letters and self.stopping:
            self._unhandled[slot.name] = letters
        elif letters:
            self._log.warning("dead letters", actor=slot.name, count=letters, reason=str(reason))

    def of(self, id: int, mailbox: int) -> Slot | None:
        """Find the slot of that number, if its mailbox is the one meant: another system has its own numbers."""
        slot = self.by_id.get(id)
        return slot if slot is not None and slot.sender.channel_id == mailbox else None

    def wait(self, id: int, mailbox: int, reply: Reply) -> None:
        """Answer *reply* with the reason when the last life in a slot has ended, also when that was before."""
        slot = self.of(id, mailbox)
        if slot is not None:
            slot.waiting.append(reply)
            return
        ended = self._ended.get(id)
        if ended is None or ended[0] != mailbox:
            raise NoSuchActor(
                "that actor belongs to another system, or has ended so long ago that its reason is forgotten"
            )
        reply.answer(ended[2])

    def wait_by_name(self, name: str, reply: Reply) -> bool:
        """Do the same by the actor's name; False when there never was one, or it is forgotten."""
        if name in self.names:
            self.names.find(name).waiting.append(reply)
            return True
        for _, known, reason in reversed(self._ended.values()):
            if known == name:
                reply.answer(reason)
                return True
        return False

    def tell_unhandled(self) -> None:
        """Say once what was not handled, and whose it was."""
        if self._unhandled:
            most = sorted(self._unhandled.items(), key=lambda item: -item[1])
            actors = ", ".join(f"{name} ({count})" for name, count in most[:_NAMED])
            if len(most) > _NAMED:
                actors += f" and {len(most) - _NAMED} more"
            self._log.warning(
                "messages were not handled before the system closed",
                count=sum(self._unhandled.values()),
                actors=actors,
            )
