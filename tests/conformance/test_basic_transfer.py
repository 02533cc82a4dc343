"""Sending and receiving, over processes of every kind and capacities of every size."""

import time
from collections import Counter

import alone
import pytest
import roles

import csp
from csp._native import channel_statistics

PAYLOADS = [None, True, 0, -1, 2**70, 1.5, "", "text", b"", b"x" * 5000, (), (1, (2, [])), [], {}, {"a": [None, ""]}]


def waiting(pair, senders=0, receivers=0):
    """Whether so many wait on the channel."""
    seen = channel_statistics(pair[0].channel_id)
    return (seen.waiting_senders, seen.waiting_receivers) == (senders, receivers)


def test_receiving_from_an_empty_channel_waits(crew, capacity, wait_until):
    """A receive on an empty channel waits until a message comes, and a try beside it fails and takes nothing."""
    pair = tx, rx = csp.channel(capacity)
    task = crew.start(roles.recv, rx)
    wait_until(lambda: waiting(pair, receivers=1), "the receiver waits")
    assert roles.attempt(rx.recv_nowait) == "WouldBlock"
    assert not task.done
    tx.send("came")
    assert task.result() == "came"


def test_sending_to_a_full_channel_waits(crew, capacity, wait_until):
    """A send to a full channel waits until there is room, and a try beside it fails; the order is that of the sends."""
    pair = tx, rx = csp.channel(capacity)
    for n in range(capacity):
        tx.send(n)
    task = crew.start(roles.send, tx, capacity)
    wait_until(lambda: waiting(pair, senders=1), "the sender waits")
    assert roles.attempt(tx.send_nowait, "x") == "WouldBlock"
    assert not task.done
    assert [rx.recv() for _ in range(capacity + 1)] == [*range(capacity + 1)]
    assert task.result() is None


def test_one_hundred_arrive_in_order(crew, capacity):
    """What one process sends another receives in that order, and then the end."""
    tx, rx = csp.channel(capacity)
    feeder, drainer = crew.start(roles.feed, tx, range(100)), crew.start(roles.drain, rx)
    tx.close()
    rx.close()
    feeder.result()
    assert drainer.result() == [*range(100)]


def test_many_to_many_deliver_each_message_once(crew, capacity):
    """Four processes send and four receive: every message arrives, once, and each sender's in order."""
    tx, rx = csp.channel(capacity)
    drainers = crew.start_many(4, roles.drain, rx)
    feeders = [crew.start(roles.feed, tx, [(who, n) for n in range(100)]) for who in range(4)]
    tx.close()
    rx.close()
    for feeder in feeders:
        feeder.result()
    came = [drainer.result() for drainer in drainers]
    assert Counter(message for got in came for message in got) == Counter((w, n) for w in range(4) for n in range(100))
    for got in came:
        for who in range(4):
            numbers = [n for sender, n in got if sender == who]
            assert numbers == sorted(numbers)


def test_one_feeds_seven(crew, capacity):
    """One sender and seven receivers: each message goes to exactly one of them."""
    tx, rx = csp.channel(capacity)
    drainers = crew.start_many(7, roles.drain, rx)
    feeder = crew.start(roles.feed, tx, range(700))
    tx.close()
    rx.close()
    feeder.result()
    assert sorted(n for drainer in drainers for n in drainer.result()) == [*range(700)]


def test_waiting_receivers_are_served_as_they_came(crew, capacity, wait_until):
    """A daisy chain: who waited longest gets the next message."""
    pair = tx, rx = csp.channel(capacity)
    tasks = []
    for n in range(5):
        tasks.append(crew.start(roles.recv, rx))
        wait_until(lambda n=n: waiting(pair, receivers=n + 1), "it waits")
    for n in range(5):
        tx.send(n)
    assert [task.result() for task in tasks] == [*range(5)]


def test_waiting_senders_are_served_as_they_came(crew, capacity, wait_until):
    """Behind a full buffer, or without any, messages come in the order in which their senders began to wait."""
    pair = tx, rx = csp.channel(capacity)
    for n in range(capacity):
        tx.send(n)
    tasks = []
    for n in range(5):
        tasks.append(crew.start(roles.send, tx, capacity + n))
        wait_until(lambda n=n: waiting(pair, senders=n + 1), "it waits")
    assert [rx.recv() for _ in range(capacity + 5)] == [*range(capacity + 5)]
    assert [task.result() for task in tasks] == [None] * 5


def test_tries_meet_who_waits(crew, capacity, wait_until):
    """send_nowait succeeds once a receiver waits, recv_nowait once a sender does, whatever the capacity."""
    pair = tx, rx = csp.channel(capacity)
    task = crew.start(roles.recv, rx)
    wait_until(lambda: waiting(pair, receivers=1), "the receiver waits")
    tx.send_nowait("to the waiting")
    assert task.result() == "to the waiting"
    for n in range(capacity):
        tx.send_nowait(n)
    task = crew.start(roles.send, tx, capacity)
    wait_until(lambda: waiting(pair, senders=1), "the sender waits")
    assert [rx.recv_nowait() for _ in range(capacity + 1)] == [*range(capacity + 1)]
    assert task.result() is None


def test_payloads_of_every_kind(crew, capacity):
    """Empty ones, large ones and mixed ones arrive as they were, one after the other through one channel."""
    assert crew.run(alone.payloads, capacity, PAYLOADS) == PAYLOADS
    tx, rx = csp.channel(capacity)
    feeder = crew.start(roles.feed, tx, PAYLOADS)
    tx.close()
    came = list(rx)
    feeder.result()
    assert came == PAYLOADS
    assert [type(one) for one in came] == [type(one) for one in PAYLOADS]


def test_a_channel_through_a_channel(crew, capacity):
    """A process answers over the channel that came in the message, and so on over a thousand hops."""
    tx, rx = csp.channel(capacity)
    first = tx
    task = crew.start(roles.follow, rx)
    rx.close()
    for _ in range(1000):
        following_tx, following_rx = csp.channel(capacity)
        tx.send(following_rx)
        tx = following_tx
    tx.send("arrived")
    assert task.result() == (1000, "arrived")
    assert first.statistics().receivers == 0


def test_a_chain_of_processes(crew, capacity):
    """Seven processes that each add one: built, used and torn down, also beside each other."""
    first, into = csp.channel(capacity)
    tasks = []
    for _ in range(7):
        out, following = csp.channel(capacity)
        tasks.append(crew.start(roles.add_one, into, out))
        into = following
    first.send(0)
    assert into.recv() == 7
    for task in tasks:
        task.result()


def test_length_stays_within_its_bounds(crew, capacity):
    """Seen at any instant, a channel holds no fewer than none and no more than its capacity; a rendezvous, nothing."""
    tx, rx = csp.channel(capacity)
    assert (len(tx), len(rx), tx.capacity) == (0, 0, capacity)
    feeder, drainer = crew.start(roles.feed, tx, range(2000)), crew.start(roles.drain, rx)
    seen = {len(rx)}
    while not feeder.done:
        seen.add(len(rx))
        time.sleep(0)  # threads of one interpreter get no turn otherwise
    tx.close()
    feeder.result()
    assert drainer.result() == [*range(2000)]
    assert min(seen) >= 0
    assert max(seen) <= capacity


def test_length_counts_message_by_message(crew, buffered):
    """The length is exact after each send and each receive of another process."""
    tx, rx = csp.channel(buffered)
    for n in range(min(buffered, 5)):
        crew.run(roles.send, tx, n)
        assert (len(tx), len(rx)) == (n + 1, n + 1)
    while len(rx):
        before = len(rx)
        crew.run(roles.recv, rx)
        assert len(rx) == before - 1


@pytest.mark.parametrize("ending", alone.ENDINGS)
def test_each_state_has_its_outcome(crew, capacity, ending):
    """The state matrix: empty, with one message and full, by how it ended, for every way to send and to receive:
    exactly the outcome of that state, and the same for all ways.
    """
    for length in sorted({0, min(1, capacity), capacity}):
        sending = {
            "open": None if length < capacity else "in vain",
            "sender closed": "ClosedEnd",
            "receiver closed": "BrokenChannel",
            "aborted": "BrokenChannel",
        }[ending]
        receiving = {
            "open": 0 if length else "in vain",
            "sender closed": 0 if length else "EndOfChannel",
            "receiver closed": "ClosedEnd",
            "aborted": "EndOfChannel",
        }[ending]
        for (name, direction), seen in crew.run(alone.outcomes, capacity, length, ending).items():
            expected = (sending, receiving)[direction]
            if expected == "in vain":
                expected = "WouldBlock" if name.endswith("_nowait") else "TimeoutError"
            assert seen == expected, (name, length)


def test_a_send_in_vain_does_not_deliver_later(crew, capacity):
    """A message whose send timed out in another process is never received."""
    tx, rx = csp.channel(capacity)
    for n in range(capacity):
        tx.send(n)
    assert crew.run(roles.attempt_send, tx, "late", 0.002) == "TimeoutError"
    tx.close()
    assert list(rx) == [*range(capacity)]
    assert rx.statistics().sent == capacity


def test_an_expired_deadline_takes_what_is_there(crew, buffered):
    """With a timeout of 0 a message that is there is taken."""
    tx, rx = csp.channel(buffered)
    tx.send("there")
    assert crew.run(roles.attempt_recv, rx, 0) == "there"


@pytest.mark.parametrize("sharing", [4])
def test_who_puts_one_in_can_take_one_out(crew, sharing):
    """Processes that each send and then try to receive, on a buffer with a place for each, never find it empty."""
    tx, rx = csp.channel(sharing)
    tasks = crew.start_many(sharing, roles.send_then_try, tx, rx, 500)
    for task in tasks:
        task.result()
    assert len(rx) == 0


def test_fresh_channels_carry_one_message_each(crew, capacity):
    """Channels that are used for one transfer and dropped by both sides deliver it."""
    there = [csp.channel(capacity) for _ in range(200)]
    back = [csp.channel(capacity) for _ in range(200)]
    task = crew.start(roles.use_fresh_channels, [rx for _, rx in there], [tx for tx, _ in back])
    for n in range(200):
        with there[n][0] as tx, back[n][1] as rx:
            tx.send(n)
            assert rx.recv() == n
    task.result()


def test_short_deadlines_lose_and_double_nothing(crew, capacity):
    """Senders and receivers that give up after moments and try again: every message arrives, once."""
    tx, rx = csp.channel(capacity)
    drainers = crew.start_many(2, roles.drain_with_deadlines, rx, 0.0002)
    feeders = [crew.start(roles.feed_with_deadlines, tx, [who * 1000 + n for n in range(60)], 0.0001) for who in (0, 1)]
    tx.close()
    rx.close()
    for feeder in feeders:
        feeder.result()
    assert sorted(n for drainer in drainers for n in drainer.result()) == [*range(60), *range(1000, 1060)]


def test_handles_of_one_direction_are_equal(crew, capacity):
    """Clones and handles that came in messages are the same end; those of other channels and directions are not."""
    assert crew.run(alone.identities, capacity)


def test_iteration_ends_can_stop_and_can_go_on(crew, capacity):
    """An iteration ends with the channel; one that was left early leaves the rest, and another goes on with it."""
    tx, rx = csp.channel(capacity)
    feeder = crew.start(roles.feed, tx, range(30))
    tx.close()
    first = [n for n, _ in zip(rx, range(10), strict=False)]
    second = []
    for n in rx:
        second.append(n)
        if n == 19:
            break
    third = list(iter(rx))
    feeder.result()
    # zip takes one more from its first argument before it sees that the second is over
    assert (first, second, third) == ([*range(10)], [*range(11, 20)], [*range(20, 30)])
    assert list(rx) == []


def test_a_looping_receiver_starves_nobody(crew, capacity, wait_until):
    """Of two receivers in loops and a sender that sends one at a time both get their share: they wait in turn."""
    pair = tx, rx = csp.channel(capacity)
    drainers = crew.start_many(2, roles.drain, rx)
    for n in range(40):
        wait_until(lambda: waiting(pair, receivers=2), "both wait")
        tx.send(n)
    tx.close()
    assert [len(drainer.result()) for drainer in drainers] == [20, 20]


def test_statistics_say_who_waits_and_waited(crew, capacity, wait_until):
    """Those that wait are counted in every instant, their peak is kept, and what was sent and received is exact."""
    pair = tx, rx = csp.channel(capacity)
    tasks = crew.start_many(3, roles.recv, rx)
    wait_until(lambda: waiting(pair, receivers=3), "three wait")
    for n in range(3):
        tx.send(n)
    assert sorted(task.result() for task in tasks) == [0, 1, 2]
    seen = tx.statistics()
    assert (seen.waiting_receivers, seen.peak_receivers, seen.peak_senders) == (0, 3, 0)
    assert (seen.sent, seen.received, seen.length, seen.senders, seen.receivers) == (3, 3, 0, 1, 1)


def test_pollers_share_what_comes(crew, capacity):
    """Two processes that never wait take all that a third one sends."""
    tx, rx = csp.channel(capacity)
    pollers = crew.start_many(2, roles.poll, rx, 50)
    feeder = crew.start(roles.feed, tx, range(100))
    assert sorted(n for poller in pollers for n in poller.result()) == [*range(100)]
    feeder.result()
