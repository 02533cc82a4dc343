"""The totals of a census as text for a terminal.

The text fits: no line is wider than the terminal (or than 40 columns, if that is narrower), and every
character can be written in its encoding. What comes from the files and their names is shown with its control
characters escaped.
"""

import sys
from unicodedata import combining, east_asian_width

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from csp.cli.census.totals import Totals

_NARROWEST = 40
_WIDEST = 120
_INDENT = "  "


def render(
    totals: Totals,
    root: str,
    *,
    restarts: int | None = None,
    one_interpreter: float | None = None,
    threads: float | None = None,
    csp: float | None = None,
    workers: int | None = None,
    top: int = 5,
    most_failed: int = 20,
    width: int | None = None,
    encoding: str | None = None,
) -> str:
    """Return the table, several lines that each end in a newline.

    Args:
        totals: what was counted.
        root: the tree that was counted, for the heading.
        restarts: how often a worker died and was started again.
        one_interpreter: seconds that one interpreter took; the others are compared with it.
        threads: seconds that the threads of one interpreter took.
        csp: seconds that the workers took.
        workers: how many threads and workers there were.
        top: how many of the longest functions and of the deepest nestings to show.
        most_failed: how many of the files with errors to show; of the others only the number is.
        width: columns of the terminal; None asks it.
        encoding: what the text will be written in; None takes that of ``sys.stdout``.

    What is None is not shown.
    """
    page = _Page(width, encoding)
    page.heading(f"Census of {root}", rule=True)
    failed = totals.failed()
    page.columns(
        [
            ("files", f"{totals.files:,}"),
            ("lines", f"{totals.lines:,}"),
            ("functions", f"{totals.functions:,}"),
            ("classes", f"{totals.classes:,}"),
            ("with errors", f"{len(failed):,}"),
        ],
        "<>",
    )
    page.columns([("digest", totals.digest())], "<<")

    longest = totals.longest(top)
    if longest:
        page.heading("Longest functions, one per file")
        functions = [(f"{length:,}", name, f"{path}:{line}") for length, path, name, line in longest]
        page.columns([("lines", "function", "where"), *functions], "><<")

    deepest = totals.deepest(top)
    if deepest:
        page.heading("Deepest nesting, one per file")
        places = [(f"{depth:,}", f"{path}:{line}") for depth, path, line in deepest]
        page.columns([("blocks", "where"), *places], "><")

    if failed:
        page.heading("Files that do not parse or cannot be read")
        for path, error in failed[:most_failed]:
            page.wrapped(path, 1)
            page.wrapped(error, 3)
        if len(failed) > most_failed:
            page.wrapped(f"and {len(failed) - most_failed:,} more", 1)

    if restarts is not None:
        page.heading("Workers")
        page.columns([("restarts survived", f"{restarts:,}")], "<>")

    times = _times(one_interpreter, threads, csp, workers)
    if times:
        page.heading("Time")
        page.columns(times, "<><")
    return page.text()


def _times(
    one_interpreter: float | None, threads: float | None, csp: float | None, workers: int | None
) -> list[tuple[str, str, str]]:
    many = "" if workers is None else f"{workers:,} "
    plural = "" if workers == 1 else "s"
    rows = [] if one_interpreter is None else [("one interpreter", f"{one_interpreter:,.2f} s", "")]
    for label, seconds in ((f"{many}thread{plural}", threads), (f"csp, {many}worker{plural}", csp)):
        if seconds is not None:
            ratio = f"{one_interpreter / seconds:,.2f} times as fast" if one_interpreter and seconds else ""
            rows.append((label, f"{seconds:,.2f} s", ratio))
    return rows


class _Page:
    """Text of limited width in a limited encoding."""

    def __init__(self, width: int | None, encoding: str | None) -> None:
        if width is None:
            from shutil import get_terminal_size

            width = min(get_terminal_size().columns, _WIDEST)
        self._width = max(width, _NARROWEST)
        self._encoding = _known(encoding or getattr(sys.stdout, "encoding", None))
        self._rule = self._fancy("\N{BOX DRAWINGS LIGHT HORIZONTAL}", "-")
        self._cut = self._fancy("\N{HORIZONTAL ELLIPSIS}", "...")
        self._lines: list[str] = []

    def text(self) -> str:
        return "".join(f"{line.rstrip()}\n" for line in self._lines)

    def heading(self, text: str, rule: bool = False) -> None:
        if self._lines:
            self._lines.append("")
        text = self._tail(self._clean(text), self._width)
        self._lines.append(text)
        if rule:
            self._lines.append(self._rule * _columns(text))

    def columns(self, rows: Sequence[tuple[str, ...]], align: str) -> None:
        """Add rows of cells. If they are too wide, the cells of the widest column lose their beginning."""
        cells = [[self._clean(cell) for cell in row] for row in rows]
        room = self._width - len(_INDENT) * len(align)
        widths = [min(max(map(_columns, column)), room) for column in zip(*cells, strict=True)]
        while sum(widths) > room:
            widths[widths.index(max(widths))] -= 1
        for row in cells:
            line = ""
            for whole, width, side in zip(row, widths, align, strict=True):
                cell = self._tail(whole, width)
                space = " " * (width - _columns(cell))
                line += _INDENT + (cell + space if side == "<" else space + cell)
            self._lines.append(line)

    def wrapped(self, text: str, level: int) -> None:
        """Add the whole text, in as many lines as it takes, between words where that is possible."""
        room = self._width - len(_INDENT) * level
        line = ""
        for word in self._clean(text).split(" "):
            if line and _columns(line) + 1 + _columns(word) <= room:
                line += " " + word
                continue
            if line:
                self._lines.append(_INDENT * level + line)
            line = ""
            for character in word:
                if _columns(line) + _columns(character) > room:
                    self._lines.append(_INDENT * level + line)
                    line = ""
                line += character
        self._lines.append(_INDENT * level + line)

    def _tail(self, text: str, room: int) -> str:
        """Return the text, or as much of its end as there is room for."""
        if _columns(text) <= room:
            return text
        mark = self._cut[:room]
        kept = room - len(mark)
        used = 0
        begin = len(text)
        while used + _columns(text[begin - 1]) <= kept:
            begin -= 1
            used += _columns(text[begin])
        return mark + text[begin:]

    def _clean(self, text: str) -> str:
        shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
        return shown.encode(self._encoding, "backslashreplace").decode(self._encoding)

    def _fancy(self, wish: str, plain: str) -> str:
        try:
            wish.encode(self._encoding)
        except UnicodeEncodeError:
            return plain
        return wish


def _known(encoding: str | None) -> str:
    """Return the encoding if text can be written in it, or else ASCII."""
    try:
        " ".encode(encoding or "ascii")
    except LookupError, UnicodeError:
        return "ascii"
    return encoding or "ascii"


def _columns(text: str) -> int:
    """How many columns of a terminal the text takes."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)
