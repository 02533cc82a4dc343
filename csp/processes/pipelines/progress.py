"""A progress bar for people who look at a terminal. Everybody else sees nothing."""

import os
import sys

from csp._native import now

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

# Seconds between two drawings, at least.
PERIOD = 0.1
_BAR = 30  # cells of the bar, at most
_ERASE = "\x1b[K"  # from here to the end of the line


def progress_bar(wanted: bool | str | None, total: int | None) -> Progress | None:
    """Make a bar on stderr, or None when none is wanted or stderr is no terminal. *wanted* may be its label."""
    if wanted is False or wanted is None:
        return None
    if wanted is not True and not isinstance(wanted, str):
        raise TypeError(f"progress must be True, False or a label, not {wanted!r}")
    stream = sys.stderr
    if stream is None or not hasattr(stream, "isatty") or not stream.isatty():
        return None
    return Progress(wanted if isinstance(wanted, str) else "", total, stream)


class Progress:
    """A line that tells how far something is: count, rate, time, and with a known total a bar and the time left.

    It is drawn when something happens and the last drawing is PERIOD seconds old; no thread, no timer.

    Args:
        label: stands in front.
        total: how many there will be; None if nobody knows.
        stream: where to draw; a terminal.
        clock: seconds, monotonic.
    """

    __slots__ = ("_clock", "_due", "_finished", "_label", "_started", "_stream", "_total", "count")

    def __init__(self, label: str, total: int | None, stream: TextIO, clock: Callable[[], float] = now) -> None:
        self.count = 0
        self._label = label
        self._total = total
        self._stream = stream
        self._clock = clock
        self._started = clock()
        self._due = self._started  # the first event draws
        self._finished = False

    def advance(self, count: int = 1) -> None:
        """So many more are done."""
        self.count += count
        if self._total is not None and self.count > self._total:
            self.count = self._total  # the last batch was short
        now = self._clock()
        if now >= self._due:
            self._due = now + PERIOD
            self._draw(now, "")

    def finish(self) -> None:
        """Draw the last state and go to the next line. Idempotent."""
        if not self._finished:
            self._finished = True
            self._draw(self._clock(), "\n")

    def _draw(self, now: float, end: str) -> None:
        try:
            self._stream.write(f"\r{self.line(self._columns() - 1, now)}{_ERASE}{end}")
            self._stream.flush()
        except OSError, ValueError:
            self._due = float("inf")  # nobody looks any more

    def _columns(self) -> int:
        try:
            return max(2, os.get_terminal_size(self._stream.fileno()).columns or 80)
        except OSError, ValueError:
            return 80

    def line(self, width: int, now: float) -> str:
        """Give the text at the instant *now*, in at most *width* columns."""
        seconds = max(now - self._started, 0.0)
        rate = self.count / seconds if seconds > 0 else 0.0
        label = f"{self._label} " if self._label else ""
        if self._total is None:
            return f"{label}{self.count}  {_rate(rate)}  {_time(seconds)}"[:width]
        part = self.count / self._total if self._total else 1.0
        left = (self._total - self.count) / rate if rate else None
        tail = f" {self.count}/{self._total}  {_rate(rate)}  {_time(seconds)}"
        if left:
            tail += f"  eta {_time(left)}"
        head = f"{label}{int(part * 100):3d}% "
        cells = min(_BAR, width - len(head) - len(tail) - 2)
        if cells >= 5:  # a shorter bar says nothing
            full = int(cells * part)
            head += f"[{'#' * full}{' ' * (cells - full)}]"
        return (head + tail)[:width]


def _rate(each_second: float) -> str:
    for unit, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if each_second >= unit:
            return f"{each_second / unit:.1f}{name}/s"
    return f"{each_second:.1f}/s"


def _time(seconds: float) -> str:
    whole = int(seconds)
    if whole >= 3600:
        return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"
    return f"{whole // 60}:{whole % 60:02d}"
