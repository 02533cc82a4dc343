"""Semaphore: as threading.Semaphore and, with a limit, threading.BoundedSemaphore; and what it does beyond that."""

import gc
import pickle
import threading

import pytest
from background import Background, in_background, waiting

import csp


@pytest.fixture(params=[threading.Semaphore, csp.Semaphore], ids=["threading", "csp"])
def kind(request):
    """A semaphore's type of threading or of csp: what a test of it claims holds for both."""
    return request.param


# ---- as in threading -------------------------------------------------------------------------------------------------


def test_as_many_as_there_are_units(kind):
    """value units can be taken; then acquire gives False at once, or after the timeout."""
    semaphore = kind(2)
    assert semaphore.acquire() is True
    assert semaphore.acquire(timeout=1) is True
    assert semaphore.acquire(blocking=False) is False
    assert semaphore.acquire(False) is False
    assert semaphore.acquire(timeout=0.01) is False
    assert semaphore.acquire(True, 0) is False
    semaphore.release()
    assert semaphore.acquire(False) is True


def test_default_is_one_unit(kind):
    """Without arguments there is one unit."""
    semaphore = kind()
    assert [semaphore.acquire(False), semaphore.acquire(False)] == [True, False]


def test_release_of_many(kind):
    """release(n) gives n units, more than there were."""
    semaphore = kind(0)
    assert semaphore.release(3) is None
    semaphore.release(n=1)
    assert [semaphore.acquire(False) for _ in range(5)] == [True] * 4 + [False]


def test_with(kind):
    """with takes a unit and gives it back, after an exception, too."""
    semaphore = kind(1)
    with semaphore as taken:
        assert taken is True
        assert semaphore.acquire(False) is False
    with pytest.raises(KeyError), semaphore:
        raise KeyError
    assert semaphore.acquire(False)


@pytest.mark.parametrize("arguments", [(False, 1)])
def test_refused_arguments_of_acquire(kind, arguments):
    """A timeout without blocking is refused, and nothing is taken."""
    semaphore = kind(1)
    with pytest.raises(ValueError, match="timeout"):
        semaphore.acquire(*arguments)
    assert semaphore.acquire(False)


def test_refused_values(kind):
    """Fewer than no units, or a release of less than one, is a ValueError."""
    with pytest.raises(ValueError, match="-1|initial value"):
        kind(-1)
    for n in (0, -1):
        with pytest.raises(ValueError, match="n must be|at least 1 unit"):
            kind(1).release(n)


@pytest.mark.parametrize("make", [threading.BoundedSemaphore, lambda value: csp.Semaphore(value, value)])
def test_bounded(make):
    """Released too often, it is a ValueError and nothing is given back, not even a part."""
    semaphore = make(2)
    semaphore.acquire()
    with pytest.raises(ValueError, match="released too"):
        semaphore.release(2)
    semaphore.release()
    with pytest.raises(ValueError, match="released too"):
        semaphore.release()
    assert [semaphore.acquire(False) for _ in range(3)] == [True, True, False]


# ---- beyond it -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "keywords", "error", "text"),
    [
        (("1",), {}, TypeError, "value must be an int, not str"),
        ((1.0,), {}, TypeError, "value must be an int, not float"),
        ((None,), {}, TypeError, "value must be an int, not NoneType"),
        ((2**64,), {}, OverflowError, "value must fit into 64 bits, and 18446744073709551616 does not"),
        ((1, "2"), {}, TypeError, "limit must be an int, not str"),
        ((3, 2), {}, ValueError, "0 to limit units, not with 3 of 2"),
        ((0, 0), {}, ValueError, "0 to limit units, not with 0 of 0"),
        ((1, 2, 3), {}, TypeError, "at most 2"),
        ((), {"most": 3}, TypeError, "most"),
    ],
)
def test_refused_by_the_constructor(arguments, keywords, error, text):
    """What it cannot be is a typed error that says what is legal."""
    with pytest.raises(error, match=text):
        csp.Semaphore(*arguments, **keywords)


@pytest.mark.parametrize(("n", "error"), [("1", TypeError), (1.5, TypeError), (2**70, OverflowError)])
def test_refused_by_release(n, error):
    """A release of something that is no number of units is refused."""
    semaphore = csp.Semaphore(0)
    with pytest.raises(error):
        semaphore.release(n)
    assert semaphore.value == 0


def test_text_of_a_release_too_many():
    """It says the limit and what is free."""
    with pytest.raises(ValueError, match="at most 2 units with 1 free cannot take back 3: it was released too often"):
        csp.Semaphore(1, limit=2).release(3)


def test_value():
    """value is how many are free now; it cannot be set."""
    semaphore = csp.Semaphore(3, limit=5)
    semaphore.acquire()
    assert semaphore.value == 2
    semaphore.release(3)
    assert semaphore.value == 5
    with pytest.raises(AttributeError):
        semaphore.value = 1


def test_first_come_first_served():
    """Units go to who has waited longest; one release of many serves many."""
    semaphore = csp.Semaphore(0)
    order = []

    def take(name):
        semaphore.acquire()
        order.append(name)

    calls = [in_background(semaphore, take, name) for name in range(4)]
    for n in range(2):
        semaphore.release()
        calls[n].result()
    assert waiting(semaphore) == 2
    semaphore.release(2)
    for call in calls[2:]:
        call.result()
    assert order[:2] == [0, 1]
    assert sorted(order) == [0, 1, 2, 3]
    assert semaphore.value == 0


def test_most_units():
    """Without a limit it counts up to 2**63 - 1, and a release beyond that is refused."""
    semaphore = csp.Semaphore(2**63 - 2)
    semaphore.release()
    with pytest.raises(ValueError, match="released too often"):
        semaphore.release()
    assert semaphore.value == 2**63 - 1


def test_things_may_be_counted():
    """Units may be given back by another than who took them: nobody is missed when the taker's handle closes."""
    semaphore = csp.Semaphore(2)
    taker = semaphore.clone()
    taker.acquire()
    taker.acquire()
    semaphore.release(2)
    taker.close()
    assert semaphore.acquire(False)
    assert semaphore.value == 1


@pytest.mark.parametrize("how", ["close", "collect"])
def test_held_units_come_back(how):
    """A handle that goes gives back all units that it holds, and one taker is told."""
    semaphore = csp.Semaphore(3, limit=3)
    taker = semaphore.clone()
    taker.acquire()
    taker.acquire()
    assert semaphore.value == 1
    if how == "close":
        taker.close()
    del taker
    gc.collect()
    assert semaphore.value == 3
    with pytest.raises(csp.Abandoned, match="main ended while it held this"):
        semaphore.acquire()
    assert [semaphore.acquire(False) for _ in range(4)] == [True] * 3 + [False]


def test_an_abandoned_unit_serves_all_who_wait():
    """Of those who wait, the first is told and the next have the units."""
    semaphore = csp.Semaphore(1)
    taker = semaphore.clone()
    taker.acquire()
    first = in_background(semaphore, semaphore.acquire)
    second = in_background(semaphore, semaphore.acquire)
    taker.close()
    with pytest.raises(csp.Abandoned):
        first.result()
    assert second.result() is True


def test_closed_handle():
    """Every operation on a closed handle is ClosedEnd; its value can be looked at."""
    semaphore = csp.Semaphore(2)
    other = semaphore.clone()
    semaphore.close()
    for operation in (semaphore.acquire, semaphore.release, semaphore.clone, semaphore.__enter__):
        with pytest.raises(csp.ClosedEnd, match="this handle was closed"):
            operation()
    assert semaphore.closed
    assert semaphore.value == 2
    assert other.value == 2


def test_through_a_channel():
    """It travels in a message and arrives as the same semaphore."""
    tx, rx = csp.channel(1)
    semaphore = csp.Semaphore(2)
    tx.send([semaphore])
    (arrived,) = rx.recv()
    assert arrived == semaphore
    arrived.acquire()
    assert semaphore.value == 1
    assert semaphore.statistics().receivers == 2
    assert semaphore.statistics().received == 1
    arrived.release()


def test_select():
    """Chosen, one unit is taken; a release reaches a select that waits."""
    tx, rx = csp.channel()
    semaphore = csp.Semaphore(1)
    assert csp.select(semaphore, rx) == (semaphore, None)
    assert semaphore.value == 0
    choice = in_background(semaphore, csp.select, rx, semaphore)
    semaphore.release()
    assert choice.result() == (semaphore, None)
    assert semaphore.value == 0
    with pytest.raises(TimeoutError, match="no guard became ready"):
        csp.select(semaphore, timeout=0.01)
    tx.close()


def test_one_release_for_two_guards():
    """A select that names a semaphore twice takes one unit."""
    semaphore = csp.Semaphore(2)
    assert csp.select(semaphore, semaphore) == (semaphore, None)
    assert semaphore.value == 1


def test_never_more_than_the_units_are_inside():
    """Six threads over three units: never more than three inside, and all units are there in the end."""
    semaphore, inside, most = csp.Semaphore(3, limit=3), csp.Counter(), csp.Counter()

    def work():
        for _ in range(200):
            with semaphore:
                now = inside.add()
                while (seen := most.value) < now and not most.compare_exchange(seen, now):
                    pass
                inside.add(-1)

    for call in [Background(work) for _ in range(6)]:
        call.result()
    assert 1 <= most.value <= 3
    assert semaphore.value == 3


def test_no_pickling_by_itself():
    """It travels in messages only."""
    with pytest.raises(csp.NotShareable, match="csp.Semaphore cannot be pickled by itself"):
        pickle.dumps(csp.Semaphore())


def test_repr():
    """It says what is free and whether it is closed."""
    semaphore = csp.Semaphore(2)
    assert repr(semaphore).startswith("<csp.Semaphore ")
    assert repr(semaphore).endswith(", 2 free>")
    semaphore.close()
    assert repr(semaphore).endswith(", 2 free, closed>")
