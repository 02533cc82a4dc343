"""Refs: how an actor is reached from anywhere in the process."""

from types import GenericAlias

from csp._native import Sender, unseen
from csp.actors import context
from csp.actors.answers import delivery_error, refuse_own_rendezvous
from csp.actors.bound import BoundHandler
from csp.actors.signature import signatures
from csp.errors import BrokenChannel, NoSuchHandler, WouldBlock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from csp.actors.description import Description


class ActorRef:
    """A handle on an actor: its handlers as attributes, ``send``, ``name`` and ``id``.

    Refs are small, equal when they reach the same actor, and may be sent anywhere in a message. A ref reaches the actor
    through its restarts: it belongs to the slot, not to the life. (OTP: a registered name; Pekko: ActorRef.)

    In a signature ``csp.Ref[Account]`` is, for type checkers, what ``Account`` is: spawn gives it, and it has the
    handlers of Account. ``csp.Ref`` alone is a ref of any actor.
    """

    __slots__ = ("_handlers", "_id", "_letters", "_name", "_path", "_sender", "_signatures")
    __qualname__ = "Ref"  # as which it is public
    if not TYPE_CHECKING:
        __class_getitem__ = classmethod(GenericAlias)

    def __init__(
        self,
        sender: Sender[object],
        name: str,
        id: int,
        path: tuple[str, str],
        handlers: tuple[Description, ...],
        letters: int,
    ) -> None:
        self._sender = sender
        self._name = name
        self._id = id  # of the slot, in its kernel
        self._path = path
        self._handlers = handlers
        self._letters = letters
        self._signatures = signatures(path, handlers)

    @property
    def name(self) -> str:
        """The name under which the actor's system knows it; see System.lookup."""
        return self._name

    @property
    def id(self) -> int:
        """A number that no other actor of this process ever has: that of its mailbox in statistics and wait graph."""
        return self._sender.channel_id

    @unseen
    def __getattr__(self, name: str) -> BoundHandler[..., Any]:
        signature = self._signatures.get(name)
        if signature is None:
            raise self._no_such(name)
        return BoundHandler(self._sender, self._name, self._letters, signature)

    @unseen
    def send(self, message: object, timeout: float | None = None) -> None:
        """Send a plain message to the actor's ``receive``; returns when the mailbox has accepted it.

        With a rendezvous mailbox that is when the actor takes it. *timeout* is in seconds. Raises ActorDied,
        MailboxFull, TimeoutError, CallsSelf (an actor sends to its own rendezvous mailbox).
        """
        __tracebackhide__ = True  # what it passes on is the caller's
        sender = self._sender
        if context.lives_here and sender.channel_id in context.own_channels and context.is_own(sender.channel_id):
            refuse_own_rendezvous(sender, self._name, "sends to")
        try:
            sender.send(message, timeout)
        except (BrokenChannel, WouldBlock) as error:
            raise delivery_error(self._name, error) from None

    def _no_such(self, name: str) -> AttributeError:
        if name.startswith("__"):
            return AttributeError(name)
        from difflib import get_close_matches

        close = get_close_matches(name, self._signatures, 1)
        hint = f"did you mean {close[0]!r}?" if close else f"it has: {', '.join(self._signatures) or 'none'}."
        return NoSuchHandler(
            f"actor {self._name} ({self._path[1]}) has no handler {name!r}; {hint} "
            "Only methods marked with @csp.handler can be called from outside"
        )

    def __dir__(self) -> list[str]:
        return [*object.__dir__(self), *self._signatures]

    def __repr__(self) -> str:
        return f"<csp.Ref {self._name} ({self._path[1]})>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ActorRef) and self._sender == other._sender

    def __hash__(self) -> int:
        return hash(self._sender)

    def __reduce__(self) -> tuple[object, ...]:
        return ActorRef, (self._sender, self._name, self._id, self._path, self._handlers, self._letters)


ActorRef.__name__ = "Ref"

if TYPE_CHECKING:
    type Ref[A = Any] = A
else:
    Ref = ActorRef
