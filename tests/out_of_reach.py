"""Where no signal comes: a call from there is one that not even a kill gets anybody out of."""

import signal
import time


def go() -> None:
    """Block all signals for the calling thread."""
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())


def sleep(seconds: float) -> None:
    go()
    time.sleep(seconds)
