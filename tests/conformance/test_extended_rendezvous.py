"""The extended rendezvous over processes of every kind: a sender is released by what its receiver did, and by no less.

It is a rendezvous: there is one capacity, 0, and every other is refused.
"""

import alone
import engagements
import pytest
import roles

import csp
from csp._native import channel_statistics


def waiting(end, senders=0, receivers=0):
    """Whether so many wait on the channel."""
    seen = channel_statistics(end.channel_id)
    return (seen.waiting_senders, seen.waiting_receivers) == (senders, receivers)


@pytest.fixture
def held(crew):
    """Start a receiver that holds its sender; gives its task and the two ends by which it is watched and let go."""

    def begin(rx, role=engagements.hold):
        inside_tx, inside_rx = csp.channel()
        go_tx, go_rx = csp.channel()
        return crew.start(role, rx, inside_tx, go_rx), inside_rx, go_tx

    return begin


@pytest.mark.parametrize("how", ["send", "offer"])
@pytest.mark.parametrize("first", ["sender", "receiver"])
def test_the_sender_is_held_until_the_work_is_done(crew, held, how, first, wait_until):
    """A send, or an offer that was chosen, comes back when the receiver has finished, whichever of them came first."""
    tx, rx = csp.channel()
    role = engagements.outcome_of_send if how == "send" else engagements.outcome_of_offer
    if first == "sender":
        sender = crew.start(role, tx, "work")
        wait_until(lambda: waiting(tx, senders=1), "the sender waits")
        receiver, inside, go = held(rx)
    else:
        receiver, inside, go = held(rx)
        wait_until(lambda: waiting(rx, receivers=1), "the receiver waits")
        sender = crew.start(role, tx, "work")
    assert inside.recv() == "work"
    assert not sender.done
    assert waiting(tx)
    go.send(None)
    assert receiver.result() == "work"
    assert sender.result() is (None if how == "send" else True)


@pytest.mark.parametrize("how", ["send", "offer"])
def test_the_failure_of_the_receiver_reaches_the_sender(crew, how):
    """What the receiver raises while it holds the sender is raised by the send, too, and by the select that offered."""
    tx, rx = csp.channel()
    sender = crew.start(engagements.outcome_of_send if how == "send" else engagements.outcome_of_offer, tx, "work")
    assert crew.run(engagements.hold_and_fail, rx) == sender.result() == "work is refused"
    sender = crew.start(roles.send, tx, "more")
    assert rx.recv() == "more"
    assert sender.result() is None


def test_a_receiver_that_exits_loses_the_message_aloud(crew, held):
    """An exit in the middle of it: BrokenChannel, and the sender has a copy of the message."""
    tx, rx = csp.channel()
    sender = crew.start(engagements.send_and_unsent, tx, ["work"])
    receiver, inside, go = held(rx, engagements.hold_and_exit)
    assert inside.recv() == ["work"]
    go.send(None)
    assert receiver.result() == "exited"
    assert sender.result() == ("BrokenChannel", ["work"])


def test_waiting_senders_are_held_one_by_one_as_they_came(crew, held, wait_until):
    """Behind a sender that is held the others stay in line; each is released by its own meeting."""
    tx, rx = csp.channel()
    senders = []
    for n in range(3):
        senders.append(crew.start(roles.send, tx, n))
        wait_until(lambda n=n: waiting(tx, senders=n + 1), "it waits")
    for n in range(3):
        receiver, inside, go = held(rx)
        assert inside.recv() == n
        assert waiting(tx, senders=2 - n)
        assert [sender.done for sender in senders[n:]] == [False] * (3 - n)
        go.send(None)
        assert receiver.result() == n
        assert senders[n].result() is None


def test_extended_and_plain_receivers_stand_in_one_line(crew, wait_until):
    """Who receives and holds, and who only receives, are served as they came."""
    tx, rx = csp.channel()
    tasks = []
    for n in range(4):
        tasks.append(crew.start(engagements.enter if n % 2 else roles.recv, rx))
        wait_until(lambda n=n: waiting(rx, receivers=n + 1), "it waits")
    for n in range(4):
        tx.send(n)
    assert [task.result() for task in tasks] == [0, 1, 2, 3]


@pytest.mark.parametrize("way", ["send_nowait", "send, no time", "select"])
def test_who_cannot_wait_does_not_meet_it(crew, way, wait_until):
    """A try to send does not meet a receiver that would hold it, and leaves it where it waits."""
    tx, rx = csp.channel()
    receiver = crew.start(engagements.enter, rx)
    wait_until(lambda: waiting(rx, receivers=1), "the receiver waits")
    assert alone.SENDS[way](tx) == ("WouldBlock" if way == "send_nowait" else "TimeoutError")
    assert waiting(rx, receivers=1)
    tx.send("with time")
    assert receiver.result() == "with time"


def test_the_deadline_of_a_sender_counts_until_the_meeting(crew, held, wait_until):
    """A sender that is held past its deadline is not released by it; one that met nobody is."""
    tx, rx = csp.channel()
    assert crew.run(engagements.outcome_of_send, tx, "nobody", 0.001) == "TimeoutError"
    receiver, inside, go = held(rx)
    wait_until(lambda: waiting(rx, receivers=1), "the receiver waits")
    sender = crew.start(engagements.outcome_of_send, tx, "work", 0.05)
    assert inside.recv() == "work"
    csp.select(csp.after(0.06))
    assert not sender.done
    go.send(None)
    assert receiver.result() == "work"
    assert sender.result() is None


def test_a_buffer_holds_nobody(crew, buffered):
    """An extended receive of a channel with a buffer is refused: its senders have gone on long since."""
    tx, rx = csp.channel(buffered)
    tx.send("there")
    assert crew.run(engagements.enter, rx) == "ValueError"
    assert rx.recv() == "there"


@pytest.mark.parametrize("state", [*alone.ENDINGS, "no time"])
def test_it_ends_as_a_receive_does(crew, state, wait_until):
    """The timeout, and each way to end the channel, for an extended receive that comes and for one that waits."""
    expected = {
        "open": "TimeoutError",
        "no time": "TimeoutError",
        "sender closed": "EndOfChannel",
        "receiver closed": "ClosedEnd",
        "aborted": "EndOfChannel",
    }[state]
    tx, rx = csp.channel()
    alone.ENDINGS.get(state, alone.ENDINGS["open"])(tx, rx)
    if state == "receiver closed":
        assert engagements.enter(rx, 0.001) == expected  # a closed end travels to nobody
    else:
        assert crew.run(engagements.enter, rx, 0 if state == "no time" else 0.001) == expected
    if state in {"sender closed", "aborted"}:
        tx, rx = csp.channel()
        receiver = crew.start(engagements.enter, rx)
        wait_until(lambda: waiting(rx, receivers=1), "the receiver waits")
        alone.ENDINGS[state](tx, rx)
        assert receiver.result() == expected


@pytest.mark.parametrize("ending", ["sender closed", "receiver closed", "aborted"])
def test_an_end_does_not_undo_a_meeting(crew, held, ending):
    """The channel is closed while a sender is held: it has met, and hears what its receiver says. An abort lets
    it go.
    """
    tx, rx = csp.channel()
    sender = crew.start(roles.send, tx, "work")
    receiver, inside, go = held(rx)
    assert inside.recv() == "work"
    alone.ENDINGS[ending](tx, rx)
    if ending == "aborted":
        assert sender.result() == "BrokenChannel"
    go.send(None)
    assert receiver.result() == "work"
    if ending != "aborted":
        assert sender.result() is None


def test_who_closes_its_own_receiver_lets_its_sender_go_in_the_end(crew):
    """A process that closes its receiver while it holds a sender of its own still releases it when it has finished."""
    assert crew.run(engagements.held_by_oneself) == ("m", [None])


def test_many_meetings_lose_and_double_nothing(crew):
    """Four senders and two receivers that refuse every third message: each is taken or refused, and its sender knows
    which.
    """
    tx, rx = csp.channel()
    receivers = crew.start_many(2, engagements.serve_and_refuse, rx)
    senders = [crew.start(engagements.send_all_extended, tx, who, 60) for who in range(4)]
    tx.close()
    refused = [sender.result() for sender in senders]
    taken = sorted(message for receiver in receivers for message in receiver.result())
    assert refused == [[(who, n) for n in range(0, 60, 3)] for who in range(4)]
    assert taken == [(who, n) for who in range(4) for n in range(60) if n % 3]
