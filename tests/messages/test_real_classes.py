"""Classes that programs really send arrive as pickle would give them, or the table says what differs, and why."""

import pickle
import re

import pytest
from graphs import difference
from oracle_ends import trips
from real_classes import ARRIVES, DIFFERS, REFUSED, make

import csp
from csp.ffi import decode, encode


@pytest.mark.parametrize("name", ARRIVES)
def test_arrives_as_pickle_gives_it(there, name):
    """Each instance alone, and all together with one of them twice."""
    values = [make(code) for code in ARRIVES[name]]
    for message in (*values, [*values, values[0], values]):
        # Pickled before it is sent: an iterator that tells of itself may go on by it.
        once = trips(message)
        assert difference(once, decode(encode(trips(message)))) is None
        differs, back = there(trips(message))
        assert differs is None
        assert difference(trips(message, 2), back) is None


@pytest.mark.parametrize("name", REFUSED)
def test_what_pickle_refuses_is_not_shareable(name):
    """NotShareable names it and the way to it; pickle refuses it, too."""
    for code in REFUSED[name]:
        value = make(code)
        with pytest.raises((TypeError, pickle.PicklingError, AttributeError)):
            pickle.dumps(value, 5)
        with pytest.raises(csp.NotShareable, match=rf"message\['k'\]\[0\]: .*{type(value).__qualname__} cannot travel"):
            csp.channel(1)[0].send({"k": [value]})


def test_what_differs_does():
    """Each in the table of differences differs, and says why: one that does not any more leaves it."""
    for name, (codes, why) in DIFFERS.items():
        assert why
        for code in codes:
            value = make(code)
            try:
                back = decode(encode(value))
            except csp.NotShareable:
                continue
            assert difference(trips(value), back) is not None, name


CORNERS = "attrs collections datetime decimal enum fractions ipaddress pathlib re types uuid zoneinfo"


def test_there_are_sixty_of_them():
    """Those that were promised, from all corners, with one to three instances each."""
    assert len(ARRIVES) + len(DIFFERS) >= 60
    assert {*CORNERS.split()} <= {re.match(r"\w+", name)[0] for name in ARRIVES}
    assert all(1 <= len(codes) <= 3 for codes in ARRIVES.values())
