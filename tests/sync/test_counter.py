"""Counter: an integer that changes in atomic steps."""

import pickle

import pytest
from background import Background

import csp

MOST, LEAST = 2**63 - 1, -(2**63)


def test_add():
    """add gives the sum; 1 when nothing is said."""
    counter = csp.Counter(5)
    assert [counter.add(), counter.add(10), counter.add(-20), counter.add(0)] == [6, 16, -4, -4]
    assert counter.value == -4


def test_default_is_zero():
    """Without arguments it begins at 0; value has a name."""
    assert csp.Counter().value == 0
    assert csp.Counter(value=7).value == 7


def test_sums_wrap():
    """Beyond 64 bits a sum begins again at the other end."""
    counter = csp.Counter(MOST)
    assert counter.add() == LEAST
    assert counter.add(-1) == MOST


def test_exchange():
    """exchange sets it and gives what was there."""
    counter = csp.Counter(1)
    assert counter.exchange(LEAST) == 1
    assert counter.exchange(2) == LEAST
    assert counter.value == 2


def test_compare_exchange():
    """compare_exchange sets it only where it finds what is expected."""
    counter = csp.Counter(1)
    assert counter.compare_exchange(2, 9) is False
    assert counter.value == 1
    assert counter.compare_exchange(1, 9) is True
    assert counter.value == 9


@pytest.mark.parametrize("wrong", ["1", 1.0, None])
def test_ints_only(wrong):
    """What is no int is a TypeError that names the type, and changes nothing."""
    counter = csp.Counter(3)
    for operation in (
        lambda: csp.Counter(wrong),
        lambda: counter.add(wrong),
        lambda: counter.exchange(wrong),
        lambda: counter.compare_exchange(wrong, 1),
        lambda: counter.compare_exchange(3, wrong),
    ):
        with pytest.raises(TypeError, match=f"must be an int, not {type(wrong).__name__}"):
            operation()
    assert counter.value == 3


@pytest.mark.parametrize("huge", [MOST + 1, LEAST - 1, 2**100])
def test_64_bits(huge):
    """What does not fit is an OverflowError, not another number."""
    counter = csp.Counter(3)
    for operation in (lambda: csp.Counter(huge), lambda: counter.add(huge), lambda: counter.exchange(huge)):
        with pytest.raises(OverflowError, match="must fit into 64 bits"):
            operation()
    assert counter.value == 3


def test_counts_of_arguments():
    """Too many or too few are TypeErrors that say what is taken."""
    counter = csp.Counter()
    with pytest.raises(TypeError, match="add takes one argument, the amount"):
        counter.add(1, 2)
    with pytest.raises(TypeError, match="compare_exchange takes what is expected and the new value"):
        counter.compare_exchange(1)
    with pytest.raises(AttributeError):
        counter.value = 3


def test_no_addition_is_lost():
    """Four threads add 2000 each: the sum is there, and every intermediate sum was given once."""
    counter = csp.Counter()
    calls = [Background(lambda: [counter.add() for _ in range(2000)]) for _ in range(4)]
    given = sorted(n for call in calls for n in call.result())
    assert given == list(range(1, 8001))
    assert counter.value == 8000


def test_compare_exchange_in_a_loop():
    """A loop of compare_exchange loses nothing either."""
    counter = csp.Counter()

    def work():
        for _ in range(500):
            while not counter.compare_exchange(seen := counter.value, seen + 2):
                pass

    for call in [Background(work) for _ in range(3)]:
        call.result()
    assert counter.value == 3000


def test_handles():
    """Clones and copies in messages are the same counter; each handle is counted."""
    tx, rx = csp.channel(1)
    counter = csp.Counter()
    tx.send([counter])
    (arrived,) = rx.recv()
    clone = counter.clone()
    assert arrived == counter == clone
    assert hash(arrived) == hash(counter)
    assert counter != csp.Counter()
    arrived.add()
    clone.add()
    assert counter.value == 2
    assert counter.statistics().receivers == 3


def test_closed_handle():
    """A closed handle changes nothing any more; its value can be looked at."""
    counter = csp.Counter(4)
    other = counter.clone()
    counter.close()
    for operation in (
        counter.add,
        lambda: counter.exchange(1),
        lambda: counter.compare_exchange(4, 1),
        counter.clone,
    ):
        with pytest.raises(csp.ClosedEnd, match="this handle was closed"):
            operation()
    assert counter.closed
    assert counter.value == other.value == 4


def test_nothing_to_wait_for():
    """It has nothing that blocks."""
    for name in ("acquire", "wait", "release", "__enter__"):
        assert not hasattr(csp.Counter(), name)


def test_no_pickling_by_itself():
    """It travels in messages only."""
    with pytest.raises(csp.NotShareable, match="csp.Counter cannot be pickled by itself"):
        pickle.dumps(csp.Counter())


def test_repr():
    """It says the number, and whether it is closed."""
    counter = csp.Counter(-3)
    assert repr(counter).startswith("<csp.Counter ")
    assert repr(counter).endswith(", -3>")
    counter.close()
    assert repr(counter).endswith(", -3, closed>")
