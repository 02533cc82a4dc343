"""Actors whose handlers take arguments of every kind, and whose classes are of every kind."""

import abc
import dataclasses
import functools
import os
import threading

import attrs

import csp


def wrapped(function):
    """A decorator as functools has it, whose own function takes anything."""

    @functools.wraps(function)
    def around(*args, **kwargs):
        return function(*args, **kwargs)

    return around


def picky(function):
    """A decorator that raises a TypeError of its own."""

    @functools.wraps(function)
    def around(*args, **kwargs):
        raise TypeError("picky")

    return around


class Shaped(csp.Actor):
    """Handlers of all shapes."""

    def __init__(self):
        self.lives = 0

    @csp.handler
    def none(self):
        return ()

    @csp.handler
    def two(self, first, second):
        return (first, second)

    @csp.handler
    def optional(self, first, second=2, *, third=3):
        return (first, second, third)

    @csp.handler
    def only(self, first, /, second=2):
        return (first, second)

    @csp.handler
    def named(self, *, key, other=None):
        return (key, other)

    @csp.handler
    def for_checkers(self, number: NotImported) -> int:  # noqa: F821  (as under TYPE_CHECKING)
        return number

    @csp.handler
    def whatever(self, *args, **kwargs):
        return (args, kwargs)

    @csp.handler
    def rest(self, first, *args, key=None):
        return (first, args, key)

    @csp.handler
    @wrapped
    def around(self, first):
        return first

    @csp.handler
    @picky
    def refuses(self, first):
        return first

    @csp.handler
    def stumbles(self):
        len(5)


class Held(csp.Actor):
    """Takes its messages only while it is let."""

    mailbox = csp.Buffered(1, overflow="error")

    def __init__(self, here, go):
        self.here = here
        self.go = go

    @csp.handler
    def wait(self):
        self.here.send(None)
        self.go.recv()


class HeldAtTheDoor(Held):
    mailbox = None


class Teller(csp.Actor):
    """Tells and casts to others, from inside a cast."""

    def __init__(self, other):
        self.other = other
        self.told = []

    @csp.handler
    def tell_it(self):
        self.told.append(self.other.wait.options(timeout=0.05).tell())

    @csp.handler
    def cast_it(self):
        self.other.wait.options(timeout=0.05).cast()

    @csp.handler
    def tell_me(self):
        self.told.append(self.me.tell_it.tell())

    @csp.handler
    def answers(self):
        return list(self.told)


class Decorated(csp.Actor):
    """@csp.handler with what Python decorates methods with, in either order."""

    label = "of the class"

    @csp.handler
    @staticmethod
    def static_inside(number):
        return number + 1

    @staticmethod
    @csp.handler
    def static_outside(number):
        return number + 1

    @csp.handler
    @classmethod
    def class_inside(cls, number):
        return (cls.label, number)

    @classmethod
    @csp.handler
    def class_outside(cls, number):
        return (cls.label, number)

    @csp.handler
    @functools.lru_cache  # noqa: B019  (that it works is the question)
    def cached_inside(self, number):
        return number + 1

    @functools.lru_cache  # noqa: B019
    @csp.handler
    def cached_outside(self, number):
        return number + 1

    @csp.handler
    @wrapped
    def wrapped_inside(self, number):
        return number + 1

    @wrapped
    @csp.handler
    def wrapped_outside(self, number):
        return number + 1

    @csp.handler
    @functools.singledispatchmethod
    def dispatched_inside(self, value):
        return "something"

    @dispatched_inside.register
    def _(self, value: int):
        return "a number"

    @functools.singledispatchmethod
    @csp.handler
    def dispatched_outside(self, value):
        return "something"

    def add(self, number, more):
        return number + more

    one_more = csp.handler(functools.partialmethod(add, 1))


class Abstract(csp.Actor, abc.ABC):
    @csp.handler
    @abc.abstractmethod
    def inside(self, number):
        """Of the one that derives."""

    @abc.abstractmethod
    @csp.handler
    def outside(self, number):
        """The same."""


class Concrete(Abstract):
    @csp.handler
    def inside(self, number):
        return number

    @csp.handler
    def outside(self, number):
        return -number


class Counting(type):
    """A metaclass whose call has something to do."""

    def __call__(cls, *args, **kwargs):
        made = super().__call__(*args, **kwargs)
        made.called = (args, kwargs, threading.get_ident(), os.getpid())
        return made


class OfMetaclass(csp.Actor, metaclass=Counting):
    def __init__(self, number, *, more=0):
        self.number = number + more

    @csp.handler
    def tell_all(self):
        args, kwargs, thread, _ = self.called
        return (self.number, args, kwargs, thread == threading.get_ident())


class Nothing(type):
    def __call__(cls, *args, **kwargs):
        return 5


class MadeOfNothing(csp.Actor, metaclass=Nothing):
    pass


@dataclasses.dataclass(frozen=True)
class FrozenData(csp.Actor):
    number: int
    text: str = "default"

    @csp.handler
    def both(self):
        return (self.number, self.text)


@dataclasses.dataclass(slots=True)
class SlottedData(csp.Actor):
    number: int

    @csp.handler
    def both(self):
        self.number += 1
        return (self.number, None)


@attrs.frozen
class FrozenAttrs(csp.Actor):
    number: int
    text: str = "default"

    @csp.handler
    def both(self):
        return (self.number, self.text)


@attrs.define
class SlottedAttrs(csp.Actor):
    mailbox = csp.Buffered(4)
    number: int

    @csp.handler
    def both(self):
        self.number += 1
        return (self.number, type(self.mailbox).__name__)


class Box[T](csp.Actor):
    def __init__(self, content: T):
        self.content = content

    @csp.handler
    def open(self) -> T:
        return self.content


class Named(csp.Actor):
    def __init__(self, name):
        self.name = name


class Assigns(csp.Actor):
    """Assigns what it is told to itself."""

    @csp.handler
    def assign(self, name):
        try:
            setattr(self, name, [])
        except csp.ReservedName as error:
            return (str(error), callable(getattr(self, name)) or getattr(self, name) is not None)
        return None

    @csp.handler
    def delete(self, name):
        try:
            delattr(self, name)
        except csp.ReservedName as error:
            return str(error)
        return None

    @csp.handler
    def send_itself(self, other):
        return other.whatever(self)

    @csp.handler
    def send_me(self, other):
        return other.whatever(self.me)

    @csp.handler
    def name_and_id(self):
        return (self.name, self.me.name, self.me.id)


@dataclasses.dataclass
class WithName(csp.Actor):
    name: str
