"""Actors of which something is left for a while when a life is over, and their supervisor."""

import atexit
import os
import socket
import time

import csp

KEEP = []


class Server(csp.Actor):
    """Holds a port until its interpreter is gone, which takes a while."""

    def __init__(self, port):
        atexit.register(time.sleep, 0.3)
        listening = socket.socket()
        listening.bind(("127.0.0.1", port))
        listening.listen()
        KEEP.append(listening)

    @csp.handler
    def crash(self):
        raise SystemExit("on purpose")

    @csp.handler
    def ping(self):
        return "pong"


class Marked(csp.Actor):
    """While its interpreter lives there is a file; tells at its start whether there was one before."""

    def __init__(self, out, path, seconds=0.3):
        out.send(os.path.exists(path))
        with open(path, "w"):
            pass
        atexit.register(os.unlink, path)
        atexit.register(time.sleep, seconds)

    @csp.handler
    def crash(self):
        raise SystemExit("on purpose")


class Refuses(csp.Actor):
    """Comes up once; tells each later attempt, which fails."""

    def __init__(self, out, path):
        out.send("init")
        if os.path.exists(path):
            raise ValueError("there is the file")

    @csp.handler
    def crash(self, path):
        with open(path, "w"):
            pass
        raise SystemExit("on purpose")


class Imports(csp.Actor):
    """Takes 10 ms of CPU to take down, as most that import something."""

    def __init__(self):
        import asyncio
        import json

        del asyncio, json


class Lingers(csp.Actor):
    """Its interpreter does not end for a long time."""

    def __init__(self):
        atexit.register(time.sleep, 1.5)


class Writer(csp.Actor):
    """Counts lines; the count goes to *out* when it ends."""

    mailbox = csp.Buffered(1000)

    def __init__(self, out=None):
        self.out = out
        self.lines = []

    @csp.handler
    def write(self, line):
        time.sleep(0.001)
        self.lines.append(line)

    @csp.handler
    def hold(self, here, gate):
        here.send("here")
        gate.recv(60)

    def on_stop(self, reason):
        if self.out is not None:
            self.out.send(len(self.lines))


class Forwarder(csp.Actor):
    """Passes each line on to the next."""

    mailbox = csp.Buffered(1000)

    def __init__(self, then):
        self.then = then

    @csp.handler
    def write(self, line):
        self.then.write.cast(line)

    @csp.handler
    def set_next(self, then):
        self.then = then


class Circle(csp.Actor):
    """Keeps a message in flight for ever."""

    mailbox = csp.Buffered(10)

    def __init__(self):
        self.then = None

    @csp.handler
    def meet(self, then):
        self.then = then

    @csp.handler
    def go(self):
        self.then.go.cast()


class Spins(csp.Actor):
    mailbox = csp.Buffered(10)

    @csp.handler
    def spin(self, here):
        here.send("here")
        while True:
            pass


class StartsOne(csp.Actor):
    """Starts an actor when the gate opens."""

    mailbox = csp.Buffered(10)

    @csp.handler
    def start(self, here, gate):
        here.send("here")
        gate.recv(60)
        self.spawn(Writer)

    def on_stop(self, reason):
        self.log.info("on_stop", because=reason)


class SlowStop(csp.Actor):
    """Tells that it is asked to stop, and takes as long as the gate is closed."""

    def __init__(self, here, gate):
        self.here, self.gate = here, gate

    def on_stop(self, reason):
        self.here.send("stopping")
        self.gate.recv(60)


class SlowInit(csp.Actor):
    """Tells that it starts, and comes up when the gate opens."""

    def __init__(self, here, gate):
        here.send("starting")
        gate.recv()

    @csp.handler
    def ping(self):
        return "pong"


class Starter(csp.Actor):
    """Starts a SlowInit."""

    @csp.handler
    def start(self, here, gate):
        self.spawn(csp.child(SlowInit, here, gate).options(name="slow"))


def beat(path):
    """Compute for ever, and show it."""
    while True:
        for _ in range(10000):
            pass
        os.utime(path)


def nested(path):
    with csp.parallel() as par:
        par.start(beat, path)


class Boss(csp.Actor):
    """Computes in interpreters of its own."""

    @csp.handler
    def go(self, how, path, here=None):
        if how == "parallel":
            with csp.parallel() as par:
                par.start(beat, path)
        elif how == "nested":
            with csp.parallel() as par:
                par.start(nested, path)
        elif how == "stuck":
            with csp.parallel() as par:
                par.start(beat, path)
                here.send("here")
                time.sleep(3.5)
        else:
            csp.pipeline([path] * 4).map(beat, workers=1).collect()
