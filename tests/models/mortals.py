"""Interpreters that hold ends until they end, one way or another."""

from csp._native import channel, fence_interpreter, kill_interpreter
from csp.interpreters.start import order, start


class Mortal:
    """An interpreter that holds handles of its own of the given ends."""

    WAYS = ("return", "raise", "kill", "cut off")

    def __init__(self, ends):
        exits, self._ended = channel(1)
        told, here = channel(1)
        self._orders, orders = channel()
        started = start("mortal", exits, 1)
        self._id = started.id
        order(started, "mortals", "hold", (orders, told, *ends))
        for end in (exits, told, orders, started.control):
            end.close()
        here.recv(timeout=10)

    def end(self, way):
        """Let it end in this way; when this returns what it held is closed."""
        if way == "cut off":
            fence_interpreter(self._id)  # it finds itself without ends; that it then also ends is waited for in bury
        elif way == "kill":
            kill_interpreter(self._id)
        else:
            self._orders.send(way, timeout=10)
        if way != "cut off":
            ending = self._ended.recv(timeout=10)[1]
            assert ending == {"return": "ended", "raise": "failed", "kill": "killed"}[way], ending
        self._orders.close()

    def bury(self):
        """Wait until it is gone, if it was cut off."""
        if len(self._ended) or self._ended.statistics().received == 0:
            self._ended.recv(timeout=10)
        self._ended.close()


def hold(control, orders, told, *ends):
    """Hold *ends* until it is said how to end."""
    told.send("here")
    told.close()
    if orders.recv() == "raise":
        raise ValueError("on purpose")
