"""Scopes that are used as they must not be, cancelled from everywhere, and in the moment of a delivery."""

import gc
import os
import pickle
import signal
import threading
import time

import pytest
from scopes import Within, cancelled

import csp

# ---- used as it must not be ------------------------------------------------------------------------------------------


def test_it_is_for_one_block():
    """Entered again, inside of itself or later, it is refused."""
    with csp.CancelScope() as scope, pytest.raises(RuntimeError, match="make another"):
        scope.__enter__()
    with pytest.raises(RuntimeError, match="make another"), scope:
        pass
    with pytest.raises(RuntimeError, match="not entered"):
        csp.CancelScope().__exit__(None, None, None)


def test_left_out_of_order(rx):
    """Left before those inside of it, it says so and cancels nothing any more; the inner ones stay as they are."""
    outer, inner = csp.CancelScope(), csp.CancelScope()
    outer.__enter__()
    inner.__enter__()
    outer.cancel()
    with pytest.raises(RuntimeError, match="innermost"):
        outer.__exit__(None, None, None)
    assert not cancelled(rx)
    inner.cancel()
    assert cancelled(rx)
    inner.__exit__(None, None, None)
    assert not cancelled(rx)


def test_left_by_another_thread(rx):
    """A generator that yields inside of a scope, and is closed by another thread: told there, and the scope is gone."""

    def generate():
        with csp.CancelScope() as scope:
            scope.cancel()
            yield

    generator = generate()
    next(generator)
    assert cancelled(rx)
    told = []

    def close():
        try:
            generator.close()
        except RuntimeError as error:
            told.append(str(error))

    thread = threading.Thread(target=close)
    thread.start()
    thread.join(20)
    assert len(told) == 1
    assert not cancelled(rx)


def test_entered_and_forgotten(rx):
    """One that nobody can leave any more, because it is gone, is left."""
    scope = csp.CancelScope()
    scope.__enter__()
    scope.cancel()
    assert cancelled(rx)
    del scope
    gc.collect()
    assert not cancelled(rx)


def test_a_thread_that_ends_inside(rx):
    """A thread may end in a scope; cancelling it then does nothing, also not to the next thread."""
    scope = csp.CancelScope()
    thread = threading.Thread(target=scope.__enter__)
    thread.start()
    thread.join(20)
    scope.cancel()
    assert not Within(csp.CancelScope(), lambda: cancelled(rx)).end()


def test_it_does_not_travel():
    """It is one thread's, and says so where it would be sent."""
    tx, _rx = csp.channel(1)
    for send in (tx.send, pickle.dumps):
        with pytest.raises(csp.NotShareable, match="CancelScope"):
            send(csp.CancelScope())


# ---- from anywhere ---------------------------------------------------------------------------------------------------


def test_from_a_signal_handler(rx):
    """A handler may cancel what it interrupts."""
    with csp.CancelScope() as scope:
        before = signal.signal(signal.SIGUSR1, lambda *_: scope.cancel())
        try:
            threading.Timer(0.02, os.kill, (os.getpid(), signal.SIGUSR1)).start()
            rx.recv()
        finally:
            signal.signal(signal.SIGUSR1, before)
    assert scope.cancelled_caught


def test_scopes_of_a_signal_handler(rx):
    """A handler's own scopes are not those of what it interrupts."""
    seen = []

    def handle(*_):
        with csp.CancelScope() as own:
            own.cancel()
            rx.recv()
        seen.append(own.cancelled_caught)
        with csp.move_on_after(0.01) as own:
            rx.recv()
        seen.append(own.cancelled_caught)

    before = signal.signal(signal.SIGUSR1, handle)
    try:
        with csp.CancelScope() as scope:
            threading.Timer(0.02, os.kill, (os.getpid(), signal.SIGUSR1)).start()
            with pytest.raises(TimeoutError):
                rx.recv(0.2)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert seen == [True, True]
    assert not scope.cancel_called


def test_from_a_finaliser(rx):
    """Whatever is collected, wherever, may cancel."""

    class Owner:
        def __init__(self, scope):
            self.scope, self.cycle = scope, self

        def __del__(self):
            self.scope.cancel()

    with csp.CancelScope() as scope:
        Owner(scope)
        gc.collect()
        rx.recv()
    assert scope.cancelled_caught


def test_a_condition_has_its_lock_again():
    """Cancelled in the block that holds the lock, the block goes on with the lock."""
    condition = csp.Condition()
    with condition:
        with csp.move_on_after(0.01) as scope:
            condition.wait()
        assert scope.cancelled_caught
        assert condition.locked()
        condition.notify()
    assert not condition.locked()


# ---- races -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("capacity", [0, 2])
def test_a_cancel_that_races_with_delivery(capacity):
    """1,000 messages, and cancels all the time, of both sides: every message arrives once, in order."""
    tx, rx = csp.channel(capacity)
    cut, latest, over = [], [None], threading.Event()

    def cancel_all():
        while not over.is_set():
            scope = latest[-1]
            if scope is not None:
                scope.cancel()
            time.sleep(0)  # to let the others run

    def send():
        number = -1
        while number < 999 or True not in cut:
            number += 1
            sent = False
            while not sent:
                with csp.CancelScope() as scope:
                    latest[-1] = scope
                    tx.send(number)
                    sent = True
                cut.append(scope.cancelled_caught)
                assert sent is not scope.cancelled_caught
        latest[-1] = None
        tx.close()

    threads = [threading.Thread(target=send), threading.Thread(target=cancel_all)]
    for thread in threads:
        thread.start()
    received = []
    try:
        while True:
            with csp.move_on_after(0.0001):
                received.append(rx.recv())
    except csp.EndOfChannel:
        pass
    threads[0].join(20)
    over.set()
    threads[1].join(20)
    assert received == list(range(len(received)))
    assert len(received) >= 1000
