"""Which names of an actor are csp's own, and what is said to whom takes one for something else.

An actor's class is the user's, and so is every name that is not listed here. Nobody's assignment hides one of ours
unseen: at the class, or at the line, an error names it and the way out.
"""

from types import FunctionType

from csp.actors.handler import handlers_of, refuse_suspending
from csp.errors import ReservedName

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Never

# What they are, and another name for what is usually meant by them.
_OWN = {
    "name": ("the name under which the system knows the actor", "label"),
    "log": ("the actor's logger", "journal"),
    "me": ("the actor's own ref", "own"),
    "mailbox": ("where the actor's messages come in", "inbox"),
    "stop": ("ends this life: self.stop()", "stopped"),
    "handle": ("treats a message in run()", "treat"),
    "spawn": ("starts another actor", "start"),
    "lookup": ("finds another actor", "find"),
}
_HOOKS = {
    "on_start": ("a method that csp calls when the actor is up", "started"),
    "on_stop": ("a method that csp calls at the end of a life", "stopped"),
    "receive": ("a method that csp calls for plain messages", "received"),
    "run": ("a method that csp calls for a free-form actor", "running"),
}
# A ref is reached by its handlers' names: these are its own.
_REFS = frozenset({"send", "name", "id", "call", "cast"})
# Methods that actors will have.
_COMING = frozenset(
    {"monitor", "link", "unlink", "on_down", "on_exit", "after", "every", "group", "subscribe", "keep", "restore"}
    | {"snapshot", "upgrade", "stash", "unstash", "forward", "reply_later", "isolation", "on_crash", "alive"}
    | {"options", "aio"}
)


def refuse(instance: object, name: str) -> Never:
    """Raise what an assignment to, or a deletion of, one of our names in an actor gets."""
    what, instead = (_OWN | _HOOKS)[name]
    raise ReservedName(
        f"{type(instance).__name__}: self.{name} is csp's own, {what}; call the attribute otherwise, "
        f"for example self.{instead}"
    )


def check_class(cls: type, actor: type) -> None:
    """Look at the names that an actor class takes; *actor* is the class Actor. Raises ReservedName, TypeError."""
    for name in handlers_of(cls):
        _check_handler(cls, name)
    for name, (what, instead) in _OWN.items():
        base, _ = _lookup(cls, name)
        if base is not actor and name != "mailbox":
            where = "" if base is cls else f" (from {base.__qualname__})"
            raise ReservedName(
                f"{cls.__qualname__}.{name}{where}: an actor's {name} is csp's own, {what}; call it otherwise, for "
                f"example {instead}"
            )
    for name, (what, instead) in _HOOKS.items():
        base, found = _lookup(cls, name)
        if base is actor:
            continue
        if not (callable(found) or hasattr(found, "__get__")) or isinstance(found, property):
            raise ReservedName(
                f"{cls.__qualname__}.{name} must be {what}, and not {found!r}; call that otherwise, for example "
                f"{instead}"
            )
        if isinstance(found, FunctionType):
            refuse_suspending(found, "what csp calls in an actor is")


def _check_handler(cls: type, name: str) -> None:
    if name.startswith("_") or name in _OWN or name in _HOOKS or name in _REFS:
        raise ReservedName(
            f"{cls.__name__}.{name} cannot be a handler: that name belongs to the ref or the actor itself"
        )
    if name in _COMING:
        raise ReservedName(
            f"{cls.__name__}.{name} cannot be a handler: that name is kept for a method that actors will have"
        )


def _lookup(cls: type, name: str) -> tuple[type, object]:
    for base in cls.__mro__:
        if name in base.__dict__:
            return base, base.__dict__[name]
    return cls, None
