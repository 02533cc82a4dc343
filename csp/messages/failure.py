"""Exceptions that cross: packed where they were raised, raised again where somebody waits for them.

A failure is a plain tuple ``(pickle, ends, type, text, traceback, why)`` of natively carried values; the pickle is None
for an exception whose own type cannot travel, and then *why* says why not.
"""

from csp.errors import ChannelError, CspError, NotShareable, RemoteError, RemoteTraceback, SyncError
from csp.messages.formatting import format_exception, last_words
from csp.messages.shapes import add_note, members_of, name_of, notes_of, set_cause, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from csp.messages.pickling import End

type Failure = tuple[bytes | None, tuple[End, ...], str, str, str, str]


def pack(error: BaseException) -> Failure:
    """Make *error* fit to travel. Never raises."""
    if isinstance(error, ImportError) and not isinstance(error, CspError):
        _advise(error)
    data: bytes | None = None
    ends: list[End] = []
    why = ""
    try:
        data, ends = _pickled(error)
    except Exception as refusal:  # noqa: BLE001  (then its text goes alone)
        why = _told(refusal)
    return data, tuple(ends), name_of(error), text_of(error), format_exception(error), why


def _advise(error: ImportError) -> None:
    """Say what to do about a module that CPython refuses here, once: an earlier stop may have said it."""
    from csp.interpreters.refusing import instead_of

    instead = instead_of(text_of(error))
    if instead is not None and (note := f"csp: {instead}") not in notes_of(error):
        add_note(error, note)


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
    if text_of(one) != text_of(other):
        return False
    ours, theirs = members_of(one), members_of(other)
    return len(ours) == len(theirs) and all(_alike(ours[i], theirs[i]) for i in range(len(ours)))


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
    elif text_of(error) != text:
        add_note(error, f"csp: where it was raised its text was: {text}")
    where = _where(trace, name, text, error)
    if where:
        set_cause(error, RemoteTraceback(where))
    return error


def _where(trace: str, name: str, text: str, error: BaseException) -> str:
    """The remote traceback without what the exception itself says once more: of a long text, all but its first line.

    Nothing is left of an error that csp itself made there.
    """
    words = last_words(name, text, notes_of(error))
    if not trace.endswith(words):
        return trace
    above, first = trace.removesuffix(words), words.partition("\n")[0]
    return "" if not above and isinstance(error, CspError) else f"{above}{first}"


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


def _told(refusal: Exception) -> str:
    """Why something could not be pickled or made, in one line."""
    if isinstance(refusal, CspError):
        return text_of(refusal)
    return f"{name_of(refusal)}: {text_of(refusal)}"
