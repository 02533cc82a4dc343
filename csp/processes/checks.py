"""Arguments that say what is wrong with them."""

# Numbers beyond this are mistakes.
_MOST = 1 << 30


def seconds(value: object, what: str) -> float:
    """A duration of at least 0 seconds."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise TypeError(f"{what} must be a number of seconds, not {value!r}")
    if not value >= 0:
        raise ValueError(f"{what} must be at least 0 seconds, not {value!r}")
    return float(value)


def whole(value: object, least: int, what: str) -> int:
    """An int of at least *least*."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{what} must be an int, not {value!r}")
    if not least <= value <= _MOST:
        raise ValueError(f"{what} must be at least {least}, not {value!r}")
    return value
