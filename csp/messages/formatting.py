"""An exception with its traceback and what it came from, as text for people; without ``traceback``, which costs 15 ms.

As Python shows it, with two differences. The frames of csp that called the user's code are left out; so are those of
csp that raised one of its own errors, below the line that called it. And what came from elsewhere with a remote
traceback is one traceback: the frames of there follow those of here.
"""

import io
from types import TracebackType

from csp._native import print_traceback
from csp.errors import CspError, RemoteTraceback
from csp.messages.shapes import members_of, name_of, notes_of, origin_of, text_of, traceback_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

_HEAD = "Traceback (most recent call last):\n"
_FOLDER = __file__.rpartition("messages")[0]  # of csp
_SEEN_AS_USER = (_FOLDER + "demo", _FOLDER + "cli")  # these use csp as its users do
_CAUSED = "\n\nThe above exception was the direct cause of the following exception:\n\n"
_WHILE = "\n\nDuring handling of the above exception, another exception occurred:\n\n"
# As Python has them: deeper groups, and more members, are counted.
_DEEPEST_GROUP = 10
_MOST_MEMBERS = 15


def format_exception(error: BaseException) -> str:
    """The whole text. Never raises, whatever the exception's class does."""
    return _formatted(error, set(), 0)


def last_words(name: str, text: str, notes: list[str]) -> str:
    """How the text of an exception ends: its class, its text and its notes."""
    return "\n".join([f"{name}: {text}" if text else name, *notes])


def format_stack(frame: FrameType | None) -> str:
    """The calls that lead to *frame*, as text, the latest last."""
    chain: TracebackType | None = None
    while frame is not None:
        if not _is_ours(frame):
            chain = TracebackType(chain, frame, frame.f_lasti, frame.f_lineno)
        frame = frame.f_back
    return _printed(chain).replace(_HEAD, "Stack (most recent call last):\n", 1).rstrip()


def _formatted(error: BaseException, seen: set[int], depth: int) -> str:
    parts: list[str] = []
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        origin, on_purpose = origin_of(current)
        words = last_words(name_of(current), text_of(current), notes_of(current))
        remote = type(origin) is RemoteTraceback
        frames = _printed(_of_the_user(current, meant=remote or isinstance(current, CspError)))
        if remote:
            frames, origin = _joined(frames, str(origin).strip("\n"), words), None
        parts.append(_with_members(current, frames + words, seen, depth))
        if origin is not None and id(origin) not in seen:
            parts.append(_CAUSED if on_purpose else _WHILE)
        current = origin
    return "".join(reversed(parts))


def _joined(here: str, there: str, words: str) -> str:
    """The frames of here and of there, in one traceback if that of there is one.

    *words* end both: they are what arrived. If they were other words there, that text stays whole, above.
    """
    if not there.endswith(words):
        return f"{there}{_CAUSED}{here}"
    there = there.removesuffix(words)
    before, head, frames = there.rpartition(_HEAD)
    if not frames:
        return here
    if any(not line.startswith("  ") for line in frames.splitlines()):  # a group, in boxes
        return f"{there}{words}{_CAUSED}{here}"
    return f"{before}{here or head}{frames}"


def _with_members(error: BaseException, text: str, seen: set[int], depth: int) -> str:
    """For a group: its own text and those of its members, in Python's boxes."""
    members = members_of(error)
    if not members:
        return text
    if depth >= _DEEPEST_GROUP:
        return f"{text}\n... ({len(members)} more inside)"
    lines = [text.replace(_HEAD, f"Exception Group {_HEAD}", 1)]
    for place, member in enumerate(members[:_MOST_MEMBERS], 1):
        lines.append(f"  +---------------- {place} ----------------")
        whole = _formatted(member, seen, depth + 1) or f"{name_of(member)}: shown above"
        lines.extend(f"  | {line}" for line in whole.splitlines())
    if len(members) > _MOST_MEMBERS:
        lines.append(f"  +---------------- and {len(members) - _MOST_MEMBERS} more ----------------")
    lines.append("  +------------------------------------")
    return "\n".join(lines)


# ---- frames ----------------------------------------------------------------------------------------------------------


def _printed(traceback: TracebackType | None) -> str:
    if traceback is None:
        return ""
    file = io.StringIO()
    try:
        print_traceback(traceback, file)
    except Exception:  # noqa: BLE001  (a file name that cannot be shown, a source that cannot be read)
        return f"{_HEAD}  (it cannot be shown)\n"
    return file.getvalue()


def _of_the_user(error: BaseException, *, meant: bool) -> TracebackType | None:
    """Its traceback without csp's frames; the last ones stay unless csp *meant* to raise it: they are its bug."""
    entries: list[TracebackType] = []
    entry = traceback_of(error)
    while entry is not None:
        entries.append(entry)
        entry = entry.tb_next
    inside = not meant
    chain: TracebackType | None = None
    for entry in reversed(entries):
        ours = _is_ours(entry.tb_frame)
        inside = inside and ours
        if inside or not ours:
            chain = TracebackType(chain, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return chain


def _is_ours(frame: FrameType) -> bool:
    file = frame.f_code.co_filename
    return file.startswith(_FOLDER) and not file.startswith(_SEEN_AS_USER)
