"""Select over processes of every kind: one instant decides, one guard is carried out, nothing is left behind."""

from collections import Counter
from itertools import product

import alone
import pytest
import roles

import csp
from csp._native import channel_statistics


def waiting(end, senders=0, receivers=0):
    """Whether so many wait on the channel."""
    seen = channel_statistics(end.channel_id)
    return (seen.waiting_senders, seen.waiting_receivers) == (senders, receivers)


@pytest.mark.parametrize("kind", ["off", "empty", "filled", "over", "room", "full", "broken"])
def test_what_a_lone_guard_does(crew, buffered, kind):
    """The truth table: which guard is ready, which would wait, which raises; beside a skip, and with a timeout of 0."""
    task = crew.start(alone.lone_guard, kind, buffered)
    assert (
        task.result()
        == {
            "off": ("skip", "TimeoutError"),
            "empty": ("skip", "TimeoutError"),
            "filled": (0, "guard"),
            "over": ("EndOfChannel", "EndOfChannel"),
            "room": (None, "guard"),
            "full": ("skip", "TimeoutError"),
            "broken": ("BrokenChannel", "BrokenChannel"),
        }[kind]
    )


@pytest.mark.parametrize("priority", [True, False], ids=["priority", "fair"])
def test_every_combination_of_ready_guards(crew, capacity, priority, wait_until):
    """Three receivers, each ready or not: by priority the first that is ready, else one of them; none: in vain."""
    for ready in product([False, True], repeat=3):
        pairs = [csp.channel(capacity) for _ in ready]
        tasks = [crew.start(roles.send, tx, n) for n, (tx, _) in enumerate(pairs) if ready[n]]
        for (tx, rx), there in zip(pairs, ready, strict=True):
            if there and not capacity:
                wait_until(lambda tx=tx: waiting(tx, senders=1), "the sender waits")
            elif there:
                wait_until(lambda rx=rx: len(rx) == 1, "the message is there")
        receivers = [rx for _, rx in pairs]
        chosen = roles.attempt(csp.select, *receivers, priority=priority, timeout=0)
        if not any(ready):
            assert chosen == "TimeoutError"
        else:
            index = receivers.index(chosen[0])
            assert ready[index]
            assert chosen[1] == index
            assert not priority or index == ready.index(True)
        for _, rx in pairs:
            rx.close()
        assert sum(task.result() == "BrokenChannel" for task in tasks) <= max(len(tasks) - 1, 0)


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_a_waiting_select_is_woken_by_each_of_its_guards(crew, capacity, place, wait_until):
    """Two receivers and two offers that are not ready: whichever becomes it is carried out; the others leave nothing"""
    pairs = [csp.channel(capacity) for _ in range(4)]
    for tx, _ in pairs[2:]:
        for n in range(capacity):
            tx.send(n)
    task = crew.start(roles.select, pairs[0][1], pairs[1][1], (pairs[2][0], "c"), (pairs[3][0], "d"))
    wait_until(
        lambda: (
            all(waiting(rx, receivers=1) for _, rx in pairs[:2]) and all(waiting(tx, senders=1) for tx, _ in pairs[2:])
        ),
        "it waits on all four",
    )
    if place < 2:
        pairs[place][0].send("came")
        assert task.result() == (place, "came")
    else:
        came = [pairs[place][1].recv() for _ in range(capacity + 1)]
        assert came == [*range(capacity), "cd"[place - 2]]
        assert task.result() == (place, None)
    assert all(waiting(tx) for tx, _ in pairs)
    assert [len(rx) for _, rx in pairs] == [0, 0, *(capacity * (place != n) for n in (2, 3))]


@pytest.mark.parametrize("ending", ["sender closed", "receiver closed", "aborted"])
def test_a_waiting_select_learns_of_the_end(crew, capacity, ending, wait_until):
    """The end of one guard's channel wakes a select that waits, with the error of that guard."""
    tx, rx = csp.channel(capacity)
    other_tx, other_rx = csp.channel(capacity)
    for n in range(capacity):
        other_tx.send(n)
    task = crew.start(roles.select, rx, (other_tx, "m"))
    wait_until(lambda: waiting(rx, receivers=1) and waiting(other_tx, senders=1), "it waits on both")
    if ending == "receiver closed":
        other_rx.close()
    else:
        alone.ENDINGS[ending](tx, rx)
    assert task.result() == ("BrokenChannel" if ending == "receiver closed" else "EndOfChannel")
    assert waiting(tx)
    assert waiting(other_tx)


def test_no_message_arrives_twice(crew, capacity):
    """Selects over four sends: every value goes out once, whichever way it goes."""
    pairs = [csp.channel(capacity) for _ in range(4)]
    drainers = [crew.start(roles.drain, rx) for _, rx in pairs]
    sender = crew.start(roles.send_by_select, [tx for tx, _ in pairs], range(500))
    for end in [end for pair in pairs for end in pair]:
        end.close()
    sender.result()
    assert sorted(n for drainer in drainers for n in drainer.result()) == [*range(500)]


def test_selects_share_channels_with_plain_users(crew, capacity):
    """Two select receivers over four channels that plain senders and a select fill: all arrives, once."""
    pairs = [csp.channel(capacity) for _ in range(4)]
    drainers = crew.start_many(2, roles.drain_by_select, [rx for _, rx in pairs])
    feeders = [crew.start(roles.feed, tx, range(n * 1000, n * 1000 + 150)) for n, (tx, _) in enumerate(pairs)]
    sender = crew.start(roles.send_by_select, [tx for tx, _ in pairs], range(4000, 4200))
    for end in [end for pair in pairs for end in pair]:
        end.close()
    for task in [*feeders, sender]:
        task.result()
    came = Counter(n for drainer in drainers for n in drainer.result())
    assert came == Counter([*(n * 1000 + m for n in range(4) for m in range(150)), *range(4000, 4200)])


@pytest.mark.parametrize("parties", [2, 6, 8])
def test_all_who_offer_and_receive_match(crew, parties):
    """Processes that all offer and receive on one rendezvous pair up perfectly, never with themselves; none is left."""
    for _ in range(10):
        tx, rx = csp.channel()
        tasks = [crew.start(roles.match, tx, rx, name) for name in range(parties)]
        outcomes = [task.result() for task in tasks]
        senders = {name for name, (what, _) in enumerate(outcomes) if what == "sent"}
        received = {value for what, value in outcomes if what == "received"}
        assert senders == received
        assert len(senders) == parties // 2


@pytest.mark.parametrize("parties", [3, 7])
def test_an_odd_crowd_needs_one_more_sender(crew, parties):
    """An odd number of those and one plain send: all find somebody."""
    for _ in range(10):
        tx, rx = csp.channel()
        tasks = [crew.start(roles.match, tx, rx, name) for name in range(parties)]
        tx.send("plain")
        outcomes = [task.result() for task in tasks]
        assert sum(what == "received" for what, _ in outcomes) == (parties + 1) // 2
        assert [value for _, value in outcomes].count("plain") == 1


def test_two_crossing_selects_always_agree(crew):
    """Each offers to the other and receives from it: every round one of the two happens, the same for both."""
    tx, rx = csp.channel()
    back_tx, back_rx = csp.channel()
    first = crew.start(roles.cross, tx, back_rx, "first", 300)
    second = crew.start(roles.cross, back_tx, rx, "second", 300)
    assert first.result() == tuple(reversed(second.result()))


def test_own_ends_never_pair(crew, capacity):
    """A select that offers and receives on one channel: alone on a rendezvous it waits in vain, a buffer it fills first
    and then empties.
    """
    expected = "TimeoutError" if capacity == 0 else ["sent"] * capacity + ["received"]
    assert crew.run(alone.both_of_one, capacity) == expected


def test_one_instant_decides(crew, buffered):
    """With one of two channels filled at every instant, a poll of both by another process never finds nothing."""
    rounds = [(csp.channel(buffered), csp.channel(buffered)) for _ in range(300)]
    begin_tx, begin_rx = csp.channel()
    poller = crew.start(alone.poll_both, begin_rx, [a[1] for a, _ in rounds], [b[1] for _, b in rounds])
    for (first_tx, first_rx), (second_tx, _) in rounds:
        first_tx.send("there")
        begin_tx.send("go")
        second_tx.send("there, too")
        first_rx.recv_nowait(None)
    assert poller.result() == 0


def test_one_instant_decides_while_it_looks_around(crew, buffered):
    """Filled now here, now there, and at every instant one of them: a poll never looks at each while it is empty,
    however many quiet guards between them it looks at meanwhile.
    """
    (first_tx, first_rx), (second_tx, second_rx) = csp.channel(buffered), csp.channel(buffered)
    begin_tx, begin_rx = csp.channel()
    found_tx, found_rx = csp.channel(1)
    poller = crew.start(alone.poll_around, begin_rx, found_tx, first_rx, second_rx)
    for _ in range(100):
        first_tx.send("there")
        begin_tx.send("go")
        while found_rx.recv_nowait(None) is None:
            second_tx.send_nowait("there, too")
            first_rx.recv_nowait(None)
            first_tx.send_nowait("back again")
            second_rx.recv_nowait(None)
        while first_rx.recv_nowait(None) is not None or second_rx.recv_nowait(None) is not None:
            pass
    begin_tx.close()
    assert poller.result() == 0


def test_a_loser_that_leaves_breaks_no_queue(crew, capacity, wait_until):
    """A select that gives up in the middle and at the end of a queue leaves those before and behind in their places."""
    tx, rx = csp.channel(capacity)
    tx_other, rx_other = csp.channel(capacity)
    before = crew.start(roles.recv, rx)
    wait_until(lambda: waiting(rx, receivers=1), "one waits")
    chooser = crew.start(roles.select, rx, rx_other)
    wait_until(lambda: waiting(rx, receivers=2), "a select waits behind it")
    behind = crew.start(roles.recv, rx)
    wait_until(lambda: waiting(rx, receivers=3), "one more")
    tx_other.send("elsewhere")
    assert chooser.result() == (1, "elsewhere")
    last = crew.start(roles.select, rx, rx_other)
    wait_until(lambda: waiting(rx, receivers=3), "a select at the end")
    tx_other.send("again")
    assert last.result() == (1, "again")
    for n in range(2):
        tx.send(n)
    assert (before.result(), behind.result()) == (0, 1)
    final = crew.start(roles.recv, rx)
    tx.send("later")
    assert final.result() == "later"


def test_a_select_stands_in_line(crew, capacity, wait_until):
    """Plain receivers and selects are served in the order in which they came."""
    tx, rx = csp.channel(capacity)
    _, quiet = csp.channel(capacity)
    tasks = []
    for n in range(4):
        tasks.append(crew.start(roles.recv, rx) if n % 2 else crew.start(roles.select, quiet, rx))
        wait_until(lambda n=n: waiting(rx, receivers=n + 1), "it waits")
    for n in range(4):
        tx.send(n)
    assert [task.result() for task in tasks] == [(1, 0), 1, (1, 2), 3]
    assert waiting(quiet)


def test_nothing_uncompleted_can_be_reached(crew, capacity, wait_until):
    """A select that comes back has carried its guard out: the peer is released with it, whatever is done next."""
    tx, rx = csp.channel(capacity)
    for n in range(capacity):
        tx.send(n)
    task = crew.start(roles.send, tx, "last")
    wait_until(lambda: waiting(tx, senders=1), "the sender waits")
    csp.select(rx)  # and nothing is done with what came
    assert task.result() is None
    assert waiting(tx)


@pytest.mark.parametrize("priority", [True, False], ids=["priority", "fair"])
def test_shares_of_what_is_always_ready(crew, buffered, priority):
    """Fair: each of four guards gets at least half of its share. By priority: the first gets all."""
    shares = crew.run(alone.shares_of_ready, buffered, 4, 1200, priority)
    assert shares == [1200, 0, 0, 0] if priority else min(shares) >= 150


def test_every_place_of_a_duplicate_is_reached(crew, buffered):
    """One channel in five guards: each place is chosen now and then, to send and to receive."""
    given, taken = crew.run(alone.positions_of_duplicates, buffered, 400)
    assert min(given) > 0
    assert min(taken) > 0
    assert sum(given) == sum(taken) == 400


def test_both_orders_of_two_offers_occur(crew, buffered):
    """Two offers on one channel: which value goes first is not always the same."""
    assert {*crew.run(alone.flip, buffered, 100)} == {0, 1}


def test_a_template_may_be_shared(crew, buffered):
    """Several processes use the same guards, many times each: every use is one transfer."""
    tx, rx = csp.channel(buffered)
    drainer = crew.start(roles.drain, rx)
    senders = crew.start_many(6, alone.repeat_offer, tx, "same", 50)
    tx.close()
    rx.close()
    for sender in senders:
        sender.result()
    assert drainer.result() == ["same"] * 300


def test_a_select_inside_what_a_select_gave(crew, capacity):
    """The value of one select may be the guard of the next, and computing an offer may itself block."""
    outer_tx, outer_rx = csp.channel(capacity)
    tx, rx = csp.channel(capacity)
    task = crew.start(alone.nested, outer_rx, tx)
    inner_tx, inner_rx = csp.channel(capacity)
    outer_tx.send(inner_rx)
    inner_tx.send(20)
    assert rx.recv() == 21
    task.result()


def test_preconditions_are_read_at_each_call(crew, buffered):
    """A guard that is off this time may be on the next: a buffer process with a bound of its own."""
    tx, rx = csp.channel(buffered)
    out_tx, out_rx = csp.channel()
    task = crew.start(alone.bounded_buffer, rx, out_tx, 3)
    feeder = crew.start(roles.feed, tx, range(50))
    tx.close()
    rx.close()
    out_tx.close()
    assert list(out_rx) == [*range(50)]
    feeder.result()
    assert task.result() <= 3


def test_many_timeouts_leave_nothing(crew, capacity):
    """After a thousand selects in vain no queue holds anything, and the channels work."""
    pairs = [csp.channel(capacity) for _ in range(3)]
    assert crew.run(alone.in_vain, [rx for _, rx in pairs], 1000) == 1000
    assert all(waiting(rx) for _, rx in pairs)
    task = crew.start(roles.select, *(rx for _, rx in pairs))
    pairs[2][0].send("works")
    assert task.result() == (2, "works")


def test_a_timeout_and_a_sender_race(crew, capacity):
    """Selects with deadlines of some 100 us against senders with the same: each message once, or kept by its sender."""
    tx, rx = csp.channel(capacity)
    _, quiet = csp.channel(capacity)
    chooser = crew.start(alone.select_with_deadlines, quiet, rx, 0.0002)
    feeder = crew.start(roles.feed_with_deadlines, tx, range(200), 0.0001)
    tx.close()
    feeder.result()
    assert chooser.result() == [*range(200)]
