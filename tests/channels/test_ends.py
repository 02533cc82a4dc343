"""Sender and Receiver as Python sees them: what they do, what they refuse, and what they say about it."""

import gc
import math
import threading

import pytest

import csp
from csp._native import channel_statistics, totals


@pytest.fixture(params=[0, 1, 3])
def pair(request):
    tx, rx = csp.channel(request.param)
    yield tx, rx
    tx.close()
    rx.close()


class Background:
    """A thread whose result, or exception, is asked for."""

    def __init__(self, function, *args):
        self.outcome = []
        self.thread = threading.Thread(target=self._run, args=(function, args))
        self.thread.start()

    def _run(self, function, args):
        try:
            self.outcome.append((True, function(*args)))
        except BaseException as error:
            self.outcome.append((False, error))

    def result(self):
        self.thread.join(20)
        assert not self.thread.is_alive(), "the thread still waits"
        ok, value = self.outcome.pop()
        if ok:
            return value
        try:
            raise value
        finally:
            del value


# ---- making one ------------------------------------------------------------------------------------------------------


def test_default_is_a_rendezvous():
    """channel() has capacity 0, blocks, and is empty."""
    tx, rx = csp.channel()
    seen = tx.statistics()
    assert (tx.capacity, rx.capacity, seen.capacity, seen.overflow, seen.length) == (0, 0, 0, "block", 0)


@pytest.mark.parametrize(
    ("arguments", "keywords", "error", "text"),
    [
        (("1",), {}, TypeError, "capacity must be an int"),
        ((1.0,), {}, TypeError, "capacity must be an int"),
        ((None,), {}, TypeError, "capacity must be an int"),
        ((-1,), {}, ValueError, "between 0"),
        ((-2,), {}, ValueError, "between 0"),
        ((2**31,), {}, ValueError, "between 0"),
        ((2**100,), {}, ValueError, "between 0"),
        ((1, "drop"), {}, ValueError, "overflow must be"),
        ((1, None), {}, ValueError, "overflow must be"),
        ((0, "error"), {}, ValueError, "needs a buffer"),
        ((1, "error", 3), {}, TypeError, "not 3 arguments"),
        ((), {"size": 3}, TypeError, "'size'"),
        ((1,), {"capacity": 3}, TypeError, "'capacity'"),
    ],
)
def test_channel_refuses_what_it_cannot_be(arguments, keywords, error, text):
    """A wrong capacity, policy or keyword is a typed error that says what is legal."""
    with pytest.raises(error, match=text):
        csp.channel(*arguments, **keywords)


def test_ends_cannot_be_made_by_hand():
    """Sender and Receiver come from channel() only."""
    for kind in (csp.Sender, csp.Receiver):
        with pytest.raises(TypeError):
            kind()


def test_each_end_has_only_its_own_direction():
    """A Receiver cannot send and a Sender cannot receive: an AttributeError that names the end."""
    tx, rx = csp.channel()
    with pytest.raises(AttributeError, match="Receiver.*send"):
        rx.send(1)
    with pytest.raises(AttributeError, match="Sender.*recv"):
        tx.recv()
    with pytest.raises(TypeError, match="not iterable"):
        iter(tx)


# ---- sending and receiving -------------------------------------------------------------------------------------------


def test_messages_arrive_in_order():
    """What one sender sends, one receiver gets in that order."""
    tx, rx = csp.channel(10)
    for n in range(10):
        tx.send(n)
    assert [rx.recv() for _ in range(10)] == list(range(10))


def test_rendezvous_send_returns_when_taken(wait_until):
    """On a rendezvous channel a send is over when a receiver has the message, not before."""
    tx, rx = csp.channel()
    sender = Background(tx.send, "hello")
    wait_until(lambda: tx.statistics().waiting_senders == 1, "the sender waits")
    assert len(rx) == 0
    assert sender.thread.is_alive()
    assert rx.recv() == "hello"
    assert sender.result() is None


def test_full_buffer_makes_the_sender_wait(wait_until):
    """A buffered send returns at once while there is room, and waits when there is none."""
    tx, rx = csp.channel(2)
    tx.send(1)
    tx.send(2)
    assert len(tx) == len(rx) == 2
    third = Background(tx.send, 3)
    wait_until(lambda: tx.statistics().waiting_senders == 1, "the third send waits")
    assert [rx.recv(), rx.recv(), rx.recv()] == [1, 2, 3]
    third.result()


def test_receivers_are_served_first_come_first_served(wait_until):
    """Two parked receivers get the two messages in the order in which they came."""
    tx, rx = csp.channel()
    first = Background(rx.recv)
    wait_until(lambda: rx.statistics().waiting_receivers == 1, "the first receiver waits")
    second = Background(rx.recv)
    wait_until(lambda: rx.statistics().waiting_receivers == 2, "the second receiver waits")
    tx.send("a")
    tx.send("b")
    assert (first.result(), second.result()) == ("a", "b")


@pytest.mark.parametrize("timeout", [0, 0.0, 0.02, 1e-9])
def test_timeouts_are_timeout_errors(timeout):
    """Nobody there in time is the builtin TimeoutError, on both ends."""
    tx, rx = csp.channel()
    with pytest.raises(TimeoutError, match="nothing arrived"):
        rx.recv(timeout=timeout)
    with pytest.raises(TimeoutError, match="nobody took"):
        tx.send(1, timeout=timeout)
    assert tx.statistics().sent == 0


def test_timeout_zero_takes_what_is_ready():
    """A timeout of 0 does not wait, and still takes what is there."""
    tx, rx = csp.channel(1)
    tx.send(7, timeout=0)
    assert rx.recv(timeout=0) == 7


@pytest.mark.parametrize("timeout", [math.inf, 1e300, 10**400, None])
def test_endless_timeouts(timeout, pair):
    """Infinity, a huge number and None all mean: no limit."""
    tx, rx = pair
    sender = Background(tx.send, 1)
    assert rx.recv(timeout=timeout) == 1
    sender.result()


@pytest.mark.parametrize("timeout", [-1, -1e-9, -math.inf, math.nan, -(10**400)])
def test_negative_and_nan_timeouts_are_value_errors(timeout, pair):
    """A timeout that is no duration is refused at once, and says what is legal."""
    tx, rx = pair
    for operation in (lambda: rx.recv(timeout=timeout), lambda: tx.send(1, timeout=timeout)):
        with pytest.raises(ValueError, match="timeout must be at least 0 seconds"):
            operation()
    with pytest.raises(ValueError, match="timeout must be at least 0 seconds"):
        csp.select(rx, timeout=timeout)


@pytest.mark.parametrize("timeout", ["1", b"1", [], object(), True, False])
def test_timeouts_of_other_types_are_type_errors(timeout, pair):
    """A timeout that is no number is a TypeError that names the type."""
    tx, rx = pair
    for operation in (lambda: rx.recv(timeout=timeout), lambda: tx.send(1, timeout=timeout)):
        with pytest.raises(TypeError, match=f"timeout must be a number.*{type(timeout).__name__}"):
            operation()


def test_unknown_arguments_are_named():
    """A keyword that is not there, or too many arguments, is a TypeError that says what there is."""
    tx, rx = csp.channel(1)
    with pytest.raises(TypeError, match="send has no argument 'block'; it takes timeout"):
        tx.send(1, block=True)
    with pytest.raises(TypeError, match="recv has no argument 'block'; it takes timeout"):
        rx.recv(block=True)
    with pytest.raises(TypeError, match="send takes 1 positional"):
        tx.send(1, 2, 3)
    with pytest.raises(TypeError, match="send takes the message"):
        tx.send()
    with pytest.raises(TypeError, match="send takes the message"):
        tx.send(timeout=3)
    with pytest.raises(TypeError, match="recv takes 0 positional"):
        rx.recv(1, 2)
    with pytest.raises(TypeError, match="recv takes 0 positional"):
        rx.recv(1, timeout=2)
    with pytest.raises(TypeError, match="at most one argument"):
        rx.recv_nowait(1, 2)
    assert tx.statistics().sent == 0


def test_nowait_never_waits():
    """send_nowait and recv_nowait raise WouldBlock where they would have to wait."""
    tx, rx = csp.channel()
    with pytest.raises(csp.WouldBlock, match="no receiver is waiting"):
        tx.send_nowait(1)
    with pytest.raises(csp.WouldBlock, match="no message is there"):
        rx.recv_nowait()
    assert rx.recv_nowait(None) is None
    assert rx.recv_nowait("nothing") == "nothing"


def test_nowait_meets_who_waits(wait_until):
    """send_nowait hands over to a receiver that waits, recv_nowait takes from a sender that waits."""
    tx, rx = csp.channel()
    receiver = Background(rx.recv)
    wait_until(lambda: rx.statistics().waiting_receivers, "the receiver waits")
    tx.send_nowait("to the parked")
    assert receiver.result() == "to the parked"
    sender = Background(tx.send, "from the parked")
    wait_until(lambda: tx.statistics().waiting_senders, "the sender waits")
    assert rx.recv_nowait() == "from the parked"
    sender.result()


# ---- overflow --------------------------------------------------------------------------------------------------------


def test_overflow_error():
    """Policy "error": a full buffer refuses with WouldBlock, whatever the timeout, and keeps what it has."""
    tx, rx = csp.channel(1, "error")
    tx.send(1)
    for refused in (lambda: tx.send(2), lambda: tx.send(2, timeout=5), lambda: tx.send_nowait(2)):
        with pytest.raises(csp.WouldBlock, match="buffer"):
            refused()
    assert rx.recv() == 1


@pytest.mark.parametrize(("policy", "kept"), [("drop_oldest", [3, 4]), ("drop_newest", [0, 1])])
def test_overflow_drops(policy, kept):
    """The dropping policies keep the newest or the oldest, never wait, and count what they dropped."""
    tx, rx = csp.channel(2, overflow=policy)
    for n in range(5):
        tx.send(n)
    assert [rx.recv(), rx.recv()] == kept
    seen = tx.statistics()
    assert (seen.dropped, seen.length, seen.overflow) == (3, 0, policy)


# ---- ending ----------------------------------------------------------------------------------------------------------


def test_receivers_drain_before_the_end():
    """When the last sender is closed the buffered messages come first, then EndOfChannel, for ever."""
    tx, rx = csp.channel(2)
    tx.send(1)
    tx.send(2)
    tx.close()
    assert [rx.recv(), rx.recv()] == [1, 2]
    for ended in (rx.recv, rx.recv_nowait, lambda: rx.recv(timeout=1), lambda: rx.recv_nowait("default")):
        with pytest.raises(csp.EndOfChannel, match="every sender of this channel is gone"):
            ended()


def test_end_of_channel_wakes_a_parked_receiver(wait_until):
    """Closing the last sender releases who waits to receive."""
    tx, rx = csp.channel()
    receiver = Background(rx.recv)
    wait_until(lambda: rx.statistics().waiting_receivers, "the receiver waits")
    tx.close()
    with pytest.raises(csp.EndOfChannel):
        receiver.result()


def test_broken_channel_gives_the_message_back(pair, wait_until):
    """Without receivers a send is BrokenChannel, with the very object that was not delivered; a parked one at once."""
    tx, rx = pair
    for n in range(tx.capacity):
        tx.send(n)
    message = ["not delivered"]
    parked = Background(tx.send, message)
    wait_until(lambda: tx.statistics().waiting_senders, "the sender waits")
    rx.close()
    with pytest.raises(csp.BrokenChannel, match="every receiver of this channel is gone") as first:
        parked.result()
    assert first.value.unsent is message
    assert first.value.cause is None
    for again in (lambda: tx.send(message), lambda: tx.send_nowait(message), lambda: tx.send(message, timeout=0)):
        with pytest.raises(csp.BrokenChannel) as later:
            again()
        assert later.value.unsent is message
    assert tx.statistics().undelivered == tx.capacity


def test_own_closed_end_is_a_value_error(pair):
    """Using an end after closing it is ClosedEnd, which says which end it was and what to do."""
    tx, rx = pair
    tx.close()
    rx.close()
    assert tx.closed
    assert rx.closed
    with pytest.raises(csp.ClosedEnd, match="this Sender was closed by its own holder; clone it"):
        tx.send(1)
    with pytest.raises(csp.ClosedEnd, match="this Sender was closed"):
        tx.send_nowait(1)
    for used in (rx.recv, rx.recv_nowait, lambda: next(rx), lambda: rx.recv(timeout=3)):
        with pytest.raises(csp.ClosedEnd, match="this Receiver was closed"):
            used()
    for end in (tx, rx):
        with pytest.raises(csp.ClosedEnd):
            end.clone()
        end.close()


def test_closing_wakes_its_own_waiters(wait_until):
    """An operation that waits on the very handle that is closed gets ClosedEnd."""
    tx, rx = csp.channel()
    receiver = Background(rx.recv)
    wait_until(lambda: rx.statistics().waiting_receivers, "the receiver waits")
    rx.close()
    with pytest.raises(csp.ClosedEnd):
        receiver.result()
    tx2, rx2 = csp.channel()
    sender = Background(tx2.send, 1)
    wait_until(lambda: tx2.statistics().waiting_senders, "the sender waits")
    tx2.close()
    with pytest.raises(csp.ClosedEnd):
        sender.result()
    rx2.close()
    tx.close()


def test_clones_have_lives_of_their_own():
    """A channel ends with the last handle of a direction, not with the first."""
    tx, rx = csp.channel(1)
    other_tx, other_rx = tx.clone(), rx.clone()
    assert other_tx == tx
    assert other_rx == rx
    assert other_tx is not tx
    tx.close()
    rx.close()
    other_tx.send(5)
    assert other_rx.recv() == 5
    other_tx.close()
    with pytest.raises(csp.EndOfChannel):
        other_rx.recv()


def test_collected_ends_are_closed():
    """An end that nobody refers to any more is closed, also one caught in a cycle."""
    tx, rx = csp.channel()
    del tx
    with pytest.raises(csp.EndOfChannel):
        rx.recv()
    tx, rx = csp.channel()
    cycle = [tx]
    cycle.append(cycle)
    del tx, cycle
    gc.collect()
    with pytest.raises(csp.EndOfChannel):
        rx.recv()


def test_dropped_messages_close_the_ends_inside():
    """An end inside a message that nobody reads is closed with it."""
    outer_tx, outer_rx = csp.channel(1)
    tx, rx = csp.channel()
    outer_tx.send({"deep": [tx]})
    tx.close()
    with pytest.raises(TimeoutError):
        rx.recv(timeout=0)
    outer_rx.close()
    with pytest.raises(csp.EndOfChannel):
        rx.recv()


@pytest.mark.parametrize("cause", [None, "no reason", ("a", 1), {"dict": True}])
def test_abort_ends_both_directions(cause, pair):
    """abort drops what is buffered; receivers get EndOfChannel, senders BrokenChannel with the cause."""
    tx, rx = pair
    for n in range(tx.capacity):
        tx.send(n)
    rx.abort(cause)
    tx.abort("a later cause does not count")
    with pytest.raises(csp.EndOfChannel):
        rx.recv()
    with pytest.raises(csp.BrokenChannel) as broken:
        tx.send("x")
    if cause is not None:
        assert broken.value.cause == cause
        assert f"the channel was aborted: {cause}" in str(broken.value)
        assert tx.cause == rx.cause == cause
    assert broken.value.unsent == "x"
    seen = tx.statistics()
    assert seen.aborted
    assert seen.undelivered == tx.capacity


def test_the_cause_of_an_abort_holds_no_ends():
    """Everybody may read the cause, as often as he likes: ends, which are taken once, are refused in it."""
    tx, rx = csp.channel(2)
    for cause in (tx, ("why", [rx]), csp.Lock()):
        with pytest.raises(csp.NotShareable, match="cause of an abort cannot hold"):
            rx.abort(cause)
    tx.send("still open")
    rx.abort("why")
    for _ in range(3):
        with pytest.raises(csp.BrokenChannel, match="why"):
            tx.send(1)


def test_abort_wakes_both_sides(wait_until):
    """abort releases who waits."""
    tx, rx = csp.channel()
    receiver = Background(rx.recv)
    wait_until(lambda: rx.statistics().waiting_receivers, "the receiver waits")
    tx.abort("enough")
    with pytest.raises(csp.EndOfChannel):
        receiver.result()
    tx2, rx2 = csp.channel()
    sender = Background(tx2.send, "m")
    wait_until(lambda: tx2.statistics().waiting_senders, "the sender waits")
    rx2.abort("enough")
    with pytest.raises(csp.BrokenChannel, match="enough") as broken:
        sender.result()
    assert broken.value.unsent == "m"


# ---- protocols -------------------------------------------------------------------------------------------------------


def test_iteration_ends_with_the_channel():
    """Iterating a Receiver gives the messages until the channel ends."""
    tx, rx = csp.channel(3)
    for n in range(3):
        tx.send(n)
    tx.close()
    assert list(rx) == [0, 1, 2]
    assert list(rx) == []


def test_with_closes(pair):
    """Leaving a with block closes the end, also by an exception."""
    tx, rx = pair
    with tx as same:
        assert same is tx
    assert tx.closed
    with pytest.raises(KeyError), rx:
        raise KeyError
    assert rx.closed


def test_ends_are_true_equal_and_hashable():
    """An end is true though its channel is empty; handles of one direction are equal; the two directions are not."""
    tx, rx = csp.channel()
    other, _ = csp.channel()
    assert tx
    assert rx
    assert len(tx) == 0
    assert tx == tx.clone()
    assert tx != rx
    assert tx != other
    assert tx != 5
    assert {tx: 1, tx.clone(): 2, rx: 3} == {tx: 2, rx: 3}
    with pytest.raises(TypeError):
        assert tx < other


def test_repr_tells_the_state():
    """repr names direction, channel, filling and state."""
    tx, rx = csp.channel(3)
    tx.send(1)
    assert repr(tx) == f"<csp.Sender of channel {tx.channel_id}, 1 of 3 buffered, open>"
    rx.close()
    assert "peer gone" in repr(tx)
    tx.close()
    assert "closed" in repr(tx)
    tx, rx = csp.channel()
    tx.close()
    assert "rendezvous, peer gone" in repr(rx)
    rx.abort()
    assert "aborted" in repr(rx)


def test_ends_are_not_pickled_alone():
    """pickle refuses an end, and says where it can travel."""
    import pickle

    tx, _ = csp.channel()
    with pytest.raises(csp.NotShareable, match="travels only inside a message"):
        pickle.dumps(tx)


def test_ends_have_no_other_attributes():
    """Ends take no attributes, and their types cannot be changed or derived from."""
    tx, _ = csp.channel()
    with pytest.raises(AttributeError):
        tx.note = 1
    with pytest.raises(AttributeError):
        tx.closed = True
    with pytest.raises(TypeError):
        csp.Sender.send = None
    with pytest.raises(TypeError):
        type("Mine", (csp.Sender,), {})


# ---- statistics ------------------------------------------------------------------------------------------------------


def test_statistics_count(wait_until):
    """sent, received, handles and the peaks of who waited are counted; the channel is found by its number, until it is
    gone.
    """
    tx, rx = csp.channel(1)
    clone = tx.clone()
    for n in range(5):
        tx.send(n)
        rx.recv()
    tx.send(6)
    senders = [Background(tx.send, n) for n in range(3)]
    wait_until(lambda tx=tx: tx.statistics().waiting_senders == 3, "three senders wait")
    seen = tx.statistics()
    assert isinstance(seen, csp.Statistics)
    assert (seen.sent, seen.received, seen.length, seen.senders, seen.receivers) == (6, 5, 1, 2, 1)
    received = [rx.recv() for _ in range(4)]
    assert received[0] == 6
    for sender in senders:
        sender.result()
    seen = channel_statistics(tx.channel_id)
    assert (seen.sent, seen.received, seen.peak_senders, seen.waiting_senders) == (9, 9, 3, 0)
    assert seen.channel_id == tx.channel_id
    assert not seen.aborted
    number = tx.channel_id
    del tx, rx, clone
    with pytest.raises(LookupError, match=f"channel {number} is gone"):
        channel_statistics(number)


@pytest.mark.parametrize("number", [-1, 2**64, "x", None])
def test_channel_statistics_refuses_what_is_no_number(number):
    """channel_statistics takes a channel's number and nothing else."""
    with pytest.raises((OverflowError, TypeError, ValueError)):
        channel_statistics(number)


def test_totals_return_to_where_they_were():
    """Making and dropping channels, with messages and ends in them, leaves no channel, end or block behind."""
    before = totals()
    for _ in range(100):
        tx, rx = csp.channel(2)
        inner_tx, inner_rx = csp.channel()
        tx.send(b"x" * 1000)
        tx.send((inner_tx, [inner_rx]))
        del tx, rx, inner_tx, inner_rx
    after = totals()
    assert {kind: after[kind] - before[kind] for kind in ("channels", "ends", "payloads")} == {
        "channels": 0,
        "ends": 0,
        "payloads": 0,
    }


def test_channel_that_holds_itself():
    """A channel whose last ends are in its own buffer is nobody's, and goes."""
    before = totals()
    tx, rx = csp.channel(1)
    tx.send((tx, rx))
    del tx, rx
    gc.collect()
    after = totals()
    assert {kind: after[kind] - before[kind] for kind in ("channels", "ends", "payloads")} == {
        "channels": 0,
        "ends": 0,
        "payloads": 0,
    }


def test_channels_that_hold_each_other():
    """Channels whose receiving ends only each other's buffers have are over: whoever sends to one is told."""
    ring = [csp.channel(2) for _ in range(5)]
    for n, (tx, _) in enumerate(ring):
        tx.send({"next": ring[(n + 1) % 5][1]})
    senders = [tx for tx, _ in ring]
    del tx, _
    first = ring[0][1]
    ring.clear()
    gc.collect()
    senders[3].send("still there")
    second = first.recv()["next"]
    first.close()
    third = second.recv()["next"]
    del second
    senders[2].send("and here")
    third.close()
    for tx in senders:
        with pytest.raises(csp.BrokenChannel):
            tx.send(1)


@pytest.mark.parametrize(
    "operation",
    [
        lambda tx, rx, **limit: rx.recv(**limit),
        lambda tx, rx, **limit: rx.recv_many(3, **limit),
        lambda tx, rx, **limit: tx.send(1, **limit),
        lambda tx, rx, **limit: tx.send_many([1], **limit),
        lambda tx, rx, **limit: tx.call(1, **limit),
        lambda tx, rx, **limit: csp.select(rx, **limit),
        lambda tx, rx, **limit: csp.Alternative(rx).select(**limit),
    ],
    ids=["recv", "recv_many", "send", "send_many", "call", "select", "Alternative"],
)
def test_deadline_is_an_instant(operation):
    """deadline= is an instant of time.monotonic(): one to come is waited for, one that is past is not."""
    import time

    tx, rx = csp.channel()
    instant = time.monotonic() + 0.02
    with pytest.raises(TimeoutError):
        operation(tx, rx, deadline=instant)
    assert time.monotonic() >= instant
    for past in (instant, 0, -1.5):
        with pytest.raises(TimeoutError):
            operation(tx, rx, deadline=past)
    with pytest.raises(ValueError, match="nan is none"):
        operation(tx, rx, deadline=float("nan"))
    for wrong in ("soon", True):
        with pytest.raises(TypeError, match="deadline must be an instant of time.monotonic"):
            operation(tx, rx, deadline=wrong)
