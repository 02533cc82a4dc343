"""A send, or anything else, in a thread of its own, and how it ended."""

import threading


class Sending:
    """A send (or anything else) in a thread, and how it ended."""

    def __init__(self, function, *args):
        self.value = self.error = None
        self._thread = threading.Thread(target=self._run, args=(function, args))
        self._thread.start()

    def _run(self, function, args):
        try:
            self.value = function(*args)
        except BaseException as error:
            self.error = error

    @property
    def over(self):
        return not self._thread.is_alive()

    def end(self):
        self._thread.join(10)
        assert self.over
        return self.error
