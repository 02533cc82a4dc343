"""Arguments of a system's methods, refused where they are given and not where they would do harm."""

# More seconds than that are no limit, as in the channels' own waits: 285 years.
_FOR_EVER = 9.0e9


def seconds(value: object, what: str) -> float | None:
    """A time limit: seconds, at least 0, or None for no limit. Raises TypeError, ValueError."""
    if value is None:
        return None
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise TypeError(f"{what} must be a number of seconds or None, not {value!r}")
    if not value >= 0:
        raise ValueError(f"{what} must be at least 0 seconds (or None for no limit), not {value!r}")
    return value if value < _FOR_EVER else None


def name(value: object, question: str, whose: str) -> str:
    """The name in a *question* to the system. Raises TypeError, which says whose name it must be."""
    if not isinstance(value, str):
        raise TypeError(f"{question} takes the name of {whose}, as a str, not {value!r}")
    return value
