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
