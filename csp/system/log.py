"""The main interpreter's side of logging: events from actors and the kernel, rendered by structlog.

structlog is imported when the first event comes. A program that has configured structlog keeps its configuration;
otherwise events go to standard error. Either way a time stamp is that of the event.
"""

import sys
import threading

from csp._native import Receiver, channel, wall_now
from csp.errors import ClosedEnd, EndOfChannel
from csp.hosts.guards import at_the_end, not_at_the_end
from csp.system.stdlib_log import log_record, show_warning

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from structlog.typing import EventDict, Processor

_TAKEN = {"event", "self", "level", "timestamp"}
LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}


class LogPump:
    """A channel for log events, and the thread that renders what comes through it.

    The channel holds *capacity* events; when they come faster than they are rendered the oldest go, and a line says how
    many. *level* is the lowest that is shown, where the program has not configured structlog.

    Attributes:
        lost: how many events could not be written, nor a line that says so: there was no standard error any more.
    """

    def __init__(self, capacity: int, level: str = "info") -> None:
        self.sender, self._receiver = channel(capacity, overflow="drop_oldest")
        self.lost = 0
        self._level = level
        self._told = 0
        self._said: set[str] = set()  # what is said once, whoever says it
        self._processors: list[Processor] | None = None  # ours, when the program has none
        self._thread = threading.Thread(target=self._pump, name="csp log", daemon=True)
        self._thread.start()
        at_the_end(self.close)

    def close(self) -> None:
        """Render what is left, and end; idempotent. Actors that outlive the system write into nothing."""
        not_at_the_end(self.close)
        self.sender.close()
        # Whoever could not be stopped still holds a sender: do not wait for its end.
        self._thread.join(timeout=2.0)
        self._receiver.close()

    def dropped(self) -> int:
        """How many events were dropped so far, because they came faster than they were written."""
        return int(self._receiver.statistics().dropped)

    def logger(self, when: float | None = None) -> Any:
        """Give the structlog logger for an event of that time, in seconds since the epoch. Default: now."""
        import structlog

        from csp.system.event_time import tells_time_of

        if when is None:
            when = wall_now()
        if structlog.is_configured():
            return structlog.wrap_logger(
                None,
                processors=tells_time_of(when, structlog.get_config()["processors"]),
                logger_factory_args=("csp",),
            )
        if self._processors is None:
            self._processors = [
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=False),
                _traceback_last,
                structlog.dev.ConsoleRenderer(colors=_on_terminal()),
            ]
        return structlog.wrap_logger(
            structlog.PrintLogger(_standard_error()),
            processors=tells_time_of(when, self._processors),
            wrapper_class=structlog.make_filtering_bound_logger(LEVELS[self._level]),
        )

    def _pump(self) -> None:
        receiver: Receiver[Any] = self._receiver
        while True:
            event: Any = "an event"
            actor = "somebody"
            try:
                level, event, when, actor, values = receiver.recv()
                self._write(level, event, when, actor, values)
                dropped = receiver.statistics().dropped
                if dropped > self._told:
                    self.logger().warning("log events dropped", count=dropped - self._told, actor="csp")
                    self._told = dropped
            except EndOfChannel, ClosedEnd:
                not_at_the_end(self.close)
                return
            except BaseException as error:  # noqa: BLE001  (whatever one event does, those after it are written)
                if not _complain(event, actor, error):
                    self.lost += 1

    def _write(self, level: str, event: str, when: float, actor: str, values: dict[str, Any]) -> None:
        if level == "logging":
            log_record(actor, event, when, values)
        elif level == "warnings":
            show_warning(event, **values)
        elif level == "once":
            if event not in self._said:
                self._said.add(event)
                self._write("warning", event, when, actor, values)
        elif LEVELS[level] >= LEVELS[self._level] or _configured():  # below that, our own configuration shows nothing
            getattr(self.logger(when), level)(event, **({"actor": actor} | _renamed(values)))


def _configured() -> bool:
    """Whether the program has set structlog up. Who never imported it has not, and is spared the import."""
    structlog: Any = sys.modules.get("structlog")
    return structlog is not None and bool(structlog.is_configured())


def _standard_error() -> Any:
    """Where our own lines go. Raises when there is none: a line that nobody can read must be counted as lost."""
    if sys.stderr is None or sys.stderr.closed:
        raise ValueError("the program has no standard error")
    return sys.stderr


def _on_terminal() -> bool:
    return bool(_standard_error().isatty())


def _renamed(values: dict[str, Any]) -> dict[str, Any]:
    """Add an underscore to names that structlog needs for itself."""
    for taken in _TAKEN & values.keys():
        values[f"{taken}_"] = values.pop(taken)
    return values


def _complain(event: object, actor: object, error: BaseException) -> bool:
    """Say on standard error that an event could not be logged, and which; False if there is none any more."""
    try:
        why = str(error)
    except Exception:  # noqa: BLE001  (an exception of the program's)
        why = "<its text raised>"
    try:
        _standard_error().write(f"csp: cannot log {event!r} of {actor}: {type(error).__name__}: {why}\n")
    except Exception:  # noqa: BLE001  (there is nowhere left to say it)
        return False
    return True


def _traceback_last(logger: object, method: str, event: EventDict) -> EventDict:
    """Show a remote traceback as structlog shows a local one: below the line."""
    del logger, method
    trace = event.pop("traceback", None)
    if trace:
        event["exception"] = trace
    return event
