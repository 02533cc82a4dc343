"""The end of channels: who learns of it, what becomes of messages, over processes of every kind."""

import gc
import time

import pytest
import roles

import csp
from csp._native import channel_statistics, totals

ROUNDS = 20


def waiting(number, senders=0, receivers=0):
    """Whether so many wait on the channel of that number."""
    seen = channel_statistics(number)
    return (seen.waiting_senders, seen.waiting_receivers) == (senders, receivers)


def test_closed_twice_is_closed_once(crew, capacity):
    """A second close does nothing, to one's own handle and to those of others; clones decide for themselves."""
    tx, rx = csp.channel(capacity)
    other = tx.clone()
    tx.close()
    tx.close()
    task = crew.start(roles.recv, rx)
    other.send("still open")
    assert task.result() == "still open"
    other.close()
    assert crew.run(roles.recv, rx) == "EndOfChannel"


@pytest.mark.parametrize("how", ["close", "abort", "collected"])
def test_waiting_receivers_learn_of_the_end(crew, capacity, how, wait_until):
    """Parked receivers get EndOfChannel when the last sender is closed, collected, or the channel aborted."""
    tx, rx = csp.channel(capacity)
    tasks = crew.start_many(3, roles.recv, rx)
    wait_until(lambda: waiting(rx.channel_id, receivers=3), "three wait")
    if how == "close":
        tx.close()
    elif how == "abort":
        tx.abort()
    del tx
    assert [task.result() for task in tasks] == ["EndOfChannel"] * 3


@pytest.mark.parametrize("how", ["close", "abort", "collected"])
def test_waiting_senders_learn_of_the_end(crew, capacity, how, wait_until):
    """Parked senders get BrokenChannel, with the very object that was not delivered, when the last receiver goes; what
    was buffered is counted as undelivered.
    """
    tx, rx = csp.channel(capacity)
    for n in range(capacity):
        tx.send(n)
    tasks = [crew.start(roles.send_and_keep, tx, ["message", n]) for n in range(3)]
    wait_until(lambda: waiting(tx.channel_id, senders=3), "three wait")
    if how == "close":
        rx.close()
    elif how == "abort":
        rx.abort("enough")
    del rx
    assert [task.result() for task in tasks] == [("BrokenChannel", True)] * 3
    seen = tx.statistics()
    assert (seen.sent, seen.received, seen.length, seen.undelivered) == (capacity, 0, 0, capacity)
    assert crew.run(roles.send_and_keep, tx, "again") == ("BrokenChannel", True)


@pytest.mark.parametrize("direction", ["send", "recv"])
def test_closing_ones_own_end_is_another_error(crew, capacity, direction, wait_until):
    """An operation that waits through a handle that its own process closes gets ClosedEnd; others wait on."""
    tx, rx = csp.channel(capacity)
    if direction == "send":
        for n in range(capacity):
            tx.send(n)
    task = crew.start(roles.close_under_a_waiter, tx if direction == "send" else rx, direction)
    assert task.result() == ("ClosedEnd", "ClosedEnd")
    assert waiting(tx.channel_id)
    if direction == "send":
        task = crew.start(roles.drain, rx)
        tx.close()
        assert task.result() == [*range(capacity)]
    else:
        task = crew.start(roles.recv, rx)
        tx.send("works")
        assert task.result() == "works"


@pytest.mark.parametrize("parties", [4])
def test_the_last_of_many_handles_decides(crew, capacity, parties):
    """A channel ends for receivers with the last of the sending processes, and for senders with the last receiving."""
    tx, rx = csp.channel(capacity)
    feeders = [crew.start(roles.feed, tx, [n]) for n in range(parties)]
    tx.close()
    assert sorted(rx) == [*range(parties)]
    for feeder in feeders:
        feeder.result()
    tx, rx = csp.channel(capacity)
    takers = crew.start_many(parties, roles.recv, rx)
    rx.close()
    for n in range(parties):
        tx.send(n)
    assert sorted(taker.result() for taker in takers) == [*range(parties)]
    with pytest.raises(csp.BrokenChannel):
        tx.send("nobody is left")


def test_clones_that_go_end_nothing(crew, capacity):
    """While one handle of each direction stays, those of processes may come and go."""
    tx, rx = csp.channel(capacity)
    for n in range(10):
        task = crew.start(roles.recv, rx)
        crew.run(roles.send, tx, n)
        assert task.result() == n
    assert roles.attempt(rx.recv_nowait) == "WouldBlock"


def test_what_was_buffered_survives_the_close(crew, buffered):
    """A buffered message is received however close behind it the close comes."""
    for _ in range(ROUNDS * 5):
        tx, rx = csp.channel(buffered)
        task = crew.start(roles.feed, tx, ["last words"])
        tx.close()
        got = []
        while (found := roles.attempt(rx.recv_nowait)) != "EndOfChannel":
            if found == "WouldBlock":
                time.sleep(0)  # threads of one interpreter get no turn otherwise
            else:
                got.append(found)
        assert got == ["last words"]
        task.result()


def test_messages_are_received_undelivered_or_kept(crew, capacity):
    """When a receiver closes under way each message was received, or is undelivered, or was kept by its sender."""
    for stop_after in range(ROUNDS):
        tx, rx = csp.channel(capacity)
        feeders = [crew.start(roles.feed_until_broken, tx, range(30)) for _ in range(2)]
        taker = crew.start(roles.take, rx, stop_after)
        rx.close()
        got = taker.result()
        sent = sum(feeder.result() for feeder in feeders)
        seen = tx.statistics()
        assert (sent, len(got)) == (seen.sent, seen.received)
        assert seen.sent == seen.received + seen.undelivered
        assert seen.length == 0


def test_an_abort_under_way_leaves_the_sums_right(crew, capacity):
    """An abort by a third party leaves each message received, undelivered, or with its sender."""
    for _ in range(ROUNDS):
        tx, rx = csp.channel(capacity)
        feeders = [crew.start(roles.feed_until_broken, tx, range(10**9)) for _ in range(2)]
        takers = [crew.start(roles.drain, rx) for _ in range(2)]
        crew.run(roles.abort, rx, "enough")
        sent = sum(feeder.result() for feeder in feeders)
        got = sum(len(taker.result()) for taker in takers)
        seen = tx.statistics()
        assert (sent, got, seen.length) == (seen.sent, seen.received, 0)
        assert seen.sent == seen.received + seen.undelivered
        assert tx.cause == rx.cause == "enough"


def test_the_first_abort_counts(crew, capacity):
    """Its cause is what everybody sees; messages that were there are dropped."""
    tx, rx = csp.channel(capacity)
    for n in range(capacity):
        tx.send(n)
    crew.run(roles.abort, tx, "first")
    crew.run(roles.abort, rx, "second")
    assert (tx.cause, rx.cause) == ("first", "first")
    assert crew.run(roles.recv, rx) == "EndOfChannel"
    assert rx.statistics().undelivered == capacity


def test_dropping_the_receiver_frees_the_buffer_at_once(crew, buffered):
    """What was buffered is destroyed with the last receiver, the ends inside with it, though senders live on."""
    tx, rx = csp.channel(buffered)
    inner = [csp.channel() for _ in range(min(buffered, 5))]
    for inner_tx, _ in inner:
        crew.run(roles.send, tx, (inner_tx, b"x" * 1000))
        inner_tx.close()
    blocks = totals()["payloads"]
    rx.close()
    assert totals()["payloads"] < blocks
    for _, inner_rx in inner:
        with pytest.raises(csp.EndOfChannel):
            inner_rx.recv_nowait()


def test_every_message_is_destroyed_once(crew, capacity):
    """After many channels that were used halfway and dropped by several processes nothing is left of their messages."""
    before = totals()["payloads"]
    for n in range(ROUNDS):
        tx, rx = csp.channel(capacity)
        feeder = crew.start(roles.feed_until_broken, tx, [b"x" * 1000] * 20)
        taker = crew.start(roles.take, rx, n)
        del tx, rx
        taker.result()
        feeder.result()
    gc.collect()
    assert totals()["payloads"] <= before


def test_try_receive_states(crew, capacity):
    """Empty, a message, empty again, over: in that order, as another process sends and goes."""
    tx, rx = csp.channel(capacity)
    assert roles.attempt(rx.recv_nowait) == "WouldBlock"
    task = crew.start(roles.send, tx, "one")
    assert rx.recv() == "one"
    task.result()
    assert roles.attempt(rx.recv_nowait) == "WouldBlock"
    tx.close()
    assert roles.attempt(rx.recv_nowait) == "EndOfChannel"


def test_a_failed_send_can_be_repeated(crew, capacity):
    """After the receivers went every send fails in the same way."""
    tx, rx = csp.channel(capacity)
    rx.close()
    assert [crew.run(roles.send_and_keep, tx, "m") for _ in range(3)] == [("BrokenChannel", True)] * 3


def test_one_transfer_whatever_closes_when(crew, capacity):
    """Fresh channels on which a send, a receive and the closes of both sides race: the message is received exactly if
    it was sent and not dropped.
    """
    for n in range(ROUNDS):
        tx, rx = csp.channel(capacity)
        sender = crew.start(roles.send_and_close, tx, n % 3)
        receiver = crew.start(roles.receive_and_close, rx, (n // 3) % 3)
        watch = tx.channel_id
        tx.close()
        sent, got = sender.result(), receiver.result()
        if got == "message":
            assert sent is None
        elif sent is None:
            assert channel_statistics(watch).length + channel_statistics(watch).undelivered == 1
        rx.close()


def test_a_receiver_may_be_freed_by_its_own_process_while_a_send_finishes(crew, capacity):
    """The receiving process drops its handle the moment it has the message; the sender comes back in good order."""
    for _ in range(ROUNDS):
        tx, rx = csp.channel(capacity)
        taker = crew.start(roles.take, rx, 1)
        sender = crew.start(roles.send, tx, "m")
        del rx, tx
        assert taker.result() == ["m"]
        assert sender.result() is None


@pytest.mark.parametrize("overflow", ["drop_oldest", "drop_newest", "error"])
def test_what_overflows_is_counted_or_refused(crew, buffered, overflow):
    """Under every policy each message is received once, dropped and counted, or refused to its sender."""
    tx, rx = csp.channel(buffered, overflow=overflow)
    drainers = crew.start_many(2, roles.drain, rx)
    feeders = [crew.start(roles.feed_what_goes, tx, range(n * 1000, n * 1000 + 300)) for n in range(4)]
    went = [message for feeder in feeders for message in feeder.result()]
    tx.close()
    got = [message for drainer in drainers for message in drainer.result()]
    assert len({*got}) == len(got)
    assert {*got} <= {*went}
    assert len(went) - len(got) == rx.statistics().dropped
    assert overflow != "error" or sorted(got) == sorted(went)
    assert overflow == "error" or len(went) == 1200
