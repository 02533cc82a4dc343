"""Ctrl-C out of every wait, in the main thread: the exception comes at once, and nothing is held or lost for it."""

import os
import signal

import pytest
from background import Background, in_background, wait_for_waiters, waiting

import csp

HANDLES = {
    "Lock.acquire": (csp.Lock, lambda lock: lock.acquire()),
    "Lock.acquire with a timeout": (csp.Lock, lambda lock: lock.acquire(timeout=20)),
    "with Lock": (csp.Lock, lambda lock: lock.__enter__()),
    "RLock.acquire": (csp.RLock, lambda lock: lock.acquire()),
    "Semaphore.acquire": (csp.Semaphore, lambda semaphore: semaphore.acquire()),
    "select of a Lock": (csp.Lock, csp.select),
    "select of an RLock": (csp.RLock, csp.select),
    "select of a Semaphore": (csp.Semaphore, csp.select),
}


def interrupt_when(handle, count=1):
    """Send SIGINT to this program when so many wait on the handle."""

    def send():
        wait_for_waiters(handle, count)
        os.kill(os.getpid(), signal.SIGINT)

    return Background(send)


@pytest.mark.parametrize("how", HANDLES)
def test_out_of_acquire(how):
    """KeyboardInterrupt out of an acquire: it is not in the queue any more, and the release reaches the next."""
    make, wait = HANDLES[how]
    handle = make()
    Background(handle.acquire).result()
    keys = interrupt_when(handle)
    with pytest.raises(KeyboardInterrupt):
        wait(handle)
    keys.result()
    assert waiting(handle) == 0
    assert handle.acquire(False) is False


def test_out_of_an_event():
    """KeyboardInterrupt out of Event.wait, which leaves it as it is."""
    event = csp.Event()
    keys = interrupt_when(event)
    with pytest.raises(KeyboardInterrupt):
        event.wait()
    keys.result()
    assert event.is_set() is False
    assert waiting(event) == 0


def test_out_of_a_barrier():
    """KeyboardInterrupt out of Barrier.wait, which breaks it for all."""
    barrier = csp.Barrier(3)
    other = in_background(barrier, barrier.wait)
    keys = interrupt_when(barrier, 2)
    with pytest.raises(KeyboardInterrupt):
        barrier.wait()
    keys.result()
    with pytest.raises(csp.BrokenBarrier, match="a party left it"):
        other.result()
    assert (barrier.broken, barrier.n_waiting) == (True, 0)


@pytest.mark.parametrize("make", [csp.Lock, csp.RLock])
def test_out_of_a_condition(make):
    """KeyboardInterrupt out of Condition.wait comes with the lock held, as in threading."""
    condition = csp.Condition(make())
    keys = interrupt_when(condition._queue)
    with condition:
        with pytest.raises(KeyboardInterrupt):
            condition.wait()
        assert condition.lock.locked()
    keys.result()
    assert not condition.lock.locked()
    assert waiting(condition._queue) == 0


@pytest.mark.parametrize("make", [csp.Lock, csp.RLock])
def test_out_of_a_condition_whose_lock_is_kept(make):
    """It comes although another thread keeps the lock; leaving `with` takes nothing of that thread's away."""
    condition, go_on = csp.Condition(make()), csp.Event()
    taken = csp.Event()

    def keep():
        with condition.lock:
            taken.set()
            go_on.wait()
            return condition.lock.locked()

    def interrupt():
        wait_for_waiters(condition._queue)
        keeper = Background(keep)
        taken.wait()
        os.kill(os.getpid(), signal.SIGINT)
        return keeper

    keys = Background(interrupt)
    with pytest.raises(KeyboardInterrupt), condition:
        condition.wait()
    keeper = keys.result()
    assert condition.lock.locked()
    assert Background(condition.acquire, False).result() is False
    go_on.set()
    assert keeper.result() is True
    assert not condition.lock.locked()


def test_a_handler_that_returns_keeps_the_place(wait_until):
    """A signal whose handler returns leaves the wait first in line."""
    lock, seen = csp.Lock(), []
    Background(lock.acquire).result()
    before = signal.signal(signal.SIGUSR1, lambda *_: seen.append(waiting(lock)))

    def signal_and_release():
        wait_for_waiters(lock)
        os.kill(os.getpid(), signal.SIGUSR1)
        wait_until(lambda: seen, "the handler ran")
        second = in_background(lock, lock.acquire)
        lock.release()
        return second

    try:
        call = Background(signal_and_release)
        assert lock.acquire() is True
    finally:
        signal.signal(signal.SIGUSR1, before)
    second = call.result()
    assert seen == [1]
    assert waiting(lock) == 1
    lock.release()
    assert second.result() is True


def test_a_handler_that_releases_and_raises():
    """Acquired in the same instant in which a handler raises: it is given back, and not lost."""
    for make in (csp.Lock, lambda: csp.Semaphore(1, limit=1)):
        handle = make()
        handle.acquire()

        def handler(number, frame, handle=handle):
            handle.release()
            raise ZeroDivisionError

        before = signal.signal(signal.SIGUSR1, handler)

        def send(handle=handle):
            wait_for_waiters(handle)
            os.kill(os.getpid(), signal.SIGUSR1)

        try:
            call = Background(send)
            with pytest.raises(ZeroDivisionError):
                handle.acquire()
        finally:
            signal.signal(signal.SIGUSR1, before)
        call.result()
        assert handle.acquire(False) is True


def test_a_handler_that_hands_the_lock_on_and_raises():
    """Acquired, and released again by a handler that raises: the lock is the next one's, and stays that."""
    lock = csp.Lock()
    lock.acquire()

    def handler(number, frame):
        lock.release()  # what was held before: the wait under way acquires it ...
        lock.release()  # ... and this gives it to the next in line
        raise ZeroDivisionError

    before = signal.signal(signal.SIGUSR1, handler)

    def send():
        wait_for_waiters(lock)
        second = in_background(lock, lock.acquire)
        os.kill(os.getpid(), signal.SIGUSR1)
        return second

    try:
        call = Background(send)
        with pytest.raises(ZeroDivisionError):
            lock.acquire()
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert call.result().result() is True
    assert lock.acquire(False) is False
    lock.release()
    assert lock.acquire(False) is True


def test_a_handler_that_abandons_and_raises():
    """Told of an abandonment in the instant in which a handler raises: the handler's error comes, the news is kept."""
    lock = csp.Lock()
    other = lock.clone()
    other.acquire()

    def handler(number, frame):
        other.close()
        raise ZeroDivisionError

    before = signal.signal(signal.SIGUSR1, handler)

    def send():
        wait_for_waiters(lock)
        os.kill(os.getpid(), signal.SIGUSR1)

    try:
        call = Background(send)
        with pytest.raises(ZeroDivisionError):
            lock.acquire()
    finally:
        signal.signal(signal.SIGUSR1, before)
    call.result()
    with pytest.raises(csp.Abandoned):
        lock.acquire()
    assert lock.acquire(False)


def test_a_handler_that_aborts_a_barrier_and_raises():
    """Broken in the instant in which a handler raises: the handler's error comes."""
    barrier = csp.Barrier(2)

    def handler(number, frame):
        barrier.abort()
        raise ZeroDivisionError

    before = signal.signal(signal.SIGUSR1, handler)

    def send():
        wait_for_waiters(barrier)
        os.kill(os.getpid(), signal.SIGUSR1)

    try:
        call = Background(send)
        with pytest.raises(ZeroDivisionError):
            barrier.wait()
    finally:
        signal.signal(signal.SIGUSR1, before)
    call.result()
