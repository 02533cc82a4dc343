"""A user's own cffi module that includes csp's: its threads, which know no GIL, talk to Python and to actors."""

import pytest
import readers

import csp
from csp.ffi import from_receiver, from_sender

COUNT = 20_000
SUM = COUNT * (COUNT - 1) // 2


@pytest.mark.parametrize("capacity", [0, 1, 100])
def test_c_sends_and_python_receives(peer, ended, capacity):
    """A thread of C sends; Python gets every message, in order, and the end of the channel."""
    tx, rx = csp.channel(capacity)
    started = peer.peer_send(from_sender(tx), COUNT)
    assert list(rx) == list(range(COUNT))
    assert ended(started) == ("OK", COUNT, SUM)


@pytest.mark.parametrize("capacity", [0, 1, 100])
def test_python_sends_and_c_receives(peer, ended, capacity):
    """The other way round."""
    tx, rx = csp.channel(capacity)
    started = peer.peer_receive(from_receiver(rx))
    for number in range(COUNT):
        tx.send(number)
    tx.close()
    assert ended(started) == ("END_OF_CHANNEL", COUNT, SUM)


def test_c_to_c(peer, ended):
    """A channel of Python between two threads of C: Python made it and is not in it any more."""
    tx, rx = csp.channel(10)
    sender, receiver = peer.peer_send(from_sender(tx), COUNT), peer.peer_receive(from_receiver(rx))
    assert ended(sender) == ("OK", COUNT, SUM)
    assert ended(receiver) == ("END_OF_CHANNEL", COUNT, SUM)


def test_many_threads_of_c(peer, ended):
    """Three threads send into one channel, two receive from it: everything arrives once."""
    tx, rx = csp.channel(4)
    receivers = [peer.peer_receive(from_receiver(rx.clone())) for _ in range(2)]
    rx.close()
    senders = [peer.peer_send(from_sender(tx.clone()), COUNT) for _ in range(3)]
    tx.close()
    assert {ended(sender) for sender in senders} == {("OK", COUNT, SUM)}
    got = [ended(receiver) for receiver in receivers]
    assert [status for status, _, _ in got] == ["END_OF_CHANNEL"] * 2
    assert (sum(count for _, count, _ in got), sum(total for _, _, total in got)) == (3 * COUNT, 3 * SUM)


def test_closing_the_receiver_stops_the_sender_in_c(peer, ended, wait_until):
    """A thread of C that waits in a rendezvous is released with BROKEN."""
    tx, rx = csp.channel()
    started = peer.peer_send(from_sender(tx), COUNT)
    assert rx.recv() == 0
    wait_until(lambda: rx.statistics().waiting_senders == 1, "C waits")
    rx.close()
    assert ended(started) == ("BROKEN", 1, 0)


def test_aborting_stops_the_receiver_in_c(peer, ended, wait_until):
    """So is one that waits for a message, by an abort."""
    tx, rx = csp.channel()
    started = peer.peer_receive(from_receiver(rx))
    wait_until(lambda: tx.statistics().waiting_receivers == 1, "C waits")
    tx.abort()
    assert ended(started) == ("END_OF_CHANNEL", 0, 0)
    tx.close()


def test_c_feeds_an_actor(peer, ended, system):
    """A thread of C sends to an actor, which is an interpreter with a GIL of its own; the main interpreter only
    waits for the answer.
    """
    tx, rx = csp.channel(10)
    summing = system.spawn(readers.Summing)
    future = summing.take.future(rx)
    rx.close()
    started = peer.peer_send(from_sender(tx), COUNT)
    assert future.result(timeout=30) == SUM
    assert ended(started) == ("OK", COUNT, SUM)
    system.stop(summing)


def test_an_actor_that_ends_stops_the_sender_in_c(peer, ended, system):
    """The receiver goes with its actor, and the thread of C learns it."""
    tx, rx = csp.channel(10)
    summing = system.spawn(readers.Summing)
    future = summing.take.future(rx, 5)
    rx.close()
    started = peer.peer_send(from_sender(tx), 10**12)
    assert future.result(timeout=30) == 10
    system.stop(summing)
    status, count, _ = ended(started)
    assert status == "BROKEN"
    assert count >= 5
