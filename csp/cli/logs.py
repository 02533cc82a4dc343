"""What the log of ``csp demo`` shows: what nobody expected."""

import sys

import structlog

from csp.cli.census.census import NAME
from csp.cli.census.worker import DiesOnOrder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from structlog.typing import EventDict

_WARNING = 30
_CLEAR_LINE = "\r\x1b[K"


class ExpectedDeaths:
    """Keeps the deaths that were ordered out of the log. They are counted elsewhere.

    Attributes:
        count: how many it kept out.
    """

    def __init__(self) -> None:
        self.count = 0
        self._kills: set[str] = set()  # workers; each dies at most once at a time

    def install(self) -> None:
        """Configure structlog: warnings and errors, except for those deaths, to stderr."""
        terminal = sys.stderr.isatty()
        structlog.configure(
            processors=[
                self,
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
                _traceback_below,
                structlog.dev.ConsoleRenderer(colors=terminal),
                *([_over_the_bar] if terminal else []),
            ],
            wrapper_class=structlog.make_filtering_bound_logger(_WARNING),
            logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        )

    def expect_kill(self, worker: str) -> None:
        """Somebody is about to kill *worker*."""
        self._kills.add(worker)

    def __call__(self, logger: object, method: str, event: EventDict) -> EventDict:
        """Drop an event that is expected (a structlog processor)."""
        del logger, method
        if str(event.get("actor")).startswith(f"{NAME}/") and self._expected(event):
            self.count += 1
            raise structlog.DropEvent
        return event

    def _expected(self, event: EventDict) -> bool:
        reason = str(event.get("reason"))
        what = str(event.get("event"))
        if what not in {"child ended", "child stop unclean"}:
            return False
        if reason.startswith(f"failed: {DiesOnOrder.__name__}:"):
            return True
        if not reason.startswith("killed"):
            return False
        worker = str(event.get("actor"))
        if worker in self._kills:
            self._kills.discard(worker)
            return True
        return what == "child stop unclean"  # at the end, in the middle of a file that nobody needs any more


def _traceback_below(logger: object, method: str, event: EventDict) -> EventDict:
    del logger, method
    trace = event.pop("traceback", None)
    if trace:
        event["exception"] = trace
    return event


def _over_the_bar(logger: object, method: str, line: Any) -> str:
    del logger, method
    return f"{_CLEAR_LINE}{line}"
