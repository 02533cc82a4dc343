"""What pickle could not promise, or cost: sharing of all that can be shared, one handle for one, and depth."""

import collections

import pytest
from deep import WRAPS, depth_of, mixed, nest
from graphs import difference
from oracle_classes import Plain, Slotted
from oracle_ends import trips
from oracle_values import VALUES
from test_paths import LOCK

import csp
from csp.ffi import decode, encode, ffi, lib


def size_of(value):
    """Bytes of the message that carries it."""
    message = encode(value)
    size = lib.csp_payload_size(getattr(message, "as").payload)
    lib.csp_message_drop(message)
    return size


@pytest.mark.parametrize("name", VALUES)
def test_text_and_all_is_shared_where_it_was(name):
    """Text, bytes and what is made of them only, too: what stands in a message twice travels once."""
    value = VALUES[name]()
    for message in ([value, value], (value, [value]), {"a": value, "b": (value,)}):
        assert difference(trips(message), decode(encode(message)), shared_atoms=True) is None


@pytest.mark.parametrize(
    "double",
    [
        lambda part: (part, part),
        lambda part: [part, part],
        lambda part: {"a": part, "b": part},
        lambda part: Plain(part, y=part),
        lambda part: frozenset({(part, 1), (part, 2)}),
    ],
    ids=["tuple", "list", "dict", "object", "frozenset"],
)
def test_sixty_times_doubled(double):
    """What holds one part twice, sixty times over, takes some bytes for each, and not 2 to the 60."""
    value = (1,)
    for _ in range(20 if double((1,)).__class__ is frozenset else 60):  # the hash of these visits all
        value = double(value)
    assert size_of(value) < 3000
    back = decode(encode(value))
    if type(back) is not frozenset:
        for _ in range(59):
            parts = (
                list(vars(back).values()) if type(back) is Plain else [*back.values()] if type(back) is dict else back
            )
            assert parts[0] is parts[1]
            back = parts[0]


def test_one_handle_is_one():
    """A handle that stands in a message several times arrives as one object, which counts once."""
    tx, _rx = csp.channel(1)
    for message in ([tx, tx], (tx, tx), (tx, [tx]), [Plain(tx), {tx: tx}, (tx,)]):
        assert difference(message, decode(encode(message))) is None
        first = decode(encode(message))[0]
        back = decode(encode((tx, message)))
        assert tx.statistics().senders == 3
        del first, back
    assert tx.statistics().senders == 1


@pytest.fixture
def deep_actor(in_other):
    """An interpreter that receives 900 frames deep, and says how deep it was."""
    exchange = in_other("deep", "receive_deep", 900)
    assert exchange([7]) == 1
    return exchange


@pytest.mark.parametrize("kind", [*(kind for kind in WRAPS if kind != "frozenset"), "mixed"])
def test_fifty_thousand_deep_travels(deep_actor, kind):
    """As deep as this whatever can be sent is read, by whoever has a stack of any depth."""
    value = mixed(50_000) if kind == "mixed" else nest(kind, 50_000)
    assert deep_actor(value) == 50_000


@pytest.mark.parametrize("kind", WRAPS)
def test_what_could_be_sent_can_be_read(deep_actor, kind):
    """At no depth is something sent that cannot be read. What is hashed needs the stack, and so has a lower limit."""
    for depth in (100, 400, 499, 500, 501, 520, 1000, 2000):
        value = nest(kind, depth)
        try:
            answer = deep_actor(value)
        except csp.NotShareable:
            assert kind == "frozenset"
            assert depth > 400
        else:
            assert answer == depth
        assert depth_of(value) == depth


def test_the_way_into_what_has_no_names():
    """Private slots, and the items of what only reduce knows."""
    for path, value in {
        "message._Slotted__secret": Slotted(1, LOCK),
        "message[1]": collections.deque([1, LOCK]),
        "message['k'][0]": collections.defaultdict(list, k=[LOCK]),
    }.items():
        with pytest.raises(csp.NotShareable) as refused:
            encode(value)
        assert str(refused.value).startswith(f"{path}: _thread.lock cannot travel")


def test_a_message_that_is_no_message():
    """Bytes that nobody wrote are an error that says so."""
    message = encode([1, "two"])
    payload = getattr(message, "as").payload
    ffi.buffer(lib.csp_payload_bytes(payload), 3)[:] = b"\xff\xff\xff"
    with pytest.raises(csp.MalformedMessage):
        decode(message)
    assert message.kind == 0
