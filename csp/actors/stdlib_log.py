"""What an actor says through ``logging`` and ``warnings`` goes to the main interpreter, to the configuration there.

Both modules belong to an interpreter: what a program sets up in main is unknown in its actors. So in an actor the root
logger gets one handler, which sends records on the log channel, and main hands them to its logger of the same name; and
a warning that this interpreter's filters let through meets those of main, too. Neither module is imported for it, and
this one only when they are.
"""

from csp._native import Sender, log_level, wall_now
from csp.errors import ChannelError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# What a record has of its own; the rest is what the program gave as extra=.
_OWN = frozenset({
    "args", "created", "exc_info", "exc_text", "filename", "funcName", "levelname", "levelno", "lineno", "module",
    "msecs", "msg", "name", "pathname", "process", "processName", "relativeCreated", "stack_info", "taskName", "thread",
    "threadName",
})  # fmt: skip


def hand_over_records(logging: Any, channel: Sender[object], actor: str) -> None:
    """From now on, what goes to the module *logging* of this interpreter goes to main, told as the actor's."""

    class ToMain(logging.Handler):  # type: ignore[misc]  # the module comes as an argument, and late
        """Sends each record on the log channel."""

        def emit(self, record: Any) -> None:
            """Never blocks, never raises."""
            _put(channel, ("logging", _message(record), record.created, actor, _fields(record)))

    logging.root.addHandler(ToMain())
    logging.root.setLevel(log_level())


def _message(record: Any) -> str:
    from csp.messages.shapes import show, text_of

    try:
        return str.__str__(record.getMessage())
    except Exception:  # noqa: BLE001  (arguments that do not fit, or cannot be shown)
        return f"{text_of(record.msg)} (with arguments that do not fit it: {show(record.args)})"


def _fields(record: Any) -> dict[str, object]:
    from csp.actors.log import plain
    from csp.messages.formatting import format_exception

    trace = record.exc_text
    if record.exc_info and isinstance(record.exc_info[1], BaseException):
        trace = format_exception(record.exc_info[1])
    fields = {"name": _name_in_main(plain(record.name)), "exc_text": plain(trace)}
    for key in ("levelno", "levelname", "pathname", "lineno", "funcName", "stack_info", "thread"):
        fields[key] = plain(getattr(record, key, None))
    for key, value in record.__dict__.items():
        if key not in _OWN:
            fields[str(key)] = plain(value)
    return fields


def _name_in_main(name: object) -> object:
    """Give the name in main: the script's own logger, ``getLogger(__name__)``, is the same there and here."""
    from csp.origin import SCRIPT_ELSEWHERE

    return "__main__" if name == SCRIPT_ELSEWHERE else name


def hand_over_warnings(warnings: Any, channel: Sender[object], actor: str) -> None:
    """Do the same for what this interpreter warns of."""
    shown_here = warnings.showwarning

    def to_main(
        message: object, category: type[Warning], filename: str, lineno: int, file: Any = None, line: str | None = None
    ) -> None:
        """Send it on the log channel; one that is to go to a file of here goes there."""
        if file is not None:
            shown_here(message, category, filename, lineno, file, line)
            return
        from csp.messages.shapes import text_of

        where = {
            "module": category.__module__,
            "name": category.__qualname__,
            "filename": str(filename),
            "lineno": int(lineno),
        }
        _put(channel, ("warnings", text_of(message), wall_now(), actor, where))

    warnings.showwarning = to_main


def _put(channel: Sender[object], event: tuple[object, ...]) -> None:
    try:
        channel.send_nowait(event)
    except ChannelError:
        pass  # nobody listens any more
