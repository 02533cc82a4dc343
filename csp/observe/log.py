"""The main interpreter's side of logging: events from actors and the kernel, rendered by structlog.

structlog is imported when the first event comes. A program that has configured structlog keeps its configuration;
otherwise events go to standard error.
"""

import sys
import threading

from csp._native import Receiver, channel
from csp.errors import ChannelError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from structlog.typing import EventDict

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
        self._thread = threading.Thread(target=self._pump, name="csp log", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Render what is left, and end. Actors that outlive the system write into nothing."""
        self.sender.close()
        # Whoever could not be stopped still holds a sender: do not wait for its end.
        self._thread.join(timeout=2.0)
        self._receiver.close()

    def logger(self) -> Any:
        """The structlog logger that events go to."""
        import structlog

        if not structlog.is_configured():
            return structlog.wrap_logger(
                structlog.PrintLogger(sys.stderr),
                processors=[
                    structlog.processors.add_log_level,
                    structlog.processors.TimeStamper(fmt="iso", utc=False),
                    _traceback_last,
                    structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
                ],
                wrapper_class=structlog.make_filtering_bound_logger(_LEVELS["info"]),
            )
        return structlog.get_logger("csp")

    def _pump(self) -> None:
        receiver: Receiver[Any] = self._receiver
        logger: Any = None
        try:
            for level, event, _when, actor, flat in receiver:
                try:
                    if logger is None:
                        if level == "debug" and "structlog" not in sys.modules:
                            continue  # nobody configured structlog, and our own configuration would not show it
                        logger = self.logger()
                    getattr(logger, level)(event, **({"actor": actor} | _values(flat)))
                    dropped = receiver.statistics().dropped
                    if dropped > self._told:
                        logger.warning("log events dropped", count=dropped - self._told, actor="csp")
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
