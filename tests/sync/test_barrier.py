"""Barrier: as threading.Barrier, and what it does beyond that."""

import pickle
import threading

import pytest
from background import Background, in_background, wait_for_waiters

import csp


@pytest.fixture(
    params=[(threading.Barrier, threading.BrokenBarrierError), (csp.Barrier, csp.BrokenBarrier)],
    ids=["threading", "csp"],
)
def namesakes(request):
    """A barrier's type and its error, of threading or of csp: what a test of them claims holds for both."""
    return request.param


# ---- as in threading -------------------------------------------------------------------------------------------------


def test_all_leave_together(namesakes):
    """All parties leave when the last has come, each with another index, round after round."""
    barrier = namesakes[0](3)
    for _ in range(3):
        calls = [Background(barrier.wait) for _ in range(2)]
        mine = barrier.wait()
        assert sorted([mine, *(call.result() for call in calls)]) == [0, 1, 2]
        assert barrier.n_waiting == 0
        assert barrier.broken is False


def test_one_party(namesakes):
    """A barrier of one is no obstacle."""
    assert [namesakes[0](1).wait(), namesakes[0](1).wait(0)] == [0, 0]


def test_what_can_be_seen(namesakes, wait_until):
    """parties, n_waiting and broken tell; they cannot be set."""
    barrier = namesakes[0](2)
    assert (barrier.parties, barrier.n_waiting, barrier.broken) == (2, 0, False)
    call = Background(barrier.wait)
    wait_until(lambda: barrier.n_waiting == 1, "one waits")
    barrier.wait(timeout=20)
    call.result()
    for name in ("parties", "n_waiting", "broken"):
        with pytest.raises(AttributeError):
            setattr(barrier, name, 1)


@pytest.mark.parametrize("parties", [0, -1])
def test_refused_parties(namesakes, parties):
    """Fewer than one party is a ValueError."""
    with pytest.raises(ValueError, match="part"):
        namesakes[0](parties)


def test_abort(namesakes, wait_until):
    """Aborted, it is broken for who waits and who comes."""
    kind, error = namesakes
    barrier = kind(2)
    call = Background(barrier.wait)
    wait_until(lambda: barrier.n_waiting == 1, "one waits")
    assert barrier.abort() is None
    with pytest.raises(error):
        call.result()
    assert barrier.broken is True
    with pytest.raises(error):
        barrier.wait()


def test_reset(namesakes, wait_until):
    """Reset, who waits gets the error, and the barrier is whole."""
    kind, error = namesakes
    barrier = kind(2)
    call = Background(barrier.wait)
    wait_until(lambda: barrier.n_waiting == 1, "one waits")
    assert barrier.reset() is None
    with pytest.raises(error):
        call.result()
    assert barrier.broken is False
    barrier.abort()
    barrier.reset()
    call = Background(barrier.wait)
    assert {barrier.wait(), call.result()} == {0, 1}


@pytest.mark.parametrize("timeout", [0.01, 0])
def test_timeout(namesakes, wait_until, timeout):
    """A party that gives up breaks the barrier for all."""
    kind, error = namesakes
    barrier = kind(3)
    call = Background(barrier.wait)
    wait_until(lambda: barrier.n_waiting == 1, "one waits")
    with pytest.raises(error):
        barrier.wait(timeout)
    with pytest.raises(error):
        call.result()
    assert barrier.broken is True


# ---- beyond it -------------------------------------------------------------------------------------------------------


def test_the_index_is_who_came_before():
    """The index is how many had come before, so the last has parties - 1."""
    barrier = csp.Barrier(3)
    first = in_background(barrier, barrier.wait)
    second = in_background(barrier, barrier.wait)
    assert [barrier.wait(), second.result(), first.result()] == [2, 1, 0]


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ((), TypeError, "parties"),
        (("2",), TypeError, "parties must be an int, not str"),
        ((2.0,), TypeError, "parties must be an int, not float"),
        ((0,), ValueError, "a Barrier has at least 1 party, not 0"),
        ((2**64,), OverflowError, "parties must fit into 64 bits"),
        ((2, None), TypeError, "at most 1 argument|exactly 1 argument"),
    ],
)
def test_refused_by_the_constructor(arguments, error, text):
    """What it cannot be is a typed error; it has no action and no timeout of its own."""
    with pytest.raises(error, match=text):
        csp.Barrier(*arguments)


def test_errors_say_why():
    """A timeout, an abort and a reset read differently."""
    barrier = csp.Barrier(2)
    with pytest.raises(csp.BrokenBarrier, match="not all parties came before the timeout, which breaks the barrier"):
        barrier.wait(0.001)
    with pytest.raises(csp.BrokenBarrier, match="the barrier is broken: a party left it, or it was aborted or reset"):
        barrier.wait()
    assert issubclass(csp.BrokenBarrier, csp.SyncError)
    assert issubclass(csp.BrokenBarrier, RuntimeError)


def test_refused_timeouts_break_nothing():
    """A timeout that is no duration is refused before anybody has come."""
    barrier = csp.Barrier(2)
    for timeout, error in ((-1, ValueError), ("1", TypeError)):
        with pytest.raises(error, match="timeout must be"):
            barrier.wait(timeout)
    assert (barrier.n_waiting, barrier.broken) == (0, False)


def test_many_parties():
    """More parties than fit one list of wakes all leave."""
    barrier = csp.Barrier(40)
    calls = [Background(barrier.wait) for _ in range(39)]
    indices = [barrier.wait(), *(call.result() for call in calls)]
    assert sorted(indices) == list(range(40))


def test_a_passing_handle_breaks_nothing():
    """A handle that is dropped while one waits leaves the barrier to the other threads of this interpreter."""
    barrier = csp.Barrier(2)
    tx, rx = csp.channel(1)
    tx.send(barrier)
    call = in_background(barrier, barrier.wait)
    rx.close()
    assert barrier.broken is False
    barrier.wait(20)
    call.result()


def test_closed_handle():
    """Every operation on a closed handle is ClosedEnd, and who waits through it is told; others find it broken."""
    barrier = csp.Barrier(2)
    other = barrier.clone()
    call = in_background(barrier, barrier.wait)
    barrier.close()
    with pytest.raises(csp.ClosedEnd):
        call.result()
    for operation in (barrier.wait, barrier.abort, barrier.reset, barrier.clone):
        with pytest.raises(csp.ClosedEnd, match="this handle was closed"):
            operation()
    assert barrier.closed
    assert (other.n_waiting, other.broken) == (0, True)
    with pytest.raises(csp.BrokenBarrier, match="a party left it"):
        other.wait()
    other.reset()
    call = in_background(other, other.wait)
    assert [other.wait(), call.result()] == [1, 0]


def test_through_a_channel():
    """It travels in a message and arrives as the same barrier."""
    tx, rx = csp.channel(1)
    barrier = csp.Barrier(2)
    tx.send((barrier,))
    (arrived,) = rx.recv()
    assert arrived == barrier
    call = in_background(arrived, barrier.wait)
    assert arrived.wait() == 1
    assert call.result() == 0
    assert barrier.statistics().received == 2


def test_no_pickling_by_itself():
    """It travels in messages only."""
    with pytest.raises(csp.NotShareable, match="csp.Barrier cannot be pickled by itself"):
        pickle.dumps(csp.Barrier(2))


def test_repr():
    """It says who waits, and whether it is broken or closed."""
    barrier = csp.Barrier(2)
    assert repr(barrier).startswith("<csp.Barrier ")
    assert repr(barrier).endswith(", 0 of 2 wait>")
    call = Background(barrier.wait)
    wait_for_waiters(barrier)
    assert repr(barrier).endswith(", 1 of 2 wait>")
    barrier.abort()
    with pytest.raises(csp.BrokenBarrier):
        call.result()
    assert repr(barrier).endswith(", 0 of 2 wait, broken>")
    barrier.close()
    assert repr(barrier).endswith(", broken, closed>")
