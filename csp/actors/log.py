"""An actor's logger: packs the event on a channel to the main interpreter, where structlog renders it."""

import time

from csp._native import Sender
from csp.errors import ChannelError, NotShareable

# (level, event, seconds since the epoch, actor, (key, value, key, value, ...))
type Event = tuple[str, str, float, str, tuple[object, ...]]

_PLAIN = (str, int, float, bool, bytes, type(None))


class ActorLog:
    """A bound logger. Its methods never block and never raise for want of a listener.

    Values that are not plain (None, bool, int, float, str, bytes) are sent as their repr. When events come faster than
    they are written the oldest are dropped, and counted in the log channel's statistics.
    """

    __slots__ = ("_bound", "_channel", "_name")

    def __init__(self, channel: Sender[object], name: str, bound: tuple[object, ...] = ()) -> None:
        self._channel = channel
        self._name = name
        self._bound = bound

    def bind(self, /, **values: object) -> ActorLog:
        """A logger that adds these values to every event."""
        return ActorLog(self._channel, self._name, self._bound + _flat(values))

    def debug(self, event: str, /, **values: object) -> None:
        """Log at level debug."""
        self._put("debug", event, values)

    def info(self, event: str, /, **values: object) -> None:
        """Log at level info."""
        self._put("info", event, values)

    def warning(self, event: str, /, **values: object) -> None:
        """Log at level warning."""
        self._put("warning", event, values)

    def error(self, event: str, /, **values: object) -> None:
        """Log at level error."""
        self._put("error", event, values)

    def _put(self, level: str, event: str, values: dict[str, object]) -> None:
        try:
            self._channel.send_nowait((level, event, time.time(), self._name, self._bound + _flat(values)))
        except ChannelError, NotShareable:
            pass  # nobody listens any more: the system is gone, or going


def _flat(values: dict[str, object]) -> tuple[object, ...]:
    flat: list[object] = []
    for key, value in values.items():
        flat.append(key)
        flat.append(value if type(value) in _PLAIN else repr(value))
    return tuple(flat)
