"""Streams of the codec: what is remembered, what is refused, and that other bytes than its own never crash it."""

import collections
import copyreg
import dataclasses
import datetime as dt
import decimal
import enum
import gc
import random
import sys
import tracemalloc
import types
import uuid
from typing import Any

import pytest

import csp
from csp._native import dumps, loads, totals


def again(value: Any) -> Any:
    """Write it and read it."""
    return loads(*dumps(value))


@dataclasses.dataclass
class Pair:
    left: Any
    right: Any


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    left: Any
    right: Any


class Plain:
    """With attributes as they are given, in any order."""

    def __init__(self, **attributes: Any) -> None:
        vars(self).update(attributes)


class Slotted:
    __slots__ = ("__private", "left", "right")

    def __init__(self, left: Any) -> None:
        self.left = left
        self.__private = left

    def private(self) -> Any:
        return self.__private


class Keeps:
    """Its state holds itself, and is made anew each time it is asked for."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __getstate__(self) -> dict[str, Any]:
        return {"value": self.value, "self": [self]}


class Node:
    """Gives away a part of what it stands in, which nothing else refers to."""

    def __init__(self, whole: list[Any]) -> None:
        self.whole = whole

    def __reduce__(self) -> Any:
        return Node, ([self.whole[0]],)


class Hidden:
    """Has a property that is called as one of its attributes."""

    def __init__(self) -> None:
        vars(self)["value"] = 1

    @property
    def value(self) -> int:
        raise AssertionError("nobody asked")


class Colour(enum.Enum):
    RED = 1


Named = collections.namedtuple("Named", "left right")  # noqa: PYI024


class Acting:
    """Does something when it is asked how it is made."""

    def __init__(self, act: Any) -> None:
        self.act = act

    def __reduce__(self) -> Any:
        self.act()
        return int, (2,)


# ---- what is remembered ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Pair, Frozen, Slotted, Keeps, lambda value: Plain(value=value)])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_identity_goes_through_any_class(kind: Any, order: tuple[int, ...]) -> None:
    """A list, an object that holds it, and both once more: each is one object afterwards, in every order."""
    shared: list[Any] = []
    thing = kind(shared) if kind not in {Pair, Frozen} else kind(shared, shared)
    shared.append(thing)
    parts = (shared, thing, {"list": shared, "thing": [thing]})
    back = again(tuple(parts[place] for place in order))
    found = dict(zip(order, back, strict=True))
    inner = getattr(found[1], "left", getattr(found[1], "value", None))
    assert found[0] is inner is found[2]["list"]
    assert found[1] is found[0][0] is found[2]["thing"][0]


def test_circles_through_what_cannot_change() -> None:
    """Tuples, frozensets and the arguments of a reduce that hold what holds them arrive as one of each."""
    ring: list[Any] = []
    ring.append((ring,))
    back = again(ring[0])
    assert back[0][0] is back
    thing = Plain()
    thing.all = frozenset({thing, 1})
    back = again(thing.all)
    (inside,) = back - {1}
    assert inside.all is back


def test_state_that_is_made_for_the_occasion() -> None:
    """What falls at once, and whose address the next one gets, is not taken for that."""
    things = [Keeps(number) for number in range(200)]
    back = again(things)
    assert [one.value for one in back] == list(range(200))
    assert all(vars(one)["self"][0] is one for one in back)


def test_code_that_hands_on_what_was_written_already() -> None:
    """Until code of others runs, what has one reference is not remembered; it arrives as one all the same."""
    whole: list[Any] = [["a part"]]
    whole.append(Node(whole))
    back = again(whole)
    assert back[1].whole[0] is back[0]


def test_texts_and_ends_that_come_again() -> None:
    """A key that comes a thousand times is written once; an end is one handle."""
    rows = [{"a_rather_long_name": number, "another_long_name": None} for number in range(1000)]
    assert len(dumps(rows)[0]) < 20_000
    assert again(rows) == rows
    tx, _rx = csp.channel()
    data, ends = dumps([tx, (tx, {tx: 1})])
    assert ends == [tx]
    back = loads(data, ends)
    assert back[0] is back[1][0] is next(iter(back[1][1]))


# ---- objects ---------------------------------------------------------------------------------------------------------


def test_attributes_of_every_shape() -> None:
    """Objects of one class with other attributes, in another order, or with none."""
    things = [Plain(a=1, b=2), Plain(b=1, a=2), Plain(), Plain(c=[3]), Plain(a=1, b=2)]
    assert [list(vars(one).items()) for one in again(things)] == [list(vars(one).items()) for one in things]


def test_slots_private_and_empty_ones() -> None:
    """Slots travel by name, those with two underscores too; an empty one stays empty."""
    back = again(Slotted([1]))
    assert back.left is back.private()
    assert not hasattr(back, "right")


def test_a_property_of_the_same_name() -> None:
    """An attribute that a property hides goes into the dict, as it came."""
    assert vars(again(Hidden())) == {"value": 1}


def test_a_class_that_changes_its_mind() -> None:
    """What was found out about a class is found out anew when it changes, and copyreg is asked in each message."""
    class_ = type("Changing", (), {"__module__": __name__})
    globals()["Changing"] = class_
    assert type(again(class_())) is class_
    class_.__reduce__ = lambda self: (int, (5,))  # type: ignore[attr-defined]
    assert again(class_()) == 5
    del class_.__reduce__  # type: ignore[attr-defined]
    assert type(again([class_(), class_()])[1]) is class_
    copyreg.pickle(class_, lambda one: (int, (6,)))  # type: ignore[arg-type, return-value]
    try:
        assert again(class_()) == 6
    finally:
        del copyreg.dispatch_table[class_]
    assert type(again(class_())) is class_


# ---- what changes meanwhile ------------------------------------------------------------------------------------------

CHANGES = {
    "list": lambda acting: [acting, [1], [2]],
    "dict": lambda acting: {"a": acting, "b": [1], "c": [2]},
    "set": lambda acting: {acting, (1,), (2,)},
    "attributes": lambda acting: Plain(a=acting, b=[1], c=[2]),
    "deque": lambda acting: collections.deque([acting, [1], [2]]),
}


@pytest.mark.parametrize("kind", CHANGES)
@pytest.mark.parametrize("more", [True, False])
def test_what_changes_while_it_is_written(kind: str, more: bool) -> None:
    """It is a RuntimeError, or NotShareable from one, and what was in it may fall at once."""
    whole: Any = None

    def act() -> None:
        held = vars(whole) if kind == "attributes" else whole
        if not more:
            held.clear()
        elif isinstance(held, (list, collections.deque)):
            held.extend([[3]] * 100)
        elif isinstance(held, dict):
            held.update({f"more {number}": [3] for number in range(100)})
        else:
            held.update((number, 3) for number in range(100))
        gc.collect()

    whole = CHANGES[kind](Acting(act))
    with pytest.raises((RuntimeError, csp.NotShareable)):
        again(whole)


# ---- depth -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["key", "member"])
def test_what_is_hashed_is_not_deep(kind: str) -> None:
    """Hashing needs the C stack of whoever receives: 500 levels, and not one more, are for certain."""

    def nest(levels: int) -> Any:
        deep: Any = ()
        for _ in range(levels):
            deep = (deep,)
        return {deep: 1} if kind == "key" else {deep}

    value = nest(400)
    assert again(value) == value
    with pytest.raises(csp.NotShareable, match="500 levels deep"):
        dumps(nest(600))


# ---- other bytes -----------------------------------------------------------------------------------------------------


def corpus() -> list[bytes]:
    """Streams with every kind of item in them."""
    tx, _rx = csp.channel()
    ring: list[Any] = []
    ring.append((ring,))
    values = [
        None,
        [True, 1, -300, 2**40, 2**90, 1.5, 2j, "a", "ab", "é" * 5, "€" * 3, "\U0001f600" * 2, b"x", bytearray(b"yy")],
        {"key": {"key": ["key", "text", "text"]}, (1, 2): {3}, frozenset({4}): range(5)},
        [slice(1, 2), range(2**70), (tx, tx), ring, ring[0]],
        [Pair(1, [2]), Pair(3, [4]), Frozen(1, 2), Plain(a=1), Slotted(3), Keeps(4)],
        [collections.OrderedDict(a=[1]), collections.deque([1], 3), Colour.RED, Named(1, 2), int, len],
        [dt.datetime(2026, 1, 1, tzinfo=dt.UTC), decimal.Decimal("1.5"), uuid.UUID(int=3), types.SimpleNamespace(a=1)],
        ["x" * 300, b"y" * 300, [0] * 300, {str(number): number for number in range(300)}],
    ]
    return [dumps(value)[0] for value in values]


def read(data: bytes) -> None:
    """Read it, whatever comes of it."""
    tx, _rx = csp.channel()
    try:
        loads(data, [tx])
    except Exception:
        pass


def test_streams_that_end_too_early() -> None:
    """Each beginning of a stream is a typed error."""
    for data in corpus():
        for size in range(len(data)):
            with pytest.raises((csp.MalformedMessage, ImportError, AttributeError)):
                loads(data[:size], csp.channel())


def test_streams_that_were_changed() -> None:
    """Bytes that were changed, left out or doubled: an error or another value, never a crash."""
    seed = random.randrange(2**32)
    print("seed", seed)
    chosen = random.Random(seed)
    for data in corpus():
        for _ in range(400):
            changed = bytearray(data)
            for _ in range(chosen.randrange(1, 4)):
                place = chosen.randrange(1, len(changed))
                what = chosen.randrange(4)
                if what == 0:
                    changed[place] = chosen.randrange(256)
                elif what == 1:
                    changed[place] ^= 1 << chosen.randrange(8)
                elif what == 2:
                    del changed[place]
                    changed += b"N"
                else:
                    changed[place:place] = changed[place : place + 9]
            read(bytes(changed))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x02N",
        b"\x01",
        b"\x01l\xff" + b"\xff" * 8,
        b"\x01t\xff" + b"\xff" * 7 + b"\x7f",
        b"\x01q\x00",
        b"\x01x\x01q\x00",
        b"\x01.",
        b"\x01a\x03ab\xff",
        b"\x01s\x03\x01abc",
        b"\x01s\x04\x01\xff\xff\xff\xff",
        b"\x01e\x00",
        b"\x01NN",
        b"\x01O\xe7a\x08builtinsa\x03int\x01\x00a\x02ab",
        b"\x01" + b"l\x01" * 100_100 + b"N",
        b"\x01" + b"v\x01" * 600 + b"N",
    ],
)
def test_bytes_that_are_no_stream(data: bytes) -> None:
    """Lengths beyond the end, unknown numbers, widths and characters that there are not: MalformedMessage."""
    with pytest.raises(csp.MalformedMessage):
        loads(data, [])


# ---- nothing is left behind ------------------------------------------------------------------------------------------


def test_nothing_is_left_behind() -> None:
    """Writing and reading, also what fails half-way, keep no object alive."""
    values = [[Pair(1, {"a": [1]}), Keeps(2), {3, (4,)}, frozenset({5})], Named(1, [2]), {"bad": [Pair(1, lambda: 0)]}]
    tx, rx = csp.channel(1)

    def once() -> None:
        for value in values:
            try:
                tx.send(value)
                rx.recv()
            except csp.NotShareable:
                pass
        for data in corpus()[2:4]:
            read(data[:-1])

    for _ in range(3):
        once()
    gc.collect()
    before, payloads = len(gc.get_objects()), totals()["payloads"]
    references = [sys.getrefcount(one) for one in (Pair, Keeps, None, Named)]
    for _ in range(20):
        once()
    gc.collect()
    assert abs(len(gc.get_objects()) - before) < 10
    assert totals()["payloads"] == payloads
    now = [sys.getrefcount(one) for one in (Pair, Keeps, None, Named)]
    assert all(abs(one - other) < 10 for one, other in zip(now, references, strict=True))


def test_a_wrong_stream_cannot_ask_for_more_than_its_length() -> None:
    """Containers in containers that all claim the same bytes: refused at the second, before memory is taken for it."""
    tuples = b"\x01" + (b"t\xff" + (60_000).to_bytes(8, "little")) * 6_000 + b"N" * 70_000
    tracemalloc.start()
    try:
        with pytest.raises(csp.MalformedMessage):
            loads(tuples, [])
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_fields_of_frozen_slots_go_by_name() -> None:
    """Where a class has its fields in another order, each gets its own."""
    data, ends = dumps(Frozen([1], 2))
    fields: list[Any] = ["right", "left"]
    other = dataclasses.make_dataclass("Frozen", fields, frozen=True, slots=True, module=__name__)
    mine = globals()["Frozen"]
    globals()["Frozen"] = other
    try:
        back = loads(data, ends)
    finally:
        globals()["Frozen"] = mine
    assert type(back) is other
    assert (back.left, back.right) == ([1], 2)
