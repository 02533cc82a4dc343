"""Who runs in this interpreter: the actor, its place in the system, and the channels that lead there."""

from _thread import get_ident

from csp._native import Receiver, Sender
from csp.errors import ActorError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Protocol

    from csp._native import Packed
    from csp.actors.description import Description

    class Client(Protocol):
        """What asks the kernel: the module csp.actors.client, as an actor needs it."""

        def spawn(
            self, kernel: Sender[object], what: Any, args: tuple[object, ...], kwargs: Mapping[str, object], /
        ) -> Any: ...
        def lookup(self, kernel: Sender[object], name: str, cls: Any = None, /) -> Any: ...


class Order:
    """What a life of an actor is begun with. It travels natively, as the tuple of its fields.

    Attributes:
        life: the number of this life in the kernel, by which news of it are told.
        slot: the number of the slot that it lives in.
        name: under which the system knows the actor.
        path: ``(module, qualified name)`` of its class.
        folders: where to look for modules.
        mailbox, inbox: the ends of its mailbox.
        kernel: where news of it go, and its requests.
        log: where its log events go.
        letters: the tally that counts the system's dead letters.
        arguments: of its class, packed; None when there are none.
        grace: the seconds that it is given after Stopped.
    """

    __slots__ = (  # noqa: RUF023  (the constructor's order)
        "life",
        "slot",
        "name",
        "path",
        "folders",
        "mailbox",
        "inbox",
        "kernel",
        "log",
        "letters",
        "arguments",
        "grace",
    )

    def __init__(
        self,
        life: int,
        slot: int,
        name: str,
        path: tuple[str, str],
        folders: tuple[str, ...],
        mailbox: Sender[object],
        inbox: Receiver[object],
        kernel: Sender[object],
        log: Sender[object],
        letters: int,
        arguments: Packed[Any] | None,
        grace: float,
    ) -> None:
        self.life = life
        self.slot = slot
        self.name = name
        self.path = path
        self.folders = folders
        self.mailbox = mailbox
        self.inbox = inbox
        self.kernel = kernel
        self.log = log
        self.letters = letters
        self.arguments = arguments
        self.grace = grace

    def fields(self) -> tuple[object, ...]:
        """Give what it is made from again: ``Order(*fields)``."""
        return tuple(getattr(self, name) for name in Order.__slots__)


class Context(Order):
    """One life of one actor, seen from inside its interpreter: its order, and what else belongs to it."""

    __slots__ = ("client", "handlers", "me", "stop_reason")

    client: Callable[[], Client]  # given from above, by who knows it; loaded when it is needed

    def __init__(self, *fields: Any) -> None:
        super().__init__(*fields)
        self.handlers: tuple[Description, ...] = ()
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
    """Give the context of the actor that lives here. Raises ActorError where none does."""
    if current is None:
        raise ActorError("this works only inside a living actor, in its own interpreter")
    return current


def on_own_thread() -> bool:
    """Whether the caller is the actor itself, and not another thread that it started."""
    return get_ident() == _own_thread
