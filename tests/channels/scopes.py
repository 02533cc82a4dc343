"""A block in a scope in another thread, and whether a wait here is cancelled."""

import threading

import csp

LONG = 1000.0


def cancelled(receiver):
    """Whether a wait that would last is cancelled, here and now."""
    try:
        receiver.recv(0.001)
    except csp.Cancelled:
        return True
    except TimeoutError:
        return False
    raise AssertionError("something arrived")


class Within:
    """A function that runs in a scope in a thread of its own, and what came of it."""

    def __init__(self, scope, function, *args):
        self.scope, self.raised = scope, None
        self._function, self._args = function, args
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        try:
            with self.scope:
                self._function(*self._args)
        except BaseException as error:
            self.raised = error

    def end(self):
        """Wait for its end: whether it was cut short at the scope."""
        self._thread.join(20)
        assert not self._thread.is_alive(), "it still waits"
        if self.raised is not None:
            raise self.raised
        return self.scope.cancelled_caught


def waiting(handle):
    return handle.statistics().waiting_receivers + handle.statistics().waiting_senders
