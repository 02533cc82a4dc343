"""Exceptions whose constructor may not take what pickle calls it with, which is what went into ``args``.

For those with a constructor in Python the built-in part is made anew from ``args`` and the attributes are put back,
without the class's own constructor: it ran where the exception was raised. A class that says with ``__reduce__`` how it
wants to be made is left alone.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_HEAP_TYPE = 1 << 9  # of type.__flags__: a class that was made while the program ran
_IN_C = type(BaseException.__reduce__)
_IN_PYTHON = type(lambda: None)
# For the checkers: descriptors of the built-in part are typed as what they give.
_BUILT_IN: Any = BaseException
_args = _BUILT_IN.__dict__["args"]


def is_better_rebuilt(error: BaseException) -> bool:
    """Whether what pickle has of it should be tried last.

    It leaves out what is in slots. And it calls a constructor written in Python, which took other arguments, counts
    what it has made, or warns of being called so (TOMLDecodeError): here to see what becomes of it, and there.
    """
    kind: Any = type(error)
    if kind.__setstate__ is not BaseException.__setstate__:
        return False
    return type(kind.__init__) is _IN_PYTHON or type(kind.__new__) is _IN_PYTHON or bool(slots_of(error))


def reduce_without_constructor(value: Any) -> Any:
    """Have exceptions made by rebuild, and all else as ever: a pickler's ``reducer_override``."""
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


def reduce_with_args(value: Any) -> Any:
    """Have exceptions made as they say, and given the args that they had: most show their text from these.

    One that says how to make it may leave out what it cannot take along, and have another text for it (urllib3's
    MaxRetryError, that of "None" instead of its pool).
    """
    if not isinstance(value, BaseException):
        return NotImplemented
    made: Any = value.__reduce_ex__(5)
    return (
        (remake, (made[0], made[1], type(value), value.args), *made[2:]) if made.__class__ is tuple else NotImplemented
    )


def remake(
    make: Callable[..., object], made_of: tuple[object, ...], kind: type[BaseException], args: tuple[object, ...]
) -> object:
    """Make an exception in its own way; give it the args that the other one had, unless it is of another class."""
    error = make(*made_of)
    if type(error) is kind:
        _args.__set__(error, args)
    return error


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
    """Give what it holds in ``__slots__``, which pickle forgets in exceptions."""
    held: Any = object.__getstate__(error)  # None, the attributes, or (attributes, slots)
    slots: dict[str, object] = {}
    if held.__class__ is tuple:
        slots.update(held[1])
    return slots
