"""Lock and RLock: as in threading, and what they do beyond that."""

import copy
import gc
import pickle
import signal
import threading

import pytest
from background import Background, in_background, wait_for_waiters, waiting

import csp


@pytest.fixture(params=[threading.Lock, csp.Lock, threading.RLock, csp.RLock], ids=lambda kind: f"{kind}")
def any_lock(request):
    """A lock of threading or of csp: what a test of it claims holds for both."""
    return request.param()


@pytest.fixture(params=[csp.Lock, csp.RLock])
def lock(request):
    return request.param()


def is_plain(lock):
    return isinstance(lock, (csp.Lock, type(threading.Lock())))


# ---- as in threading -------------------------------------------------------------------------------------------------


def test_acquire_and_release(any_lock):
    """acquire gives True, locked says so, release gives None."""
    assert any_lock.locked() is False
    assert any_lock.acquire() is True
    assert any_lock.locked() is True
    assert any_lock.release() is None
    assert any_lock.locked() is False


@pytest.mark.parametrize("arguments", [(False,), (0,), (True, 0.01), (True, 0), (False, -1), (False, -1.0)])
def test_taken_by_another_thread(any_lock, arguments):
    """A lock that another thread has gives False at once, or after the timeout."""
    Background(any_lock.acquire).result()
    assert any_lock.acquire(*arguments) is False


@pytest.mark.parametrize(
    "keywords", [{}, {"blocking": True}, {"timeout": -1}, {"timeout": -1.0}, {"blocking": True, "timeout": 1}]
)
def test_arguments_by_name(any_lock, keywords):
    """blocking and timeout are keywords, too; -1 is no limit."""
    assert any_lock.acquire(**keywords) is True
    any_lock.release()


@pytest.mark.parametrize(("arguments", "error"), [((False, 1), ValueError), ((True, -2), ValueError)])
def test_refused_arguments(any_lock, arguments, error):
    """A timeout without blocking, or a negative one, is refused, and nothing is taken."""
    with pytest.raises(error):
        any_lock.acquire(*arguments)
    assert any_lock.locked() is False


def test_with(any_lock):
    """with takes it, gives True, and releases it after an exception, too."""
    with any_lock as taken:
        assert taken is True
        assert any_lock.locked()
    with pytest.raises(KeyError), any_lock:
        raise KeyError
    assert not any_lock.locked()


def test_release_of_what_is_free(any_lock):
    """That is a RuntimeError, and changes nothing."""
    with pytest.raises(RuntimeError):
        any_lock.release()
    assert any_lock.acquire(False)
    any_lock.release()


def test_release_by_another_thread(any_lock):
    """Anybody may release a Lock; an RLock is its thread's."""
    any_lock.acquire()
    other = Background(any_lock.release)
    if is_plain(any_lock):
        other.result()
        assert not any_lock.locked()
    else:
        with pytest.raises(RuntimeError):
            other.result()
        assert any_lock.locked()
        any_lock.release()


def test_taking_it_twice(any_lock):
    """A Lock is taken once, an RLock by its thread as often as it is released."""
    assert any_lock.acquire()
    assert any_lock.acquire(False) is not is_plain(any_lock)
    if not is_plain(any_lock):
        any_lock.release()
        assert Background(any_lock.acquire, False).result() is False
    any_lock.release()
    assert Background(any_lock.acquire, False).result() is True


# ---- waiting ---------------------------------------------------------------------------------------------------------


def test_first_come_first_served(lock):
    """It is handed to who has waited longest, not thrown in the air."""
    lock.acquire()
    order = []

    def take(name):
        with lock:
            order.append(name)

    calls = [in_background(lock, take, name) for name in range(4)]
    lock.release()
    for call in calls:
        call.result()
    assert order == [0, 1, 2, 3]


def test_it_is_never_free_between_two(lock):
    """Released while somebody waits, it is that one's before release returns: nobody slips in."""
    lock.acquire()
    done = csp.Event()

    def take():
        with lock:
            done.wait()

    call = in_background(lock, take)
    lock.release()
    assert lock.acquire(False) is False
    done.set()
    call.result()


def test_who_timed_out_waits_no_more(lock):
    """After a timeout nobody is in the queue, and the release reaches the next."""
    lock.acquire()
    assert Background(lock.acquire, timeout=0.01).result() is False
    assert waiting(lock) == 0
    call = in_background(lock, lock.acquire)
    lock.release()
    assert call.result() is True


def test_a_signal_handler_is_of_its_thread(wait_until):
    """An RLock that the main thread has can be taken again by a handler that interrupts its wait, as in threading."""
    lock, seen = csp.RLock(), []
    tx, rx = csp.channel()

    def handler(number, frame):
        seen.append(lock.acquire(False))
        lock.release()
        tx_call.append(Background(tx.send, "on"))

    tx_call = []
    before = signal.signal(signal.SIGUSR1, handler)
    try:
        with lock:
            sender = Background(lambda: (wait_for_waiters(rx), signal.raise_signal(signal.SIGUSR1)))
            assert rx.recv(timeout=20) == "on"
            sender.result()
            assert seen == [True]
            assert lock.locked()
    finally:
        signal.signal(signal.SIGUSR1, before)
    for call in tx_call:
        call.result()
    assert not lock.locked()


# ---- handles ---------------------------------------------------------------------------------------------------------


def test_constructors_take_nothing():
    """Lock and RLock have no arguments."""
    for kind in (csp.Lock, csp.RLock):
        with pytest.raises(TypeError, match="takes no arguments"):
            kind(1)
        with pytest.raises(TypeError, match="takes no arguments"):
            kind(value=1)


def test_clones_are_the_same_lock(lock):
    """Another handle, the same lock: equal, of one hash, and released through either; another lock is another."""
    other = lock.clone()
    assert other is not lock
    assert other == lock
    assert hash(other) == hash(lock)
    assert lock != type(lock)()
    assert lock.statistics().receivers == 2
    lock.acquire()
    assert other.locked()
    other.release()
    assert not lock.locked()


def test_through_a_channel(lock):
    """It travels in a message, in any depth, and arrives as the same lock."""
    tx, rx = csp.channel(1)
    tx.send({"deep": [(lock, 1)]})
    arrived = rx.recv()["deep"][0][0]
    assert type(arrived) is type(lock)
    assert arrived == lock
    lock.acquire()
    assert arrived.locked()


def test_a_dropped_message_closes_its_handle(lock):
    """A handle inside a message counts until the message is read or dropped."""
    tx, rx = csp.channel(1)
    tx.send(lock)
    assert lock.statistics().receivers == 2
    rx.close()
    assert lock.statistics().receivers == 1


def test_closed_handle(lock):
    """Every operation on a closed handle is ClosedEnd; looking at it is not; closing again is nothing."""
    other = lock.clone()
    lock.close()
    lock.close()
    assert lock.closed
    assert not other.closed
    for operation in (lock.acquire, lambda: lock.acquire(False), lock.release, lock.clone, lock.__enter__):
        with pytest.raises(csp.ClosedEnd, match="this handle was closed by its own holder"):
            operation()
    assert lock.locked() is False
    assert other.acquire(False)
    other.release()


def test_close_wakes_who_waits_through_it(lock):
    """An acquire that waits through the very handle that is closed gets ClosedEnd; others wait on."""
    other = lock.clone()
    Background(other.acquire).result()
    through_it = in_background(lock, lock.acquire)
    through_other = in_background(lock, other.acquire)
    lock.close()
    with pytest.raises(csp.ClosedEnd):
        through_it.result()
    other.close()
    with pytest.raises(csp.ClosedEnd):
        through_other.result()


@pytest.mark.parametrize("how", ["close", "collect", "collect in a cycle"])
def test_a_held_handle_that_goes_abandons_the_lock(lock, how):
    """Closed or collected while it holds the lock: one taker is told by whom, the next has it."""
    other = lock.clone()
    other.acquire()
    if how == "close":
        other.close()
    if how == "collect in a cycle":
        cycle = [other]
        cycle.append(cycle)
        del cycle
    del other
    gc.collect()
    with pytest.raises(csp.Abandoned, match="^main ended while it held this; what it guards may be half done") as told:
        lock.acquire()
    assert told.value.holder == "main"
    assert isinstance(told.value, (csp.SyncError, RuntimeError))
    assert not lock.locked()
    assert lock.acquire(False)
    lock.release()


def test_with_of_an_abandoned_lock_does_not_enter(lock):
    """`with` raises Abandoned before its body, and the lock is not held."""
    other = lock.clone()
    other.acquire()
    other.close()
    entered = False
    with pytest.raises(csp.Abandoned), lock:
        entered = True
    assert not entered
    assert not lock.locked()


@pytest.mark.parametrize("refused", [pickle.dumps, copy.copy, copy.deepcopy])
def test_no_pickling_by_itself(lock, refused):
    """It travels in messages only."""
    with pytest.raises(csp.NotShareable, match=f"csp.{type(lock).__name__} cannot be pickled by itself"):
        refused(lock)


def test_repr():
    """It says which lock, and whether it is taken or closed."""
    lock, again = csp.Lock(), csp.RLock()
    assert repr(lock).startswith("<csp.Lock ")
    assert repr(lock).endswith(", free>")
    lock.acquire()
    assert repr(lock).endswith(", taken>")
    assert repr(again).endswith(", free>")
    again.acquire()
    again.acquire()
    assert repr(again).endswith(", taken 2 times>")
    again.release()
    assert repr(again).endswith(", taken once>")
    lock.close()
    assert repr(lock).endswith(", free, closed>")


def test_no_weak_ordering(lock):
    """Locks are equal or not, and have no order; a lock is not equal to something else."""
    assert lock != 1
    with pytest.raises(TypeError):
        _ = lock < lock  # noqa: PLR0124
    assert csp.Lock() != csp.RLock()


# ---- as guards -------------------------------------------------------------------------------------------------------


def test_select_takes_it(lock):
    """Chosen, a lock is held; the value is None."""
    guard, value = csp.select(lock)
    assert guard is lock
    assert value is None
    assert lock.locked()
    lock.release()


def test_select_of_locks_and_channels(lock):
    """What is ready is chosen and nothing else is taken."""
    tx, rx = csp.channel(1)
    tx.send("job")
    Background(lock.acquire).result()
    assert csp.select(lock, rx) == (rx, "job")
    with pytest.raises(TimeoutError):
        csp.select(lock, rx, timeout=0)
    choice = in_background(rx, csp.select, lock, rx)
    assert waiting(lock) == 1
    tx.send("later")
    assert choice.result() == (rx, "later")
    assert waiting(lock) == 0


def test_select_waits_for_a_release(lock):
    """A release reaches a select that waits, and the lock is that thread's."""
    tx, rx = csp.channel()
    lock.acquire()

    def choose():
        guard, _ = csp.select(rx, lock)
        lock.release()
        return guard

    choice = in_background(lock, choose)
    lock.release()
    assert choice.result() is lock
    assert not lock.locked()
    assert waiting(rx) == 0
    tx.close()


def test_select_of_an_abandoned_lock(lock):
    """An abandoned lock is a ready guard that raises Abandoned."""
    other = lock.clone()
    other.acquire()
    other.close()
    with pytest.raises(csp.Abandoned):
        csp.select(lock, csp.never())
    assert csp.select(lock)[0] is lock
    lock.release()


def test_two_locks_in_one_select():
    """Only one of two free locks is taken; with priority the first."""
    first, second = csp.Lock(), csp.Lock()
    assert csp.select(first, second, priority=True)[0] is first
    assert not second.locked()
    assert csp.select(first, second)[0] is second


def test_rlock_in_select_again():
    """select takes an RLock again that its thread has."""
    lock = csp.RLock()
    with lock:
        assert csp.select(lock)[0] is lock
        assert "2 times" in repr(lock)
        lock.release()


def test_what_is_no_guard():
    """Barriers, conditions and counters are no guards, and the text says what is."""
    for other in (csp.Barrier(2), csp.Condition(), csp.Counter()):
        with pytest.raises(TypeError, match="is no guard: give .* Lock, RLock, Semaphore or Event"):
            csp.select(other)
