"""Exceptions of any shape: what can be asked of one, and done to it, whatever its class thinks of that.

A class may be frozen, refuse attributes, or raise when it is shown. What CPython keeps in an exception is in the
built-in part, and reached through ``BaseException`` itself, past whatever the class says about attributes.
"""

from csp.origin import module_shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SHOWN = 200  # characters of a repr that go into a text for people
UNREADABLE = "<its text raised>"
_DEEPEST = 40  # containers in each other that a repr goes into
_BRACKETS: dict[type, tuple[str, str]] = {
    tuple: ("(", ")"),
    list: ("[", "]"),
    dict: ("{", "}"),
    set: ("{", "}"),
    frozenset: ("frozenset({", "})"),
}

# For the checkers: descriptors of the built-in part are typed as what they give.
_BUILT_IN: Any = BaseException
_cause, _context = _BUILT_IN.__dict__["__cause__"], _BUILT_IN.__dict__["__context__"]
_suppress = _BUILT_IN.__dict__["__suppress_context__"]
_traceback = _BUILT_IN.__dict__["__traceback__"]
_members: Any = BaseExceptionGroup.__dict__["exceptions"]


def forget_traceback(error: BaseException) -> None:
    """Let go of the frames that it was raised through, and of all that they hold."""
    set_traceback(error, None)


def traceback_of(error: BaseException) -> Any:
    """Its own traceback, or None."""
    return _traceback.__get__(error)


def set_traceback(error: BaseException, traceback: Any) -> None:
    """Give it a traceback, or none."""
    BaseException.with_traceback(error, traceback)


def set_context(error: BaseException, context: BaseException) -> None:
    """As raising it while *context* is handled does."""
    _context.__set__(error, context)


def set_cause(error: BaseException, cause: BaseException) -> None:
    """As ``raise error from cause`` does."""
    _cause.__set__(error, cause)


def origin_of(error: BaseException) -> tuple[BaseException | None, bool]:
    """Give what it came from, and whether it was raised from that on purpose. As Python shows it."""
    cause: BaseException | None = _cause.__get__(error)
    if cause is not None:
        return cause, True
    context: BaseException | None = _context.__get__(error)
    return (None if _suppress.__get__(error) else context), False


def add_note(error: BaseException, note: str) -> None:
    """As ``error.add_note``, also where the class refuses attributes or keeps something else under that name."""
    try:
        notes: Any = object.__getattribute__(error, "__notes__")
    except Exception:  # noqa: BLE001  (there are none, or a property of its own raised)
        notes = None
    if notes.__class__ is list:
        notes.append(note)
        return
    try:
        object.__setattr__(error, "__notes__", [note] if notes is None else [*notes_of(error), note])
    except Exception:  # noqa: BLE001, S110  (an exception without a dict of its own: it goes without the note)
        pass


def notes_of(error: BaseException) -> list[str]:
    """Its notes as texts. What is no sequence is shown by its repr, as Python shows it."""
    try:
        notes: Any = getattr(error, "__notes__", None)
    except Exception:  # noqa: BLE001  (a property of its own)
        return [UNREADABLE]
    if notes is None:
        return []
    if notes.__class__ in {list, tuple}:
        return [text_of(note) for note in notes]
    return [show(notes)]


def members_of(error: Any) -> tuple[BaseException, ...]:
    """Give the exceptions in a group; of any other, none."""
    if BaseExceptionGroup not in type(error).__mro__:
        return ()
    members: tuple[BaseException, ...] = _members.__get__(error)
    return members


def name_of(error: BaseException) -> str:
    """Name the class as Python does in a traceback; the script's module is ``__main__`` in every interpreter."""
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{module_shown(kind)}.{kind.__qualname__}"


def text_of(value: object) -> str:
    """``str(value)``, or a text that says that this raised."""
    try:
        return str.__str__(str(value))  # the outer one: what __str__ gave may be of a class of its own
    except Exception:  # noqa: BLE001  (any class may be at fault)
        return UNREADABLE


def described(error: BaseException) -> str:
    """``Type: text``, in one piece."""
    text = text_of(error)
    return f"{type(error).__qualname__}: {text}" if text else type(error).__qualname__


def show(value: object, limit: int = SHOWN) -> str:
    """Give the value's repr, cut to a length that fits into a text for people. Never raises.

    Of what is large or deep no more is made than is shown: the whole repr of a set in a set in a set takes CPython the
    square of their depth.
    """
    try:
        text = _shown(value, limit, ())
    except Exception:  # noqa: BLE001  (any class may be at fault)
        text = f"<{type(value).__qualname__} whose repr raised>"
    return text if len(text) <= limit else text[: limit - 3] + "..."


def _shown(value: object, room: int, inside: tuple[int, ...]) -> str:
    """``repr(value)``, or of a plain container what of its repr comes before *room* characters, and a little more."""
    kind = type(value)
    held: Any = value  # for the checkers: what Any holds is Any
    if kind not in _BRACKETS or not held:
        return str.__str__(repr(held[:room] if kind in {str, bytes} and len(held) > room else held))
    before, after = _BRACKETS[kind]
    if len(inside) == _DEEPEST or id(value) in inside:
        return f"{before}...{after}"
    inside = (*inside, id(value))
    parts: list[str] = []
    used = len(before)
    for item in held.items() if kind is dict else held:
        text = _shown(item[0] if kind is dict else item, room - used, inside)
        if kind is dict and used + len(text) <= room:
            text += ": " + _shown(item[1], room - used - len(text), inside)
        parts.append(text)
        used += len(text) + 2
        if used > room:
            break
    return f"{before}{', '.join(parts)}{',' if kind is tuple and len(held) == 1 else ''}{after}"
