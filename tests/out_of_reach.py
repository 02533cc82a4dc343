"""Where no signal comes: a call from there is one that not even a kill gets anybody out of."""

import _signal  # signal itself imports enum, and the tests measure what their actors cost
import time


def go() -> None:
    """Block all signals for the calling thread."""
    _signal.pthread_sigmask(_signal.SIG_BLOCK, _signal.valid_signals())


def sleep(seconds: float) -> None:
    go()
    time.sleep(seconds)
