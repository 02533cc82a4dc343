"""Whatever pickle carries arrives as pickle would give it: type, value, identity of shared parts, cycles."""

import gc

import pytest
from graphs import difference
from oracle_ends import trips
from oracle_values import VALUES

import csp
from csp.ffi import decode, encode
from observed import alive

WRAPS = {"[v, v]": lambda v: [v, v], "(v, [v])": lambda v: (v, [v]), "{v}": lambda v: {"a": v, "b": (v,)}}


@pytest.mark.parametrize("name", VALUES)
def test_here(name):
    """Encoded and decoded in one interpreter a value is what pickle makes of it; the sender's stays as it was."""
    value = VALUES[name]()
    before = trips(value)
    back = decode(encode(value))
    assert difference(before, back) is None
    assert difference(before, trips(value)) is None


@pytest.mark.parametrize("name", VALUES)
def test_there(there, name):
    """In another interpreter it is what pickle makes of it there, and back again what two pickles make of it."""
    value = VALUES[name]()
    differs, back = there(value)
    assert differs is None
    assert difference(trips(value, 2), back) is None


@pytest.mark.parametrize("wrap", WRAPS)
@pytest.mark.parametrize("name", VALUES)
def test_twice_in_a_message(name, wrap):
    """What stands in a message twice arrives once, where that can be told."""
    value = WRAPS[wrap](VALUES[name]())
    assert difference(trips(value), decode(encode(value))) is None


def test_all_in_one_message(there):
    """All of them in one message, forwards, and then backwards with what was made before."""
    values = [make() for make in VALUES.values()]
    message = [values, values[::-1], dict(enumerate(values))]
    differs, back = there(message)
    assert differs is None
    assert difference(trips(message, 2), back) is None


def test_nothing_is_left():
    """Encoding and decoding, or dropping, leaves no payload, end or object behind."""
    messages = [make() for make in VALUES.values()]
    for value in messages:
        decode(encode(value))
    gc.collect()
    before, objects = alive(), len(gc.get_objects())
    for value in messages:
        decode(encode(value))
        tx, rx = csp.channel(1)
        tx.send(value)
        tx.close()
        rx.close()
    del tx, rx
    gc.collect()
    assert alive() == before
    assert len(gc.get_objects()) - objects < 50
