"""Why one life of a child ended.

This module also loads inside actors, which pay for every import: not even ``typing`` is imported.
"""

from csp.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

# A type alias is evaluated when somebody asks, so it needs no import either.
type Kind = Literal["normal", "shutdown", "failed", "killed"]

KINDS = ("normal", "shutdown", "failed", "killed")


class ExitReason(Value):
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

    __slots__ = ("kind", "text", "traceback", "cause")  # noqa: RUF023  (the constructor's order)

    kind: Kind
    text: str
    traceback: str
    cause: ExitReason | None

    def __init__(self, kind: Kind, text: str = "", traceback: str = "", cause: ExitReason | None = None) -> None:
        if kind not in KINDS:
            raise ValueError(f"exit reason kind {kind!r} is not legal; use one of {', '.join(KINDS)}")
        self._fill(kind, text, traceback, cause)

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

    def __repr__(self) -> str:
        return f"ExitReason({self.kind!r}, {self.text!r})"

    def __str__(self) -> str:
        """Write the reason and its causes in one line, without the traceback."""
        line = f"{self.kind}: {self.text}" if self.text else self.kind
        return line if self.cause is None else f"{line} <- {self.cause}"


NORMAL = ExitReason("normal")
SHUTDOWN = ExitReason("shutdown")
KILLED = ExitReason("killed")
