"""Classes of every kind that travels, beside records; enumerations. Other interpreters import this module."""

import copyreg
import enum

# ---- enumerations ----------------------------------------------------------------------------------------------------


class Colour(enum.Enum):
    RED = 1
    ALSO_RED = 1  # noqa: PIE796  (an alias)
    BLUE = "blue"
    MIXED = (1, [2])


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Word(enum.StrEnum):
    YES = enum.auto()


class Access(enum.Flag):
    READ = 1
    WRITE = 2
    RUN = 4


class Bits(enum.IntFlag, boundary=enum.KEEP):
    A = 1
    B = 2


class Planet(enum.Enum):
    """Its members are made by a __new__ of its own."""

    EARTH = (5.97e24, 6.37e6)

    def __new__(cls, mass, radius):
        made = object.__new__(cls)
        made._value_ = "earth"
        made.mass, made.radius = mass, radius
        return made


class Outer:
    class Inner:
        def __init__(self, x=None):
            self.x = x

        class Shade(enum.Enum):
            DARK = 1

        @staticmethod
        def static():
            return 1

    @classmethod
    def made(cls):
        return cls()


# ---- plain classes, and those that say how ---------------------------------------------------------------------------


class Plain:
    def __init__(self, x, **more):
        self.x = x
        self.__dict__.update(more)


class Slotted:
    __slots__ = ("__secret", "left", "right")

    def __init__(self, left=None, secret=None):
        self.left, self.__secret = left, secret


class SlottedAndDict(Slotted):
    def __init__(self, *args, **more):
        super().__init__(*args)
        self.__dict__.update(more)


class WithArgs:
    def __init__(self, x):
        self.x = x

    def __reduce__(self):
        return WithArgs, (self.x,)


class WithState(WithArgs):
    """All six parts of what reduce may give."""

    def __init__(self, x=None):
        super().__init__(x)
        self.items, self.pairs = [], {}

    def append(self, item):
        self.items.append(item)

    def __setitem__(self, key, value):
        self.pairs[key] = value

    def __reduce_ex__(self, protocol):
        assert protocol == 5
        return WithState, (), {"x": self.x}, iter(self.items), iter(self.pairs.items()), set_state


def set_state(made, state):
    """What puts its state into a WithState."""
    made.x = state["x"]
    made.by_function = True


class NewArgs:
    def __new__(cls, *args, **named):
        made = super().__new__(cls)
        made.made_with = (args, named)
        return made

    def __getnewargs_ex__(self):
        return self.made_with


class NoState(Plain):
    def __getstate__(self):
        return None


class FalseState(Plain):
    """What is false is state, too, from Python 3.11 on; its setter is told."""

    def __getstate__(self):
        return 0

    def __setstate__(self, state):
        self.x = ("told", state)


class Registered:
    """Carried by a function that copyreg knows."""

    def __init__(self, x):
        self.x = x


def reduce_registered(value):
    """How a Registered travels."""
    return Registered, (("registered", value.x),)


copyreg.pickle(Registered, reduce_registered)


class Single:
    def __reduce__(self):
        return "SINGLE"


SINGLE = Single()


class MyInt(int):
    pass


class MyFloat(float):
    __slots__ = ()


class MyStr(str):  # noqa: SLOT000  (its instances take attributes)
    pass


class MyBytes(bytes):
    pass


class MyTuple(tuple):  # noqa: SLOT001  (its instances take attributes)
    pass


class MyList(list):
    pass


class MyDict(dict):
    def __missing__(self, key):
        return key


class MySet(set):
    pass


class MyFrozenSet(frozenset):
    pass


class MyBytearray(bytearray):
    pass


class Failure(Exception):
    def __init__(self, code, *, detail=None):
        super().__init__(code)
        self.detail = detail


class SlottedFailure(Exception):
    __slots__ = ("code",)


def function(x):
    """A function by name."""
    return x
