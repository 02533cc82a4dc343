"""Exceptions that cross: packed where they were raised, raised again where somebody waits for them.

A failure is a plain tuple ``(pickle, ends, type, text, traceback, why)`` of natively carried values; the pickle is None
for an exception whose own type cannot travel, and then *why* says why not.
"""

import io

from csp._native import print_traceback
from csp.errors import ChannelError, CspError, NotShareable, RemoteError, RemoteTraceback, SyncError
from csp.interpreters.importing import MAIN_ALIAS, module_shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from csp.messages.pickling import End

REFUSED_IMPORT = (
    "csp: that package does not support subinterpreters. Keep it out of what this actor or process imports: use it in "
    "the main interpreter, or in a child process (subprocess, multiprocessing)"
)

type Failure = tuple[bytes | None, tuple[End, ...], str, str, str, str]


def pack(error: BaseException) -> Failure:
    """Make *error* fit to travel. Never raises."""
    if isinstance(error, ImportError) and "does not support loading in subinterpreters" in str(error):
        error.add_note(REFUSED_IMPORT)
    data: bytes | None = None
    ends: list[End] = []
    why = ""
    try:
        data, ends = _pickled(error)
    except Exception as refusal:  # noqa: BLE001  (then its text goes alone)
        why = _told(refusal)
    return data, tuple(ends), _name(error), _text(error), format_exception(error), why


def _pickled(error: BaseException) -> tuple[bytes, list[End]]:
    """As pickle has it, unless it comes back as another; then without its constructor. Raises why neither works."""
    from csp.messages.pickling import dumps, loads
    from csp.messages.rebuilding import reduce_without_constructor, slots_of

    ways = (reduce_without_constructor, None) if slots_of(error) else (None, reduce_without_constructor)
    nearly: tuple[bytes, list[End]] | None = None
    refusals: list[Exception] = []
    for way in ways:
        try:
            data, ends = dumps(error, "error", way)
            back = loads(data, list(ends))
        except Exception as refusal:  # noqa: BLE001  (the other way may do)
            refusals.append(refusal)
            continue
        if isinstance(back, BaseException):
            if _alike(back, error):
                return data, ends
            nearly = nearly or (data, ends)
    if nearly is None:
        raise refusals[0] if refusals else TypeError("what it is pickled as is no exception")
    return nearly


def _alike(one: BaseException, other: BaseException) -> bool:
    """Whether they say the same, and if they are groups, those in them."""
    if _text(one) != _text(other):
        return False
    ours, theirs = _members(one), _members(other)
    return len(ours) == len(theirs) and all(_alike(ours[i], theirs[i]) for i in range(len(ours)))


def _members(error: Any) -> tuple[BaseException, ...]:
    return error.exceptions if BaseExceptionGroup in type(error).__mro__ else ()


def pack_text(failure: Failure) -> Failure:
    """The failure without the exception itself, which holds an end that is closed: what can be read of it travels."""
    return (None, (), *failure[2:5], "it holds an end of a channel that is closed")


def unpack(failure: Failure) -> BaseException:
    """The exception to raise here. Its cause holds the remote traceback."""
    data, ends, name, text, trace, why = failure
    error: BaseException | None = None
    if data is not None:
        try:
            from csp.messages.pickling import loads

            loaded = loads(data, list(ends))
            error = loaded if isinstance(loaded, BaseException) else None
        except Exception as refusal:  # noqa: BLE001  (it cannot be made here: RemoteError tells of it)
            why = _told(refusal)
    if error is None:
        error = RemoteError(
            f"{name}: {text}\n(It could not arrive as what it is: {why}. Its class must be at the top level of a "
            "module, and what it holds must be able to travel; a __reduce__ can make it anew from what is.)"
        )
    error.__cause__ = RemoteTraceback(trace)
    return error


def unpack_held(failure: Failure) -> BaseException:
    """The exception to raise in a sender that its receiver held, and failed.

    What sending raises by itself would look like the sender's own: it comes as the cause of a RemoteError.
    """
    error = unpack(failure)
    if not isinstance(error, (ChannelError, NotShareable, SyncError, TimeoutError)):
        return error
    wrapped = RemoteError(f"the receiver failed with the message: {failure[2]}: {failure[3]}")
    wrapped.__cause__ = error
    return wrapped


def _name(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{module_shown(kind)}.{kind.__qualname__}"


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001  (its own __str__)
        return "<its text raised>"


def _told(refusal: Exception) -> str:
    """Why something could not be pickled or made, in one line."""
    if isinstance(refusal, CspError):
        return _text(refusal)
    return f"{_name(refusal)}: {_text(refusal)}".replace(MAIN_ALIAS, "__main__")


def format_exception(error: BaseException) -> str:
    """The exception with its traceback and what it came from, as text; without importing ``traceback`` (15 ms)."""
    parts: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    joint = ""
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        text = _text(current)
        line = f"{_name(current)}: {text}" if text else _name(current)
        file = io.StringIO()
        if current.__traceback__ is not None:
            print_traceback(current.__traceback__, file)
        notes = "".join(f"\n{note}" for note in getattr(current, "__notes__", ()))
        parts.append(file.getvalue() + line + notes + joint)
        if current.__cause__ is not None:
            joint = "\n\nThe above exception was the direct cause of the following exception:\n"
            current = current.__cause__
        elif current.__suppress_context__:
            current = None
        else:
            joint = "\n\nDuring handling of the above exception, another exception occurred:\n"
            current = current.__context__
    return "\n".join(reversed(parts)).replace(MAIN_ALIAS, "__main__")  # as whoever wrote the script knows it
