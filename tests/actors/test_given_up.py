"""A call whose caller waits no longer is not run: timed out, a future that timed out, a caller that is dead."""

import contextlib

import pytest
from calling_actors import Asks, Caller, Later, LooksBuffered, Tattles

import csp


class Held:
    """An actor with a buffered mailbox that is held in a handler until it is let go."""

    def __init__(self, system):
        self.ref = system.spawn(LooksBuffered)
        here, arrived = csp.channel(1)
        self.gate, opened = csp.channel()
        self.ref.hold.cast(here, opened)
        arrived.recv(10)
        for end in (here, arrived, opened):
            end.close()

    def waiting(self):
        """How many messages wait for it."""
        return len(self.ref._sender)

    def let_go(self):
        self.gate.close()


@pytest.fixture
def held(system):
    made = Held(system)
    yield made
    made.let_go()


def letters(system):
    return system.statistics()["dead_letters"]


def test_a_call_that_timed_out_is_not_run(system, held):
    """It is a dead letter; what comes after it runs."""
    with pytest.raises(csp.CallTimeout, match="it may still run"):
        held.ref.look.options(timeout=0.01)()
    held.let_go()
    assert held.ref.counted() == 0
    assert letters(system) == 1
    held.ref.look()
    assert held.ref.counted() == 1
    assert letters(system) == 1


@pytest.mark.parametrize("pickled", [False, True])
def test_its_arguments_are_not_opened(system, held, pickled):
    """What it carries is closed, and nothing of it is read."""
    tx, rx = csp.channel(1)
    with pytest.raises(csp.CallTimeout):
        held.ref.tell_look.options(timeout=0.01)(Tattles(tx) if pickled else tx)
    tx.close()
    held.let_go()
    with pytest.raises(csp.EndOfChannel):
        rx.recv(10)
    assert held.ref.counted() == 0
    assert letters(system) == 1
    rx.close()


def test_a_future_that_timed_out_is_not_run(system, held):
    """Its limit is over, and so is the call."""
    future = held.ref.look.options(timeout=0.01).future()
    assert isinstance(future.exception(10), csp.CallTimeout)
    held.let_go()
    assert held.ref.counted() == 0
    assert letters(system) == 1


def test_a_future_that_nobody_waits_for_is_run(system, held):
    """Waiting for it for a while is no limit of its own, nor is letting go of it."""
    future = held.ref.look.future()
    with pytest.raises(TimeoutError):
        future.result(0.01)
    held.ref.look.options(timeout=60).future()
    held.let_go()
    assert future.result(10) is not None
    assert held.ref.counted() == 2
    assert letters(system) == 0


def test_a_cast_is_run_whoever_waits(system, held):
    """Nobody ever waits for one; its limit was for the mailbox."""
    tx, rx = csp.channel(1)
    held.ref.tell_look.options(timeout=0.01).cast(tx)
    with pytest.raises(TimeoutError):
        rx.recv(timeout=0.05)
    held.let_go()
    assert rx.recv(10)[4]
    assert letters(system) == 0
    tx.close()
    rx.close()


@pytest.mark.parametrize("future", [False, True])
def test_what_a_dead_caller_asked_is_not_run(system, held, wait_until, future):
    """A caller that was killed waits for nothing: neither its calls nor its futures run."""
    caller = system.spawn(Caller)
    caller.ask.cast(held.ref, future)
    wait_until(lambda: held.waiting() == 1, "the call waits")
    before = system.statistics()["interpreters_ended"]
    system.kill(caller)
    wait_until(lambda: system.statistics()["interpreters_ended"] > before, "its interpreter has ended")
    held.let_go()
    assert held.ref.counted() == 0
    assert letters(system) == 1


def test_a_handler_that_makes_it_for_a_caller_who_gave_up(system, held):
    """Time runs out along the whole chain: the last of it does not run either."""
    tx, rx = csp.channel(4)
    asks = system.spawn(Asks)
    here, arrived = csp.channel(1)
    gate, opened = csp.channel()
    with contextlib.suppress(csp.CallTimeout):  # both end in the same instant
        asks.ask_held.options(timeout=0.4)(tx, held.ref, here, opened)
    assert rx.recv(10)[0] == "CallTimeout"
    for end in (gate, here, opened):
        end.close()
    held.let_go()
    with pytest.raises(csp.EndOfChannel):
        arrived.recv(10)  # it never said "here"
    assert held.ref.counted() == 0
    assert letters(system) == 1
    for end in (arrived, tx, rx):
        end.close()


def test_an_actor_that_has_taken_it_may_still_not_run_it(system):
    """A free-form actor received it in time, and comes to it when nobody waits any more."""
    tx, rx = csp.channel(16)
    gate, opened = csp.channel(16)
    ref = system.spawn(Later, tx, opened)
    assert rx.recv(10) is None
    future = ref.look.options(timeout=0.2).future()
    assert rx.recv(10) == "received"
    assert isinstance(future.exception(10), csp.CallTimeout)
    gate.send("go on")
    future = ref.counted.future()
    assert rx.recv(10) == "received"
    gate.send("go on")
    assert future.result(10) == 0
    assert letters(system) == 1
    system.stop(ref)
    for end in (tx, rx, gate, opened):
        end.close()


def test_a_call_on_a_plain_channel_arrives_whole(system):
    """What is given up there is for the receiver to look at: reply.wanted."""
    tx, rx = csp.channel(2)
    with pytest.raises(TimeoutError):
        tx.call(("a", 1), timeout=0.01)
    reply, message = rx.recv()
    assert message == ("a", 1)
    assert not reply.wanted
    assert not reply.answer(1)
    tx.close()
    rx.close()
