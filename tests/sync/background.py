"""A call that waits in a thread of its own, and how to see that it does."""

import threading
import time


class Background:
    """A call in a thread; its result, or its exception, is asked for."""

    def __init__(self, function, *arguments, **keywords):
        self._outcome = []
        self._thread = threading.Thread(target=self._run, args=(function, arguments, keywords))
        self._thread.start()

    def _run(self, function, arguments, keywords):
        try:
            self._outcome.append((True, function(*arguments, **keywords)))
        except BaseException as error:
            self._outcome.append((False, error))

    def result(self):
        """What the call gave or raised, within 20 s."""
        self._thread.join(20)
        assert not self._thread.is_alive(), "the call still waits"
        ok, value = self._outcome.pop()
        if ok:
            return value
        try:
            raise value
        finally:
            del value


def waiting(handle):
    """How many wait on it now."""
    return handle.statistics().waiting_receivers


def wait_for_waiters(handle, count=1):
    """Wait until so many wait on it."""
    deadline = time.monotonic() + 20
    while waiting(handle) != count:
        assert time.monotonic() < deadline, f"{waiting(handle)} wait on {handle!r}, not {count}"
        time.sleep(0.001)


def in_background(handle, function, *arguments, **keywords):
    """Call it in a thread, and come back when it waits on the handle, behind those who do already."""
    before = waiting(handle)
    call = Background(function, *arguments, **keywords)
    wait_for_waiters(handle, before + 1)
    return call
