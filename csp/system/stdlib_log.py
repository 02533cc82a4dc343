"""Main's side of ``logging`` and ``warnings`` in actors: their records and warnings meet main's own configuration."""

import sys

from csp._native import set_log_level

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_WARNING = 30

# By file, as each module has one: how often a warning is shown is main's decision, over all lives of an actor.
_registries: dict[str, dict[object, object]] = {}


def tell_level() -> None:
    """Let interpreters that begin from now on know the lowest level that any of main's loggers has."""
    logging: Any = sys.modules.get("logging")
    level = _WARNING  # as of a logging that nobody has configured
    if logging is not None and hasattr(logging, "root"):
        loggers = [logging.root, *list(logging.root.manager.loggerDict.values())]
        level = min((found for logger in loggers if (found := getattr(logger, "level", 0))), default=_WARNING)
    set_log_level(level)


def log_record(actor: str, message: str, when: float, fields: dict[str, Any]) -> None:
    """Hand a record to main's logger of its name, if that takes its level; ``threadName`` and ``actor`` say whose."""
    logging: Any = __import__("logging")
    logger = logging.getLogger(None if fields["name"] == "root" else fields["name"])
    if not logger.isEnabledFor(fields["levelno"]):
        return
    make = logging.getLogRecordFactory()  # main may have set one
    record = make(
        fields["name"], fields["levelno"], fields["pathname"], fields["lineno"], "", (), None, fields["funcName"]
    )
    record.__dict__.update(fields)
    record.msg, record.args = message, ()
    record.relativeCreated += (when - record.created) * 1000
    record.created, record.msecs = when, (when % 1) * 1000
    record.threadName = record.actor = actor
    logger.handle(record)


def show_warning(message: str, module: str, name: str, filename: str, lineno: int) -> None:
    """As if it had been warned of in main: its filters, its ``showwarning``, its ``logging.captureWarnings``."""
    import warnings

    category: Any = sys.modules.get(module)
    for part in name.split("."):
        category = getattr(category, part, None)
    if not isinstance(category, type) or not issubclass(category, Warning):
        category, message = UserWarning, f"{name}: {message}"
    main: Any = sys.modules.get("__main__")
    # Without a name it is made of the file's; not None, which is documented as the default, and in C means silence.
    more: dict[str, Any] = {"module": "__main__"} if getattr(main, "__file__", None) == filename else {}
    more["registry"] = _registries.setdefault(filename, {})
    try:
        warnings.warn_explicit(message, category, filename, lineno, **more)
    except Warning:  # a filter of main makes errors of them; there is nobody here to raise it to
        warnings.showwarning(message, category, filename, lineno)
