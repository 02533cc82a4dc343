"""Python code that runs in the middle of an operation, and uses what the operation is about to use.

Encoding and decoding call what values define (``__reduce__``), time limits are read by ``__float__``, preconditions and
finalisers run within an Alternative. Whatever those do, each operation does one thing or raises one error.
"""

import gc
import threading
import tracemalloc

import pytest

import csp
from csp._native import start_interpreter


class Acts:
    """Arrives as 2, and does something while it is encoded."""

    def __init__(self, act):
        self.act = act

    def __reduce__(self):
        self.act()
        return int, (2,)


class Number:
    """One second, and does something while it is read."""

    def __init__(self, act):
        self.act = act

    def __float__(self):
        self.act()
        return 1.0


_when_decoded = []


def _decoded():
    for act in _when_decoded:
        act()
    return 2


class ActsLater:
    """Arrives as 2, and does what stands in _when_decoded while it is decoded."""

    def __reduce__(self):
        return _decoded, ()


@pytest.fixture
def when_decoded():
    """What ActsLater does."""
    yield _when_decoded
    _when_decoded.clear()


@pytest.fixture
def call():
    """Give a reply that somebody waits for, and where the answer is found."""
    tx, rx = csp.channel()
    answers = []

    def ask():
        try:
            answers.append(tx.call("x", timeout=20))
        except Exception as error:
            answers.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    reply, _ = rx.recv()

    def answer():
        thread.join()
        return answers[0]

    return reply, answer


# ---- replies ---------------------------------------------------------------------------------------------------------


def test_a_call_that_is_answered_while_its_answer_is_encoded(call):
    """One answer wins; the other is refused, as any second answer is."""
    reply, answer = call
    with pytest.raises(RuntimeError, match="answered already"):
        reply.answer(Acts(lambda: reply.answer(1)))
    assert answer() == 1


def test_a_call_that_two_threads_answer_at_once(call):
    """The worker, and who gives up on it: one answer wins, the other is refused."""
    reply, answer = call
    both = threading.Barrier(2)
    outcomes = []

    def work():
        try:
            outcomes.append(reply.answer(Acts(both.wait)))
        except RuntimeError as refused:
            outcomes.append(str(refused))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, outcomes)) == ["True", "this call was answered already"]
    assert answer() == 2


@pytest.mark.parametrize("meanwhile", [lambda reply: reply.refuse(), lambda reply: reply.fail(ValueError("first"))])
def test_a_call_that_is_given_back_or_fails_while_its_answer_is_encoded(call, meanwhile):
    """The same when it ends in another way meanwhile."""
    reply, answer = call
    with pytest.raises(RuntimeError, match="answered already"):
        reply.answer(Acts(lambda: meanwhile(reply)))
    assert isinstance(answer(), (csp.BrokenChannel, ValueError))


def test_a_failure_whose_packing_answers(call):
    """An exception that answers the call while it is packed has been too late itself."""
    reply, answer = call

    class Sly(ValueError):
        def __str__(self):
            if not said:
                said.append(reply.answer(1))
            return "sly"

    said = []
    with pytest.raises(RuntimeError, match="answered already"):
        reply.fail(Sly())
    assert answer() == 1


# ---- ends ------------------------------------------------------------------------------------------------------------

SENDS = {
    "send": lambda tx, value: tx.send(value),
    "send_nowait": lambda tx, value: tx.send_nowait(value),
    "send_many": lambda tx, value: tx.send_many([value]),
    "call": lambda tx, value: tx.call(value, timeout=20),
    "select": lambda tx, value: csp.select(tx.offer(value)),
    "alternative": lambda tx, value: csp.Alternative(tx.offer(value)).select(),
}


@pytest.mark.parametrize("send", SENDS.values(), ids=SENDS)
def test_a_sender_that_is_closed_while_its_message_is_encoded(send):
    """The message goes nowhere, and the error says why."""
    tx, rx = csp.channel(1)
    with pytest.raises(csp.ClosedEnd):
        send(tx, Acts(tx.close))
    with pytest.raises(csp.EndOfChannel):
        rx.recv_nowait()


@pytest.mark.parametrize("send", SENDS.values(), ids=SENDS)
def test_a_channel_that_is_aborted_while_its_message_is_encoded(send):
    """The same when all ends go."""
    tx, rx = csp.channel(1)
    with pytest.raises(csp.BrokenChannel):
        send(tx, Acts(lambda: rx.abort("gone")))


def test_a_message_that_sends_another_while_it_is_encoded():
    """The inner one is sent first, then the outer one: none is lost."""
    tx, rx = csp.channel(2)
    tx.send(Acts(lambda: tx.send(1)))
    assert rx.recv_many(3) == [1, 2]


def test_messages_that_change_the_list_in_which_they_are_sent():
    """send_many sends what was in it when it was called."""
    tx, rx = csp.channel(5)
    messages = []
    messages += [Acts(messages.clear), 3, 4]
    tx.send_many(messages)
    assert messages == []
    assert rx.recv_many(5) == [2, 3, 4]


def test_a_time_limit_that_closes_the_end():
    """Reading a time limit runs anything, too."""
    tx, rx = csp.channel()
    with pytest.raises(csp.ClosedEnd):
        tx.send(1, timeout=Number(tx.close))
    with pytest.raises(csp.ClosedEnd):
        rx.recv(timeout=Number(rx.close))
    lock = csp.Lock()
    with pytest.raises(csp.ClosedEnd):
        csp.Event.wait(event := csp.Event(), timeout=Number(event.close))
    with lock, pytest.raises(csp.ClosedEnd):
        other = lock.clone()
        other.acquire(deadline=Number(other.close))


def test_a_cause_that_aborts_with_another():
    """Only the first abort counts, and that is the inner one."""
    tx, rx = csp.channel()
    tx.abort(Acts(lambda: rx.abort("inner")))
    assert tx.cause == "inner"


def test_a_broadcast_whose_message_ends_the_subscription():
    """Whoever is no subscriber any more when the message is sent does not get it."""
    tx, rx = csp.broadcast(1)
    other = tx.subscribe(1)
    assert tx.send(Acts(rx.close)) == 1
    assert other.recv() == 2


def test_a_message_that_receives_while_it_is_decoded(when_decoded):
    """The inner receive gets the next message; the outer one is not disturbed."""
    tx, rx = csp.channel(4)
    tx.send_many([ActsLater(), 3])
    inner = []
    when_decoded.append(lambda: inner.append(rx.recv_nowait(None)))
    assert rx.recv() == 2
    assert inner == [3]


def test_a_list_of_messages_is_not_seen_before_it_is_whole(when_decoded):
    """Who asks the collector for all lists while one is decoded finds none with empty places."""
    tx, rx = csp.channel(4)
    tx.send_many([3, ActsLater(), 4])
    found = []

    def look():
        lists = [thing for thing in gc.get_objects() if type(thing) is list and len(thing) == 3]
        found.extend(repr(thing) for thing in lists if type(thing[0]) is int and thing[0] == 3)

    when_decoded.append(look)
    assert rx.recv_many(3) == [3, 2, 4]
    assert not any("<NULL>" in text for text in found)


def test_a_receiver_that_is_closed_while_its_messages_are_decoded(when_decoded):
    """What was received is given all the same."""
    tx, rx = csp.channel(4)
    tx.send_many([3, ActsLater(), 4])
    when_decoded.append(rx.close)
    assert rx.recv_many(3) == [3, 2, 4]


# ---- guards ----------------------------------------------------------------------------------------------------------


def test_an_offer_that_closes_another_guard_while_it_is_encoded():
    """The guard that is over is chosen and raises, or the offer goes: one of the two."""
    tx, rx = csp.channel(1)
    _other_tx, other = csp.channel()
    with pytest.raises(csp.ClosedEnd) as raised:
        csp.select(other, tx.offer(Acts(other.close)), priority=True)
    assert raised.value.guard is other
    assert rx.recv_nowait(None) is None


def test_an_offer_that_changes_its_alternative_while_it_is_encoded():
    """Guards that come and go meanwhile: the select goes on with the changed set."""
    tx, rx = csp.channel()
    full, nobody = csp.channel(1)
    full.send("there")
    alternative = csp.Alternative()

    def change():
        if offer in alternative.guards:
            alternative.remove(offer)
            alternative.add(nobody)

    offer = tx.offer(Acts(change))
    alternative.add(offer)
    assert alternative.select(timeout=20) == (nobody, "there")
    assert alternative.guards == (nobody,)
    assert rx.recv_nowait(None) is None


def test_an_offer_that_selects_from_its_own_alternative_while_it_is_encoded():
    """It is told that one select is under way."""
    tx, _rx = csp.channel(1)
    alternative = csp.Alternative()
    told = []

    def select():
        try:
            alternative.select(timeout=0)
        except RuntimeError as error:
            told.append(str(error))

    alternative.add(tx.offer(Acts(select)))
    alternative.select()
    assert told == ["this Alternative is in use: one select at a time"]


def test_a_guard_that_adds_another_when_it_goes():
    """A finaliser that the end of a select runs changes the guards: they are changed when it returns."""
    first, second, third = csp.channel(1), csp.channel(1), csp.channel(1)
    alternative = csp.Alternative()

    class When:
        def __call__(self):
            return True

        def __del__(self):
            alternative.add(third[1])

    def ask():
        if second[1] in alternative.guards:
            alternative.remove(second[1])
        return True

    alternative.add(first[1], when=ask)
    alternative.add(second[1], when=When())
    first[0].send(1)
    assert alternative.select(timeout=20) == (first[1], 1)
    assert alternative.guards == (first[1], third[1])
    alternative.remove(third[1])
    assert alternative.guards == (first[1],)


# ---- what is loaded and started --------------------------------------------------------------------------------------


def test_a_start_whose_number_begins_to_trace_memory():
    """Reading a number runs anything, too: what refuses a start is looked at afterwards."""
    tx, rx = csp.channel(1)

    class Tag:
        def __index__(self):
            tracemalloc.start()
            return 1

    try:
        with pytest.raises(RuntimeError, match="tracemalloc is on"):
            start_interpreter("refused", "csp.hosts.boot", "serve", rx, tx, Tag())
    finally:
        tracemalloc.stop()
