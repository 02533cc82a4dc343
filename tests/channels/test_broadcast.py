"""csp.broadcast and csp.watch: one sender's message for every subscriber."""

import gc
import threading

import pytest
import senders

import csp


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


def test_what_cannot_be_multiplied():
    """A message that holds an end is refused, because each subscriber would need one of its own."""
    tx, _ = csp.broadcast(1)
    end, _rx = csp.channel()
    with pytest.raises(csp.NotShareable, match="its own"):
        tx.send((1, end))
    with pytest.raises(csp.NotShareable, match="each subscriber"):
        csp.watch(end)
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
