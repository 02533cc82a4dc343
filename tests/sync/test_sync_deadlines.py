"""deadline= of whatever is acquired or waited for: an instant of time.monotonic() instead of a timeout."""

import threading
import time

import pytest

import csp

ACQUIRED = [csp.Lock, csp.RLock, lambda: csp.Semaphore(1), csp.Condition]


def taken_elsewhere(thing):
    """Taken by a thread that has ended, and so for good."""
    thread = threading.Thread(target=thing.acquire)
    thread.start()
    thread.join()
    return thing


@pytest.fixture(params=ACQUIRED, ids=["Lock", "RLock", "Semaphore", "Condition"])
def acquired(request):
    return request.param()


def test_a_deadline_ends_an_acquire(acquired):
    """False when it has passed, and not before; with what is free, True also then."""
    assert acquired.acquire(deadline=time.monotonic() - 1) is True
    acquired.release()
    taken_elsewhere(acquired)
    deadline = time.monotonic() + 0.03
    assert acquired.acquire(deadline=deadline) is False
    assert time.monotonic() >= deadline
    assert acquired.acquire(deadline=deadline) is False  # past, and shared by both


def test_both_are_refused(acquired):
    """A timeout and a deadline, or a deadline of what shall not wait."""
    with pytest.raises(TypeError, match="not both"):
        acquired.acquire(timeout=1, deadline=time.monotonic())
    with pytest.raises(ValueError, match="does not block"):
        acquired.acquire(False, deadline=time.monotonic())
    with pytest.raises(ValueError, match="nan"):
        acquired.acquire(deadline=float("nan"))
    assert acquired.acquire(timeout=-1, deadline=None) is True


def test_a_condition_has_deadlines():
    """wait and wait_for: False, or what the predicate gave last, when the instant has passed."""
    condition = csp.Condition()
    with condition:
        deadline = time.monotonic() + 0.03
        assert condition.wait_for(list, deadline=deadline) == []
        assert time.monotonic() >= deadline
        assert condition.wait(deadline=deadline) is False
        assert condition.wait_for(lambda: 7, deadline=deadline) == 7
        for call in (condition.wait, lambda **both: condition.wait_for(list, **both)):
            with pytest.raises(TypeError, match="not both"):
                call(timeout=1, deadline=deadline)


def test_select_takes_one_of_both():
    """As recv: a timeout and a deadline contradict each other."""
    _, rx = csp.channel()
    for select in (lambda **both: csp.select(rx, **both), csp.Alternative(rx).select):
        with pytest.raises(TypeError, match="not both"):
            select(timeout=1, deadline=time.monotonic())
        with pytest.raises(TimeoutError):
            select(timeout=None, deadline=time.monotonic())
        with pytest.raises(TimeoutError):
            select(timeout=0, deadline=None)


def test_a_lock_that_was_closed_hides_no_error():
    """with, left with an error when the handle is closed: the error is that of the block, of a plain lock, too."""
    for thing in (csp.Lock(), csp.RLock(), csp.Semaphore()):
        with pytest.raises(KeyError) as caught, thing:
            thing.close()
            raise KeyError("the body's own")
        assert caught.value.__context__ is None
