"""What is said of what cannot travel: the way to it inside the message, its class, and why."""

from csp.errors import CspError, NotShareable
from csp.messages.shapes import show, text_of
from csp.origin import module_shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

# What of a reduced object was being written, as native/python/codec/reduced.c counts: the phase is one further by then.
_CALLED, _ARGUMENTS, _ITEMS, _VALUES, _KEYS, _STATE = 1, (2, 3), 4, 5, 6, 9

# (which kind of step, which one, the object that it leads out of)
type Step = tuple[str, Any, object]


def refusal(name: str, steps: list[Step], culprit: object, error: Exception) -> Exception:
    """Give the error that the sender gets: NotShareable, from *error*, which encoding *culprit* has raised.

    *steps* lead to it from the whole message, which is called *name*.
    """
    if isinstance(error, CspError):
        return error
    while steps and steps[-1][0] == "reduced" and steps[-1][1][0] == _CALLED:
        culprit = steps.pop()[2]  # its class, or what makes it, is of no interest to whom has the object
    kind = type(culprit)
    refused = NotShareable(
        f"{_way(name, steps, culprit)}: {module_shown(kind)}.{kind.__qualname__} cannot travel to another interpreter "
        f"({text_of(error)})"
    )
    refused.__cause__ = error
    return refused


def _way(path: str, steps: list[Step], culprit: object) -> str:
    parts = [*[owner for _, _, owner in steps[1:]], culprit]
    of_state = False  # what comes next are attributes, whatever they are kept in
    place = 0
    while place < len(steps):
        kind, which, owner = steps[place]
        part = parts[place]
        if kind == "reduced":
            phase, index, pending = which
            of_state = phase == _STATE
            name, place = _attribute(owner, phase, parts, place)
            path += name or ("" if of_state else _into(owner, phase, index, pending, part))
        elif of_state and kind == "index" and isinstance(part, dict):
            pass  # (attributes, slots)
        elif kind == "field" or (of_state and kind == "item" and isinstance(which, str)):
            path += f".{which}"
            of_state = False
        else:
            of_state = False
            path += _step(kind, which, part)
        place += 1
    return path


def _attribute(owner: object, phase: int, parts: list[object], place: int) -> tuple[str, int]:
    """Find what its reduce gives as arguments among the attributes: one's name and place on the way, or ""."""
    if phase not in _ARGUMENTS or isinstance(owner, BaseException):
        return "", place
    names: list[str] = list(getattr(owner, "__dict__", ()))
    for cls in type(owner).__mro__:
        slots: str | Iterable[str] = cls.__dict__.get("__slots__", ())
        names.extend([slots] if isinstance(slots, str) else slots)
    for name in names:
        try:
            value: object = getattr(owner, name)
        except Exception:  # noqa: BLE001, S112  (a property of its own, or a slot that is empty)
            continue
        for further in range(place, min(place + 3, len(parts))):
            if parts[further] is value:
                return f".{name}", further
    return "", place


def _step(kind: str, which: object, part: object) -> str:
    if kind == "index":
        return f"[{which}]"
    if kind == "item":
        return f"[{show(which)}]"
    return f" {'key' if kind == 'key' else 'item'} {show(part)}"


def _into(owner: object, phase: int, index: int, pending: Any, part: object) -> str:
    if phase == _ITEMS:
        return f"[{index - 1}]"
    if phase == _VALUES:
        return f"[{show(pending[0])}]"
    if phase == _KEYS:
        return f" key {show(part)}"
    if phase in _ARGUMENTS and isinstance(owner, BaseException):
        return ".args"
    return ".__reduce__()[1]" if phase in _ARGUMENTS else ".__reduce__()"
