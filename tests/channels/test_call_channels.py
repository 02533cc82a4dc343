"""Call channels: a message that is answered."""

import re
import time

import pytest
import unreadable
from held import Sending

import csp
from csp._native import recv_extended


@pytest.fixture
def pair():
    tx, rx = csp.channel()
    yield tx, rx
    tx.close()
    rx.close()


def test_a_call_is_answered(pair):
    """The receiver gets a reply and the message; what it answers is what call returns."""
    tx, rx = pair
    calling = Sending(tx.call, (2, 3))
    reply, message = rx.recv()
    assert isinstance(reply, csp.Reply)
    assert reply.answer(sum(message))
    assert calling.end() is None
    assert calling.value == 5
    with pytest.raises(RuntimeError, match="answered already"):
        reply.answer(1)


def test_a_failure_is_raised_by_the_call(pair):
    """The exception of reply.fail is raised where the call was made."""
    tx, rx = pair
    calling = Sending(tx.call, None)
    reply, _ = rx.recv()
    reply.fail(KeyError("x"))
    assert isinstance(calling.end(), KeyError)


def test_a_lost_call_is_broken(pair):
    """Dropped or given back, the caller learns it at once, and whether it may have been handled."""
    tx, rx = pair
    calling = Sending(tx.call, "job")
    reply, _ = rx.recv()
    del reply
    error = calling.end()
    assert isinstance(error, csp.BrokenChannel)
    assert error.unsent == "job"
    assert "was taken" in str(error)
    calling = Sending(tx.call, "job")
    reply, _ = rx.recv()
    reply.refuse()
    assert "given back" in str(calling.end())


def test_a_call_has_one_deadline(pair):
    """It counts for the way there and the answer."""
    tx, rx = pair
    with pytest.raises(TimeoutError):
        tx.call(1, timeout=0.001)
    calling = Sending(lambda: tx.call(1, timeout=0.05))
    reply, _ = rx.recv()
    assert isinstance(calling.end(), TimeoutError)
    assert reply.answer(1) is False
    rx.close()
    with pytest.raises(csp.BrokenChannel):
        tx.call(1)


def test_a_call_that_was_not_sent_is_given_back(pair, wait_until):
    """With the receiver gone, before or while it waits, BrokenChannel has the message in .unsent, as it says."""
    tx, rx = pair
    calling = Sending(tx.call, ["job"])
    wait_until(lambda: tx.statistics().waiting_senders == 1, "the call waits")
    rx.close()
    error = calling.end()
    assert isinstance(error, csp.BrokenChannel)
    assert error.unsent == ["job"]
    assert ".unsent" in str(error)
    with pytest.raises(csp.BrokenChannel) as caught:
        tx.call(["job"])
    assert caught.value.unsent == ["job"]


@pytest.mark.parametrize("capacity", [0, 1])
def test_an_aborted_call_has_the_cause(wait_until, capacity):
    """An abort ends a call that nobody has taken, whether it waits or lies in the buffer: with the cause."""
    tx, rx = csp.channel(capacity)
    calling = Sending(tx.call, "job")
    wait_until(lambda: tx.statistics().waiting_senders + len(rx) == 1, "the call is there")
    rx.abort("because")
    error = calling.end()
    assert isinstance(error, csp.BrokenChannel)
    assert (error.unsent, error.cause) == ("job", "because")
    assert "aborted: because" in str(error)


@pytest.mark.parametrize("given", [1, "text", ("died", "text"), None, ValueError, KeyboardInterrupt(), SystemExit(3)])
def test_fail_takes_an_exception(pair, given):
    """What is no Exception is refused where it is given, and the call is still open; Stopped and exits are none."""
    tx, rx = pair
    calling = Sending(tx.call, "job")
    reply, _ = rx.recv()
    with pytest.raises(TypeError, match="fail takes an Exception"):
        reply.fail(given)
    assert reply.fail(LookupError("at last"))
    assert isinstance(calling.end(), LookupError)


@pytest.mark.parametrize("first", ["answer", "fail", "refuse"])
def test_a_call_is_answered_once(pair, first):
    """After an answer, a failure or a refusal every other raises RuntimeError."""
    tx, rx = pair
    calling = Sending(tx.call, "job")
    reply, _ = rx.recv()
    ways = {
        "answer": lambda: reply.answer(1),
        "fail": lambda: reply.fail(LookupError()),
        "refuse": reply.refuse,
    }
    ways[first]()
    calling.end()
    for way in ways.values():
        with pytest.raises(RuntimeError, match="answered already"):
            way()


def test_the_answerer_chooses_the_error(pair):
    """reply.fail raises in the caller exactly what it was given, also what sending could raise."""
    tx, rx = pair
    calling = Sending(tx.call, "job")
    reply, _ = rx.recv()
    reply.fail(TimeoutError("I was late"))
    error = calling.end()
    assert type(error) is TimeoutError
    assert str(error) == "I was late"


# ---- what a call brings with it --------------------------------------------------------------------------------------


def test_a_reply_tells_of_its_call(pair):
    """Until when the caller waits, ids, and whether it still does; once answered, only that nobody does."""
    tx, rx = pair
    before = time.monotonic()
    calling = Sending(lambda: tx.call("job", timeout=60))
    reply, _ = rx.recv()
    assert before + 60 <= reply.deadline <= time.monotonic() + 60
    assert reply.call_id > 0
    assert re.fullmatch("[0-9a-f]{32}", reply.trace_id)
    assert (reply.priority, reply.is_cast, reply.wanted) == (0, False, True)
    assert reply.answer(None)
    assert calling.end() is None
    assert not reply.wanted
    for name in ("deadline", "call_id", "trace_id", "priority", "is_cast"):
        with pytest.raises(RuntimeError, match="answered already"):
            getattr(reply, name)


def test_a_call_without_a_limit_has_no_deadline(pair):
    """None is for ever."""
    tx, rx = pair
    calling = Sending(tx.call, "job")
    reply, _ = rx.recv()
    assert reply.deadline is None
    reply.answer(None)
    assert calling.end() is None


def test_an_extended_rendezvous_is_no_call(pair):
    """What holds the sender has no id, and limits nothing."""
    tx, rx = pair
    sending = Sending(tx.send, "job")
    message, reply = recv_extended(rx, None, None)
    assert message == "job"
    assert (reply.call_id, reply.deadline) == (0, None)
    reply.answer(None)
    assert sending.end() is None


def test_ctrl_c_while_a_call_is_read(pair):
    """It is raised in who reads, and not handed on as what could not be read; the caller is told."""
    tx, rx = pair
    calling = Sending(tx.call, unreadable.Interrupted())
    with pytest.raises(KeyboardInterrupt):
        rx.recv(timeout=20)
    error = calling.end()
    assert isinstance(error, csp.BrokenChannel)
    assert "its reply was lost" in str(error)
