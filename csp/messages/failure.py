"""Exceptions that cross: packed where they were raised, raised again where somebody waits for them.

A failure is a plain tuple ``(data, ends, type, text, whole, why, trail)`` of natively carried values. The data is
None for an exception whose own type cannot travel, and then *why* says why not. *whole* is the text with the traceback,
for those who only tell of it. The trail is what the codec leaves out: where it was raised, and what it came from.
"""

import sys

from csp._native import dumps, loads
from csp.errors import ChannelError, CspError, NotShareable, RemoteError, SyncError
from csp.messages.formatting import format_exception
from csp.messages.frames import rebuilt, taken
from csp.messages.shapes import (
    add_note,
    members_of,
    name_of,
    notes_of,
    origin_of,
    set_cause,
    set_context,
    set_traceback,
    text_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from csp.messages.ends import End
    from csp.messages.frames import Frames

# Its frames; what it came from, and whether on purpose; the trails of its members, if it is a group.
type Trail = tuple[Frames, Failure | None, bool, tuple[Trail, ...]]
type Failure = tuple[bytes | None, tuple[End, ...], str, str, str, str, Trail]

_LONGEST = 32  # exceptions, each of which came from the next, that cross; a program may make chains of thousands


def pack(error: BaseException) -> Failure:
    """Make *error* fit to travel. Never raises."""
    return _packed(error, format_exception(error), set())


def _packed(error: BaseException, whole: str, seen: set[int]) -> Failure:
    if isinstance(error, ImportError) and not isinstance(error, CspError):
        _advise(error)
    data: bytes | None = None
    ends: list[End] = []
    why = ""
    try:
        data, ends = _written(error)
    except Exception as refusal:  # noqa: BLE001  (then its text goes alone)
        why = _told(refusal)
    return data, tuple(ends), name_of(error), text_of(error), whole, why, _trail(error, seen)


def _trail(error: BaseException, seen: set[int]) -> Trail:
    """Where it was raised, and what it came from; each exception once."""
    seen.add(id(error))
    origin, on_purpose = origin_of(error)
    failure: Failure | None = None
    if origin is not None and id(origin) not in seen and len(seen) < _LONGEST:
        failure = _packed(origin, "", seen)
        if failure[1]:  # ends would have to stay open until it goes
            failure = _as_text(failure, "it holds an end of a channel, and is only what another exception came from")
    members = tuple([_trail(member, {*seen}) for member in members_of(error)])
    return taken(error), failure, on_purpose, members


def _advise(error: ImportError) -> None:
    """Say what to do about a module that CPython refuses here, once: an earlier stop may have said it."""
    from csp.hosts.refusing import instead_of

    instead = instead_of(text_of(error))
    if instead is not None and (note := f"csp: {instead}") not in notes_of(error):
        add_note(error, note)


def _written(error: BaseException) -> tuple[bytes, list[End]]:
    """Without its constructor, as it reduces, or so but with its args: the first that comes back as the same.

    Raises why none works.
    """
    from csp.messages.rebuilding import is_better_rebuilt, reduce_with_args, reduce_without_constructor

    rebuilt_first = (
        (reduce_without_constructor, None) if is_better_rebuilt(error) else (None, reduce_without_constructor)
    )
    ways = (*rebuilt_first, reduce_with_args)
    nearly: tuple[bytes, list[End]] | None = None
    refusals: list[Exception] = []
    for way in ways:
        try:
            data, ends = dumps(error, "error", way)
            back = loads(data, list(ends))
        except Exception as refusal:  # noqa: BLE001  (another way may do)
            refusals.insert(0 if way is None else len(refusals), refusal)  # whose path is that of the exception itself
            continue
        if isinstance(back, BaseException):
            if _alike(back, error):
                return data, ends
            nearly = nearly or (data, ends)
    if nearly is None:
        raise refusals[0] if refusals else TypeError("what it arrives as is no exception")
    return nearly


def _alike(one: BaseException, other: BaseException) -> bool:
    """Whether they say the same, and if they are groups, those in them."""
    if text_of(one) != text_of(other):
        return False
    ours, theirs = members_of(one), members_of(other)
    return len(ours) == len(theirs) and all(_alike(ours[i], theirs[i]) for i in range(len(ours)))


def pack_text(failure: Failure) -> Failure:
    """Leave out the exception itself, which holds an end that is closed: what can be read of it travels."""
    return _as_text(failure, "it holds an end of a channel that is closed")


def _as_text(failure: Failure, why: str) -> Failure:
    return (None, (), *failure[2:5], why, failure[6])


def unpack(failure: Failure) -> BaseException:
    """Make the exception to raise here: the frames of there in its traceback, and come from what it came from there."""
    data, ends, name, text, _, why, trail = failure
    error: BaseException | None = None
    if data is not None:
        try:
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
    _follow(error, trail)
    return error


def _follow(error: BaseException, trail: Trail) -> None:
    """Give it what the codec has left out."""
    frames, origin, on_purpose, trails = trail
    set_traceback(error, rebuilt(frames))
    if origin is not None:
        (set_cause if on_purpose else set_context)(error, unpack(origin))
    members = members_of(error)
    if len(members) == len(trails):
        for i, member in enumerate(members):
            _follow(member, trails[i])


def unpack_here(failure: Failure) -> BaseException:
    """As unpack, to be raised as it is: it began in what the caller handles, as if the call had been a local one."""
    error = unpack(failure)
    handled = sys.exception()
    if handled is not None:
        first = error
        while (origin := origin_of(first)[0]) is not None:
            first = origin
        set_context(first, handled)
    return error


def unpack_held(failure: Failure) -> BaseException:
    """Make the exception to raise in a sender that its receiver held, and failed.

    What sending raises by itself would look like the sender's own: it comes as the cause of a RemoteError.
    """
    error = unpack(failure)
    if not isinstance(error, (ChannelError, NotShareable, SyncError, TimeoutError)):
        return error
    wrapped = RemoteError(f"the receiver failed with the message: {failure[2]}: {failure[3]}")
    wrapped.__cause__ = error
    return wrapped


def _told(refusal: Exception) -> str:
    """Why something could not be written or made, in one line."""
    if isinstance(refusal, CspError):
        return text_of(refusal)
    return f"{name_of(refusal)}: {text_of(refusal)}"
