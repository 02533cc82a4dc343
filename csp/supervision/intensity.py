"""How often a supervisor may restart, how the restarts are counted, and how long it waits before one.

All are pure: instants are monotonic seconds passed in, and so is the random number.
"""

import math

from csp.supervision.checks import is_count, is_seconds, refusal
from csp.value import Value


class Intensity(Value):
    """Allow so many restarts within so many seconds; one more and the supervisor gives up.

    The default allows 3 in 5 seconds (Elixir's; OTP allows 1 in 5). ``Intensity(0)`` gives up at the first
    restart.

    Attributes:
        restarts: how many restarts are allowed within the period, 0 or more.
        seconds: the period, in seconds, more than 0.

    Raises:
        ChildSpecError: a value is not legal.
    """

    __slots__ = ("restarts", "seconds")

    restarts: int
    seconds: float

    def __init__(self, restarts: int = 3, seconds: float = 5.0) -> None:
        self._fill(restarts, seconds)
        if not is_count(self.restarts):
            raise refusal("Intensity", "restarts", self.restarts, "a whole number, 0 or more")
        if not is_seconds(self.seconds) or self.seconds == 0:
            raise refusal("Intensity", "seconds", self.seconds, "a number of seconds above 0")


class Backoff(Value):
    """Wait before a restart, longer each time in a row: ``initial``, twice that, and so on up to ``maximum``.

    OTP retries at once; the rule is Pekko's (``BackoffSupervisor``). Waiting changes nothing about the
    intensity: attempts are counted when they are decided, not when they are made.

    Attributes:
        initial: seconds before the first restart in a row, more than 0.
        maximum: seconds that the doubling stops at, at least ``initial``.
        jitter: up to this fraction of the delay is added at random, on top of ``maximum`` too:
            0.2 means up to a fifth more.
        reset_after: a life of at least so many seconds ends the row. None means ``maximum``.

    Raises:
        ChildSpecError: a value is not legal.
    """

    __slots__ = ("initial", "maximum", "jitter", "reset_after")  # noqa: RUF023  (the constructor's order)

    initial: float
    maximum: float
    jitter: float
    reset_after: float | None

    def __init__(self, initial: float, maximum: float, jitter: float = 0.0, reset_after: float | None = None) -> None:
        self._fill(initial, maximum, jitter, reset_after)
        if not is_seconds(self.initial) or self.initial == 0:
            raise refusal("Backoff", "initial", self.initial, "a number of seconds above 0")
        if not is_seconds(self.maximum) or self.maximum < self.initial:
            raise refusal("Backoff", "maximum", self.maximum, f"a number of seconds, at least initial={self.initial}")
        if not is_seconds(self.jitter):
            raise refusal("Backoff", "jitter", self.jitter, "a fraction, 0 or more")
        if self.reset_after is not None and not is_seconds(self.reset_after):
            raise refusal("Backoff", "reset_after", self.reset_after, "a number of seconds, or None for maximum")

    def delay(self, failures: int, random: float) -> float:
        """Compute the seconds to wait after *failures* earlier ends in a row.

        Args:
            failures: how many restarts of this row came before, 0 for the first.
            random: a number in [0, 1) that the caller drew.
        """
        # Compared as exponents first: a long row would overflow a float long before it met the maximum.
        reached = failures >= math.log2(self.maximum) - math.log2(self.initial)
        plain = self.maximum if reached else math.ldexp(self.initial, failures)
        return plain * (1.0 + random * self.jitter)

    def ends_row(self, lived: float) -> bool:
        """Tell whether after a life of *lived* seconds the next delay is ``initial`` again."""
        return lived >= (self.maximum if self.reset_after is None else self.reset_after)


def may_restart(stamps: tuple[float, ...], now: float, intensity: Intensity) -> tuple[bool, tuple[float, ...]]:
    """Count one restart attempt: whether it may be made, and the stamps for the next call.

    An attempt is counted *before* it is made, and stays counted when it is refused or fails (OTP's
    ``add_restart``). The period is inclusive: an attempt exactly ``intensity.seconds`` old still counts. OTP
    rounds its stamps to whole seconds; these are exact.

    Args:
        stamps: the instants of the earlier attempts, as an earlier call returned them.
        now: the instant of this attempt, in monotonic seconds.
        intensity: the limit.
    """
    recent = (*(stamp for stamp in stamps if now - stamp <= intensity.seconds), now)
    return len(recent) <= intensity.restarts, recent
