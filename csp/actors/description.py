"""What a handler takes, in a form that travels with every ref: the names of parameters, and no values."""

from types import FunctionType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# (name, positional parameters, how many of them are positional only, how many are required, whether there is *args,
# required keyword-only ones, optional ones, whether there is **kwargs); the name alone: it takes whatever it takes.
type Description = tuple[str] | tuple[str, tuple[str, ...], int, int, bool, tuple[str, ...], tuple[str, ...], bool]

# Bits of a code object's co_flags (inspect.CO_*).
_VARARGS, _VARKEYWORDS = 0x04, 0x08


def describe(name: str, method: Any) -> Description:
    """Describe a handler as it stands in its class: a function, a staticmethod, a classmethod.

    What counts is what Python itself would refuse before any code of the method runs: of a decorated one, the
    decorator's own function. What is no function is described by its name alone.
    """
    # Of a bound method __func__ is the function, too, and its first argument is given all the same.
    return _describe(name, getattr(method, "__func__", method), 0 if isinstance(method, staticmethod) else 1)


def _describe(name: str, function: object, given: int) -> Description:
    """Without the first *given* parameters, which no caller gives."""
    if not isinstance(function, FunctionType):
        return (name,)
    code = function.__code__
    count, only, named = code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount
    more = bool(code.co_flags & _VARARGS)
    if count < given and not more:
        return (name,)  # a method without self: calling it says so
    positional = code.co_varnames[given:count]
    required = max(0, len(positional) - len(function.__defaults__ or ()))
    keywords = code.co_varnames[count : count + named]
    optional = function.__kwdefaults__ or {}
    return (
        name,
        positional,
        max(0, only - given),
        required,
        more,
        tuple(key for key in keywords if key not in optional),
        tuple(key for key in keywords if key in optional),
        bool(code.co_flags & _VARKEYWORDS),
    )
