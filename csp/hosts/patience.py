"""Time limits for interpreters that are to end, by a clock that stands still while they keep the CPUs busy.

Two thousand that end at once take 20 s of CPU, and wait for each other's locks meanwhile: what merely queues is not
stuck. So no time passes here while those that are to end run, or wait for a CPU, for more than a fifth of it. One that
has run by itself for as long as it was given is late all the same.
"""

from csp._native import (
    interpreter_end_time,
    interpreter_thread,
    limits_paused,
    now,
    thread_is_runnable,
    thread_times,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    type Later = Callable[[float, Callable[[], None]], None]

# Seconds between two looks, at the least and at the most; looking itself may take a tenth of the time.
_SOONEST, _LATEST = 0.02, 0.25
_LOOK_SHARE = 10
# The part of the time that they must run, or wait for a CPU, for the clock to stand still.
_BUSY = 0.2


class _Given:
    """One limit: for which thread, until when, and what is done then."""

    __slots__ = ("action", "first", "ran", "queued", "seconds", "thread", "until")  # noqa: RUF023  (as they come)

    def __init__(self, thread: int, seconds: float, until: float, action: Callable[[], None]) -> None:
        self.action = action
        self.thread = thread
        self.seconds = seconds
        self.until = until
        self.ran, self.queued = thread_times(thread)
        self.first = self.ran


class Patience:
    """The limits that are running. *later* is the kernel's."""

    def __init__(self, later: Later) -> None:
        self._later = later
        self._clock = 0.0
        self._given: dict[int, _Given] = {}  # by number
        self._last_number = 0
        self._looked = 0.0  # when
        self._ended = 0.0  # what the ends so far had taken then
        self._paused = 0.0  # for how long limits had stood still then
        self._looking = False

    def give(self, interpreter: int, seconds: float, action: Callable[[], None]) -> int:
        """Do *action* when an interpreter has had so many seconds; gives a number for take_back."""
        if not self._given:
            self._looked, self._ended, self._paused = now(), interpreter_end_time(), limits_paused()
        self._last_number += 1
        until = self._clock + seconds
        self._given[self._last_number] = _Given(interpreter_thread(interpreter), seconds, until, action)
        if not self._looking:
            self._looking = True
            self._later(min(seconds, _LATEST), self._look)
        return self._last_number

    def take_back(self, number: int) -> None:
        """Take back that limit."""
        self._given.pop(number, None)

    def _look(self) -> None:
        self._looking = False
        if not self._given:
            return
        instant, ended, paused = now(), interpreter_end_time(), limits_paused()
        passed, busy = instant - self._looked - (paused - self._paused), ended - self._ended
        self._looked, self._ended, self._paused = instant, ended, paused
        for one in self._given.values():
            ran, queued = thread_times(one.thread)
            busy += max(0.0, ran - one.ran) + max(0.0, queued - one.queued)
            if ran == one.ran and queued == one.queued and thread_is_runnable(one.thread):
                busy += passed  # how long it queued is counted when it gets its CPU, and it has not got one
            one.ran, one.queued = ran, queued
        if busy < _BUSY * passed:
            self._clock += passed
        late = [n for n, one in self._given.items() if self._clock >= one.until or one.ran - one.first >= one.seconds]
        for number in late:
            one_late = self._given.pop(number, None)
            if one_late is not None:
                one_late.action()
        if self._given and not self._looking:
            self._looking = True
            first = min(one.until for one in self._given.values()) - self._clock
            at_least = max(_SOONEST, (now() - instant) * _LOOK_SHARE)
            self._later(max(at_least, min(first, _LATEST)), self._look)
