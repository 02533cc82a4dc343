"""Interpreters that use a synchronisation object as they are told, until they end, one way or another."""

import csp
from csp._native import channel, fence_interpreter, kill_interpreter
from csp.hosts.interpreter import order, start


def attempt(operation, *arguments):
    """What it gives, or the name of the exception that it raises."""
    try:
        return operation(*arguments)
    except (csp.CspError, RuntimeError, ValueError) as error:
        return type(error).__name__


class Taker:
    """An interpreter with a handle of its own."""

    WAYS = ("return", "raise", "kill", "cut off")

    def __init__(self, handle):
        exits, self._ended = channel(1)
        told, self._here = channel(1)
        self._orders, orders = channel()
        started = start("taker", exits, 1)
        self._id = started.id
        order(started, "takers", "obey", (orders, told, handle))
        for end in (exits, told, orders, started.control):
            end.close()
        assert self._here.recv(timeout=10) == "here"

    def does(self, operation, *arguments):
        """Let it call a method of its handle; gives what came of that."""
        self._orders.send((operation, arguments), timeout=10)
        return self._here.recv(timeout=10)

    def end(self, way):
        """Let it end in this way; when this returns what it held is closed."""
        if way == "cut off":
            fence_interpreter(self._id)
        elif way == "kill":
            kill_interpreter(self._id)
        else:
            self._orders.send((way, ()), timeout=10)
        ending = self._ended.recv(timeout=10)[1]
        assert ending == {"return": "ended", "raise": "failed", "kill": "killed", "cut off": "failed"}[way], ending
        for end in (self._orders, self._here, self._ended):
            end.close()


def obey(control, orders, told, handle):
    """Do with *handle* what is said."""
    told.send("here")
    for operation, arguments in orders:
        if operation == "return":
            return
        if operation == "raise":
            raise OSError("on purpose")
        told.send(attempt(getattr(handle, operation), *arguments))
