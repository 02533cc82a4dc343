"""A kind of host for tests: an order is carried out by a guest, on a plain thread of this interpreter."""

import threading

from csp._native import begin_holder, cancel_holder, end_holder, fence_holder, unbounded_channel
from csp.errors import BrokenChannel, EndOfChannel
from csp.hosts.importing import resolve


class GuestHost:
    """One thread with a holder of its own; see csp.hosts.kinds.Host."""

    id = 0

    def __init__(self, name, exits, tag):
        self.name, self._exits, self._tag = name, exits, tag
        self._control, self._receiver = unbounded_channel()
        self.holder = 0
        ready = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(ready,), name=f"host of {name}")
        self.thread.start()
        ready.wait(10)

    def _run(self, ready):
        self.holder = begin_holder(self.name)
        ready.set()
        ending = "ended", None
        try:
            # A clone of ours: what stops us must reach what we wait for.
            control = self._receiver.clone()
            self._receiver.close()
            module, function = control.recv()
            resolve(module, function)(control, *control.recv())
        except EndOfChannel:
            pass
        except BaseException as error:
            ending = "failed", f"{type(error).__name__}: {error}"
        finally:
            end_holder()
        try:
            self._exits.send((self._tag, *ending))
        except BrokenChannel:
            pass

    def begin(self, module, function, arguments):
        self._control.send((module, function))
        self._control.send(arguments)

    def ask(self, message):
        self._control.send_nowait(message)

    def cancel(self):
        cancel_holder(self.holder)

    def kill(self):
        """There is nothing more that could be done to a thread."""
        cancel_holder(self.holder)

    def end_within(self, seconds):
        """What a thread has started is not its own."""

    def fence(self):
        fence_holder(self.holder)

    def close(self):
        self._control.close()
