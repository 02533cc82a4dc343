"""The reusable Alternative over processes of every kind: it watches, and commits in the one instant of its select."""

from collections import Counter

import alternatives
import pytest
import roles

import csp
from csp._native import channel_statistics

# The C API's alternative takes receiving ends and timers; offers and skips are guards of csp_select alone.
PYTHON = pytest.mark.parametrize("members", ["threads", "interpreters"], indirect=True)


def waiting(end, senders=0, receivers=0):
    """Whether so many wait on the channel."""
    seen = channel_statistics(end.channel_id)
    return (seen.waiting_senders, seen.waiting_receivers) == (senders, receivers)


def offered(end):
    """How many messages are there to be received, buffered or with senders that wait."""
    seen = channel_statistics(end.channel_id)
    return seen.length + seen.waiting_senders


@pytest.mark.parametrize("since", ["before", "after"])
@pytest.mark.parametrize("state", ["empty", "filled", "filled and over", "over", "aborted", "closed", "off"])
def test_what_a_watched_guard_does(crew, buffered, state, since):
    """The truth table of a poll, whether the guard came into that state before it was watched or after."""
    assert (
        crew.run(alternatives.what_a_watched_guard_does, buffered, state, since)
        == {
            "empty": "TimeoutError",
            "filled": "there",
            "filled and over": "there",
            "over": "EndOfChannel",
            "aborted": "EndOfChannel",
            "closed": "ClosedEnd",
            "off": "TimeoutError",
        }[state]
    )


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_a_waiting_alternative_is_woken_by_each_of_its_guards(crew, capacity, place, wait_until):
    """Whichever of four channels gets a message: that one is chosen, and the others are left."""
    pairs = [csp.channel(capacity) for _ in range(4)]
    task = crew.start(alternatives.choose, *(rx for _, rx in pairs))
    wait_until(lambda: all(waiting(rx, receivers=1) for _, rx in pairs), "it waits on all four")
    pairs[place][0].send("came")
    assert task.result() == (place, "came")
    assert all(waiting(rx) and len(rx) == 0 for _, rx in pairs)


@pytest.mark.parametrize("ending", ["closed", "aborted"])
def test_a_waiting_alternative_learns_of_the_end(crew, capacity, ending, wait_until):
    """The end of one channel is ready: it wakes an alternative that waits, and no other channel hears of it."""
    pairs = [csp.channel(capacity) for _ in range(3)]
    task = crew.start(alternatives.choose, *(rx for _, rx in pairs))
    wait_until(lambda: all(waiting(rx, receivers=1) for _, rx in pairs), "it waits on all three")
    if ending == "closed":
        pairs[1][0].close()
    else:
        pairs[1][0].abort()
    assert task.result() == "EndOfChannel"
    assert all(waiting(rx) for _, rx in pairs)


def test_a_try_to_send_meets_a_waiting_alternative(crew, capacity, wait_until):
    """While it waits it is a receiver like any other: send_nowait succeeds, whatever the capacity."""
    pairs = [csp.channel(capacity) for _ in range(2)]
    task = crew.start(alternatives.choose, *(rx for _, rx in pairs))
    wait_until(lambda: waiting(pairs[1][1], receivers=1), "it waits")
    pairs[1][0].send_nowait("met")
    assert task.result() == (1, "met")


def test_an_alternative_meets_a_select_that_offers(crew, capacity, wait_until):
    """An offer and a watched receiver find each other, whoever came first; what the select lost is not sent."""
    for first in ("alternative", "offer"):
        pairs = [csp.channel(capacity) for _ in range(2)]
        for n in range(capacity):
            pairs[1][0].send(n)
        begin = {
            "alternative": lambda p=pairs: crew.start(alternatives.choose, p[0][1]),
            "offer": lambda p=pairs: crew.start(roles.select, (p[0][0], "hello"), (p[1][0], "lost")),
        }
        early = begin.pop(first)()
        if first == "alternative":
            wait_until(lambda p=pairs: waiting(p[0][1], receivers=1), "the alternative waits")
        else:
            wait_until(lambda p=pairs: offered(p[0][0]) == 1, "the offer is made, or sent")
        late = begin.popitem()[1]()
        assert {early.result(), late.result()} == {(0, "hello"), (0, None)}
        assert (offered(pairs[1][0]), waiting(pairs[1][0])) == (capacity, True)


def test_no_message_arrives_twice_in_an_alternative(crew, capacity):
    """One alternative over four channels, selected from a thousand times: all arrives once, each channel's in order;
    and the channels are taken away one by one as they end.
    """
    pairs = [csp.channel(capacity) for _ in range(4)]
    task = crew.start(alternatives.choose_until_all_are_over, [rx for _, rx in pairs])
    feeders = [crew.start(roles.feed, tx, range(250)) for tx, _ in pairs]
    for end in [end for pair in pairs for end in pair]:
        end.close()
    for feeder in feeders:
        feeder.result()
    assert task.result() == [[*range(250)]] * 4


def test_alternatives_share_channels_with_plain_users(crew, capacity):
    """Two alternatives, a select and a plain receiver on the same channels: each message goes to one of them."""
    pairs = [csp.channel(capacity) for _ in range(3)]
    receivers = [rx for _, rx in pairs]
    takers = [*crew.start_many(2, alternatives.choose_until_all_are_over, receivers)]
    plain = [crew.start(roles.drain_by_select, receivers), crew.start(roles.drain, receivers[0])]
    feeders = [crew.start(roles.feed, tx, range(n * 1000, n * 1000 + 200)) for n, (tx, _) in enumerate(pairs)]
    for end in [end for pair in pairs for end in pair]:
        end.close()
    for feeder in feeders:
        feeder.result()
    came = Counter(value for taker in takers for values in taker.result() for value in values)
    came.update(value for task in plain for value in task.result())
    assert came == Counter(n * 1000 + m for n in range(3) for m in range(200))


def test_no_guard_is_served_twice_while_another_stays_ready(crew, capacity, wait_until):
    """The rotation bound: of three channels that all stay ready each is chosen once before any is chosen again."""
    pairs = [csp.channel(capacity) for _ in range(3)]
    senders = [crew.start(roles.feed, tx, [n]) for n, (tx, _) in enumerate(pairs) for _ in range(2)]
    for tx, _ in pairs:
        wait_until(lambda tx=tx: offered(tx) == 2, "two messages are there, or their senders wait")
    chosen = crew.run(alternatives.choose_many, [rx for _, rx in pairs], 6)
    assert [value for _, value in chosen] == [index for index, _ in chosen]
    assert {*chosen[:3]} == {*chosen[3:]} == {(n, n) for n in range(3)}
    for sender in senders:
        sender.result()


def test_priority_takes_the_first_that_is_ready(crew, capacity, wait_until):
    """With priority the order of adding decides at each select anew."""
    pairs = [csp.channel(capacity) for _ in range(3)]
    senders = [crew.start(roles.feed, tx, [n]) for n, (tx, _) in enumerate(pairs) for _ in range(2)]
    for tx, _ in pairs:
        wait_until(lambda tx=tx: offered(tx) == 2, "two messages are there, or their senders wait")
    chosen = crew.run(alternatives.choose_many, [rx for _, rx in pairs], 6, True)
    assert chosen == [(0, 0), (0, 0), (1, 1), (1, 1), (2, 2), (2, 2)]
    for sender in senders:
        sender.result()


def test_every_place_of_a_duplicate_comes_in_turn(crew, buffered):
    """One channel at five places of an alternative: none of them is left out."""
    taken = crew.run(alternatives.places_of_duplicates, buffered, 100)
    assert min(taken) > 0
    assert sum(taken) == 100


def test_a_watched_end_does_not_meet_its_own_thread(crew, capacity):
    """A process that sends on a channel that it watches: on a rendezvous in vain, through a buffer to itself."""
    assert crew.run(alternatives.own_sends, capacity) == (("TimeoutError",) * 2 if capacity == 0 else (None, "mine"))


def test_clones_that_go_do_not_look_like_the_end(crew, capacity):
    """A watched channel is over when its last sender has gone, and not when a clone of either end has."""
    assert crew.run(alternatives.clones_that_go, capacity) == ("TimeoutError", "TimeoutError", "EndOfChannel")


def test_an_alternative_is_decided_in_one_instant(crew, buffered):
    """With one of two channels filled at every instant, an alternative's poll of both never finds nothing."""
    rounds = [(csp.channel(buffered), csp.channel(buffered)) for _ in range(300)]
    begin_tx, begin_rx = csp.channel()
    poller = crew.start(alternatives.poll_both, begin_rx, [a[1] for a, _ in rounds], [b[1] for _, b in rounds])
    for (first_tx, first_rx), (second_tx, _) in rounds:
        first_tx.send("there")
        begin_tx.send("go")
        second_tx.send("there, too")
        first_rx.recv_nowait(None)
    assert poller.result() == 0


def test_to_watch_is_not_to_take(crew, capacity, wait_until):
    """Between two selects a watched channel is anybody's: what is there goes to whoever receives it."""
    pairs = [csp.channel(capacity) for _ in range(2)]
    task = crew.start(alternatives.choose_many, [rx for _, rx in pairs], 2)
    wait_until(lambda: waiting(pairs[0][1], receivers=1), "it waits")
    sender = crew.start(roles.send, pairs[1][0], "first")
    wait_until(lambda: channel_statistics(pairs[1][0].channel_id).received == 1, "it has been received")
    sender.result()
    wait_until(lambda: waiting(pairs[0][1], receivers=1), "it waits for the second")
    plain = crew.start(roles.recv, pairs[1][1])
    wait_until(lambda: waiting(pairs[1][1], receivers=2), "a plain receiver waits as well")
    pairs[1][0].send("for the plain receiver, who goes first")
    assert plain.result() == "for the plain receiver, who goes first"
    pairs[0][0].send("second")
    assert task.result() == [(1, "first"), (0, "second")]


def test_preconditions_of_an_alternative_are_read_at_each_select(crew, buffered):
    """A buffer with a bound of its own, off to its producer when full and off to its consumers when empty."""
    tx, rx = csp.channel(buffered)
    demand, demands = csp.channel()
    task = crew.start(alternatives.buffer_on_demand, rx, demands, 3)
    feeder = crew.start(roles.feed, tx, range(50))
    tx.close()
    rx.close()
    demands.close()
    answer_tx, answers = csp.channel()
    got = []
    for _ in range(50):
        demand.send(answer_tx)
        got.append(answers.recv())
    assert got == [*range(50)]
    feeder.result()
    assert 1 <= task.result() <= 3


def test_an_alternative_inside_what_an_alternative_gave(crew, capacity):
    """The value of one may be the guard of another, while the first still watches."""
    outer_tx, outer_rx = csp.channel(capacity)
    inner_tx, inner_rx = csp.channel(capacity)
    task = crew.start(alternatives.nested, outer_rx)
    outer_tx.send(inner_rx)
    inner_tx.send("inside")
    outer_tx.send("outside")
    assert task.result() == ("inside", "outside")


def test_many_timeouts_of_an_alternative_leave_nothing(crew, capacity):
    """After a thousand selects in vain no queue holds anything, and the channels work."""
    pairs = [csp.channel(capacity) for _ in range(3)]
    assert crew.run(alternatives.choose_in_vain, [rx for _, rx in pairs], 1000) == 1000
    assert all(waiting(rx) for _, rx in pairs)
    task = crew.start(alternatives.choose, *(rx for _, rx in pairs))
    pairs[2][0].send("works")
    assert task.result() == (2, "works")


def test_deadlines_of_an_alternative_and_of_senders_race(crew, capacity):
    """Alternatives that give up after 200 us, senders after 100 us: each message once, or kept by its sender."""
    pairs = [csp.channel(capacity) for _ in range(2)]
    chooser = crew.start(alternatives.choose_with_deadlines, [rx for _, rx in pairs], 200, 0.0002)
    feeders = [crew.start(roles.feed_with_deadlines, tx, range(100), 0.0001) for tx, _ in pairs]
    for feeder in feeders:
        feeder.result()
    assert sorted(chooser.result()) == sorted([*range(100)] * 2)


def test_a_timer_of_an_alternative_comes_under_load(crew, buffered):
    """A timer that stands first is taken by priority when it is due, though a channel is ready all the time."""
    assert crew.run(alternatives.timer_beside_a_busy_channel, buffered) >= 0.003


def test_a_due_timer_has_its_turn(crew, buffered):
    """A timer that stays due is in the rotation like a channel that stays ready: each once in every three."""
    chosen = crew.run(alternatives.due_timer_among_busy_channels, buffered)
    assert [{*chosen[n : n + 3]} for n in range(0, 12, 3)] == [{0, 1, 2}] * 4


# ---- offers and skips ------------------------------------------------------------------------------------------------


@PYTHON
def test_no_offer_of_an_alternative_goes_out_twice(crew, capacity):
    """Alternatives that offer over four channels: every message goes out once, whichever way it goes."""
    pairs = [csp.channel(capacity) for _ in range(4)]
    drainers = [crew.start(roles.drain, rx) for _, rx in pairs]
    sender = crew.start(alternatives.send_by_alternative, [tx for tx, _ in pairs], range(300))
    for end in [end for pair in pairs for end in pair]:
        end.close()
    sender.result()
    assert sorted(n for drainer in drainers for n in drainer.result()) == [*range(300)]


@PYTHON
def test_alternatives_on_both_ends_match(crew):
    """Processes whose alternatives all offer and receive on one rendezvous pair up, never with themselves."""
    for _ in range(10):
        tx, rx = csp.channel()
        tasks = [crew.start(alternatives.match, tx, rx, name) for name in range(8)]
        outcomes = [task.result() for task in tasks]
        senders = {name for name, (what, _) in enumerate(outcomes) if what == "sent"}
        assert {value for what, value in outcomes if what == "received"} == senders
        assert len(senders) == 4


@PYTHON
def test_a_skip_of_an_alternative_is_last(crew, buffered):
    """A skip is chosen when nothing else is ready; by priority, in its place."""
    tx, rx = csp.channel(buffered)
    tx.send("there")
    assert crew.run(alternatives.skips, rx) == ("there", True, True)


@pytest.mark.parametrize("members", ["C API"], indirect=True)
def test_an_alternative_in_c_refuses_offers(crew, capacity):
    """csp_alternative_add says of a sending end that it is INVALID."""
    assert crew.run(alternatives.refused, capacity) is True
