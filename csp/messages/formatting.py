"""An exception with its traceback and what it came from, as text for people; without ``traceback``, which costs 15 ms.

As Python shows it, without csp's frames: those that called the user's code, and those that raised one of csp's own
errors below the line that called it.
"""

import io
from types import TracebackType

from csp._native import print_traceback
from csp.messages.frames import is_ours, of_the_user
from csp.messages.shapes import members_of, name_of, notes_of, origin_of, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

_HEAD = "Traceback (most recent call last):\n"
_CAUSED = "\n\nThe above exception was the direct cause of the following exception:\n\n"
_WHILE = "\n\nDuring handling of the above exception, another exception occurred:\n\n"
# As Python has them: deeper groups, and more members, are counted.
_DEEPEST_GROUP = 10
_MOST_MEMBERS = 15


def format_exception(error: BaseException) -> str:
    """Give the whole text. Never raises, whatever the exception's class does."""
    return _formatted(error, set(), 0)


def format_stack(frame: FrameType | None) -> str:
    """Give the calls that lead to *frame*, as text, the latest last."""
    chain: TracebackType | None = None
    while frame is not None:
        if not is_ours(frame):
            line: int | None = frame.f_lineno  # None where the code that a program has made tells none
            chain = TracebackType(chain, frame, frame.f_lasti, frame.f_code.co_firstlineno if line is None else line)
        frame = frame.f_back
    return _printed(chain).replace(_HEAD, "Stack (most recent call last):\n", 1).rstrip()


def _formatted(error: BaseException, seen: set[int], depth: int) -> str:
    parts: list[str] = []
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        origin, on_purpose = origin_of(current)
        frames = _printed(of_the_user(current))
        parts.append(_with_members(current, frames + _last_words(current), seen, depth))
        if origin is not None and id(origin) not in seen:
            parts.append(_CAUSED if on_purpose else _WHILE)
        current = origin
    return "".join(reversed(parts))


def _last_words(error: BaseException) -> str:
    name, text = name_of(error), text_of(error)
    return "\n".join([f"{name}: {text}" if text else name, *notes_of(error)])


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


def _printed(traceback: TracebackType | None) -> str:
    if traceback is None:
        return ""
    file = io.StringIO()
    try:
        print_traceback(traceback, file)
    except Exception:  # noqa: BLE001  (a file name that cannot be shown, a source that cannot be read)
        return f"{_HEAD}  (it cannot be shown)\n"
    return file.getvalue()
