"""An actor class as its import path and settings: the kernel keeps this instead of the user's code."""

from csp._native import pack
from csp.actors.actor import Actor
from csp.actors.description import describe
from csp.actors.handler import handlers_of
from csp.actors.mailbox import Buffered
from csp.actors.names import check_class
from csp.errors import ClosedEnd, NotShareable, StartFailed
from csp.hosts.importing import path_of
from csp.hosts.program import folders

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from csp._native import Packed
    from csp.actors.description import Description
    from csp.actors.mailbox import Overflow

    type Arguments = tuple[tuple[object, ...], dict[str, object]]


class Recipe:
    """An actor's class as seen from outside: where to import it, what can be called, which mailbox it wants.

    Attributes:
        path: ``(module, qualified name)`` of the class.
        handlers: what can be called, and with which arguments.
        capacity: of the mailbox; 0 for a rendezvous.
        overflow: the mailbox's overflow policy.
        free_form: the class overrides ``run``: it cannot be asked to stop between two messages, only told.
        folders: where to look for modules: ``sys.path`` as it was where the actor was started.
    """

    __slots__ = ("capacity", "folders", "free_form", "handlers", "overflow", "path")

    def __init__(
        self,
        path: tuple[str, str],
        handlers: tuple[Description, ...],
        capacity: int,
        overflow: Overflow,
        free_form: bool,
        folders: tuple[str, ...],
    ) -> None:
        self.path = path
        self.handlers = handlers
        self.capacity = capacity
        self.overflow: Overflow = overflow
        self.free_form = free_form
        self.folders = folders

    def fields(self) -> tuple[tuple[str, str], tuple[Description, ...], int, Overflow, bool, tuple[str, ...]]:
        """Give the recipe as a natively carried tuple: ``Recipe(*fields)`` gives it back."""
        return (self.path, self.handlers, self.capacity, self.overflow, self.free_form, self.folders)

    def __reduce__(self) -> tuple[object, ...]:
        return Recipe, self.fields()


def actor_class(what: object) -> type[Actor]:
    """Find the actor class that is meant: ``Box`` for ``Box[int]``. Raises StartFailed when it is none."""
    cls = getattr(what, "__origin__", what)
    if not isinstance(cls, type) or not issubclass(cls, Actor):
        raise StartFailed(
            f"{what!r} is not an actor class: derive it from csp.Actor (for a plain function use csp.parallel)"
        )
    return cls


def recipe_of(what: object) -> Recipe:
    """Read an actor class. Raises NotImportable, StartFailed when it is none, ReservedName."""
    cls = actor_class(what)
    check_class(cls, Actor)  # it may have changed since it was made, or have kept the look at it away
    box: Any = cls.mailbox
    if box is not None and not isinstance(box, Buffered):
        raise StartFailed(f"{cls.__qualname__}.mailbox must be csp.Buffered(n), or None for a rendezvous, not {box!r}")
    return Recipe(
        path_of(cls, "actor class"),
        tuple(describe(name, method) for name, method in handlers_of(cls).items()),
        box.capacity if box is not None else 0,
        box.overflow if box is not None else "block",
        cls.run is not Actor.run,
        folders(),
    )


def pack_arguments(cls: type, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Packed[Arguments] | None:
    """Pack the arguments of *cls*, to be opened by each life; None when there are none.

    The ends in them stay open as long as it lives. Raises NotShareable, which names the argument; ClosedEnd.
    """
    if not args and not kwargs:
        return None
    try:
        return pack((args, dict(kwargs)))
    except NotShareable:
        from csp.messages.probe import refuse_by_name

        refuse_by_name(cls.__name__, args, kwargs)
        raise
    except ClosedEnd:
        raise ClosedEnd("an argument holds an end that is closed: start the actor before closing it") from None
