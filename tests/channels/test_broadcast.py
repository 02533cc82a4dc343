"""csp.broadcast and csp.watch: one sender's message for every subscriber."""

import gc
import threading

import pytest
import senders
from held import Sending

import csp
from observed import alive


def test_every_subscriber_gets_every_message():
    """The first receiver and those who subscribe later, each from then on; send says how many it reached."""
    tx, first = csp.broadcast(8)
    assert tx.send("a") == 1
    second = tx.subscribe(8)
    assert tx.send(["b"]) == 2
    assert tx.subscribers == 2
    tx.close()
    assert list(first) == ["a", ["b"]]
    assert list(second) == [["b"]]


def test_each_subscriber_has_a_buffer_and_a_policy_of_its_own():
    """One that drops loses what it has no room for, and nobody else does."""
    tx, every = csp.broadcast(10)
    latest = tx.subscribe(1, "drop_oldest")
    first = tx.subscribe(capacity=1, overflow="drop_newest")
    for n in range(4):
        tx.send(n)
    tx.close()
    assert (list(every), list(latest), list(first)) == ([0, 1, 2, 3], [3], [0])


def test_it_waits_for_the_slow(wait_until):
    """With a rendezvous subscriber, send returns when that one has it; a timeout says how far it came."""
    tx, slow = csp.broadcast()
    fast = tx.subscribe(5)
    with pytest.raises(TimeoutError, match="1 of 2 subscribers"):
        tx.send("lost on the slow", timeout=0.001)
    reached = []
    thread = threading.Thread(target=lambda: reached.append(tx.send("kept")))
    thread.start()
    wait_until(lambda: slow.statistics().waiting_senders == 1, "the send waits for the slow one")
    assert slow.recv() == "kept"
    thread.join()
    assert reached == [2]
    assert fast.recv_many(5) == ["lost on the slow", "kept"]


def test_who_is_gone_is_forgotten():
    """A closed or collected receiver is no subscriber; a broadcast without any goes nowhere."""
    tx, first = csp.broadcast(1)
    second = tx.subscribe(1)
    first.close()
    assert tx.send(1) == 1
    del second
    gc.collect()
    assert tx.send(2) == 0
    assert tx.subscribers == 0


@pytest.mark.parametrize("make", [csp.broadcast, lambda: csp.watch(0)])
def test_gone_subscribers_do_not_pile_up(make):
    """However many come and go without a send, no channels are kept for them, and none is counted."""
    tx, rx = make()
    before = alive()["channels"]
    for _ in range(1000):
        tx.subscribe().close()
    assert alive()["channels"] <= before + 4
    assert tx.subscribers == 1
    assert alive()["channels"] == before
    rx.close()
    assert tx.subscribers == 0


@pytest.mark.parametrize("cloned", [False, True])
def test_closing_the_handle_ends_its_send(wait_until, cloned):
    """A send that waits through a handle that is closed raises ClosedEnd, as a Sender's; a clone is left alone."""
    tx, rx = csp.broadcast()
    clone = tx.clone() if cloned else None
    sending = Sending(tx.send, "a")
    wait_until(lambda: rx.statistics().waiting_senders == 1, "the send waits")
    tx.close()
    assert isinstance(sending.end(), csp.ClosedEnd)
    if clone is not None:
        sending = Sending(clone.send, "b")
        assert rx.recv() == "b"
        assert sending.end() is None
        assert sending.value == 1
        clone.close()
    with pytest.raises(csp.EndOfChannel):
        rx.recv()


def test_what_a_policy_refuses_is_counted():
    """A subscriber with overflow "error" that is full does not get the message: not reached, and dropped."""
    tx, rx = csp.broadcast(1, "error")
    other = tx.subscribe(5)
    assert [tx.send(n) for n in range(4)] == [2, 1, 1, 1]
    seen = rx.statistics()
    assert (seen.sent, seen.dropped, seen.length, seen.received) == (4, 3, 1, 0)
    assert rx.recv_many(9) == [0]
    assert other.recv_many(9) == [0, 1, 2, 3]
    assert other.statistics().dropped == 0


def test_an_abort_ends_every_subscription(wait_until):
    """Subscribers get the end and the cause, a send that waits BrokenChannel; nobody subscribes or sends any more."""
    tx, slow = csp.broadcast()
    fast = tx.subscribe(5)
    sending = Sending(tx.send, "a")
    wait_until(lambda: slow.statistics().waiting_senders == 1, "the send waits")
    tx.abort("over")
    error = sending.end()
    assert isinstance(error, csp.BrokenChannel)
    assert (error.unsent, error.cause) == ("a", "over")
    for rx in (slow, fast):
        with pytest.raises(csp.EndOfChannel):
            rx.recv()
        assert rx.cause == "over"
    with pytest.raises(csp.BrokenChannel, match="aborted: over"):
        tx.send("b")
    with pytest.raises(csp.BrokenChannel, match="aborted: over"):
        tx.subscribe()
    assert tx.subscribers == 0
    assert tx.statistics().aborted


def test_an_abort_lets_a_held_send_go(wait_until):
    """Also while a subscriber holds the sender in an extended rendezvous."""
    tx, rx = csp.broadcast()
    sending = Sending(tx.send, "a")
    with rx.extended():
        tx.abort()
        assert isinstance(sending.end(), csp.BrokenChannel)


def test_select_waits_for_a_subscription():
    """A subscriber's receiver is a guard like any other."""
    tx, rx = csp.broadcast(1)
    tx.send(5)
    assert csp.select(rx, csp.never()) == (rx, 5)


def test_watch_gives_the_latest_value():
    """A receiver gets what it has not seen, the newest only; a new one begins with the latest; send never blocks."""
    tx, rx = csp.watch("first")
    assert rx.recv() == "first"
    with pytest.raises(TimeoutError):
        rx.recv(timeout=0)
    for value in range(100):
        tx.send(value)
    assert rx.recv() == 99
    assert tx.latest == 99
    late = tx.subscribe()
    assert late.recv() == 99
    tx.send("x" * 100)
    tx.close()
    assert list(late) == ["x" * 100]
    with pytest.raises(csp.ClosedEnd):
        tx.send(1)


@pytest.mark.parametrize(
    "arguments", [{"capacity": 0}, {"capacity": 2}, {"overflow": "block"}, {"capacity": 1, "overflow": "drop_newest"}]
)
def test_a_watch_waits_for_nobody(arguments):
    """Its subscribers have capacity 1 and drop the oldest; another wish is refused."""
    tx, _rx = csp.watch(0)
    with pytest.raises(ValueError, match="a watch's subscriber"):
        tx.subscribe(**arguments)
    assert tx.subscribers == 1
    tx.subscribe(1, "drop_oldest").close()
    assert tx.send(1, timeout=0) == 1


def test_only_a_watch_has_a_latest_value():
    """It stays when the watch is closed; a broadcast has no such attribute."""
    tx, _rx = csp.watch([1])
    tx.close()
    assert tx.latest == [1]
    tx, _rx = csp.broadcast(1)
    tx.send(1)
    with pytest.raises(AttributeError, match="keeps no latest"):
        _ = tx.latest


def test_between_interpreters():
    """The broadcaster travels: a process subscribes for itself, and all see one order."""
    tx, mine = csp.broadcast(100)
    with csp.parallel() as par:
        ready, is_ready = csp.channel()
        processes = [par.start(senders.subscribe_and_collect, tx, ready, 50) for _ in range(2)]
        for _ in processes:
            is_ready.recv()
        for n in range(50):
            assert tx.send(n) == 3
    assert mine.recv_many(100) == list(range(50))
    assert [process.result() for process in processes] == [list(range(50))] * 2


def test_each_subscriber_opens_its_own():
    """A message that holds ends gives every subscriber handles of its own, of which none closes another's."""
    tx, first = csp.broadcast(1)
    second = tx.subscribe(1)
    end, rx = csp.channel(4)
    assert tx.send(("answer here", end)) == 2
    end.close()
    for n, subscriber in enumerate((first, second)):
        text, mine = subscriber.recv()
        assert text == "answer here"
        mine.send(n)
        mine.close()
    assert rx.recv_many(4) == [0, 1]
    with pytest.raises(csp.EndOfChannel):
        rx.recv(timeout=10)


def test_in_two_interpreters_each_has_its_own():
    """Subscribers elsewhere each get a handle, and the channel ends when all of them have ended."""
    tx, _mine = csp.broadcast(1)
    end, answers = csp.channel()
    ready, is_ready = csp.channel()
    with csp.parallel() as par:
        for n in range(2):
            par.start(senders.subscribe_and_answer, tx, ready, n)
        for _ in range(2):
            is_ready.recv()
        assert tx.send(end) == 3
        assert sorted(answers.recv() for _ in range(2)) == [0, 1]


def test_what_cannot_be_kept():
    """A watch keeps its value itself: what it would keep open is refused, also when it is packed."""
    tx, _ = csp.broadcast(1)
    end, _rx = csp.channel()
    with pytest.raises(csp.NotShareable, match="keep them open"):
        csp.watch(end)
    value, latest = csp.watch(0)
    with pytest.raises(csp.NotShareable, match="keep them open"):
        value.send((1, end))
    with pytest.raises(csp.NotShareable, match="keep them open"):
        value.send(csp.pack(end))
    value.send(csp.pack([1, 2]))
    assert latest.recv().open() == [1, 2]
    assert value.latest.open() == [1, 2]
    with pytest.raises(TypeError, match=r"csp.broadcast\(\) or csp.watch"):
        csp.Broadcaster()
    with pytest.raises(ValueError, match="needs a buffer"):
        tx.subscribe(0, "drop_oldest")
    with pytest.raises(TypeError, match="subscribe has no argument"):
        tx.subscribe(size=3)


def test_repr_and_equality():
    """Clones are equal and say what they are."""
    tx, _rx = csp.broadcast(1)
    clone = tx.clone()
    assert clone == tx
    assert len({clone, tx}) == 1
    assert "1 subscribers" in repr(tx)
    with clone:
        pass
    assert clone.closed
    assert "closed" in repr(clone)
    assert not tx.closed
