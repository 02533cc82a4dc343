"""Condition: as threading.Condition, and what it does beyond that."""

import pickle
import threading

import pytest
from background import Background, wait_for_waiters, waiting

import csp


@pytest.fixture(
    params=[
        threading.Condition,
        lambda: threading.Condition(threading.Lock()),
        csp.Condition,
        lambda: csp.Condition(csp.Lock()),
        lambda: csp.Condition(csp.RLock()),
    ],
    ids=["threading", "threading of Lock", "csp", "csp of Lock", "csp of RLock"],
)
def any_condition(request):
    """A condition of threading or of csp: what a test of it claims holds for both."""
    return request.param()


@pytest.fixture(params=[csp.Lock, csp.RLock])
def condition(request):
    return csp.Condition(request.param())


def queue_of(condition):
    return condition._queue


def in_wait(condition, function, *arguments):
    """Call it in a thread, and come back when it waits for a notification."""
    before = waiting(queue_of(condition))
    call = Background(function, *arguments)
    wait_for_waiters(queue_of(condition), before + 1)
    return call


def wait_inside(condition, timeout=None):
    with condition:
        return condition.wait(timeout)


# ---- as in threading -------------------------------------------------------------------------------------------------


def test_with_takes_the_lock(any_condition):
    """with takes the lock and gives True, and releases it after an exception, too."""
    with any_condition as taken:
        assert taken is True
        assert Background(any_condition.acquire, False).result() is False
    with pytest.raises(KeyError), any_condition:
        raise KeyError
    assert any_condition.acquire() is True
    assert any_condition.release() is None


@pytest.mark.parametrize("call", ["wait", "notify", "notify_all"])
def test_without_the_lock(any_condition, call):
    """wait, notify and notify_all are RuntimeErrors when the lock is not held."""
    with pytest.raises(RuntimeError):
        getattr(any_condition, call)()


def test_timeout(any_condition):
    """wait gives False when the time is up, with the lock held."""
    with any_condition:
        assert any_condition.wait(0.01) is False
        assert any_condition.wait(timeout=0) is False
        assert Background(any_condition.acquire, False).result() is False


def test_notification(any_condition):
    """A waiter gives the lock up, and has it again when wait gives True."""
    ready = []

    def wait():
        with any_condition:
            ready.append("waits")
            while len(ready) < 2:
                assert any_condition.wait(20) is True
            ready.append("again")

    call = Background(wait)
    told = False
    while not told:
        with any_condition:
            if told := bool(ready):
                ready.append("told")
                any_condition.notify()
    call.result()
    assert ready == ["waits", "told", "again"]


def test_wait_for(any_condition):
    """wait_for gives what the predicate gave: at once, after notifications, or at the end of the time."""
    stock = []
    with any_condition:
        assert any_condition.wait_for(lambda: "at once") == "at once"
        assert any_condition.wait_for(lambda: stock, timeout=0.01) == []

    def wait():
        with any_condition:
            return any_condition.wait_for(lambda: len(stock) == 3 and list(stock), timeout=20)

    call = Background(wait)
    for n in range(3):
        with any_condition:
            stock.append(n)
            any_condition.notify()
    assert call.result() == [0, 1, 2]


def test_notify_without_waiters(any_condition):
    """A notification that nobody waits for is not kept."""
    with any_condition:
        any_condition.notify()
        any_condition.notify(3)
        any_condition.notify_all()
        assert any_condition.wait(0) is False


@pytest.mark.parametrize("make", [lambda: threading.Condition(threading.RLock()), csp.Condition])
def test_the_default_lock_is_recursive(make):
    """Taken three times, the lock is given up whole by wait, and taken again three times."""
    condition = make()
    inside = []

    def wait():
        with condition, condition, condition:
            inside.append(1)
            while len(inside) < 2:
                condition.wait(20)
        return condition.acquire(False)

    call = Background(wait)
    told = False
    while not told:
        with condition:
            if told := len(inside) == 1:
                inside.append(2)
                condition.notify_all()
    assert call.result() is True


# ---- beyond it -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2])
def test_notify_reaches_the_first(condition, n):
    """notify(n) reaches the n who have waited longest, and no more."""
    order = []

    def wait(name):
        with condition:
            condition.wait()
            order.append(name)

    calls = [in_wait(condition, wait, name) for name in range(3)]
    with condition:
        condition.notify(n)
        assert waiting(queue_of(condition)) == 3 - n
    for call in calls[:n]:
        call.result()
    assert sorted(order) == list(range(n))
    with condition:
        condition.notify_all()
    for call in calls[n:]:
        call.result()


def test_zero_and_less_notify_nobody(condition):
    """notify(0) and notify(-1) do nothing."""
    call = in_wait(condition, wait_inside, condition)
    with condition:
        condition.notify(0)
        condition.notify(-1)
        assert waiting(queue_of(condition)) == 1
        condition.notify()
    assert call.result() is True


def test_notified_waits_for_the_lock(condition):
    """Who was notified goes on when the notifier has released the lock, not before."""
    call = in_wait(condition, wait_inside, condition)
    with condition:
        condition.notify()
        wait_for_waiters(condition.lock)
        assert waiting(queue_of(condition)) == 0
    assert call.result() is True


def test_who_timed_out_is_not_notified(condition):
    """After a timeout nobody is in the queue, and a notification reaches the next."""
    assert wait_inside(condition, 0.001) is False
    assert waiting(queue_of(condition)) == 0


@pytest.mark.parametrize("lock", [1, threading.Lock(), csp.Semaphore(), csp.Condition()])
def test_refused_locks(lock):
    """Its lock is a csp.Lock or a csp.RLock."""
    with pytest.raises(TypeError, match=f"a Condition's lock is a csp.Lock or a csp.RLock, not {type(lock).__name__}"):
        csp.Condition(lock)


@pytest.mark.parametrize(("timeout", "error"), [(-1, ValueError), ("1", TypeError)])
def test_refused_timeouts(condition, timeout, error):
    """A timeout that is no duration is refused, and the lock stays held."""
    with condition:
        with pytest.raises(error, match="timeout must be"):
            condition.wait(timeout)
        assert condition.lock.locked()


def test_texts_without_the_lock(condition):
    """The errors say what to do."""
    with pytest.raises(RuntimeError, match="wait on a Condition whose lock is not held: enter it with `with` first"):
        condition.wait()
    with pytest.raises(RuntimeError, match="notify on a Condition whose lock is not held: enter it with `with` first"):
        condition.notify()


def test_wait_needs_its_own_threads_rlock():
    """An RLock that another thread holds is not held; a Lock is anybody's, as in threading."""
    condition = csp.Condition(csp.RLock())
    with condition, pytest.raises(RuntimeError, match="not held"):
        Background(condition.wait).result()


def test_two_conditions_of_one_lock():
    """Two conditions may share a lock; a notification is for the one that it was made on."""
    lock = csp.Lock()
    full, empty = csp.Condition(lock), csp.Condition(lock)
    call = in_wait(full, wait_inside, full)
    with lock:
        empty.notify_all()
        assert waiting(queue_of(full)) == 1
        full.notify_all()
    assert call.result() is True


def test_through_a_channel(condition):
    """A copy means the same lock and the same queue."""
    tx, rx = csp.channel(1)
    tx.send(condition)
    arrived = rx.recv()
    assert isinstance(arrived, csp.Condition)
    assert arrived.lock == condition.lock
    call = in_wait(condition, wait_inside, arrived)
    with condition:
        condition.notify()
    assert call.result() is True


def test_closed_handle(condition):
    """Every operation on a closed condition is ClosedEnd, and who waits through it is told."""
    call = in_wait(condition, wait_inside, condition)
    condition.close()
    condition.close()
    with pytest.raises(csp.ClosedEnd):
        call.result()
    for operation in (condition.acquire, condition.wait, condition.release, condition.__enter__):
        with pytest.raises(csp.ClosedEnd, match="this handle was closed"):
            operation()


def test_a_closed_queue(condition):
    """Closing the queue alone wakes who waits, who takes the lock again; no notification through it any more."""
    call = in_wait(condition, wait_inside, condition)
    queue_of(condition).close()
    with pytest.raises(csp.ClosedEnd):
        call.result()
    assert not condition.lock.locked()
    with condition:
        for operation in (condition.wait, condition.notify):
            with pytest.raises(csp.ClosedEnd):
                operation()
        assert condition.lock.locked()


def test_abandoned_by_the_locks_last_holder(condition):
    """A waiter that takes the lock again after its holder has gone gets Abandoned, and leaves `with` in order."""
    call = in_wait(condition, wait_inside, condition)
    other = condition.lock.clone()
    other.acquire()
    queue_of(condition).notify(1)
    wait_for_waiters(condition.lock)
    other.close()
    with pytest.raises(csp.Abandoned, match="main ended while it held this"):
        call.result()
    assert not condition.lock.locked()


def test_a_waiter_that_leaves_with_an_error_passes_its_notification_on(condition):
    """The first of two waiters is notified and then abandoned by the lock's holder: the second is notified instead."""
    first = in_wait(condition, wait_inside, condition)
    second = in_wait(condition, wait_inside, condition)
    other = condition.lock.clone()
    other.acquire()
    queue_of(condition).notify(1)
    wait_for_waiters(condition.lock)
    other.close()
    with pytest.raises(csp.Abandoned):
        first.result()
    assert second.result() is True


def test_no_pickling_by_itself(condition):
    """It travels in messages only."""
    with pytest.raises(csp.NotShareable, match="cannot be pickled by itself"):
        pickle.dumps(condition)


def test_repr(condition):
    """It says of which lock."""
    assert repr(condition) == f"<csp.Condition of {condition.lock!r}>"
    assert repr(queue_of(condition)).startswith("<csp.ConditionQueue ")
    assert repr(queue_of(condition)).endswith(", 0 wait>")
    queue_of(condition).close()
    assert repr(queue_of(condition)).endswith(", 0 wait, closed>")


# ---- more than waiting -----------------------------------------------------------------------------------------------


def test_leaving_does_not_hide_the_error(condition):
    """Closed while its block is left with an error: the error is that of the block, and nothing came after it."""
    with pytest.raises(KeyError) as caught, condition:
        condition.close()
        raise KeyError("the body's own")
    assert caught.value.__context__ is None
    call = in_wait(other := csp.Condition(type(condition.lock)()), wait_inside, other)
    other.close()
    with pytest.raises(csp.ClosedEnd) as caught:
        call.result()
    assert caught.value.__context__ is None


def test_leaving_a_closed_one_in_peace_raises(condition):
    """Closed in its own block, which has no error of its own: leaving says that the handle is closed."""
    with pytest.raises(csp.ClosedEnd), condition:
        condition.close()


def test_a_clone_means_the_same(condition):
    """A clone has handles of its own on the same lock and the same queue, and lives on without the first."""
    clone = condition.clone()
    assert (clone.lock, queue_of(clone)) == (condition.lock, queue_of(condition))
    call = in_wait(condition, wait_inside, condition)
    with clone:
        assert condition.locked()
        clone.notify()
    assert call.result() is True
    condition.close()
    with clone:
        assert clone.wait(0.001) is False
    with pytest.raises(csp.ClosedEnd):
        condition.clone()


def test_it_says_what_it_is(condition):
    """locked is the lock's; closed is true with either handle closed; statistics count those who wait."""
    assert (condition.locked(), condition.closed) == (False, False)
    with condition:
        assert condition.locked()
    call = in_wait(condition, wait_inside, condition)
    assert condition.statistics().waiting_receivers == 1
    with condition:
        condition.notify()
    call.result()
    assert condition.statistics().waiting_receivers == 0
    sharing = csp.Condition(condition.lock.clone())
    sharing.lock.close()
    assert sharing.closed
    assert not condition.closed
    condition.close()
    assert condition.closed
    assert condition.locked() is False


@pytest.mark.parametrize(
    ("kwargs", "error"),
    [
        ({"timeout": -1}, ValueError),
        ({"timeout": True}, TypeError),
        ({"timeout": "1"}, TypeError),
        ({"deadline": "1"}, TypeError),
    ],
    ids=str,
)
def test_wait_for_judges_its_time_as_wait_does(kwargs, error):
    """What wait refuses, wait_for refuses in the same words, though its predicate is true already."""
    condition = csp.Condition()
    with condition:
        with pytest.raises(error) as of_wait:
            condition.wait(**kwargs)
        with pytest.raises(error) as of_wait_for:
            condition.wait_for(lambda: True, **kwargs)
        assert str(of_wait.value) == str(of_wait_for.value)
        assert condition.wait_for(lambda: 5, timeout=10**400) == 5
