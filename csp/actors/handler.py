"""Handlers: the methods of an actor that others may call, seen from inside.

A handler is the method itself with a mark on it, so that it goes through other decorators, and is documented, tested
and inherited, like any method. For type checkers it is a descriptor that keeps the method's signature: seen through a
ref it is a BoundHandler.
"""

from csp._native import unseen
from csp.generic import Generic, P, T_co

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Concatenate, overload

    from csp.actors.bound import BoundHandler

_MARK = "__csp_handler__"

if TYPE_CHECKING:

    class handler(Generic[P, T_co]):  # noqa: N801  (a decorator)
        """See below, where it is what it is at run time."""

        @overload
        def __init__(self, function: classmethod[Any, P, T_co], /) -> None: ...
        @overload
        def __init__(self, function: Callable[Concatenate[Any, P], T_co], /) -> None: ...
        def __init__(self, function: object, /) -> None: ...
        @overload
        def __get__(self, instance: None, owner: type) -> handler[P, T_co]: ...
        @overload
        def __get__(self, instance: object, owner: type | None = None) -> BoundHandler[P, T_co]: ...
        def __get__(self, instance: object, owner: type | None = None) -> object: ...
        def __call__(self, actor: Any, /, *args: P.args, **kwargs: P.kwargs) -> T_co: ...

else:

    @unseen
    def handler[F: Callable[..., Any]](function: F, /) -> F:
        """Mark a method of an Actor as one that others may call.

        Through a ref the method is a call: it runs in the actor's own interpreter, one at a time with its other
        handlers, and the caller gets its result or its exception. Inside the actor it is an ordinary method. It stands
        with other decorators in either order: abstractmethod, staticmethod, classmethod, those of functools.

        Raises TypeError at the class for an ``async def`` or a generator function, whose calls would have no result
        that can travel.
        """
        # partialmethod and singledispatchmethod cannot be called, and are methods all the same.
        method = callable(function) or (hasattr(function, "__get__") and hasattr(function, "__isabstractmethod__"))
        if not method or isinstance(function, (property, type)):
            raise TypeError(f"@csp.handler decorates a method, not {function!r}")
        refuse_suspending(function, "handlers of actors are")
        try:
            setattr(function, _MARK, True)
        except AttributeError, TypeError:
            raise TypeError(f"@csp.handler decorates a method, not {function!r}: write a def that calls it") from None
        return function


def is_handler(value: object) -> bool:
    """Whether what stands in a class has the mark, also inside a staticmethod, classmethod or singledispatchmethod."""
    if getattr(value, _MARK, False) is True:
        return True
    inner = (getattr(value, name, None) for name in ("__wrapped__", "__func__", "dispatcher"))
    return any(getattr(one, _MARK, False) is True for one in inner)


# Bits of a code object's co_flags (inspect.CO_*), and what a function with such a bit gives instead of a result.
_GENERATOR, _COROUTINE, _ASYNC_GENERATOR = 0x20, 0x80, 0x200


def refuse_suspending(function: object, these: str) -> None:
    """Raise TypeError for a function whose calls only give something that is still to be run; *these* says whose."""
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    flags: int = getattr(code, "co_flags", 0)
    name = getattr(function, "__qualname__", repr(function))
    if flags & (_COROUTINE | _ASYNC_GENERATOR):
        raise TypeError(
            f"{name} is an async function, and {these} plain functions for now: write it with def "
            "(in the actor's own interpreter it may block)"
        )
    if flags & _GENERATOR:
        raise TypeError(
            f"{name} is a generator function, and a generator cannot travel to the caller: return a list, or send the "
            "items on a channel that the caller gives"
        )


def handlers_of(cls: type) -> dict[str, object]:
    """List the handlers of an actor class by name, as they stand in it; inherited ones included.

    An override without @handler takes one away.
    """
    found: dict[str, object] = {}
    for base in reversed(cls.__mro__):
        if base is object or "__csp_stays__" in base.__dict__:  # Actor: it has none, and this is on every start's way
            continue
        for name, value in base.__dict__.items():
            if is_handler(value):
                found[name] = value
            else:
                found.pop(name, None)
    return found
