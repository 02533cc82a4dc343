"""Threads that wait in one operation each."""

import threading
import time

import csp


class Waiter:
    """A thread that waits in one operation."""

    def __init__(self, operation, *arguments):
        self._outcome = None
        self._thread = threading.Thread(target=self._wait, args=(operation, arguments), daemon=True)
        self._thread.start()

    def _wait(self, operation, arguments):
        self._outcome = attempt(operation, *arguments)

    def outcome(self):
        """What came of it; it has been served."""
        self._thread.join(10)
        assert not self._thread.is_alive(), "it still waits"
        return self._outcome


def attempt(operation, *arguments, **keywords):
    """What it gives, or the name of the exception that it raises."""
    try:
        return operation(*arguments, **keywords)
    except csp.ChannelError as error:
        return type(error).__name__
    except TimeoutError:
        return "TimeoutError"


def let_others_run():
    """Leave the GIL to whoever waits for it: a loop that looks for what another thread does would keep it for the 5 ms
    of the switch interval.
    """
    time.sleep(0)
