"""Interpreters that hold ends until they end, one way or another."""

from csp._native import Sender, cancel_interpreter, channel, fence_interpreter, kill_interpreter, select
from csp.hosts.interpreter import order, start


class Mortal:
    """An interpreter that holds handles of its own of the given ends, and may wait in a select over them."""

    WAYS = ("return", "raise", "kill", "cut off")

    def __init__(self, ends, function="hold"):
        exits, self._ended = channel(1)
        told, here = channel(1)
        self._orders, orders = channel()
        started = start("mortal", exits, 1)
        self._id = started.id
        order(started, "mortals", function, (orders, told, *ends))
        for end in (exits, told, orders, started.control):
            end.close()
        here.recv(timeout=10)

    def end(self, way):
        """Let it end in this way; when this returns what it held is closed."""
        if way == "cut off":
            fence_interpreter(self._id)  # it finds itself without ends; that it then also ends is waited for in bury
        elif way == "kill":
            kill_interpreter(self._id)
        elif way == "stop":
            cancel_interpreter(self._id)
        else:
            self._orders.send(way, timeout=10)
        if way != "cut off":
            ending = self._ended.recv(timeout=10)[1]
            assert ending == {"return": "ended", "raise": "failed", "kill": "killed", "stop": "failed"}[way], ending
        self._orders.close()

    def come_home(self):
        """Wait until it has ended by itself, what it waited for having come."""
        self._ended.recv(timeout=10)
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


def choose(control, orders, told, *ends):
    """Wait in a select over the ends: to receive, or to offer what nobody else sends."""
    told.send("here")
    told.close()
    select(*(end.offer("from a mortal") if isinstance(end, Sender) else end for end in ends))
