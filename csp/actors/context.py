"""Who runs in this interpreter: the actor, its place in the system, and the channels that lead there."""

from _thread import get_ident

from csp._native import Receiver, Sender
from csp.errors import ActorError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Protocol

    from csp.actors.description import Description

    class Client(Protocol):
        """What asks the kernel: the module csp.actors.client, as an actor needs it."""

        def spawn(
            self, kernel: Sender[object], what: Any, args: tuple[object, ...], kwargs: Mapping[str, object], /
        ) -> Any: ...
        def lookup(self, kernel: Sender[object], name: str, cls: Any = None, /) -> Any: ...


class Context:
    """One life of one actor, seen from inside its interpreter."""

    __slots__ = (
        "client",
        "handlers",
        "inbox",
        "incarnation",
        "kernel",
        "letters",
        "log",
        "mailbox",
        "me",
        "name",
        "path",
        "slot",
        "stop_reason",
    )

    def __init__(
        self,
        slot: int,
        incarnation: int,
        name: str,
        path: tuple[str, str],
        handlers: tuple[Description, ...],
        mailbox: Sender[object],
        inbox: Receiver[object],
        kernel: Sender[object],
        log: Sender[object],
        letters: int,
        client: Callable[[], Client],
    ) -> None:
        self.slot = slot
        self.incarnation = incarnation
        self.name = name
        self.path = path
        self.handlers = handlers
        self.mailbox = mailbox
        self.inbox = inbox
        self.kernel = kernel
        self.log = log
        self.letters = letters  # the tally that counts the system's dead letters
        self.client = client  # given from above, who knows it; loaded when it is needed
        self.stop_reason: str | None = None  # set by Actor.stop
        self.me: object = None


current: Context | None = None
# The mailbox's channel of the actor that runs here, to notice that an actor calls itself; 0: none.
own_channel = 0
_own_thread = 0


def enter(context: Context) -> None:
    """Make *context* the one of this interpreter, and the calling thread the one that empties its mailbox."""
    global current, own_channel, _own_thread
    current = context
    own_channel = context.mailbox.channel_id
    _own_thread = get_ident()


def own() -> Context:
    """The context of the actor that lives here. Raises ActorError where none does."""
    if current is None:
        raise ActorError("this works only inside a living actor, in its own interpreter")
    return current


def on_own_thread() -> bool:
    """Whether the caller is the actor itself, and not another thread that it started."""
    return get_ident() == _own_thread
