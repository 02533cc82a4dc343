"""Arguments that are refused where they are given, and not where they would do harm; the text says what is wrong."""

# More seconds than that are no limit, as in the channels' own waits: 285 years.
_FOR_EVER = 9.0e9
# Numbers beyond this are mistakes.
_MOST = 1 << 30


def limit(value: object, what: str) -> float | None:
    """Check a time limit: seconds, at least 0, or None for no limit. Raises TypeError, ValueError."""
    if value is None:
        return None
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise TypeError(f"{what} must be a number of seconds or None, not {value!r}")
    if not value >= 0:
        raise ValueError(f"{what} must be at least 0 seconds (or None for no limit), not {value!r}")
    return value if value < _FOR_EVER else None


def seconds(value: object, what: str) -> float:
    """Give a duration of at least 0 seconds. Raises TypeError, ValueError."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise TypeError(f"{what} must be a number of seconds, not {value!r}")
    if not value >= 0:
        raise ValueError(f"{what} must be at least 0 seconds, not {value!r}")
    return float(value)


def whole(value: object, least: int, what: str) -> int:
    """Give an int of at least *least*. Raises TypeError, ValueError."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{what} must be an int, not {value!r}")
    if not least <= value <= _MOST:
        raise ValueError(f"{what} must be at least {least}, not {value!r}")
    return value


def name(value: object, question: str, whose: str) -> str:
    """Check the name in a *question* to the system. Raises TypeError, which says whose name it must be."""
    if not isinstance(value, str):
        raise TypeError(f"{question} takes the name of {whose}, as a str, not {value!r}")
    return value
