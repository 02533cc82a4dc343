"""Actors that live on threads of the main interpreter."""

import sys
import threading

import csp
from csp._native import self_id

SHARED = {}  # what several of them use that they were not sent


class Person(csp.Actor):
    """Tells who it is, in every way, and knows others."""

    def __init__(self, *, own_path=False):
        self.friend = None
        if own_path:
            self.path = list(sys.path)

    @csp.handler
    def who(self):
        return type(self).__name__, self.name, self.me.name, self_id(), threading.get_ident()

    @csp.handler
    def meet(self, friend):
        self.friend = friend

    @csp.handler
    def ask_friend(self):
        return self.friend.who()

    @csp.handler
    def ask_myself(self):
        return self.me.who()

    @csp.handler
    def hold(self, end):
        self.held = end

    @csp.handler
    def listen(self, end):
        return end.recv()

    @csp.handler
    def wait(self):
        """Wait through an end that is main's, and was not sent."""
        try:
            return SHARED["receiver"].recv()
        except csp.Stopped:
            SHARED["stopped"].append(self.name)
            raise

    @csp.handler
    def open(self):
        """Make a channel, and leave its ends where everybody finds them."""
        SHARED[self.name] = csp.channel()
        return SHARED[self.name][0].channel_id

    @csp.handler
    def path(self):
        return list(sys.path)

    @csp.handler
    def ask_in_futures(self):
        """The answers of two calls that run at the same time, and who received them."""
        futures = [self.friend.who.future() for _ in range(2)]
        return [future.result(10)[1] for future in futures]

    @csp.handler
    def wait_for_future(self):
        """Wait for a call that is not answered."""
        try:
            return self.friend.wait.options(timeout=None).future().result()
        except csp.Stopped:
            SHARED["stopped"].append(self.name)
            raise

    @csp.handler
    def speak_from_a_thread(self):
        """What a thread of the actor's, which is no guest, knows of it."""
        said = []
        helper = threading.Thread(target=lambda: said.append((self.name, self.me == SHARED[self.name])))
        helper.start()
        helper.join()
        return said


class Greeter(csp.Actor):
    """Has a handler of the same name as Person, and one of its own."""

    mailbox = csp.Buffered(4)

    @csp.handler
    def who(self, greeting="hello"):
        return greeting, self.name, self.me.name, self_id(), threading.get_ident()

    @csp.handler
    def cast_to_myself(self):
        self.me.note.cast(self.name)
        return "went"

    @csp.handler
    def note(self, what):
        SHARED["noted"].append(what)


class FreeForm(csp.Actor):
    """Runs by itself."""

    def run(self):
        while (message := self.mailbox.recv()) != "over":
            self.handle(message)

    @csp.handler
    def who(self):
        return "free", self.name, self.me.name, self_id(), threading.get_ident()
