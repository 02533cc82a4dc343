"""Why one life of a child ended.

This module also loads inside actors, which pay for every import: it imports nothing, not even ``typing``.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, NoReturn

# A type alias is evaluated when somebody asks, so it needs no import either.
type Kind = Literal["normal", "shutdown", "failed", "killed"]

KINDS = ("normal", "shutdown", "failed", "killed")


class ExitReason:
    """Say why one life of an actor, process or supervisor ended. An immutable value.

    The kinds are the four that a supervisor tells apart (OTP: ``normal``, ``shutdown`` and ``{shutdown, _}``,
    any other term, ``killed``):

    * ``normal``: it came to its own end;
    * ``shutdown``: it was told to stop and did, or a supervisor gave up (then :attr:`cause` says over what);
    * ``failed``: an exception ended it, or it could not start;
    * ``killed``: it did not stop in time, or was not given any, and was cut off.

    Attributes:
        kind: one of the four words above.
        text: one line for people, for example ``ZeroDivisionError: division by zero``; may be empty.
        traceback: the traceback as text, from the interpreter where it happened; may be empty.
        cause: the reason behind this one, or None. OTP has no such thing: there a supervisor that gives up
            says ``shutdown`` and the cause is lost.

    Raises:
        ValueError: *kind* is not one of the four.
    """

    __slots__ = ("cause", "kind", "text", "traceback")

    kind: Kind
    text: str
    traceback: str
    cause: ExitReason | None

    def __init__(self, kind: Kind, text: str = "", traceback: str = "", cause: ExitReason | None = None) -> None:
        if kind not in KINDS:
            raise ValueError(f"exit reason kind {kind!r} is not legal; use one of {', '.join(KINDS)}")
        # The class refuses assignment, to itself too.
        put = object.__setattr__
        put(self, "kind", kind)
        put(self, "text", text)
        put(self, "traceback", traceback)
        put(self, "cause", cause)

    @property
    def clean(self) -> bool:
        """Tell whether a transient child stays down after this end (OTP: ``normal``, every ``shutdown``)."""
        return self.kind in ("normal", "shutdown")

    @property
    def root(self) -> ExitReason:
        """Follow :attr:`cause` to the reason that began it all; the reason itself when it has no cause."""
        reason = self
        while reason.cause is not None:
            reason = reason.cause
        return reason

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"an ExitReason does not change: {name!r} cannot be set")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"an ExitReason does not change: {name!r} cannot be deleted")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ExitReason):
            return NotImplemented
        return self._fields() == other._fields()

    def __hash__(self) -> int:
        return hash(self._fields())

    def __repr__(self) -> str:
        return f"ExitReason({self.kind!r}, {self.text!r})"

    def __str__(self) -> str:
        """Write the reason and its causes in one line, without the traceback."""
        line = f"{self.kind}: {self.text}" if self.text else self.kind
        return line if self.cause is None else f"{line} <- {self.cause}"

    def __reduce__(self) -> tuple[type[ExitReason], tuple[Kind, str, str, ExitReason | None]]:
        # Without this, copy and pickle would fill the slots by assignment, which the class refuses.
        return (ExitReason, self._fields())

    def _fields(self) -> tuple[Kind, str, str, ExitReason | None]:
        return (self.kind, self.text, self.traceback, self.cause)


NORMAL = ExitReason("normal")
SHUTDOWN = ExitReason("shutdown")
KILLED = ExitReason("killed")
