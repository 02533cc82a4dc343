"""send_many and recv_many: batches with one lock and one wake."""

import contextlib
import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import csp


@given(st.lists(st.integers(), max_size=200), st.integers(1, 64), st.integers(200, 300))
def test_a_batch_arrives_whole_and_in_order(values: list[int], most: int, capacity: int) -> None:
    """What send_many sends, recv_many gives in the same order, however it is cut into batches."""
    tx, rx = csp.channel(capacity)
    tx.send_many(values)
    tx.close()
    got: list[int] = []
    while len(got) < len(values):
        batch = rx.recv_many(most)
        assert 1 <= len(batch) <= most
        got.extend(batch)
    assert values == got
    with pytest.raises(csp.EndOfChannel):
        rx.recv_many(1)


@pytest.mark.parametrize("capacity", [0, 1, 7, 1000])
def test_a_batch_larger_than_the_buffer_waits_for_its_receiver(capacity: int) -> None:
    """A batch that does not fit is sent as room comes; nothing is lost or doubled."""
    tx, rx = csp.channel(capacity)
    thread = threading.Thread(target=lambda: (tx.send_many(range(500)), tx.close()))
    thread.start()
    got: list[int] = []
    with pytest.raises(csp.EndOfChannel):
        while True:
            got.extend(rx.recv_many(16))
    thread.join()
    assert list(range(500)) == got


def test_what_did_not_go_is_handed_back() -> None:
    """When the receivers are gone in the middle of a batch, .unsent holds the rest of it."""
    tx, rx = csp.channel(3)
    tx.send_many("abc")
    failed: list[csp.BrokenChannel] = []

    def send() -> None:
        try:
            tx.send_many("defg")
        except csp.BrokenChannel as error:
            failed.append(error)

    thread = threading.Thread(target=send)
    thread.start()
    while tx.statistics().waiting_senders == 0:
        time.sleep(0)
    assert rx.recv() == "a"  # "d" takes the place
    while tx.statistics().sent < 4 or tx.statistics().waiting_senders == 0:
        time.sleep(0)
    rx.close()
    thread.join()
    assert failed[0].unsent == ("e", "f", "g")


def test_a_timeout_hands_nothing_back_twice() -> None:
    """With timeout=0 what fits is sent, and the rest is reported by TimeoutError."""
    tx, rx = csp.channel(2)
    with pytest.raises(TimeoutError) as late:
        tx.send_many([1, 2, 3], timeout=0)
    assert late.value.unsent == (3,)
    assert rx.recv_many(10) == [1, 2]


@pytest.mark.parametrize("how", ["refused", "closed", "aborted", "failed"])
def test_every_error_says_what_did_not_go(how: str) -> None:
    """Whatever send_many raises, .unsent is what the receivers did not get."""
    tx, rx = csp.channel(2, "error") if how == "refused" else csp.channel(0 if how == "failed" else 2)
    raised: list[BaseException] = []

    def send() -> None:
        try:
            tx.send_many("abcd")
        except csp.ChannelError as error:
            raised.append(error)
        except ValueError as error:
            raised.append(error)

    thread = threading.Thread(target=send)
    thread.start()
    if how == "failed":
        assert rx.recv() == "a"
        with contextlib.suppress(ValueError), rx.extended():
            raise ValueError("not this one")
    else:
        while how != "refused" and tx.statistics().waiting_senders == 0:
            time.sleep(0)
        if how == "closed":
            tx.close()
        elif how == "aborted":
            rx.abort("enough")
    thread.join()
    kinds = {"refused": csp.WouldBlock, "closed": csp.ClosedEnd, "aborted": csp.BrokenChannel, "failed": ValueError}
    assert type(raised[0]) is kinds[how]
    assert raised[0].unsent == tuple("bcd" if how == "failed" else "cd")


def test_an_interrupted_batch_says_what_did_not_go(program: Any) -> None:
    """Ctrl-C in the middle of a batch leaves its rest in .unsent."""
    status, out, err = program.script("""
import csp, os, signal, threading, time
tx, rx = csp.channel(2)
def interrupt():
    while tx.statistics().waiting_senders == 0: time.sleep(0)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt).start()
try: tx.send_many(range(5))
except KeyboardInterrupt as error: print(error.unsent, rx.recv_many(9))
""")
    assert (status, out) == (0, "(2, 3, 4) [0, 1]\n"), err


def test_a_value_that_cannot_travel_is_found_before_any_is_sent() -> None:
    """All are encoded before the first is sent."""
    tx, rx = csp.channel(10)
    with pytest.raises(csp.NotShareable):
        tx.send_many([1, 2, threading.Lock()])
    assert len(rx) == 0


def test_recv_many_waits_for_one_and_not_for_more() -> None:
    """recv_many blocks for the first message only."""
    tx, rx = csp.channel(10)
    with pytest.raises(TimeoutError):
        rx.recv_many(5, timeout=0.001)
    tx.send("only")
    assert rx.recv_many(5) == ["only"]


class Unreadable:
    """Travels, but cannot be read."""

    def __reduce__(self) -> Any:
        return unreadable, ()


def unreadable() -> None:
    """What reading it does."""
    raise LookupError("cannot be read")


@pytest.mark.parametrize("capacity", [0, 20])
@pytest.mark.parametrize("bad", [0, 1, 3, 5])
def test_an_unreadable_message_takes_no_other_with_it(capacity: int, bad: int) -> None:
    """recv_many raises what reading it raised; those before and behind it come next, in order, with all they carry."""
    tx, rx = csp.channel(capacity)
    answers, given = csp.channel(1)
    sent: list[Any] = [1, {"pickled": 2}, ("with an end", answers), {"pickled": 4}, "five"]
    thread = threading.Thread(target=lambda: tx.send_many([*sent[:bad], Unreadable(), *sent[bad:]]))
    thread.start()
    while tx.statistics().sent < capacity and tx.statistics().sent < len(sent) + 1:
        time.sleep(0)
    failures = 0
    got: list[Any] = []
    while len(got) < len(sent) or failures == 0:
        try:
            got += rx.recv_many(20, timeout=20)
        except LookupError:
            failures += 1
    thread.join()
    assert failures == 1
    assert got == sent
    got[2][1].send("it came whole")
    assert given.recv() == "it came whole"
    seen = rx.statistics()
    assert (seen.length, seen.received, seen.undelivered) == (0, len(sent) + 1, 0)


def test_an_unreadable_message_behind_what_can_be_read_only_once() -> None:
    """An object with an end in it, and a call with one, are read alone: no later failure takes back what they gave."""
    tx, rx = csp.channel(20)
    answers, given = csp.channel(1)
    tx.send_many([SimpleNamespace(number=0), SimpleNamespace(end=answers), "behind", Unreadable()])
    assert rx.recv_many(20) == [SimpleNamespace(number=0)]
    (carried,) = rx.recv_many(20)
    carried.end.send("it came")
    assert given.recv() == "it came"
    with pytest.raises(LookupError):
        rx.recv_many(20)
    assert rx.recv_many(20) == ["behind"]
    caller = threading.Thread(target=lambda: given_back.append(tx.call(SimpleNamespace(number=1))))
    given_back: list[Any] = []
    caller.start()
    while len(rx) == 0:
        time.sleep(0)
    tx.send(Unreadable())
    ((reply, argument),) = rx.recv_many(20)
    reply.answer(argument)
    caller.join()
    assert given_back == [SimpleNamespace(number=1)]


class Ending:
    """Reading it closes every receiver, and then fails."""

    def __reduce__(self) -> Any:
        return end_all, ()


receivers: list[csp.Receiver[Any]] = []


def end_all() -> None:
    """What reading it does."""
    while receivers:
        receivers.pop().close()
    raise LookupError("the end")


def test_what_cannot_go_back_is_counted() -> None:
    """When the receivers end meanwhile, the other messages of a batch that failed are undelivered, and not received."""
    tx, rx = csp.channel(9)
    receivers.append(rx)
    tx.send_many([1, "two", Ending(), {"four": 4}, 5])
    with pytest.raises(LookupError, match="the end"):
        rx.recv_many(9)
    seen = tx.statistics()
    assert (seen.sent, seen.received, seen.undelivered, seen.length) == (5, 1, 4, 0)


@pytest.mark.parametrize("bad", [0, -1])
def test_recv_many_needs_a_number_of_messages(bad: int) -> None:
    """Fewer than one message is refused."""
    _, rx = csp.channel(1)
    with pytest.raises(ValueError, match="at least 1"):
        rx.recv_many(bad)
