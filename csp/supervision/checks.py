"""The one way to refuse a setting: name its owner, the field, what is wrong with it and what is legal."""

import math

from csp.errors import ChildSpecError

# What is legal where is_plain_name asks.
NAME = 'a text that is not empty and has no "/", which stands between a supervisor and its child: "supervisor/child"'


def refusal(owner: str, field: str, value: object, legal: str) -> ChildSpecError:
    """Build the error that *owner*'s *field* cannot be *value*; *legal* completes the words "use ..."."""
    return ChildSpecError(f"{owner}: {field}={value!r} is not legal; use {legal}")


def is_a(value: object, cls: type) -> bool:
    """Tell whether *value* is a *cls*, when its annotation says so: not everybody runs a checker."""
    return isinstance(value, cls)


def is_seconds(value: object) -> bool:
    """Tell whether *value* is a finite number of seconds, zero included; True and False are not."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return math.isfinite(value) and value >= 0


def is_count(value: object) -> bool:
    """Tell whether *value* is a whole number, 0 or more; True and False are not."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def is_name(value: object) -> bool:
    """Tell whether *value* is a text with something to read in it."""
    return isinstance(value, str) and bool(value.strip())


def is_plain_name(value: object) -> bool:
    """Tell whether *value* can name a supervisor or its child: a name without the sign that is put between the two."""
    return isinstance(value, str) and is_name(value) and "/" not in value


def words(legal: tuple[str, ...]) -> str:
    """Write legal values as a reader would type them: ``"a", "b" or "c"``."""
    quoted = [f'"{word}"' for word in legal]
    return f"{', '.join(quoted[:-1])} or {quoted[-1]}"
