"""Actors that look at the call which they handle, and make others from it."""

import threading
import time

import csp
from csp import _native


def seen():
    """The current call as plain values: (deadline, id, trace, priority, is_cast), or None."""
    call = csp.current_call()
    return call and (call.deadline, call.id, call.trace, call.priority, call.is_cast)


class Looks(csp.Actor):
    """Tells of the call that it handles, by its result or on the channel it is given."""

    def __init__(self, out=None):
        self.out = out
        self.count = 0
        self._tell(seen())

    def _tell(self, what):
        if self.out is not None:
            self.out.send(what)

    def receive(self, message):
        self._tell((message, seen()))

    def on_stop(self, reason):
        self._tell(seen())

    @csp.handler
    def look(self):
        self.count += 1
        return seen()

    @csp.handler
    def tell_look(self, out):
        out.send(seen())

    @csp.handler
    def remaining(self):
        return csp.current_call().remaining()

    @csp.handler
    def hold(self, here, gate):
        """Say that it is here, and stay until the gate is closed or gives something."""
        here.send("here")
        here.close()
        try:
            gate.recv()
        except csp.EndOfChannel:
            pass

    @csp.handler
    def counted(self):
        return self.count

    @csp.handler
    def look_locally(self):
        return seen(), self.look()

    @csp.handler
    def look_in_a_thread(self):
        found = []
        thread = threading.Thread(target=lambda: found.append(seen()))
        thread.start()
        thread.join()
        return found[0], seen()

    @csp.handler
    def look_from_a_callback(self, other):
        found, done = [], threading.Event()
        future = other.look.future()
        future.add_done_callback(lambda _: (found.append(seen()), done.set()))
        done.wait(10)
        return found[0]

    @csp.handler
    def look_aside(self):
        """A plain message is handled within a call."""
        self.handle("plain")
        return seen()

    @csp.handler
    def look_while_debugging(self):
        before = seen()[0]
        _native.pause_limits(True)
        until = time.monotonic() + 0.05
        while time.monotonic() < until:
            pass
        _native.pause_limits(False)
        return before, seen()[0]


class LooksBuffered(Looks):
    mailbox = csp.Buffered(64)


class Asks(Looks):
    """Handles a call by asking another."""

    @csp.handler
    def ask_all_ways(self, other):
        """(own, of a call, of a cast, of a tell, of a future)"""
        tx, rx = csp.channel(2)
        called = other.look()
        other.tell_look.cast(tx)
        other.tell_look.tell(tx)
        return seen(), called, rx.recv(), rx.recv(), other.look.future().result()

    @csp.handler
    def pass_on(self, out, call):
        """Make a call that waits too long; tells how it ended."""
        self._pass_on(out, call)

    def _pass_on(self, out, call):
        try:
            call()
        except TimeoutError as error:
            out.send((type(error).__name__, str(error)))
        else:
            out.send(("answered", ""))

    @csp.handler
    def ask_held(self, out, other, here, gate, timeout=...):
        self._pass_on(out, lambda: other.hold.options(timeout=timeout)(here, gate))

    @csp.handler
    def ask_channel(self, out, tx):
        self._pass_on(out, lambda: tx.call("anybody?"))

    @csp.handler
    def ask_too_late(self, out, other, ways):
        """Ask when the caller waits no longer."""
        while csp.current_call().remaining() > 0:
            csp.sleep(csp.current_call().remaining())
        for way in ways:
            match way:
                case "call":
                    self._pass_on(out, other.look)
                case "cast":
                    self._pass_on(out, other.look.cast)
                case "future":
                    self._pass_on(out, lambda: other.look.future().result(10))
                case "shielded":
                    with csp.CancelScope(shield=True):
                        self._pass_on(out, other.look)
                case "kernel":
                    self._pass_on(out, lambda: self.lookup("asks"))


class Caller(csp.Actor):
    """Waits for another for ever."""

    @csp.handler
    def ask(self, other, future):
        if future:
            other.look.future().result()
        else:
            other.look.options(timeout=None)()


class FreeForm(Looks):
    """Receives by itself, and handles."""

    mailbox = csp.Buffered(64)

    def run(self):
        while (message := self.mailbox.recv()) != "end":
            self.out.send(("outside", seen()))
            self.handle(message)


class Later(Looks):
    """Receives what is there, waits at the gate, and handles it then."""

    mailbox = csp.Buffered(64)

    def __init__(self, out, gate):
        super().__init__(out)
        self.gate = gate

    def run(self):
        while True:
            messages = [self.mailbox.recv()]
            self.out.send("received")
            self.gate.recv()
            while messages:
                self.handle(messages.pop())


class Answers(csp.Actor):
    """Answers a call in the middle of handling it."""

    def run(self):
        message = self.mailbox.recv()
        self.reply = message[0]
        tx, rx = csp.channel(4)
        _native.handle(self.reply, Answers.early, self, (tx,), None)
        self.out = [rx.recv() for _ in range(3)]
        tx, rx = self.mailbox.recv()
        tx.send(self.out)
        self.mailbox.recv()

    def early(self, tx):
        tx.send(seen())
        _native.handle(self.reply, Answers.inner, self, (tx,), None)
        tx.send(seen())

    def inner(self, tx):
        self.reply.answer("early")
        del self.reply
        tx.send(seen())

    @csp.handler
    def ask(self): ...


class Tattles:
    """Says on a channel when it is read out of a message."""

    def __init__(self, tx):
        self.tx = tx

    def __reduce__(self):
        return read, (self.tx,)


def read(tx):
    tx.send("read")
    return Tattles(tx)
