"""Actors and supervisors that the supervision tests drive; each actor tells on a channel what becomes of it."""

import time

import csp


class Worker(csp.Actor):
    """Tells (name, event, monotonic time) on *out*."""

    mailbox = csp.Buffered(100)

    def __init__(self, out, plan=""):
        self.out, self.plan = out, plan
        self.count = 0
        self.tell("init")
        if plan == "never starts":
            raise ValueError("it never starts")

    def tell(self, event):
        self.out.send((self.name.rpartition("/")[2], event, time.monotonic()))

    def on_stop(self, reason):
        if self.plan == "slow stop":
            time.sleep(0.3)
        self.tell(f"stop {reason}")

    @csp.handler
    def add(self, number):
        self.count += number
        return self.count

    @csp.handler
    def crash(self, text="on purpose"):
        self.tell("crashing")
        raise SystemExit(text)

    @csp.handler
    def finish(self):
        self.stop()

    @csp.handler
    def hold(self, here, gate):
        here.send("here")
        return gate.recv()

    @csp.handler
    def hold_and_crash(self, here, gate):
        here.send("here")
        try:
            gate.recv()
        except csp.EndOfChannel:
            pass
        raise SystemExit("held and crashed")

    @csp.handler
    def hold_and_finish(self, here, gate):
        here.send("here")
        try:
            gate.recv()
        except csp.EndOfChannel:
            pass
        self.stop()

    @csp.handler
    def note(self, value):
        self.tell(("note", value))

    @csp.handler
    def spin(self, here):
        here.send("here")
        while True:
            pass

    @csp.handler
    def nap(self, here, seconds):
        import out_of_reach  # not before: the first import of an extension module waits for main's GIL

        here.send("here")
        out_of_reach.sleep(seconds)


class RendezvousWorker(Worker):
    mailbox = None


class Crasher(csp.Actor):
    def __init__(self, out):
        out.send("up")

    @csp.handler
    def crash(self):
        raise SystemExit("on purpose")


class Busy(csp.Actor):
    """Uses what drivers use, and leaves it: a pool, a timer, a program, a server whose clean-up takes 0.3 s."""

    def __init__(self, out):
        import atexit
        import socketserver
        import subprocess
        import threading
        from concurrent.futures import ThreadPoolExecutor

        global pool
        pool = ThreadPoolExecutor(2)
        assert pool.submit(int, 3).result() == 3
        threading.Timer(0.05, time.monotonic).start()
        subprocess.run(["true"], check=True)
        self.server = socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,)).start()
        atexit.register(time.sleep, 0.3)
        out.send("up")

    @csp.handler
    def crash(self):
        raise SystemExit("on purpose")

    def on_stop(self, reason):
        self.server.shutdown()
        self.server.server_close()


class FailsLater(csp.Actor):
    """Starts once; later starts fail until the file is gone."""

    def __init__(self, out, path):
        import os

        self.out = out
        if os.path.exists(path):
            out.send(("failslater", "init fails", time.monotonic()))
            raise ValueError("not yet")
        out.send(("failslater", "init", time.monotonic()))

    @csp.handler
    def crash(self, path):
        with open(path, "w"):
            pass
        raise SystemExit("and not again")


class Asks(csp.Actor):
    @csp.handler
    def look(self, name):
        return self.lookup(name)

    @csp.handler
    def say(self, what):
        self.log.info(what)

    @csp.handler
    def make_a_system(self):
        csp.System()


class Childs(csp.Supervisor):
    """Misspelled: nobody asks for these."""

    def childs(self):
        yield csp.child(Asks)


class Tree(csp.Supervisor):
    """Children and settings from outside."""

    def __init__(self, children, strategy="one_for_one", intensity=None, auto_shutdown="never"):
        self.specs = children
        self.strategy = strategy
        self.intensity = intensity if intensity is not None else csp.Intensity(restarts=100, seconds=60)
        self.auto_shutdown = auto_shutdown

    def children(self):
        return self.specs


class Inner(Tree):
    pass
