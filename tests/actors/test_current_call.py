"""What a handler knows of its call: deadline, id, trace, priority; and what the calls that it makes inherit."""

import contextlib
import re
import time

import pytest
from calling_actors import Answers, Asks, FreeForm, Looks, LooksBuffered

import csp
from csp import _native


@pytest.fixture
def looks(system):
    return system.spawn(Looks)


@pytest.fixture
def asks(system):
    return system.spawn(Asks)


@pytest.fixture
def told():
    """Where actors tell; closed after the test."""
    tx, rx = csp.channel(16)
    yield tx, rx
    tx.close()
    rx.close()


# ---- what there is to know -------------------------------------------------------------------------------------------


def test_a_call_knows_its_caller_s_limit(looks):
    """The deadline is the instant until which the caller waits, and None where it waits for ever."""
    before = time.monotonic()
    deadline, id, trace, priority, is_cast = looks.look()
    assert before + 5 <= deadline <= time.monotonic() + 5
    assert id > 0
    assert re.fullmatch("[0-9a-f]{32}", trace)
    assert trace != "0" * 32
    assert (priority, is_cast) == (0, False)
    assert looks.look.options(timeout=None)()[0] is None
    before = time.monotonic()
    assert before + 60 <= looks.look.options(timeout=60)()[0] <= time.monotonic() + 60


def test_remaining(looks):
    """The seconds that are left, or None."""
    assert 0 < looks.remaining.options(timeout=60)() <= 60
    assert looks.remaining.options(timeout=None)() is None


def test_of_what_has_passed_nothing_remains():
    """remaining() is never negative; the value compares by its fields and does not change."""
    call = csp.CurrentCall(1.0, 2, "0" * 31 + "1", 0, False)
    assert call.remaining() == 0.0
    assert call == csp.CurrentCall(1.0, 2, "0" * 31 + "1", 0, False)
    with pytest.raises(AttributeError, match="does not change"):
        call.deadline = 5.0


@pytest.mark.parametrize("cls", [Looks, LooksBuffered])
def test_a_cast_knows_that_it_is_one(system, told, cls):
    """It has no deadline, whatever its limit for the mailbox is: nobody waits for it."""
    tx, rx = told
    ref = system.spawn(cls)
    ref.tell_look.options(timeout=7).cast(tx)
    ref.tell_look.tell(tx)
    for deadline, id, _, _, is_cast in (rx.recv(10), rx.recv(10)):
        assert deadline is None
        assert id > 0
        assert is_cast


def test_a_future_has_the_limit_that_it_was_given(looks):
    """None of its own."""
    deadline, _, _, _, is_cast = looks.look.future().result(10)
    assert deadline is None
    assert not is_cast
    before = time.monotonic()
    assert before + 60 <= looks.look.options(timeout=60).future().result(10)[0] <= time.monotonic() + 60


def test_ids_and_traces_are_each_call_s_own(looks):
    """Two calls from outside of actors have nothing in common."""
    calls = [looks.look() for _ in range(20)] + [looks.look.future().result(10) for _ in range(20)]
    assert len({id for _, id, *_ in calls}) == 40
    assert len({trace for _, _, trace, *_ in calls}) == 40


def test_the_priority_arrives(looks):
    """What stands in the envelope is what the handler sees. (There is no public way to set it yet.)"""
    for priority in (-(2**31), -1, 0, 7, 2**31 - 1):
        _, value = _native.call(looks._sender, ("look", (), None), 10, priority)
        assert value[3] == priority
    for wrong in (2**31, -(2**31) - 1, 2**70):
        with pytest.raises(OverflowError):
            _native.call(looks._sender, ("look", (), None), 10, wrong)


# ---- where there is one ----------------------------------------------------------------------------------------------


def test_outside_of_handlers_there_is_none(system, told):
    """In __init__, receive and on_stop, and where no actor is."""
    tx, rx = told
    assert csp.current_call() is None
    ref = system.spawn(Looks, tx)
    assert rx.recv(10) is None
    ref.send("plain")
    assert rx.recv(10) == ("plain", None)
    system.stop(ref)
    assert rx.recv(10) is None


def test_what_a_handler_calls_directly_sees_it(looks):
    """A method called as one belongs to the same call."""
    own, of_method = looks.look_locally()
    assert own == of_method is not None


def test_a_thread_has_none(looks):
    """A thread that a handler starts, and the one that completes futures, handle no call."""
    in_thread, own = looks.look_in_a_thread()
    assert in_thread is None
    assert own is not None


def test_a_callback_of_a_future_has_none(system, looks):
    """Nor has the thread that completes futures."""
    assert system.spawn(Looks).look_from_a_callback(looks) is None


def test_a_plain_message_within_a_call_has_none(system, told):
    """And when it is done, the call is the current one again."""
    tx, rx = told
    ref = system.spawn(Looks, tx)
    assert rx.recv(10) is None
    assert ref.look_aside() is not None
    assert rx.recv(10) == ("plain", None)


def test_free_form_actors_have_one_while_they_handle(system, told):
    """In run itself there is none; under self.handle it is that of the message."""
    tx, rx = told
    ref = system.spawn(FreeForm, tx)
    rx.recv(10)  # __init__
    assert ref.look()[0] is not None
    assert rx.recv(10) == ("outside", None)
    ref.send("plain")
    assert rx.recv(10) == ("outside", None)
    assert rx.recv(10) == ("plain", None)
    ref.look()
    assert rx.recv(10) == ("outside", None)
    ref.send("end")


def test_an_answered_call_is_still_the_current_one(system):
    """Who answers in the middle of handling, also twice within itself, keeps what the call brought."""
    ref = system.spawn(Answers)
    assert ref.ask() == "early"
    tx, rx = csp.channel(1)
    ref.send((tx, rx))
    first, second, third = rx.recv(10)
    assert first == second == third is not None
    tx.close()
    rx.close()


def test_the_limit_stands_still_while_somebody_debugs(looks):
    """As the caller's own does: decision 43."""
    before, after = looks.look_while_debugging()
    assert after >= before + 0.05


# ---- what calls inherit ----------------------------------------------------------------------------------------------


def test_a_trace_goes_on(asks, looks):
    """Calls, casts, tells and futures that a handler makes have its trace, and ids of their own; only the call has its
    caller's time.
    """
    calls = asks.ask_all_ways.options(timeout=30)(looks)
    assert len({trace for _, _, trace, *_ in calls}) == 1
    assert len({id for _, id, *_ in calls}) == 5
    own, called, cast, told, future = (deadline for deadline, *_ in calls)
    assert own is not None
    assert called < own  # its own 5 seconds are less
    assert (cast, told, future) == (None, None, None)


@pytest.mark.parametrize("own", [..., None, 60])
def test_a_call_waits_no_longer_than_the_one_it_is_made_for(asks, looks, told, own):
    """When the outer caller's time is up, the inner call ends too, and says why."""
    tx, rx = told
    here, arrived = csp.channel(1)
    gate, opened = csp.channel()
    with contextlib.suppress(csp.CallTimeout):  # both end in the same instant: the answer may still come in time
        asks.ask_held.options(timeout=0.5)(tx, looks, here, opened, own)
    assert rx.recv(10) == (
        "CallTimeout",
        "looks.hold did not answer before the call that is being handled here ran out of time; it may still run",
    )
    gate.close()
    for end in (here, arrived, opened):
        end.close()


@pytest.mark.parametrize("outer", [None, 60])
def test_its_own_limit_counts_when_it_is_less(asks, looks, told, outer):
    """Then nothing is different."""
    tx, rx = told
    here, arrived = csp.channel(1)
    gate, opened = csp.channel()
    asks.ask_held.options(timeout=outer)(tx, looks, here, opened, 0.05)
    assert rx.recv(10) == ("CallTimeout", "looks.hold did not answer within 0.05 s; it may still run")
    gate.close()
    for end in (here, arrived, opened):
        end.close()


def test_a_call_on_a_channel_inherits_too(asks, told):
    """Sender.call raises TimeoutError then."""
    tx, rx = told
    calls, calling = csp.channel()
    with contextlib.suppress(csp.CallTimeout):
        asks.ask_channel.options(timeout=0.4)(tx, calls)
    assert rx.recv(10) == (
        "TimeoutError",
        "no answer before the call that is being handled here ran out of time",
    )
    calls.close()
    calling.close()


def test_when_the_time_is_up_no_call_begins(asks, looks, told):
    """It is not even sent. What nobody waits for goes on, a cast, a future; so does what is shielded."""
    tx, rx = told
    ways = ("call", "cast", "future", "shielded", "kernel")
    with contextlib.suppress(csp.CallTimeout):
        asks.ask_too_late.options(timeout=0.4)(tx, looks, ways)
    kind, text = rx.recv(10)
    assert (kind, text) == (
        "CallTimeout",
        "looks.look did not answer before the call that is being handled here ran out of time; it did not run",
    )
    assert [rx.recv(10)[0] for _ in ways[1:]] == ["answered"] * 4
    assert looks.counted() == 3
