"""A crew: processes that carry out functions for a test, of whatever kind, and tell how that went.

A member waits for orders, and an order is a message, so that it gets handles of its own, and copies, whichever kind it
is of. A new kind is one more entry in KINDS: a function that starts what calls ``serve(orders)``, and gives something
with ``end()`` and ``cut_off()``.

This module is imported by the members, too: it imports nothing that an interpreter of its own could not.
"""

import threading
from importlib import import_module

import csp
from csp._native import channel, fence_interpreter
from csp.hosts.interpreter import order, start
from csp.messages.failure import pack, unpack

PATIENCE = 20.0  # seconds after which a task that has not ended is a failure of its test


def serve(orders, find=import_module):
    """Carry out orders until there are no more: (module, function, arguments, where to answer). *find* imports."""
    for module, name, arguments, answers in orders:
        given = [arguments]
        del arguments  # the function is to be the only one that has the ends among them
        try:
            answer = (True, getattr(find(module), name)(*given.pop()))
        except Exception as error:
            answer = (False, pack(error))
            error.__traceback__ = None
        try:
            answers.send(answer)
        except csp.BrokenChannel:
            pass  # the test gave it up
        del answer, answers


def serve_ordered(control, orders):
    """Like serve; as csp starts interpreters."""
    control.close()
    serve(orders)


class _Thread:
    """A member that is a thread of the main interpreter."""

    def __init__(self, orders):
        self.thread = threading.Thread(target=serve, args=(orders.clone(),), daemon=True)
        self.thread.start()

    def end(self):
        """Wait until it has ended, its orders being over."""
        self.thread.join(PATIENCE)

    def cut_off(self):
        """Give it up. Nobody can end a thread: as a daemon it goes with the program."""


class _CThread(_Thread):
    """A member that is a thread of the main interpreter and uses the C functions only."""

    def __init__(self, orders):
        self.thread = threading.Thread(target=_serve_in_c, args=(orders.clone(),), daemon=True)
        self.thread.start()


def _serve_in_c(orders):
    """Like serve, with the orders' receiver held by C, as all that comes in them."""
    from capi import import_over_c, wrap

    serve(wrap(orders), import_over_c)


class _Interpreter:
    """A member that is an interpreter with a GIL of its own."""

    def __init__(self, orders):
        exits, self.ended = channel(1)
        started = start("crew", exits, 1)
        exits.close()
        self.id = started.id
        order(started, "crew", "serve_ordered", (orders,))
        started.control.close()

    def end(self):
        """Wait until it has ended, its orders being over."""
        assert self.ended.recv(timeout=PATIENCE) == (1, "ended", None)

    def cut_off(self):
        """Close all that it holds, and let it be."""
        fence_interpreter(self.id)


KINDS = {"threads": _Thread, "interpreters": _Interpreter, "C API": _CThread}


class Task:
    """A function that a member carries out."""

    def __init__(self, answers):
        self._answers = answers

    def result(self, timeout=PATIENCE):
        """What it returned; raises what it raised. Waits for it."""
        good, answer = self._answers.recv(timeout)
        self._answers.close()
        if good:
            return answer
        raise unpack(answer)

    @property
    def done(self):
        """Whether the answer is there."""
        return len(self._answers) > 0 or self._answers.closed


class Member:
    """One of the crew."""

    def __init__(self, kind):
        self._orders, orders = channel(1)
        self._process = KINDS[kind](orders)
        orders.close()
        self.task = None

    @property
    def free(self):
        """Whether it can be given a task."""
        return self.task is None or self.task.done

    def start(self, function, *arguments):
        """Let it carry out ``function(*arguments)``; does not wait."""
        answers, told = channel(1)
        self._orders.send((function.__module__, function.__qualname__, arguments, answers))
        answers.close()
        self.task = Task(told)
        return self.task

    def end(self):
        """Let it end, and wait for that."""
        self._orders.close()
        self._process.end()

    def cut_off(self):
        """Give it up with what it does."""
        self._orders.close()
        self._process.cut_off()


class Crew:
    """Members of one kind, made when they are needed and used again."""

    def __init__(self, kind, size):
        self.kind = kind
        self._members = [Member(kind) for _ in range(size)]
        for member in self._members:
            member.start(_here)
        for member in self._members:
            member.task.result()

    def start(self, function, *arguments):
        """Let a member carry out ``function(*arguments)``; gives its Task."""
        free = next((member for member in self._members if member.free), None)
        if free is None:
            raise RuntimeError("everybody in the crew is at work: give it more members")
        return free.start(function, *arguments)

    def start_many(self, n, function, *arguments):
        """Let *n* members do the same."""
        return [self.start(function, *arguments) for _ in range(n)]

    def run(self, function, *arguments):
        """Let a member carry it out, and wait for the result."""
        return self.start(function, *arguments).result()

    def replace_the_stuck(self):
        """Give up those that are still at work and take on others; gives their number."""
        stuck = [member for member in self._members if not member.free]
        for member in stuck:
            member.cut_off()
            self._members.remove(member)
            self._members.append(Member(self.kind))
        return len(stuck)

    def end(self):
        """Let all end, and wait for that."""
        for member in self._members:
            member.end()


def _here():
    return True
