"""Where no signal comes: a call from there is one that not even a kill gets anybody out of."""

import time


def go() -> None:
    """Block all signals for the calling thread."""
    import signal  # not before: it costs an actor's start, and waits for main's GIL

    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())


def sleep(seconds: float) -> None:
    go()
    time.sleep(seconds)
