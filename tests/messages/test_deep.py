"""Deeply nested messages travel, or are refused with a typed error where they are sent; nothing crashes."""

import pytest
from deep import WRAPS, depth_of, mixed, nest

import csp
from csp.ffi import decode, encode
from observed import alive

REFUSALS = (csp.NotShareable, RecursionError)


@pytest.fixture
def deep_actor(in_other):
    """An interpreter that receives 900 frames deep, and says how deep it was."""
    exchange = in_other("deep", "receive_deep", 900)
    assert exchange([7]) == 1  # it has come up
    return exchange


@pytest.mark.parametrize("kind", ["tuple", "list", "dict", "frozenset", "exception", "mixed"])
def test_a_hundred_thousand_deep(deep_actor, kind):
    """Sent from main, received 900 frames deep: it arrives whole, or the sender is told; and the next one is fine."""
    depth = 10_000 if kind == "frozenset" else 100_000  # the repr of these takes CPython the square of their depth
    value = mixed(depth) if kind == "mixed" else nest(kind, depth)
    before = alive()
    try:
        answer = deep_actor(value)
    except REFUSALS:
        assert alive() == before
    else:
        assert answer == depth
    assert deep_actor(nest("list", 3)) == 3


@pytest.mark.parametrize("kind", [*WRAPS, "mixed"])
def test_thirty_deep_is_nothing(deep_actor, kind):
    """What programs really have always arrives."""
    value = mixed(30) if kind == "mixed" else nest(kind, 30)
    assert deep_actor(value) == 30
    assert depth_of(decode(encode(value))) == 30


def test_an_end_at_the_bottom_of_what_is_refused():
    """An end under too many levels is open no more often than before, whether they travel or not."""
    tx, rx = csp.channel(1)
    inner_tx, _inner_rx = csp.channel()
    value = [inner_tx]
    for _ in range(100_000):
        value = [value]
    try:
        tx.send((inner_tx, value))
    except REFUSALS:
        assert len(rx) == 0
    else:
        rx.recv()
    assert inner_tx.statistics().senders == 1
