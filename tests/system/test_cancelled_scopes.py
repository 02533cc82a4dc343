"""Scopes around what asks actors and systems."""

import math
import threading

import pytest
from sample_scopes import Waits

import csp


@pytest.fixture
def event():
    """What the actor waits for; set at the end, whatever became of the test."""
    event = csp.Event()
    yield event
    event.set()


@pytest.fixture
def waits(system):
    return system.spawn(Waits)


def in_thread(scope, function, *args):
    """Run it in the scope in a thread; gives what waits for its end, and tells whether it was cut short."""

    def run():
        with scope:
            function(*args)

    thread = threading.Thread(target=run)
    thread.start()

    def end():
        thread.join(20)
        assert not thread.is_alive()
        return scope.cancelled_caught

    return end


def test_a_call(waits, event):
    """A call is cancelled by a deadline; it runs all the same, and the next one is answered."""
    with csp.move_on_after(0.05) as scope:
        waits.until(event)
    assert scope.cancelled_caught
    event.set()
    assert waits.count.options(timeout=20)() == 1


def test_what_was_not_taken_does_not_run(waits, event):
    """A call, a cast and a tell that the mailbox had not taken are withdrawn."""
    waits.until.cast(event)
    for ask in (waits.until, waits.until.cast, waits.until.tell):
        with csp.move_on_after(0.02) as scope:
            ask(event)
        assert scope.cancelled_caught
    event.set()
    assert waits.count.options(timeout=20)() == 1


@pytest.mark.parametrize("scope", [csp.CancelScope, lambda: csp.move_on_after(0.05)], ids=["cancel", "deadline"])
def test_a_future(waits, event, scope):
    """Who waits for a future is cancelled; the future is not, and is done later."""
    scope, future = scope(), waits.until.future(event)
    end = in_thread(scope, future.result)
    if scope.deadline == math.inf:
        scope.cancel()
    assert end()
    assert not future.done()
    event.set()
    with csp.fail_after(20):
        assert future.result() is None


def test_an_end_that_is_waited_for(system, waits):
    """System.wait is cancelled, and the actor lives."""
    with csp.move_on_after(0.02) as scope:
        system.wait(waits)
    assert scope.cancelled_caught
    assert waits.count() == 0


def test_a_start(system):
    """Nothing is started in a cancelled scope."""
    with csp.CancelScope() as scope:
        scope.cancel()
        system.spawn(csp.child(Waits).options(name="late"))
    assert scope.cancelled_caught
    with pytest.raises(csp.NoSuchActor):
        system.lookup("late")


def test_inside_an_actor(waits):
    """An actor's handlers have scopes of their own, in its interpreter."""
    tx, rx = csp.channel()
    assert waits.give_up_on(rx) is True
    tx.close()


def test_who_is_cancelled_can_log(waits):
    """Logging never waits, and so is not cancelled."""
    assert waits.log_in_a_cancelled_scope() is True


def test_a_system_is_left(event):
    """A system that is left by Cancelled stops all it has, behind a shield; what is queued is not handled."""
    with csp.move_on_after(0.5) as scope, csp.System(warm=0) as system:
        waits = system.spawn(csp.child(Waits).options(shutdown=0.1))
        waits.until.options(timeout=None)(event)
    assert scope.cancelled_caught
    with pytest.raises(csp.ActorError):
        system.spawn(Waits)


def test_close_hears_it(event):
    """close() that is called in a cancelled scope does not wait; called again it does."""
    system = csp.System(warm=0)
    system.spawn(Waits)
    with csp.CancelScope() as scope:
        scope.cancel()
        system.close()
    assert scope.cancelled_caught
    system.close()
    with pytest.raises(csp.ActorError):
        system.spawn(Waits)
