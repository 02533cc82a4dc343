"""The slot that an actor lives in, which outlives the lives in it.

It holds the mailbox, so messages and senders that wait there survive a restart, in order.
"""

from csp._native import Reply, channel, forward, tally_add
from csp.actors.recipe import Recipe
from csp.errors import ChannelError
from csp.exits import SHUTDOWN, ExitReason
from csp.hosts.kinds import USUAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal, Protocol

    from csp._native import Packed, Sender
    from csp.actors.recipe import Arguments

    type Shutdown = float | Literal["kill"] | None

    class Living(Protocol):
        """The life in a slot, as others see it: see csp.kernel.life."""

        slot: Slot
        incarnation: int
        up: bool
        had_its_time: bool

        @property
        def host_id(self) -> int: ...

        def stop(self, grace: float | None) -> None: ...
        def kill(self) -> None: ...

    class Owner(Protocol):
        """Whom a slot belongs to: it decides what comes after each life there."""

        @property
        def supervised(self) -> bool: ...
        def child_started(self, life: Living) -> None: ...
        def child_start_failed(self, life: Living, reason: ExitReason, failure: tuple[object, ...] | None) -> None: ...
        def child_ended(self, life: Living, reason: ExitReason) -> None: ...
        def forgo(self, life: Living) -> None: ...


_EVERYTHING = 1 << 31


class Slot:
    """Where an actor lives: its mailbox, its recipe, its name."""

    def __init__(
        self,
        id: int,
        name: str,
        recipe: Recipe,
        arguments: Packed[Arguments] | None,
        shutdown: Shutdown,
        letters: int,
        isolation: str = USUAL,
    ) -> None:
        self.id = id
        self.letters = letters  # the tally of the system's dead letters
        self.name = name
        self.recipe = recipe
        self.arguments = arguments  # the kernel does not open them
        self.isolation = isolation  # the kind of its hosts
        self.shutdown: Shutdown = shutdown  # as in a child spec
        self.sender, self.receiver = channel(recipe.capacity, recipe.overflow)
        self.life: Living | None = None
        self.owner: Owner  # who is told what becomes of the lives here; set when it takes the slot
        self.last_reason = SHUTDOWN  # why the latest life here ended; nothing but a shutdown comes before the first
        self.start_failed = False  # the latest life here did not come up
        self.waiting: list[Reply] = []  # those who wait for the end of the last life here

    def ref_fields(self) -> tuple[object, ...]:
        """Give what a ref is made from, see client.RefFields."""
        return (self.sender, self.name, self.id, self.recipe.path, self.recipe.handlers, self.letters)

    def forget_arguments(self) -> None:
        """Let go of the arguments: no life will be made from them any more, and they may hold ends open."""
        self.arguments = None

    def close(self, reason: str, dead: Sender[Any] | None = None) -> int:
        """Nobody will live here any more; gives the number of dead letters, which the system counts.

        Senders that wait get their message back, calls that wait learn that they did not run. Where *dead* has room,
        all that waits goes there instead, unopened, and whoever reads it answers the calls: who sent it has sent it.
        """
        moved = self._hand_over(dead) if dead is not None else 0
        self.sender.abort(reason)
        letters: int = self.sender.statistics().undelivered + moved
        tally_add(self.letters, letters)
        self.sender.close()
        self.receiver.close()
        self.forget_arguments()
        return letters

    def _hand_over(self, dead: Sender[Any]) -> int:
        try:
            return forward(self.receiver, dead, _EVERYTHING)
        except ChannelError:
            return 0  # nobody reads them
