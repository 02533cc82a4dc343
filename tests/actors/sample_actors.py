"""Actors that the tests drive. Nothing here but the actors: their interpreters import this module."""

import time

import out_of_reach

import csp


class Odd(Exception):
    """Its constructor does not fit its args, so pickle cannot make it again."""

    def __init__(self, left, right):
        super().__init__(f"{left} and {right}")
        self.left, self.right = left, right


class Prefixed(Exception):
    """Its constructor makes its args longer each time that it is called."""

    def __init__(self, code):
        super().__init__(f"code {code}")
        self.code = code


class Slotted(Exception):
    """Pickle forgets what it holds in slots, and its constructor fills them wrongly from its args."""

    __slots__ = ("__hidden", "code")

    def __init__(self, code):
        super().__init__("always the same")
        self.code = self.__hidden = code

    def hidden(self):
        return self.__hidden


class OddOS(OSError):
    """Its constructor takes more than the built-in one, which fills errno, strerror and filename."""

    def __init__(self, number, text, path, extra):
        super().__init__(number, text, path)
        self.extra = extra


class OddImport(ImportError):
    def __init__(self, text, which, *, more):
        super().__init__(text, name=which)
        self.more = more


class OddNew(Exception):
    def __new__(cls, one, two):
        made = super().__new__(cls, one)
        made.two = two
        return made

    def __init__(self, one, two):
        super().__init__(one)


class KeywordsOnly(Exception):
    def __init__(self, *, code):
        self.code = code


class OddGroup(ExceptionGroup):
    def __new__(cls, extra):
        made = super().__new__(cls, "several", [Odd(1, extra), Prefixed(2)])
        made.extra = extra
        return made

    def __init__(self, extra):
        pass


class OwnWay(Exception):
    """Says itself how it is made, and as what."""

    def __init__(self, one, two):
        super().__init__(one)

    def __reduce__(self):
        return Prefixed, ("of another class",)


class NeverMade(Exception):
    """Pickles, and is nowhere made again."""

    def __reduce__(self):
        return _explode, ()


class Holding(Exception):
    """Holds what cannot be pickled."""

    def __init__(self, text):
        super().__init__(text)
        self.file = (x for x in ())


class Own(Exception):
    """An exception of its own type that travels, with what it knows."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


class Unreadable:
    """Pickles, and fails wherever it is read."""

    def __reduce__(self):
        return _explode, ()


def _explode():
    raise LookupError("cannot be read anywhere")


class Account(csp.Actor):
    def __init__(self, owner, balance=0):
        self.owner, self.balance = owner, balance

    @csp.handler
    def deposit(self, amount, note=None):
        self.balance += amount
        return (self.balance, note) if note is not None else self.balance

    @csp.handler
    def total(self):
        return self.balance


class Everything(csp.Actor):
    """One handler for each thing that a test may want of an actor."""

    def __init__(self, out=None):
        self.out = out
        self.kept = None
        self.noted = []

    @csp.handler
    def echo(self, *args, **kwargs):
        if kwargs:
            return args, kwargs
        return args[0] if len(args) == 1 else args

    @csp.handler
    def raise_(self, kind, *args):
        kinds = {
            "value": ValueError,
            "odd": Odd,
            "holding": Holding,
            "own": Own,
            "exit": SystemExit,
            "interrupt": KeyboardInterrupt,
            "stopped": csp.Stopped,
        }
        raise kinds[kind](*args)

    @csp.handler
    def raise_from(self):
        try:
            {}["first"]
        except KeyError as error:
            raise ValueError("second") from error

    @csp.handler
    def give(self, what):
        if what == "lambda":
            return lambda: 0
        if what == "deep":
            deep = ()
            for _ in range(200_000):
                deep = (deep,)
            return deep
        if what == "closed end":
            tx, _ = csp.channel()
            tx.close()
            return [tx]
        if what == "unreadable":
            return Unreadable()
        raise LookupError(what)

    @csp.handler
    def raise_closed_end(self):
        tx, _ = csp.channel()
        tx.close()
        raise ValueError("it holds an end", tx)

    @csp.handler
    def wait_for(self, gate):
        """Say on the gate's way in that it is here, and wait there."""
        return gate.recv()

    @csp.handler
    def announce_and_wait(self, here, gate):
        here.send("here")
        return gate.recv()

    @csp.handler
    def tell(self, out, value):
        out.send(value)

    @csp.handler
    def sleep_in_c(self, here, seconds):
        here.send("asleep")
        out_of_reach.sleep(seconds)
        return "slept"

    @csp.handler
    def spin(self, here):
        here.send("spinning")
        while True:
            pass

    @csp.handler
    def swallow(self, here):
        """A loop that swallows whatever is raised in it."""
        here.send("swallowing")
        while True:
            try:
                while True:
                    here.statistics()
            except:  # noqa: E722
                pass

    @csp.handler
    def park(self, here):
        tx, rx = csp.channel()
        here.send("parked")
        rx.recv()
        tx.close()

    @csp.handler
    def call_me(self):
        return self.me.echo(1)

    @csp.handler
    def cast_me(self):
        self.me.echo.cast(1)

    @csp.handler
    def future_me(self):
        return self.me.echo.future(1).result(1)

    @csp.handler
    def send_me(self):
        self.me.send(1)

    @csp.handler
    def own_ref(self):
        return self.me

    @csp.handler
    def own_name(self):
        return self.name

    @csp.handler
    def ask_other(self, other, value):
        return other.echo(value)

    @csp.handler
    def future_of_other(self, other, value, timeout=5):
        return other.echo.future(value).result(timeout)

    @csp.handler
    def spawn_account(self, owner, balance):
        self.kept = self.spawn(Account, owner, balance=balance)
        return self.kept

    @csp.handler
    def spawn_failing(self):
        self.spawn(FailsInInit, "inner")

    @csp.handler
    def find(self, name):
        return self.lookup(name)

    @csp.handler
    def stop_self(self, reason="done"):
        self.stop(reason)
        return "last answer"

    @csp.handler
    def log_it(self, level, event, **values):
        getattr(self.log, level)(event, **values)

    @csp.handler
    def log_bound(self, bound, event):
        self.log.bind(**bound).info(event)

    @csp.handler
    def hidden_handler(self):
        return self.helper()

    def helper(self):
        return "not for others"

    @csp.handler
    def thread_casts_me(self, out):
        import threading

        me = self.me

        def later():
            me.tell.cast(out, "from my thread")

        threading.Thread(target=later).start()

    @csp.handler
    def note(self, text):
        self.noted.append(text)

    @csp.handler
    def notes(self):
        return self.noted


class EverythingBuffered(Everything):
    mailbox = csp.Buffered(4)


class DropsOldest(Everything):
    mailbox = csp.Buffered(1, overflow="drop_oldest")


class DropsNewest(Everything):
    mailbox = csp.Buffered(1, overflow="drop_newest")


class Refuses(Everything):
    mailbox = csp.Buffered(1, overflow="error")


class Recorder(csp.Actor):
    """Says on a channel what is called, in order."""

    def __init__(self, out, fail_in=""):
        self.out, self.fail_in = out, fail_in
        self._note("__init__")

    def _note(self, what):
        self.out.send(what)
        if self.fail_in == what:
            raise ValueError(f"failed in {what}")

    def on_start(self):
        self._note("on_start")

    def on_stop(self, reason):
        self._note("on_stop")
        self.out.send(reason)

    def receive(self, message):
        self._note(("receive", message))

    @csp.handler
    def work(self, value):
        self._note(("work", value))

    @csp.handler
    def stop_with(self, reason):
        self.stop(reason)

    @csp.handler
    def fail(self):
        raise ValueError("a handler failed")


class QuietRecorder(csp.Actor):
    """Keeps plain messages, and does not override on_stop."""

    def __init__(self):
        self.seen = []

    def receive(self, message):
        self.seen.append(message)

    @csp.handler
    def all_seen(self):
        return self.seen


class FailsInInit(csp.Actor):
    def __init__(self, text="no"):
        raise Own(text)


class FailsInStart(csp.Actor):
    def on_start(self):
        raise Own("in on_start")


class ExitsInInit(csp.Actor):
    def __init__(self):
        raise SystemExit("leaving")


class HangsInInit(csp.Actor):
    def __init__(self, here):
        tx, rx = csp.channel()
        here.send("in __init__")
        rx.recv()
        tx.close()


class FreeForm(csp.Actor):
    """Serves its mailbox and a channel of its own, until the word."""

    def __init__(self, extra, out):
        self.extra, self.out = extra, out

    @csp.handler
    def double(self, number):
        return number * 2

    def receive(self, message):
        self.out.send(("plain", message))

    def run(self):
        while True:
            guard, message = csp.select(self.mailbox, self.extra)
            if guard is self.extra:
                if message == "end":
                    return
                self.out.send(("extra", message))
            else:
                self.handle(message)

    def on_stop(self, reason):
        self.out.send(("on_stop", reason))


class AsksAtTheEnd(csp.Actor):
    """Asks for a future while it lives, and for another when it was told to stop."""

    def __init__(self, other, out):
        self.other, self.out = other, out

    def run(self):
        self.out.send(self.other.echo.future("alive").result(10))
        self.mailbox.recv()

    def on_stop(self, reason):
        self.out.send(self.other.echo.future("at the end").result(10))


class MadeByNew(csp.Actor):
    """Its __new__ takes the arguments, too."""

    def __new__(cls, first, *, second):
        made = super().__new__(cls)
        made.from_new = (first, second)
        return made

    def __init__(self, first, *, second):
        self.from_init = (first, second)

    @csp.handler
    def both(self):
        return self.from_new, self.from_init


class NewGivesAnother(csp.Actor):
    def __new__(cls):
        return 5


class NotExisting:
    pass


class BadMailbox(csp.Actor):
    mailbox = 5


class WithNames(csp.Actor):
    """Inherits and takes away handlers."""

    @csp.handler
    def kept(self):
        return "kept"

    @csp.handler
    def taken_away(self):
        return "never"


class WithNamesChild(WithNames):
    def taken_away(self):
        return "plain"

    @csp.handler
    def added(self):
        return self.taken_away()


class HangsAtExit(csp.Actor):
    """Its interpreter never ends: an atexit handler waits for ever."""

    def __init__(self, seconds):
        import atexit

        atexit.register(out_of_reach.sleep, seconds)


class LeavesThread(csp.Actor):
    """Starts a thread that sleeps where no kill gets it, and ends before it."""

    def __init__(self, seconds):
        import _thread

        _thread.start_new_thread(self.sleep, (seconds,))

    @staticmethod
    def sleep(seconds):
        out_of_reach.go()
        time.sleep(seconds)


class WorksOn(csp.Actor):
    """Starts a thread that says three numbers, one when the last was heard."""

    def __init__(self, out):
        import threading

        self.thread = threading.Thread(target=lambda: [out.send(n) for n in range(3)])
        self.thread.start()
