"""Records of every kind: dataclasses, attrs classes, tuples with names. Other interpreters import this module."""

import collections
import dataclasses
import functools
import typing

import attrs

_initialised = collections.Counter()


def initialised(kind):
    """Note that a constructor ran; gives how often."""
    _initialised[kind] += 1
    return _initialised[kind]


# ---- dataclasses -----------------------------------------------------------------------------------------------------


@dataclasses.dataclass
class Data:
    x: object
    y: object = None
    z: list[object] = dataclasses.field(default_factory=list)
    shared: typing.ClassVar[list[int]] = [1]


@dataclasses.dataclass(slots=True)
class DataSlots:
    x: object
    y: object = None


@dataclasses.dataclass(frozen=True)
class DataFrozen:
    x: object
    y: object = None


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class DataFrozenSlots:
    x: object
    y: object = None


@dataclasses.dataclass(kw_only=True)
class DataInherited(Data):
    more: object


@dataclasses.dataclass(slots=True)
class DataSlotsInherited(DataSlots):
    more: object = 7


@dataclasses.dataclass
class DataOverSlots(DataSlots):
    """Slots below, a dict above."""

    more: object = 8


@dataclasses.dataclass
class DataCounted:
    """Its __post_init__ is not to run again: how often it ran stands in it."""

    given: int
    seed: dataclasses.InitVar[int]
    made: int = dataclasses.field(init=False, default=0)
    hidden: int = dataclasses.field(init=False, repr=False, compare=False, default=0)

    def __post_init__(self, seed):
        self.made = initialised("DataCounted")
        self.hidden = seed * 2


@dataclasses.dataclass
class DataCached:
    x: int

    @functools.cached_property
    def expensive(self):
        return [self.x]


@dataclasses.dataclass(slots=True, weakref_slot=True)
class DataWeak:
    x: object


@dataclasses.dataclass(slots=True)
class DataEmpty:
    """Its slot may be empty."""

    x: object


@dataclasses.dataclass
class DataOwnState:
    x: object

    def __getstate__(self):
        return {"told": self.x}

    def __setstate__(self, state):
        self.x = state["told"]
        self.restored = True


@dataclasses.dataclass
class DataReduced:
    x: object

    def __reduce__(self):
        return DataReduced, ((self.x, "again"),)


class DataChild(Data):
    """A plain class over a dataclass, with attributes of its own."""


# ---- attrs -----------------------------------------------------------------------------------------------------------


@attrs.define
class Attrs:
    x: object
    _private: object = 3
    z: list[object] = attrs.field(factory=list)


@attrs.frozen
class AttrsFrozen:
    x: object
    y: object = None


@attrs.define(slots=False)
class AttrsDict:
    x: object
    y: object = None


@attrs.define
class AttrsInherited(Attrs):
    more: object = attrs.field(default=9, kw_only=True, alias="differently")


@attrs.frozen(cache_hash=True)
class AttrsHashed:
    x: str


@attrs.define
class AttrsCounted:
    x: int = attrs.field(converter=lambda value: value + 1)
    made: int = attrs.field(init=False, default=0)

    def __attrs_post_init__(self):
        self.made = initialised("AttrsCounted")


@attrs.define
class AttrsCached:
    x: int

    @functools.cached_property
    def expensive(self):
        return [self.x]


@attrs.define(getstate_setstate=False, slots=False)
class AttrsNoState:
    x: object


@attrs.define(eq=False)
class AttrsOwnState:
    x: object

    def __getstate__(self):
        return (self.x,)

    def __setstate__(self, state):
        object.__setattr__(self, "x", [state[0], "restored"])


# ---- tuples with names -----------------------------------------------------------------------------------------------

Pair = collections.namedtuple("Pair", "left right")  # noqa: PYI024


class Typed(typing.NamedTuple):
    left: object
    right: object = None

    def both(self):
        return self.left, self.right


class PairWithDict(Pair):
    """A namedtuple whose instances take attributes."""


class PairNoDict(Pair):
    __slots__ = ()


class PairOwn(Pair):
    def __getnewargs__(self):
        return (self.left, "told")
