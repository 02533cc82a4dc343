"""Exceptions whose constructor does not take what its reduce calls it with, which is what went into ``args``.

For those the built-in part is made anew from ``args`` and the attributes are put back, without the class's own
constructor: it ran where the exception was raised. A class that says with ``__reduce__`` how it wants to be made is
left alone.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_HEAP_TYPE = 1 << 9  # of type.__flags__: a class that was made while the program ran
_IN_C = type(BaseException.__reduce__)


def reduce_without_constructor(value: Any) -> Any:
    """Have exceptions made by rebuild, and all else as ever: the *reduce* of ``dumps``."""
    if not isinstance(value, BaseException):
        return NotImplemented
    kind = type(value)
    if type(kind.__reduce__) is not _IN_C or kind.__reduce_ex__ is not object.__reduce_ex__:
        return NotImplemented
    made: Any = value.__reduce__()  # (class, args) or (class, args, state)
    state: dict[str, object] = {}
    if len(made) > 2 and made[2]:
        state.update(made[2])
    state.update(slots_of(value))
    return rebuild, (kind, made[1]), state or None, None, None, put_back


def put_back(error: BaseException, state: dict[str, object]) -> None:
    """Give it its attributes, also where its class refuses to have any set."""
    for name, value in state.items():
        object.__setattr__(error, name, value)


def rebuild(kind: type[BaseException], args: tuple[object, ...]) -> BaseException:
    """Make an exception of that class with these args; no constructor written in Python is called."""
    native: Any = kind
    while native.__flags__ & _HEAP_TYPE:
        native = native.__base__
    error: BaseException = native.__new__(kind, *args)
    native.__init__(error, *args)
    return error


def slots_of(error: BaseException) -> dict[str, object]:
    """Give what it holds in ``__slots__``, which their reduce forgets."""
    held: Any = object.__getstate__(error)  # None, the attributes, or (attributes, slots)
    slots: dict[str, object] = {}
    if held.__class__ is tuple:
        slots.update(held[1])
    return slots
