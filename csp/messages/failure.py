"""Exceptions that cross: packed where they were raised, raised again where somebody waits for them.

A failure is a plain tuple ``(pickle, ends, type, text, traceback)`` of natively carried values; the pickle is None for
an exception whose own type cannot travel.
"""

import io

from csp._native import print_traceback
from csp.errors import ChannelError, NotShareable, RemoteError, RemoteTraceback, SyncError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from csp.messages.pickling import End

REFUSED_IMPORT = (
    "csp: that package does not support subinterpreters. Keep it out of what this actor or process imports: use it in "
    "the main interpreter, or in a child process (subprocess, multiprocessing)"
)

type Failure = tuple[bytes | None, tuple[End, ...], str, str, str]


def pack(error: BaseException) -> Failure:
    """Make *error* fit to travel. Never raises."""
    if isinstance(error, ImportError) and "does not support loading in subinterpreters" in str(error):
        error.add_note(REFUSED_IMPORT)
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    try:
        text = str(error)
    except Exception:  # noqa: BLE001  (its own __str__)
        text = "<its text raised>"
    data: bytes | None = None
    ends: list[End] = []
    try:
        from csp.messages.pickling import dumps, loads

        data, ends = dumps(error)
        # An exception with a constructor of its own may pickle and then not come back: better to know it here.
        if not ends:
            loads(data, ends)
    except Exception:  # noqa: BLE001  (then its text goes alone)
        data, ends = None, []
    return data, tuple(ends), name, text, format_exception(error)


def pack_text(failure: Failure) -> Failure:
    """The failure without the exception itself: only what can be read of it travels."""
    return (None, (), *failure[2:])


def unpack(failure: Failure) -> BaseException:
    """The exception to raise here. Its cause holds the remote traceback."""
    data, ends, name, text, trace = failure
    error: BaseException | None = None
    if data is not None:
        try:
            from csp.messages.pickling import loads

            loaded = loads(data, list(ends))
            error = loaded if isinstance(loaded, BaseException) else None
        except Exception:  # noqa: BLE001  (it cannot be made here: RemoteError tells of it)
            error = None
    if error is None:
        error = RemoteError(f"{name}: {text}")
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


def format_exception(error: BaseException) -> str:
    """The exception with its traceback and what it came from, as text; without importing ``traceback`` (15 ms)."""
    parts: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    joint = ""
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        kind = type(current)
        label = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        try:
            line = f"{label}: {current}" if str(current) else label
        except Exception:  # noqa: BLE001  (its own __str__)
            line = f"{label}: <its text raised>"
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
    return "\n".join(reversed(parts))
