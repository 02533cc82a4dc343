"""Values of every type that travels, each given by a function: what the oracle tests send."""

import collections
import datetime as dt
import decimal
import fractions
import math
import pathlib
import types
import uuid
import zoneinfo

import oracle_classes as classes
import oracle_records as records
from oracle_classes import Access, Bits, Colour, Level, Outer, Plain, Planet, Slotted, SlottedAndDict, Word
from oracle_records import Attrs, Data, DataEmpty, Pair, PairWithDict, Typed

# ---- without a class of one's own ------------------------------------------------------------------------------------

ATOMS = (
    None,
    True,
    False,
    ...,
    NotImplemented,
    *(2**bits + more for bits in (0, 7, 8, 15, 31, 32, 62, 63, 64, 1000, 70_000) for more in (-1, 0, 1)),
    *(-(2**bits) - more for bits in (0, 7, 8, 15, 31, 32, 62, 63, 64, 1000, 70_000) for more in (-1, 0, 1)),
    0.0,
    -0.0,
    1.5,
    5e-324,
    math.inf,
    -math.inf,
    math.nan,
    -math.nan,
    complex(1, -0.0),
    complex(-0.0, math.nan),
    "",
    "a" * 16,
    "a" * 17,
    "a\x00b",
    "é" * 300,
    "€",
    "\ud800",
    "\udfff\ud800x",
    "\U0001f600" * 5,
    "mixed \u00e9\u20ac\U0001f600\udc80",
    b"",
    b"\x00" * 17,
    bytes(range(256)) * 20,
    bytearray(),
    bytearray(b"abc" * 100),
)
PLAIN = (
    (),
    [],
    {},
    set(),
    frozenset(),
    (1,),
    [[], [[]], ()],
    {"a": {"b": {"c": ()}}, 1: True, None: None, (1, "x"): [2], 1.5: b"", False: "after"},
    {n: str(n) for n in range(1000)},
    list(range(1000)),
    [n / 3 for n in range(50)],
    [None, True, 1, 2**80, 1.5, "s", b"b", (1,), [2], {3: 4}, {5}, frozenset({6}), range(7), 8j],
    {1, "a", (2, 3), frozenset({4}), None, 2.5, b"x"},
    frozenset({frozenset({frozenset()}), "x"}),
    range(0),
    range(-3, 10**30, 7),
    slice(None),
    slice(1, [2], "three"),
)
NUMBERS_AND_TIMES = (
    *map(decimal.Decimal, ("1.10", "-0", "Infinity", "-Infinity", "NaN", "sNaN123", "1E+999999", "0E-20", "1" * 100)),
    fractions.Fraction(1, 3),
    fractions.Fraction(-(10**40), 7),
    dt.date.min,
    dt.date(2026, 2, 28),
    dt.time.max,
    dt.time(2, 30, fold=1),
    dt.time(1, 2, 3, 4, tzinfo=dt.timezone(dt.timedelta(hours=-5, seconds=1))),
    dt.datetime.max,  # noqa: DTZ901
    dt.datetime(2026, 10, 25, 2, 30, fold=1),  # noqa: DTZ001
    dt.datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")),
    dt.datetime(2026, 10, 25, 2, 30, 1, 999_999, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")),
    dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    dt.datetime(2026, 1, 1, tzinfo=dt.timezone(dt.timedelta(minutes=90), "so")),
    dt.timedelta.min,
    dt.timedelta(days=-1, microseconds=3),
    dt.UTC,
    zoneinfo.ZoneInfo("UTC"),
    zoneinfo.ZoneInfo("Europe/Berlin"),
    uuid.UUID(int=5),
    uuid.UUID("12345678-1234-5678-1234-567812345678", is_safe=uuid.SafeUUID.safe),
    pathlib.Path("a/b"),
    pathlib.Path(),
    pathlib.PurePosixPath("/a/../b"),
    pathlib.PureWindowsPath(r"c:\x\y"),
    types.SimpleNamespace(),
    types.SimpleNamespace(x=1, y=[types.SimpleNamespace()]),
    collections.OrderedDict(b=1, a=[2]),
    collections.defaultdict(list, {"x": [1]}),
    collections.Counter("abca"),
    collections.deque([1, [2]], 5),
)

# ---- classes ---------------------------------------------------------------------------------------------------------

BY_NAME = (
    int,
    len,
    math.sin,
    type(None),
    Data,
    Colour,
    Outer.Inner,
    classes.function,
    Outer.Inner.static,
    Outer.made,
    str.join,
    [3].append,
    "x".join,
    Plain(1).__init__,
    Typed(1, 2).both,
    dt.datetime.fromisoformat,
    list[int],
    int | None,
)
ENUMERATIONS = (
    Colour.RED,
    Colour.ALSO_RED,
    Colour.MIXED,
    Level.HIGH,
    Word.YES,
    Access.READ,
    Access.READ | Access.RUN,
    Access(0),
    ~Access.READ,
    Bits.A | Bits.B,
    Bits(9),
    Planet.EARTH,
    Outer.Inner.Shade.DARK,
    {Colour.RED: [Colour.RED, Level.LOW], Level.LOW: 1},
)


def _empty():
    made = DataEmpty(1)
    del made.x
    return made


def _cached(kind):
    made = kind(3)
    assert made.expensive == [made.x]
    return made


def _hashed():
    made = records.AttrsHashed("x")
    hash(made)
    return made


def _failure(error, *notes, **attributes):
    for note in notes:
        error.add_note(note)
    vars(error).update(attributes)
    return error


def _filled(kind, *args, **attributes):
    made = kind(*args)
    vars(made).update(attributes)
    return made


def _with_state():
    made = classes.WithState([1])
    made.append(made)
    made["k"] = made.items
    return made


RECORDS = (
    lambda: Data(1, [2], z=[3]),
    lambda: _filled(Data, 1, extra=[4]),
    lambda: records.DataSlots(1, [2]),
    lambda: records.DataFrozen(1, [2]),
    lambda: records.DataFrozenSlots(1, [2]),
    lambda: records.DataInherited(1, 2, more=[3]),
    lambda: records.DataSlotsInherited(1, [2]),
    lambda: _filled(records.DataOverSlots, 1, [2], extra=[4]),
    lambda: records.DataCounted(1, 2),
    lambda: records.DataCached(3),
    lambda: _cached(records.DataCached),
    lambda: records.DataWeak([1]),
    _empty,
    lambda: records.DataOwnState([1]),
    lambda: records.DataReduced([1]),
    lambda: _filled(records.DataChild, 1, own=2),
    lambda: Attrs(1, private=[2]),
    lambda: records.AttrsFrozen(1, [2]),
    lambda: _filled(records.AttrsDict, 1, extra=[4]),
    lambda: records.AttrsInherited(1, differently=[3]),
    _hashed,
    lambda: records.AttrsCounted(3),
    lambda: _cached(records.AttrsCached),
    lambda: records.AttrsNoState([1]),
    lambda: records.AttrsOwnState(1),
    lambda: Pair(1, [2]),
    lambda: Typed(1),
    lambda: _filled(PairWithDict, 1, 2, extra=[3]),
    lambda: records.PairNoDict(1, [2]),
    lambda: records.PairOwn(1, [2]),
)
OTHERS = (
    lambda: Plain(1),
    lambda: Plain(Plain([]), more=1),
    lambda: _filled(Plain, 1, **{"not a name": 2, "\ud800": 3}),
    lambda: Slotted([1], "secret"),
    lambda: SlottedAndDict([1], other=2),
    lambda: Outer.Inner([1]),
    lambda: classes.WithArgs([1]),
    _with_state,
    lambda: classes.NewArgs(1, [2], three=3),
    lambda: classes.NoState(1),
    lambda: classes.FalseState(1),
    lambda: classes.Registered([1]),
    lambda: classes.SINGLE,
    lambda: _filled(classes.MyInt, 2**70, extra=[1]),
    lambda: classes.MyFloat(-0.0),
    lambda: _filled(classes.MyStr, "text", extra=[1]),
    lambda: _filled(classes.MyBytes, b"b", extra=[1]),
    lambda: _filled(classes.MyTuple, (1, [2]), extra=[1]),
    lambda: _filled(classes.MyList, [1, [2]], extra=[1]),
    lambda: _filled(classes.MyDict, {1: [2]}, extra=[1]),
    lambda: _filled(classes.MySet, {1}, extra=[1]),
    lambda: _filled(classes.MyFrozenSet, {1}, extra=[1]),
    lambda: _filled(classes.MyBytearray, b"b", extra=[1]),
)
EXCEPTIONS = (
    ValueError,
    lambda: ValueError("text", [1]),
    lambda: _failure(KeyError("k"), "a note", "another", extra=[1]),
    lambda: OSError(2, "No such file", "name"),
    lambda: UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"),
    lambda: _failure(StopIteration(5)),
    lambda: ExceptionGroup("both", [_failure(ValueError(1), "n"), ExceptionGroup("in it", [KeyError(2)])]),
    lambda: classes.Failure(7, detail=[1]),
    lambda: {"raised": _failure(classes.Failure(7), "noted")},
)


def _given(value):
    return lambda: value


_GIVEN = {
    "atoms": ATOMS,
    "plain": PLAIN,
    "numbers and times": NUMBERS_AND_TIMES,
    "by name": BY_NAME,
    "enumerations": ENUMERATIONS,
}
_MADE = {"records": RECORDS, "others": OTHERS, "exceptions": EXCEPTIONS}

# By family, number and type.
VALUES = {
    f"{family} {n} {type(value).__name__}": _given(value)
    for family, values in _GIVEN.items()
    for n, value in enumerate(values)
}
VALUES |= {
    f"{family} {n} {type(make()).__name__}": make for family, makes in _MADE.items() for n, make in enumerate(makes)
}
