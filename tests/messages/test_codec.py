"""What is sent arrives equal: between threads and between interpreters, of plain data or of objects."""

import collections
import datetime as dt
import decimal
import fractions
import math
import pathlib
import uuid

import pytest
from answering import answering
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sample_messages import Colour, Picky, Point, Slots

import csp
from csp._native import totals

# All of str, the halves of surrogate pairs included, and of every width that CPython stores.
TEXT = st.one_of(
    st.text(st.characters(max_codepoint=0x7F)),
    st.text(st.characters(max_codepoint=0xFF)),
    st.text(st.characters(max_codepoint=0xFFFF)),
    st.text(st.characters()),
    st.text(st.characters(categories=["Cs", "Lu", "So"])),
)
PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=-(2**65), max_value=2**65),
    st.floats(),
    TEXT,
    st.binary(max_size=100),
)
NATIVE = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=5).map(tuple), max_leaves=30)
ANY = st.recursive(
    PLAIN | st.decimals() | st.fractions() | st.complex_numbers() | st.datetimes() | st.uuids(),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(TEXT | st.integers(), inner, max_size=4),
        st.frozensets(st.integers() | TEXT, max_size=4),
        st.builds(Point, inner, inner),
        st.builds(Slots, inner, inner),
    ),
    max_leaves=20,
)


def same(left, right):
    """Equal in type and value, NaN and the sign of zero included."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        return (math.isnan(left) and math.isnan(right)) or (
            left == right and math.copysign(1, left) == math.copysign(1, right)
        )
    if isinstance(left, complex):
        return same(left.real, right.real) and same(left.imag, right.imag)
    if isinstance(left, decimal.Decimal):
        return left.as_tuple() == right.as_tuple()
    if isinstance(left, (tuple, list)):
        return len(left) == len(right) and all(map(same, left, right, strict=True))
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    if isinstance(left, Point):
        return same(left.x, right.x) and same(left.y, right.y)
    if isinstance(left, Slots):
        return same(left.left, right.left) and same(left.right, right.right)
    return left == right


def through(message):
    """Through a buffered channel, in this interpreter."""
    tx, rx = csp.channel(1)
    tx.send(message)
    return rx.recv()


def through_deadline(message):
    tx, rx = csp.channel(1)
    csp.select(tx.offer(message))
    return csp.select(rx)[1]


@pytest.fixture(scope="module")
def echo():
    """To another interpreter and back."""
    with answering("sample_messages", "echo") as (there, back):

        def send(message):
            there.send(message)
            return back.recv(timeout=20)

        yield send


EXAMPLES = [
    "",
    "a" * 16,
    "a" * 17,
    "é" * 16,
    "€",
    "\ud800",
    "\udfff\ud800",
    "\U0001f600",
    "a\x00b",
    b"",
    b"\x00" * 16,
    b"\x00" * 17,
    (),
    ((),),
    ((), ((), ((),))),
    2**63 - 1,
    2**63,
    -(2**63),
    -(2**63) - 1,
    10**400,
    (2**63, "pickled for the big int"),
    math.nan,
    math.inf,
    -math.inf,
    -0.0,
    5e-324,
    True,
    None,
]


def all_examples(function):
    for value in EXAMPLES:
        function = example(value)(function)
    return function


FIXTURE_OK = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@all_examples
@given(NATIVE)
@FIXTURE_OK
def test_native_types_arrive_equal(message):
    """None, bool, int, float, str, bytes and tuples of them, nested, arrive with type and value, NaN and surrogates
    too.
    """
    assert same(through(message), message)
    assert same(through_deadline(message), message)


@given(ANY)
@FIXTURE_OK
def test_other_types_arrive_equal(message):
    """Containers, numbers, dates, dataclasses and slotted objects arrive equal."""
    assert same(through(message), message)


@all_examples
@given(NATIVE | ANY)
@settings(FIXTURE_OK, max_examples=60)
def test_there_and_back(echo, message):
    """A message survives the way into another interpreter and back."""
    assert same(echo(message), message)


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 511, 512, 513, 10_000, 5_000_000])
def test_sizes(echo, size):
    """Text and bytes of every size class arrive whole: in the slot, in a stream, in a block."""
    for value in ("x" * size, "é" * size, "€" * size, "\U0001f600" * size, b"y" * size):
        assert through(value) == value
        assert through((value, 1, value)) == (value, 1, value)
        assert echo(value) == value


@pytest.mark.parametrize(
    "value",
    [
        [],
        {},
        set(),
        frozenset({1}),
        bytearray(b"abc"),
        complex(1, -0.0),
        range(3),
        slice(1, 2, None),
        decimal.Decimal("1.10"),
        fractions.Fraction(1, 3),
        dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        dt.timedelta(seconds=1),
        uuid.UUID(int=5),
        pathlib.PurePosixPath("/a/b"),
        Colour.RED,
        Point(1, [2]),
        collections.OrderedDict(a=1),
        collections.deque([1, 2]),
        int,
        len,
        Point,
        NotImplemented,
        ...,
    ],
    ids=repr,
)
def test_pickled_types(echo, value):
    """What pickle can carry arrives as the same type and equal."""
    back = echo(value)
    assert type(back) is type(value)
    assert back == value


def test_subclasses_of_native_types_keep_their_class(echo):
    """A subclass of int, str or tuple is not mistaken for its base."""
    Named = collections.namedtuple("Named", "a b")  # noqa: PYI024
    globals()["Named"] = Named
    Named.__module__ = __name__
    Named.__qualname__ = "Named"
    assert type(through(Named(1, 2))) is Named
    assert type(through((Named(1, 2),))[0]) is Named
    assert type(through(Colour.RED)) is Colour


def test_cycles_and_shared_parts():
    """A structure with a cycle or a shared part keeps its shape."""
    cycle = []
    cycle.append(cycle)
    back = through(cycle)
    assert back[0] is back
    shared = [1]
    back = through([shared, shared])
    assert back[0] is back[1]


def test_the_sender_keeps_its_own():
    """A message is a copy: what the sender does to its object afterwards does not reach the receiver."""
    tx, rx = csp.channel(1)
    message = {"list": [1]}
    tx.send(message)
    message["list"].append(2)
    assert rx.recv() == {"list": [1]}


# ---- ends inside messages --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrap",
    [
        lambda end: end,
        lambda end: (end,),
        lambda end: ("a", (1, (end, "b"))),
        lambda end: [end],
        lambda end: {"list": [Point(end)]},
        lambda end: Slots(1, end),
    ],
)
@pytest.mark.parametrize("direction", [0, 1])
def test_ends_travel_inside_anything(wrap, direction):
    """An end inside tuples, lists, dicts, dataclasses or slots arrives as a working handle of its own."""
    pair = csp.channel(1)
    end = pair[direction]
    found = []

    def find(value):
        if isinstance(value, (csp.Sender, csp.Receiver)):
            found.append(value)
        elif isinstance(value, (tuple, list)):
            [find(item) for item in value]
        elif isinstance(value, dict):
            [find(item) for item in value.values()]
        elif isinstance(value, Point):
            find(value.x)
        elif isinstance(value, Slots):
            find(value.right)

    find(through(wrap(end)))
    (arrived,) = found
    assert arrived == end
    assert arrived is not end
    end.close()
    if direction == 0:
        arrived.send("alive")
        assert pair[1].recv() == "alive"
    else:
        pair[0].send("alive")
        assert arrived.recv() == "alive"


def test_the_same_end_many_times():
    """An end that stands in a message several times arrives as equal handles, and the channel ends with the last of
    them.
    """
    tx, rx = csp.channel()
    for message in ((tx,) * 20, [tx] * 20):
        arrived = through(message)
        assert len(set(arrived)) == 1
        assert tx.statistics().senders >= 2
        del arrived
        assert tx.statistics().senders == 1
    assert rx.statistics().senders == 1


def test_an_end_used_in_another_interpreter(in_interpreter):
    """An end deep inside a message works in the interpreter that it came to, and closes with it."""
    tx, rx = csp.channel(1)
    assert in_interpreter("sample_messages", "use_end", {"list": [Point(tx)]}) == ("ended", None)
    tx.close()
    assert list(rx) == ["through the end"]


def test_closed_ends_do_not_travel():
    """A message that holds a closed end is refused with ClosedEnd, and nothing of it is sent."""
    outer_tx, outer_rx = csp.channel(2)
    open_tx, _open_rx = csp.channel()
    tx, _rx = csp.channel()
    tx.close()
    for message in (tx, (open_tx, tx), [open_tx, tx]):
        with pytest.raises(csp.ClosedEnd, match="a message holds an end that is closed"):
            outer_tx.send(message)
    assert len(outer_rx) == 0
    assert open_tx.statistics().senders == 1


# ---- what cannot travel ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "path"),
    [
        (lambda: 0, r"message: builtins\.function"),
        ({"jobs": [1, 2, 3, Point(lambda: 0)]}, r"message\['jobs'\]\[3\]\.x: builtins\.function"),
        ([[], [lambda: 0]], r"message\[1\]\[0\]: builtins\.function"),
        ((1, (2, (x for x in ()))), r"message\[1\]\[1\]: builtins\.generator"),
        (Slots(1, {"k": (lambda: 0,)}), r"message\.right\['k'\]\[0\]: builtins\.function"),
        ({"a": open}, None),
    ],
)
def test_not_shareable_names_the_path(message, path):
    """What cannot travel is NotShareable, a TypeError that names the way to the culprit and its type."""
    if path is None:
        assert through(message) == message
        return
    tx, rx = csp.channel(1)
    for attempt in (tx.send, tx.send_nowait, lambda m: csp.select(tx.offer(m))):
        with pytest.raises(csp.NotShareable, match=f"^{path} cannot travel") as refused:
            attempt(message)
        assert isinstance(refused.value, TypeError)
    assert len(rx) == 0


def test_not_shareable_for_open_things():
    """Sockets, locks, files, modules and running frames are refused by name."""
    import socket
    import threading

    with socket.socket() as sock, open(__file__) as file:
        for value, name in (
            (sock, "socket.socket"),
            (threading.Lock(), "lock"),
            (file, "TextIOWrapper"),
            (csp, "module"),
        ):
            with pytest.raises(csp.NotShareable, match=rf"message\['jobs'\]\[0\]: .*{name}"):
                through({"jobs": [value]})


def test_too_deep_is_an_error_and_not_a_crash():
    """Nesting beyond the stack is RecursionError or NotShareable at the sender; the channel works on."""
    deep = ()
    listed = []
    for _ in range(200_000):
        deep = (deep,)
        listed = [listed]
    tx, rx = csp.channel(1)
    with pytest.raises((RecursionError, csp.NotShareable)):
        tx.send(deep)
    with pytest.raises((RecursionError, csp.NotShareable)):
        tx.send(listed)
    tx.send("fine")
    assert rx.recv() == "fine"
    while deep:
        deep = deep[0]
    while listed:
        listed = listed.pop()


@pytest.mark.parametrize("depth", [10, 100, 1000, 3000])
def test_deep_but_not_too_deep(echo, depth):
    """Nesting of a few thousand tuples arrives, or is refused where it is sent or read; never half."""
    deep = ()
    for _ in range(depth):
        deep = (deep,)
    try:
        back = echo(deep)
    except RecursionError, csp.NotShareable:
        assert depth > 1000
        return
    levels = 0
    while back:
        if back[0] == "unreadable":
            assert depth > 1000
            return
        back, levels = back[0], levels + 1
    assert levels == depth


def test_unreadable_message_raises_where_it_is_received(echo):
    """A message that cannot be read raises the reason in the receiver, is gone, and the channel works on."""
    assert echo(Picky()) == ("unreadable", "LookupError", "read in another interpreter")
    assert echo("next") == "next"


def test_messages_leave_no_blocks():
    """Blocks of messages, read or dropped, are freed."""
    before = totals()["payloads"]
    tx, rx = csp.channel(3)
    for _ in range(50):
        tx.send(b"x" * 1000)
        tx.send(("x" * 1000, {"a": 1}))
        rx.recv()
        rx.recv()
    tx.send(b"x" * 1000)
    tx.close()
    rx.close()
    assert totals()["payloads"] == before
