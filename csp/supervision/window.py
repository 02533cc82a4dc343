"""Counting restarts within a period. Pure: instants are monotonic seconds passed in."""

from typing import NamedTuple

from csp.supervision.intensity import Intensity


class Counted(NamedTuple):
    """The answer of :func:`may_restart`: whether the attempt is allowed, and the stamps for the next call."""

    allowed: bool
    stamps: tuple[float, ...]


def may_restart(stamps: tuple[float, ...], now: float, intensity: Intensity) -> Counted:
    """Count one restart attempt and tell whether it may be made.

    An attempt is counted *before* it is made, and stays counted when it is refused or fails (OTP's
    ``add_restart``). The period is inclusive: an attempt exactly ``intensity.seconds`` old still counts. OTP
    rounds its stamps to whole seconds; these are exact.

    Args:
        stamps: the instants of the earlier attempts, as an earlier call returned them.
        now: the instant of this attempt, in monotonic seconds.
        intensity: the limit.
    """
    recent = (*(stamp for stamp in stamps if now - stamp <= intensity.seconds), now)
    return Counted(len(recent) <= intensity.restarts, recent)
