"""An actor's logger: packs the event on a channel to the main interpreter, where structlog renders it."""

from csp._native import Sender, wall_now
from csp.errors import ChannelError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# (level, event, seconds since the epoch, actor, values by name)
type Event = tuple[str, str, float, str, dict[str, object]]

_PLAIN = (str, int, float, bool, bytes, type(None))
_ABOUT_PLACES = {"exc_info", "stack_info"}
_LONGEST = 10_000  # characters of a repr


class ActorLog:
    """A bound logger. Its methods never block and never raise.

    The event is a text; of anything else, an exception say, its ``str``. Values that are not plain (None, bool, int,
    float, str, bytes) are sent as their repr. ``exc_info=`` (True, or an exception) adds its traceback, and
    ``stack_info=True`` the stack, both made here. When events come faster than they are written the oldest are dropped;
    a line says how many. (The methods are those of structlog's bound loggers.)
    """

    __slots__ = ("_bound", "_channel", "_name")

    def __init__(self, channel: Sender[object], name: str, bound: dict[str, object] | None = None) -> None:
        self._channel = channel
        self._name = name
        self._bound = bound or {}

    def bind(self, /, **values: object) -> ActorLog:
        """Give a logger that adds these values to every event."""
        return ActorLog(self._channel, self._name, self._bound | _plain(values))

    def debug(self, event: object, /, **values: object) -> None:
        """Log at level debug: shown where the program asks for it, see ``System(log_level=...)``."""
        self._put("debug", event, values)

    def info(self, event: object, /, **values: object) -> None:
        """Log at level info."""
        self._put("info", event, values)

    def warning(self, event: object, /, **values: object) -> None:
        """Log at level warning."""
        self._put("warning", event, values)

    def error(self, event: object, /, **values: object) -> None:
        """Log at level error."""
        self._put("error", event, values)

    def exception(self, event: object, /, **values: object) -> None:
        """Log at level error, with the traceback of the exception that is being handled."""
        self._put("error", event, {"exc_info": True} | values)

    def critical(self, event: object, /, **values: object) -> None:
        """Log at level critical."""
        self._put("critical", event, values)

    def _put(self, level: str, event: object, values: dict[str, object]) -> None:
        if not _ABOUT_PLACES.isdisjoint(values):
            values = _with_places(values)
        if type(event) is not str:
            event = _text_of(event)
        try:
            self._channel.send_nowait((level, event, wall_now(), self._name, self._bound | _plain(values)))
        except ChannelError:
            pass  # nobody listens any more: the system is gone, or going


def _plain(values: dict[str, object]) -> dict[str, object]:
    return {key: plain(value) for key, value in values.items()}


def plain(value: object) -> object:
    """Give the value, if it is one that any interpreter can read; else its repr."""
    if type(value) in _PLAIN:
        return value
    from csp.messages.shapes import show

    return show(value, limit=_LONGEST)


def _text_of(event: object) -> str:
    from csp.messages.shapes import text_of

    return text_of(event)


def _with_places(values: dict[str, object]) -> dict[str, object]:
    """``exc_info`` and ``stack_info`` as the texts that they stand for, under the names that structlog shows."""
    import sys

    from csp.messages.formatting import format_exception, format_stack

    values = dict(values)
    wanted: Any = values.pop("exc_info", None)
    if wanted is True:
        wanted = sys.exception()
    elif wanted.__class__ is tuple and len(wanted) == 3:  # as sys.exc_info() gives it
        wanted = wanted[1]
    if isinstance(wanted, BaseException):
        values["exception"] = format_exception(wanted)
    if values.pop("stack_info", None):
        values["stack"] = format_stack(sys._getframe(2))
    return values
