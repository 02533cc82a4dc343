"""How far a stage of a command is: a bar on a terminal, otherwise a few plain lines."""

import sys

from csp.processes.pipelines.progress import Progress, progress_bar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

# So many lines there are at most where there is no terminal.
_LINES = 4


class Stage:
    """One stage of a command, as a context manager. What it shows goes to stderr.

    Args:
        label: what is being done.
        total: how much there is to do.
        quiet: show nothing but a bar, if there is a terminal.
    """

    def __init__(self, label: str, total: int, *, quiet: bool = False) -> None:
        self._label = label
        self._total = total
        self._quiet = quiet
        self._bar: Progress | None = progress_bar(label, total)
        self._reached = 0
        self._told = 0

    def reach(self, done: int) -> None:
        """So much is done, all in all."""
        if self._bar is not None:
            self._bar.advance(done - self._reached)
        elif not self._quiet and done * _LINES // self._total > self._told:
            self._told = done * _LINES // self._total
            sys.stderr.write(f"{self._label}: {done:,} of {self._total:,} files\n")
            sys.stderr.flush()
        self._reached = done

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.finish()
