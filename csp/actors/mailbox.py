"""What stands in front of an actor: a rendezvous by default, or a buffered queue by choice."""

from csp._native import unseen
from csp.actors import context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal, Never, Self, overload

    from csp._native import Receiver

type Overflow = Literal["block", "drop_oldest", "drop_newest", "error"]

_OVERFLOWS: tuple[Overflow, ...] = ("block", "drop_oldest", "drop_newest", "error")


class Buffered:
    """A mailbox that holds up to *capacity* messages, as a class attribute: ``mailbox = csp.Buffered(1024)``.

    A sender returns as soon as its message is buffered. When the buffer is full, *overflow* says what happens:
    ``block`` (the default: the sender waits), ``drop_oldest``, ``drop_newest`` (both counted in the channel's
    statistics), or ``error`` (the sender gets MailboxFull).

    Without it a mailbox is a rendezvous: a cast returns when the actor has taken the message.

    Raises ValueError for a capacity below 1 or an unknown policy.
    """

    __slots__ = ("capacity", "overflow")

    @unseen
    def __init__(self, capacity: int, *, overflow: Overflow = "block") -> None:
        if not isinstance(capacity, int) or not 1 <= capacity <= 2**30:
            raise ValueError(
                f"a buffered mailbox needs a capacity of at least 1, not {capacity!r}; leave `mailbox` out for a "
                "rendezvous"
            )
        if overflow not in _OVERFLOWS:
            raise ValueError(f"overflow must be one of {', '.join(_OVERFLOWS)}, not {overflow!r}")
        self.capacity: int = capacity
        self.overflow: Overflow = overflow

    if TYPE_CHECKING:
        # Set on the class it is this; a living actor finds the receiving end under the same name.
        @overload
        def __get__(self, instance: None, owner: type, /) -> Self: ...
        @overload
        def __get__(self, instance: object, owner: type, /) -> Receiver[Any]: ...

    def __get__(self, instance: object, owner: type, /) -> object:
        return self if instance is None else context.own(instance).inbox

    def __set__(self, instance: object, value: Never, /) -> None:
        _refuse(instance)

    def __delete__(self, instance: object, /) -> None:
        _refuse(instance)

    def __repr__(self) -> str:
        return f"csp.Buffered({self.capacity}, overflow={self.overflow!r})"


class Rendezvous:
    """What ``mailbox = None`` in an actor class means: no buffer. In a living actor it is the receiving end."""

    def __get__(self, instance: object, owner: type, /) -> object:
        return None if instance is None else context.own(instance).inbox

    def __set__(self, instance: object, value: object, /) -> None:
        _refuse(instance)

    def __delete__(self, instance: object, /) -> None:
        _refuse(instance)


def _refuse(instance: object) -> Never:
    from csp.actors.names import refuse

    refuse(instance, "mailbox")
