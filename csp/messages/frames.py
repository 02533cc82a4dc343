"""Where an exception was raised: the frames of its traceback that are the user's, here and in another interpreter.

An exception that crosses takes its frames with it, as plain tuples, and arrives with an entry of its traceback for
each: code objects that say where they are from, in frames that do not run. So it looks as if the call had been a local
one. What csp did between the user's lines is nobody's concern: it is left out.
"""

from types import TracebackType

from csp._native import frame_of
from csp.errors import Cancelled, CspError, Stopped
from csp.messages.shapes import set_traceback, traceback_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import CodeType, FrameType
    from typing import Any

# (file, function, its qualified name, its first line, line, last line, column, last column, how often in a row). What
# is not known of the last three is -1.
type Frame = tuple[str, str, str, int, int, int, int, int, int]
type Frames = tuple[Frame, ...]

_FOLDER = __file__.rpartition("messages")[0]  # of csp
_SEEN_AS_USER = _FOLDER + "cli"  # it uses csp as its users do
_MOST = 2000  # frames that cross, the innermost ones: twice as many as Python lets calls be deep
_CODE = compile("raise", "", "exec")
_RAISE = _CODE.co_code[-2]  # the instruction of a raise statement
_UNITS = len(_CODE.co_code) // 2


def is_ours(frame: FrameType) -> bool:
    """Whether csp's own code runs there."""
    file = frame.f_code.co_filename
    return file.startswith(_FOLDER) and not file.startswith(_SEEN_AS_USER)


def of_the_user(error: BaseException, *, called: bool = False) -> TracebackType | None:
    """Its traceback without csp's frames; the last ones stay unless csp meant to raise it: they are its bug.

    *called*: that a user's line has called all these is not in the traceback yet.
    """
    entries = _entries(error)
    inside = not _is_meant(error, entries, called)
    chain: TracebackType | None = None
    for entry in reversed(entries):
        ours = is_ours(entry.tb_frame)
        inside = inside and ours
        if inside or not ours:
            chain = TracebackType(chain, entry.tb_frame, entry.tb_lasti, _line(entry))
    return chain


def trim(error: BaseException) -> None:
    """Leave csp's frames out of its traceback, in place, before it goes on to the line that has called csp."""
    set_traceback(error, of_the_user(error, called=True))


def taken(error: BaseException) -> Frames:
    """Take the user's frames of its traceback, to travel with it: the outermost first."""
    frames: list[Frame] = []
    entry = of_the_user(error)
    while entry is not None:
        frame = _frame(entry.tb_frame.f_code, entry.tb_lasti, _line(entry))
        if frames and frames[-1][:-1] == frame[:-1]:
            frame = (*frame[:-1], frames.pop()[-1] + 1)
        frames.append(frame)
        entry = entry.tb_next
    return tuple(frames[-_MOST:])


def rebuilt(frames: Iterable[Frame]) -> TracebackType | None:
    """Make a traceback with these frames."""
    chain: TracebackType | None = None
    for file, name, qualified, first, line, *positions, times in reversed([*frames]):
        code = _CODE.replace(
            co_filename=file,
            co_name=name,
            co_qualname=qualified,
            co_firstlineno=first,
            co_linetable=_linetable(line - first, line, *positions),
        )
        for _ in range(min(times, _MOST)):
            chain = TracebackType(chain, frame_of(code, {}), 0, line)
    return chain


def _entries(error: BaseException) -> list[TracebackType]:
    entries: list[TracebackType] = []
    entry = traceback_of(error)
    while entry is not None:
        entries.append(entry)
        entry = entry.tb_next
    return entries


def _line(entry: TracebackType) -> int:
    """Give its line; the first of its function where the code that a program has made tells none."""
    line: Any = entry.tb_lineno  # the checkers do not know of None
    return entry.tb_frame.f_code.co_firstlineno if line is None else int(line)


def _is_meant(error: BaseException, entries: list[TracebackType], called: bool) -> bool:
    """Whether csp raised it for its user: one of its own errors, an interrupt, or what a raise statement has raised.

    Or C code of the user has, which has no frame: then the last one is that of a function that calls the user's, and
    says so, as it would to pytest, by a variable ``__tracebackhide__``. What else C code raises in csp's frames is a
    bug of csp's. So are assertions; and errors that no user's line led to, in csp's own threads.
    """
    if not entries or isinstance(error, (CspError, Stopped, Cancelled, KeyboardInterrupt)):
        return True
    last = entries[-1]
    code = last.tb_frame.f_code
    if "__tracebackhide__" in code.co_varnames:
        return True
    if isinstance(error, AssertionError) or (not called and all(is_ours(entry.tb_frame) for entry in entries)):
        return False
    return code.co_code[last.tb_lasti] == _RAISE


def _frame(code: CodeType, instruction: int, line: int) -> Frame:
    last = start = end = -1
    for place, (_, at_last, at_start, at_end) in enumerate(code.co_positions()):
        if place * 2 == instruction:
            last, start, end = (-1 if known is None else known for known in (at_last, at_start, at_end))
            break
    return code.co_filename, code.co_name, code.co_qualname, code.co_firstlineno, line, last, start, end, 1


def _linetable(lines: int, line: int, last: int, start: int, end: int) -> bytes:
    """Make the table of positions of a code object, whose one entry is for all its instructions.

    As CPython's InternalDocs/code_objects.md describes it: in the long form, or in that without columns.
    """
    if last < line or start < 0 or end < 0:
        return bytes((0x80 | 13 << 3 | _UNITS - 1, *_signed(lines)))
    return bytes(
        (0x80 | 14 << 3 | _UNITS - 1, *_signed(lines), *_number(last - line), *_number(start + 1), *_number(end + 1))
    )


def _number(value: int) -> list[int]:
    """Six bits a byte, the lowest first; all but the last are marked."""
    parts = [value & 63]
    while value := value >> 6:
        parts[-1] |= 64
        parts.append(value & 63)
    return parts


def _signed(value: int) -> list[int]:
    return _number(value << 1 if value >= 0 else -value << 1 | 1)
