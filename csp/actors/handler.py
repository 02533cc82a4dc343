"""Handlers: the methods of an actor that others may call, seen from inside.

For type checkers a handler is a descriptor that keeps the method's signature, so that a wrong call is found before it
runs. Seen through a ref it is a BoundHandler; inside the actor it is the method itself.
"""

from types import MethodType

from csp.generic import Generic, P, T_co

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Concatenate, overload

    from csp.actors.ref import BoundHandler


class handler(Generic[P, T_co]):  # noqa: N801  (a decorator)
    """Mark a method of an Actor as one that others may call.

    Through a ref the method is a call: it runs in the actor's own interpreter, one at a time with its other handlers,
    and the caller gets its result or its exception. Inside the actor it is an ordinary method.

    Raises TypeError at the class for an ``async def`` or a generator function, whose calls would have no result that
    can travel.
    """

    def __init__(self, function: Callable[Concatenate[Any, P], T_co], /) -> None:
        if not callable(function):
            raise TypeError(f"@csp.handler decorates a method, not {function!r}")
        _refuse_suspending(function)
        self.function = function
        self.name = getattr(function, "__name__", "handler")
        self.__doc__ = function.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        if name.startswith("_") or name in _RESERVED:
            raise TypeError(
                f"{owner.__name__}.{name} cannot be a handler: that name belongs to the ref or the actor itself"
            )
        self.name = name

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: type) -> handler[P, T_co]: ...
        @overload
        def __get__(self, instance: object, owner: type | None = None) -> BoundHandler[P, T_co]: ...

    def __get__(self, instance: object, owner: type | None = None) -> object:
        return self if instance is None else MethodType(self.function, instance)


# Bits of a code object's co_flags (inspect.CO_*), and what a function with such a bit gives instead of a result.
_GENERATOR, _COROUTINE, _ASYNC_GENERATOR = 0x20, 0x80, 0x200


def _refuse_suspending(function: object) -> None:
    """Raise TypeError for a function whose calls only give something that is still to be run."""
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    flags: int = getattr(code, "co_flags", 0)
    name = getattr(function, "__qualname__", repr(function))
    if flags & (_COROUTINE | _ASYNC_GENERATOR):
        raise TypeError(
            f"{name} is an async function, and handlers of actors are plain functions for now: write it with def "
            "(in the actor's own interpreter it may block)"
        )
    if flags & _GENERATOR:
        raise TypeError(
            f"{name} is a generator function, and a generator cannot travel to the caller: return a list, or send the "
            "items on a channel that the caller gives"
        )


# Names that a ref uses itself, that an actor overrides for its own life, or that it calls on itself.
_RESERVED = frozenset(
    {"send", "cast", "call", "name", "id", "on_start", "on_stop", "receive", "run", "me", "log", "mailbox"}
    | {"stop", "handle", "spawn", "lookup"}
)


def handlers_of(cls: type) -> dict[str, Callable[..., object]]:
    """The handlers of an actor class by name, inherited ones included; an override without @handler takes one away."""
    found: dict[str, Callable[..., object]] = {}
    for base in reversed(cls.__mro__):
        for name, value in base.__dict__.items():
            if isinstance(value, handler):
                found[name] = value.function
            else:
                found.pop(name, None)
    return found
