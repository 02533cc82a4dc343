"""When an event happened, in a log that is written later.

An event waits for the main interpreter's GIL before it is rendered; structlog's own time stamps would tell that moment.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

import structlog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from structlog.typing import EventDict, Processor


def tells_time_of(when: float, processors: Iterable[Processor]) -> list[Processor]:
    """Let each of structlog's time stampers among these give *when*, in its own format under its own key.

    Processors of the user's own stay as they are; where there is no stamper, none is wanted.
    """
    return [_instead_of(processor, when) for processor in processors]


def _instead_of(processor: Any, when: float) -> Processor:
    if type(processor) is structlog.processors.TimeStamper:
        return _EventTime(processor, when, keeps=False)
    if type(processor) is structlog.processors.MaybeTimeStamper:
        return _EventTime(processor.stamper, when, keeps=True)
    kept: Processor = processor
    return kept


class _EventTime:
    """A processor that stamps as *stamper* would have at *when*; one that *keeps* leaves a stamp that is there."""

    def __init__(self, stamper: structlog.processors.TimeStamper, when: float, *, keeps: bool) -> None:
        self._stamper = stamper
        self._when = when
        self._keeps = keeps

    def __call__(self, logger: object, method: str, event: EventDict) -> EventDict:
        del logger, method
        if not (self._keeps and self._stamper.key in event):
            event[self._stamper.key] = self._stamp()
        return event

    def _stamp(self) -> float | str:
        form, utc = self._stamper.fmt, self._stamper.utc
        if form is None:
            return self._when
        instant = datetime.fromtimestamp(self._when, UTC)
        if form.upper() == "ISO":
            if utc:
                return instant.isoformat().replace("+00:00", "Z")
            return instant.astimezone().replace(tzinfo=None).isoformat()
        return (instant if utc else instant.astimezone()).strftime(form)
