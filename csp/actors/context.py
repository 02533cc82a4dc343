"""Who lives here: the actor, its place in the system, and the channels that lead there.

An actor has an interpreter of its own, or is a guest in one: a thread with a holder of its own, beside others of its
kind.
"""

from _thread import get_ident

from csp._native import Receiver, Sender, guest_id
from csp.errors import ActorError
from csp.hosts.own import PerHolder, forget

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
    """One life of one actor, seen from inside: its order, and what else belongs to it.

    Attributes:
        client: given from above, by who knows it; loaded when it is needed.
        dispatch: carries one message out; given from above, too.
        handlers: as they are described to others.
        methods: its handlers by name, as they stand in the class.
        functions: the same, to be called with the actor.
        me: its ref, once it was asked for.
        stop_reason: set by Actor.stop.
        actor: the id() of the actor, while it lives.
    """

    __slots__ = ("actor", "client", "dispatch", "functions", "handlers", "me", "methods", "stop_reason")

    client: Callable[[], Client]
    dispatch: Callable[[Any, object, Context], None]

    def __init__(self, *fields: Any) -> None:
        super().__init__(*fields)
        self.handlers: tuple[Description, ...] = ()
        self.methods: dict[str, object] = {}
        self.functions: dict[str, Callable[..., Any]] = {}
        self.me: object = None
        self.stop_reason: str | None = None
        self.actor = 0


# Of the actor that has this interpreter to itself, if one has; and those of guests, once there was one.
current: Context | None = None
_contexts = PerHolder(None)
_has_guests = False
# The mailboxes' channels of the actors that live in this interpreter, to notice that one calls itself: which thread
# empties it, and for which guest. Calls ask first whether there are any: that costs nothing where there are none.
lives_here = False
own_channels: dict[int, tuple[int, int]] = {}


def enter(context: Context) -> None:
    """Make *context* the caller's: of its interpreter or, if it is a guest there, of that guest alone.

    The calling thread is the one that empties its mailbox.
    """
    global _has_guests, current, lives_here
    guest = guest_id()
    if not guest:
        current = context
    else:
        _contexts.set(context)
        _has_guests = True
    own_channels[context.mailbox.channel_id] = get_ident(), guest
    lives_here = True


def leave() -> None:
    """End a guest's, and whatever else it had of its own: no actor lives on this thread any more."""
    context: Context | None = _contexts.get()
    forget()
    if context is not None:
        own_channels.pop(context.mailbox.channel_id, None)


def own(actor: object = None) -> Context:
    """Give the context of the actor that lives here; of *actor*, where a thread asks that a guest has started.

    Raises ActorError where none does.
    """
    context = _among_guests(actor) if _has_guests else current
    if context is None:
        raise ActorError("this works only inside a living actor, in its own interpreter")
    return context


def _among_guests(actor: object) -> Context | None:
    context: Context | None = _contexts.get()
    if context is None and not guest_id():
        # The thread is none of the guest's; but who has the actor is somebody that it has let in.
        context = next((other for other in _contexts.of_guests() if other.actor == id(actor)), current)
    return context


def is_own(channel: int) -> bool:
    """Whether the caller is the actor of that mailbox itself, and not another thread that it started."""
    return own_channels.get(channel) == (get_ident(), guest_id())
