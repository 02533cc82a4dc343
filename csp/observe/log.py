"""The main interpreter's side of logging: events from actors and the kernel, rendered by structlog.

structlog is imported when the first event comes. A program that has configured structlog keeps its configuration;
otherwise events go to standard error. Either way a time stamp is that of the event.
"""

import sys
import threading
import time

from csp._native import Receiver, channel
from csp.errors import ChannelError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from structlog.typing import EventDict, Processor

_TAKEN = {"event", "self", "level", "timestamp"}
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


class LogPump:
    """A channel for log events, and the thread that renders what comes through it.

    The channel holds *capacity* events; when they come faster than they are rendered the oldest go, and a line says how
    many.
    """

    def __init__(self, capacity: int) -> None:
        self.sender, self._receiver = channel(capacity, overflow="drop_oldest")
        self._told = 0
        self._processors: list[Processor] | None = None  # ours, when the program has none
        self._thread = threading.Thread(target=self._pump, name="csp log", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Render what is left, and end. Actors that outlive the system write into nothing."""
        self.sender.close()
        # Whoever could not be stopped still holds a sender: do not wait for its end.
        self._thread.join(timeout=2.0)
        self._receiver.close()

    def logger(self, when: float | None = None) -> Any:
        """The structlog logger for an event of that time, in seconds since the epoch. Default: now."""
        import structlog

        from csp.observe.event_time import tells_time_of

        if when is None:
            when = time.time()
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
                structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
            ]
        return structlog.wrap_logger(
            structlog.PrintLogger(sys.stderr),
            processors=tells_time_of(when, self._processors),
            wrapper_class=structlog.make_filtering_bound_logger(_LEVELS["info"]),
        )

    def _pump(self) -> None:
        receiver: Receiver[Any] = self._receiver
        try:
            for level, event, when, actor, flat in receiver:
                try:
                    if level == "debug" and "structlog" not in sys.modules:
                        continue  # nobody configured structlog, and our own configuration would not show it
                    getattr(self.logger(when), level)(event, **({"actor": actor} | _values(flat)))
                    dropped = receiver.statistics().dropped
                    if dropped > self._told:
                        self.logger().warning("log events dropped", count=dropped - self._told, actor="csp")
                        self._told = dropped
                except Exception as error:  # noqa: BLE001  (a logger that fails must not silence all that comes after)
                    _complain(event, actor, error)
        except ChannelError:
            pass


def _values(flat: tuple[Any, ...]) -> dict[str, Any]:
    """The values of an event by name; a name that structlog needs for itself gets an underscore."""
    values = {str(flat[i]): flat[i + 1] for i in range(0, len(flat), 2)}
    for taken in _TAKEN & values.keys():
        values[f"{taken}_"] = values.pop(taken)
    return values


def _complain(event: object, actor: object, error: Exception) -> None:
    """Say on standard error, if there still is one, that an event could not be logged, and which."""
    try:
        sys.stderr.write(f"csp: cannot log {event!r} of {actor}: {type(error).__name__}: {error}\n")
    except Exception:  # noqa: BLE001, S110  (there is nowhere left to say it)
        pass


def _traceback_last(logger: object, method: str, event: EventDict) -> EventDict:
    """Show a remote traceback as structlog shows a local one: below the line."""
    del logger, method
    trace = event.pop("traceback", None)
    if trace:
        event["exception"] = trace
    return event
