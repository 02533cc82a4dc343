"""Event: as threading.Event, and what it does beyond that."""

import pickle
import threading

import pytest
from background import Background, in_background, waiting

import csp


@pytest.fixture(params=[threading.Event, csp.Event], ids=["threading", "csp"])
def event(request):
    """An event of threading or of csp: what a test of it claims holds for both."""
    return request.param()


# ---- as in threading -------------------------------------------------------------------------------------------------


def test_set_and_clear(event):
    """It begins cleared; set and clear are idempotent and give None."""
    assert event.is_set() is False
    for _ in range(2):
        assert event.set() is None
        assert event.is_set() is True
    for _ in range(2):
        assert event.clear() is None
        assert event.is_set() is False


def test_wait_for_a_set_event(event):
    """A set event is no obstacle, however often one comes."""
    event.set()
    assert [event.wait(), event.wait(0), event.wait(timeout=5), event.wait(None)] == [True] * 4


@pytest.mark.parametrize("timeout", [0, 0.0, 0.01, 1e-9])
def test_wait_with_a_timeout(event, timeout):
    """wait gives False when the time is up, and an exception never."""
    assert event.wait(timeout) is False
    assert event.wait(timeout=timeout) is False


def test_set_in_another_thread(event):
    """What was done before set is seen after wait."""
    seen = []

    def say():
        seen.append("before")
        event.set()

    call = Background(say)
    assert event.wait(20) is True
    assert seen == ["before"]
    call.result()


# ---- beyond it -------------------------------------------------------------------------------------------------------


def test_set_lets_all_through():
    """All who wait are released by one set, also when it is cleared at once."""
    event = csp.Event()
    calls = [in_background(event, event.wait) for _ in range(40)]
    event.set()
    event.clear()
    assert [call.result() for call in calls] == [True] * 40
    assert event.is_set() is False
    assert event.wait(0) is False


@pytest.mark.parametrize(("timeout", "error"), [(-1, ValueError), (float("nan"), ValueError), ("1", TypeError)])
def test_refused_timeouts(timeout, error):
    """A timeout that is no duration is refused, as everywhere in csp."""
    with pytest.raises(error, match="timeout must be"):
        csp.Event().wait(timeout)


def test_arguments():
    """The constructor takes nothing; wait a timeout and nothing else."""
    with pytest.raises(TypeError, match="Event takes no arguments"):
        csp.Event(True)
    with pytest.raises(TypeError, match="wait takes 0 positional"):
        csp.Event().wait(1, 2)
    with pytest.raises(TypeError, match="'blocking'"):
        csp.Event().wait(blocking=False)


def test_it_is_no_lock():
    """It has no acquire and no release."""
    for name in ("acquire", "release", "__enter__"):
        assert not hasattr(csp.Event(), name)


def test_select():
    """A set event is a ready guard and stays set; setting it releases a select that waits."""
    tx, rx = csp.channel()
    event = csp.Event()
    with pytest.raises(TimeoutError):
        csp.select(rx, event, timeout=0)
    choice = in_background(event, csp.select, rx, event)
    event.set()
    assert choice.result() == (event, None)
    assert csp.select(rx, event) == (event, None)
    assert csp.select(event, rx, priority=True) == (event, None)
    assert event.is_set()
    assert waiting(rx) == 0
    tx.close()


def test_select_of_an_event_and_a_lock():
    """Setting the event takes nothing of the lock that stood beside it."""
    event, lock = csp.Event(), csp.Lock()
    lock.acquire()
    choice = in_background(event, csp.select, lock, event)
    event.set()
    assert choice.result() == (event, None)
    lock.release()
    assert not lock.locked()


def test_closed_handle():
    """Every operation on a closed handle is ClosedEnd, and who waits through it is told; is_set can be looked at."""
    event = csp.Event()
    other = event.clone()
    call = in_background(event, event.wait)
    event.close()
    with pytest.raises(csp.ClosedEnd):
        call.result()
    for operation in (event.wait, lambda: event.wait(0), event.set, event.clear, event.clone):
        with pytest.raises(csp.ClosedEnd, match="this handle was closed"):
            operation()
    assert event.closed
    assert event.is_set() is False
    other.set()
    assert event.is_set() is True


def test_a_close_of_another_handle_is_nothing():
    """Handles that go leave an event as it is, and who waits waiting."""
    event = csp.Event()
    other = event.clone()
    call = in_background(event, event.wait)
    other.close()
    assert waiting(event) == 1
    event.set()
    assert call.result() is True


def test_through_a_channel():
    """It travels in a message and arrives as the same event."""
    tx, rx = csp.channel(1)
    event = csp.Event()
    tx.send({"event": event})
    arrived = rx.recv()["event"]
    assert arrived == event
    assert hash(arrived) == hash(event)
    event.set()
    assert arrived.is_set()


def test_no_pickling_by_itself():
    """It travels in messages only."""
    with pytest.raises(csp.NotShareable, match="csp.Event cannot be pickled by itself"):
        pickle.dumps(csp.Event())


def test_repr():
    """It says whether it is set, and closed."""
    event = csp.Event()
    assert repr(event).startswith("<csp.Event ")
    assert repr(event).endswith(", not set>")
    event.set()
    event.close()
    assert repr(event).endswith(", set, closed>")
