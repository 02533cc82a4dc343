"""Exceptions of odd shapes, and an actor that raises them. Other interpreters import this module."""

import dataclasses
import logging
import threading
import warnings

import csp


@dataclasses.dataclass(frozen=True)
class Frozen(Exception):
    code: str


class Refusing(Exception):
    """Nothing can be set in it, by its class's wish."""

    def __setattr__(self, name, value):
        raise TypeError(f"{name} cannot be set")


class Nameless(Exception):
    """Its text needs an attribute that nobody has set."""

    def __str__(self):
        return f"not found: {self.key}"


class OwnText(str):
    __slots__ = ()

    def __str__(self):
        return self


class OddText(Exception):
    """Its text is of a class of its own."""

    def __str__(self):
        return OwnText("odd")


class WithNotes(Exception):
    pass


def with_notes(notes):
    error = WithNotes("n")
    error.__notes__ = notes
    return error


class HiddenNotes(Exception):
    @property
    def __notes__(self):
        raise RuntimeError("hidden")


class Changing(Exception):
    """Each that is made says something else."""

    made = 0

    def __init__(self, *args):
        super().__init__(*args)
        Changing.made += 1
        self.number = Changing.made

    def __reduce__(self):
        return Changing, self.args

    def __str__(self):
        return f"number {self.number}"


class HoldsLock(Exception):
    def __init__(self):
        super().__init__("connection lost")
        self.lock = threading.Lock()


SHAPES = {
    "frozen": lambda: Frozen("NoSuchKey"),
    "refusing": lambda: Refusing("r"),
    "nameless": Nameless,
    "odd text": OddText,
    "no notes": lambda: with_notes(None),
    "a number of notes": lambda: with_notes(7),
    "notes of all kinds": lambda: with_notes(["a", 1, None]),
    "hidden notes": HiddenNotes,
    "changing": Changing,
    "holds a lock": HoldsLock,
}


class Raiser(csp.Actor):
    mailbox = csp.Buffered(10)

    def __init__(self, told=None):
        self.told = told

    @csp.handler
    def fail(self, shape):
        error = SHAPES[shape]()
        raise error

    @csp.handler
    def fail_group(self):
        errors = []
        for n in (1, 2):
            try:
                inner(n)
            except ValueError as error:
                errors.append(error)
        raise ExceptionGroup("both", errors)

    @csp.handler
    def fail_while_handling(self):
        try:
            raise KeyError("first")
        except KeyError:
            raise LookupError("second")  # noqa: B904  (that it is implied is the point)

    @csp.handler
    def ask(self, other, shape):
        other.fail(shape)

    @csp.handler
    def fine(self):
        return "alive"

    def on_stop(self, reason):
        if self.told is not None:
            self.told.send(reason)


def inner(n):
    raise ValueError(f"inner {n}")


def work(shape):
    error = SHAPES[shape]()
    raise error


class Half:
    """As made by a constructor that raised: its repr needs what is not there."""

    def __repr__(self):
        return f"<Half {self.missing}>"


class Talker(csp.Actor):
    """Says things by every way there is."""

    @csp.handler
    def log_odd(self):
        self.log.info("half", value=Half())
        self.log.info(Half())
        self.log.info(Nameless())
        self.log.error(HoldsLock())

    @csp.handler
    def log_places(self):
        try:
            inner(5)
        except ValueError as error:
            self.log.exception("by exception")
            self.log.error("by exc_info", exc_info=True)  # noqa: G201  (this way, too)
            caught = error
        self.log.error("by the exception itself", exc_info=caught)
        self.log.info("no exception", exc_info=True)  # noqa: LOG014  (nothing is lost, nothing invented)
        self.log.info("where", stack_info=True)

    @csp.handler
    def log_levels(self):
        for level in ("debug", "info", "warning", "error", "critical"):
            getattr(self.log, level)(f"it is {level}")

    @csp.handler
    def use_logging(self, name, level, text, *args, **values):
        logging.getLogger(name).log(level, text, *args, **values)

    @csp.handler
    def use_logging_exception(self):
        try:
            inner(6)
        except ValueError:
            logging.getLogger("talker").exception("it failed")

    @csp.handler
    def warn(self, text, category=UserWarning):
        warnings.warn(text, category, stacklevel=1)

    @csp.handler
    def level(self):
        return logging.getLogger().level

    @csp.handler
    def crash(self):
        inner(7)
