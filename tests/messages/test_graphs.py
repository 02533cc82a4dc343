"""The comparison that the oracle tests rest on sees what it is there to see."""

import collections
import copy
import math
import pickle

import pytest
from graphs import difference, same_graph
from oracle_classes import Plain
from oracle_values import VALUES


def ring(length):
    first = last = []
    for _ in range(length - 1):
        last.append([])
        last = last[0]
    last.append(first)
    return first


A, B = [1], [1]
SELF = Plain(None)
SELF.x = SELF
OTHER = Plain(Plain(None))
OTHER.x.x = OTHER


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, True),
        (1, 1.0),
        (0.0, -0.0),
        ("a", b"a"),
        ([1], (1,)),
        ([1, 2], [1]),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({1: 2}, {True: 2}),
        ({1}, {True}),
        ({(1, 2)}, {(1, 3)}),
        ({1}, frozenset({1})),
        ([A, A], [A, B]),
        ([A, B], [A, A]),
        ([A, B, A], [A, B, B]),
        ((A, {1: A}), (A, {1: B})),
        (ring(1), ring(2)),
        (ring(3), ring(6)),
        (SELF, OTHER),
        (Plain(1), Plain(2)),
        (Plain(1), Plain(True)),
        ({Plain(1)}, {Plain(2)}),
        (collections.OrderedDict(a=1), {"a": 1}),
        (collections.deque([1], 3), collections.deque([1], 4)),
        (bytearray(b"a"), bytearray(b"b")),
        (len, max),
        (int, bool),
        (slice(1, A), slice(1, 2)),
        (range(3), range(4)),
        ((k for k in ()), (k for k in ())),
    ],
)
def test_what_differs(one, other):
    """Types, values, order, sharing and the lengths of cycles tell two values apart, in either order."""
    assert not same_graph(one, other)
    assert not same_graph(other, one)


def test_what_pickle_makes_is_the_same():
    """Two that pickle makes of one value are the same, and not the next one's, for each that the oracle tests send."""
    made = [pickle.dumps(make(), 5) for make in VALUES.values()]
    for n, data in enumerate(made):
        assert difference(pickle.loads(data), pickle.loads(data)) is None
        assert data == made[n - 1] or not same_graph(pickle.loads(data), pickle.loads(made[n - 1])), n


def test_text_that_is_shared_is_seen_when_asked():
    """That text, bytes and tuples of them are shared can be looked at; by default nobody asks."""
    text, pair = "".join(["ab", "c"]), tuple(["x", "y"])  # noqa: C409, FLY002  (not the compiler's constants)
    for value in ([text, text], [pair, pair]):
        back = pickle.loads(pickle.dumps(value))
        assert same_graph(value, back, shared_atoms=True)
        apart = [pickle.loads(pickle.dumps(part)) for part in value]
        assert same_graph(value, apart)
        assert not same_graph(value, apart, shared_atoms=True)


def test_sets_find_their_partners():
    """The members of a set are compared in any order, together with what they share with the rest."""
    left = [Plain(n) for n in range(5)]
    members = set(left)
    mirrored = copy.deepcopy([members, left])
    assert same_graph([members, left], mirrored)
    mirrored[1][0], mirrored[1][1] = mirrored[1][1], mirrored[1][0]
    assert not same_graph([members, left], mirrored)


def test_not_a_number_is_itself():
    """NaN is compared by its bits."""
    assert same_graph([math.nan], [math.nan])
    assert not same_graph(math.nan, -math.nan)


def test_ten_thousand_deep():
    """The comparison does not use the stack."""
    assert same_graph(ring(10_000), ring(10_000))
    assert not same_graph(ring(10_000), ring(10_001))


def test_the_difference_names_the_way():
    """It says where two values begin to differ."""
    assert difference([1, {"a": (2, 3)}], [1, {"a": (2, 4)}]) == "value[1]['a'][1]: 3 against 4"
    assert difference([A, A], [A, B]) == "value[1]: was shared with value[0]"
