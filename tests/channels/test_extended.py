"""The extended rendezvous: what the receiver does while the sender waits."""

import signal
import threading
import time

import pytest
import senders
from held import Sending

import csp
from observed import raised_in


@pytest.fixture
def pair():
    tx, rx = csp.channel()
    yield tx, rx
    tx.close()
    rx.close()


def asking():
    """How many threads wait for a reply now."""
    from csp._native import wait_graph

    return sum(edge[0] == "asks" for edge in wait_graph())


def test_the_sender_is_held(pair, wait_until):
    """send returns when the block has ended, and not before."""
    tx, rx = pair
    sending = Sending(tx.send, "work")
    with rx.extended() as message:
        assert message == "work"
        wait_until(lambda: asking() == 1, "the sender is held")
        assert not sending.over
    assert sending.end() is None


def test_an_exception_reaches_both(pair):
    """What leaves the block is raised in the sender, with where it came from, and goes on here."""
    tx, rx = pair
    sending = Sending(tx.send, "work")
    with pytest.raises(ZeroDivisionError), rx.extended():
        1 / 0  # noqa: B018  (that it raises is the point)
    error = sending.end()
    assert isinstance(error, ZeroDivisionError)
    assert raised_in(error)[-1] == "test_an_exception_reaches_both"


def test_a_stop_is_a_lost_message(pair):
    """An exit of the receiver in the middle: BrokenChannel, with a copy of the message."""
    tx, rx = pair
    sending = Sending(tx.send, "work")
    with pytest.raises(KeyboardInterrupt), rx.extended():
        raise KeyboardInterrupt
    error = sending.end()
    assert isinstance(error, csp.BrokenChannel)
    assert error.unsent == "work"
    assert "may have handled it" in str(error)


def test_an_offer_is_held_too(pair):
    """A select that chose a send guard returns when the receiver has finished."""
    tx, rx = pair
    offer = tx.offer("work")
    choosing = Sending(csp.select, offer)
    with rx.extended() as message:
        assert message == "work"
    assert choosing.end() is None
    assert choosing.value == (offer, None)
    choosing = Sending(csp.select, offer)
    with pytest.raises(ValueError, match="bad"), rx.extended():
        raise ValueError("bad")
    error = choosing.end()
    assert isinstance(error, ValueError)


def test_many_are_held_one_by_one(pair):
    """send_many meets an extended receiver message by message; a failure ends it."""
    tx, rx = pair
    sending = Sending(tx.send_many, [1, 2, 3])
    with rx.extended() as message:
        assert message == 1
    with pytest.raises(ValueError, match="two"), rx.extended():
        raise ValueError("two")
    assert isinstance(sending.end(), ValueError)
    assert rx.recv_nowait("nothing") == "nothing"


def test_nobody_is_held_by_a_poll(pair, wait_until):
    """send_nowait does not meet a receiver that would hold it."""
    tx, rx = pair

    def hold():
        with rx.extended() as message:
            return message

    receiving = Sending(hold)
    wait_until(lambda: rx.statistics().waiting_receivers == 1, "it waits")
    with pytest.raises(csp.WouldBlock):
        tx.send_nowait(1)
    tx.send(2)
    assert receiving.end() is None
    assert receiving.value == 2


def test_it_ends_like_recv(pair):
    """Timeout, end of channel, closed end; and a buffered channel has nobody to hold."""
    tx, rx = pair
    with pytest.raises(TimeoutError), rx.extended(timeout=0.001):
        pytest.fail("nothing was sent")
    with pytest.raises(ValueError, match="at least 0"), rx.extended(timeout=-1):
        pytest.fail("nothing was sent")
    _, buffered = csp.channel(1)
    with pytest.raises(ValueError, match="capacity 0"), buffered.extended():
        pytest.fail("nothing was sent")
    tx.close()
    with pytest.raises(csp.EndOfChannel), rx.extended():
        pytest.fail("nothing was sent")
    rx.close()
    with pytest.raises(csp.ClosedEnd), rx.extended():
        pytest.fail("nothing was sent")


def test_it_holds_another_interpreter():
    """A sender in an interpreter of its own is held, and gets the receiver's exception."""
    tx, rx = csp.channel()
    with csp.parallel() as par:
        process = par.start(senders.send_and_say, tx)
        tx.close()
        with pytest.raises(LookupError), rx.extended():
            raise LookupError("not here")
        rx.close()
    assert process.result() == "LookupError: not here"


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_a_receiver_that_ends_lets_go(system, end):
    """A killed or stopped interpreter in the middle of it: the sender learns at once that the message may be lost."""
    tx, rx = csp.channel()
    entered, has_entered = csp.channel()
    sending = Sending(tx.send, "work")
    holder = system.spawn(senders.Holder, rx, entered)
    rx.close()
    assert has_entered.recv(timeout=10) == "work"
    if end == "kill":
        system.kill(holder)
    else:
        system.stop(holder, grace=0.01)
    error = sending.end()
    assert isinstance(error, csp.BrokenChannel)
    assert error.unsent == "work"
    assert "may have handled it" in str(error)


@pytest.mark.parametrize("by", ["sender", "receiver"])
@pytest.mark.parametrize("offered", [False, True])
def test_an_abort_lets_go(pair, wait_until, by, offered):
    """An abort, from either end, ends a held sender's wait: BrokenChannel with the cause, and a copy of the message."""
    tx, rx = pair
    sending = Sending(csp.select, tx.offer("work")) if offered else Sending(tx.send, "work")
    with rx.extended():
        wait_until(lambda: asking() == 1, "the sender is held")
        (tx if by == "sender" else rx).abort("enough")
        error = sending.end()
    assert isinstance(error, csp.BrokenChannel)
    assert (error.unsent, error.cause) == ("work", "enough")
    assert "aborted: enough" in str(error)
    assert "may have handled it" in str(error)


@pytest.mark.parametrize(
    "kind",
    [
        TimeoutError,
        csp.EndOfChannel,
        csp.BrokenChannel,
        csp.ClosedEnd,
        csp.WouldBlock,
        csp.NotShareable,
        csp.Abandoned,
    ],
)
@pytest.mark.parametrize("how", ["send", "send_many", "offer"])
def test_the_receivers_error_is_not_the_senders(pair, kind, how):
    """What sending raises by itself comes from the block as the cause of a RemoteError, which says so."""
    tx, rx = pair
    sending = {
        "send": lambda: Sending(tx.send, "work"),
        "send_many": lambda: Sending(tx.send_many, ["work", "more"]),
        "offer": lambda: Sending(csp.select, tx.offer("work")),
    }[how]()
    with pytest.raises(kind, match="theirs"), rx.extended():
        raise kind("theirs")
    error = sending.end()
    assert type(error) is csp.RemoteError
    assert "the receiver failed" in str(error)
    assert type(error.__cause__) is kind
    assert raised_in(error.__cause__) == ["test_the_receivers_error_is_not_the_senders"]


def test_other_errors_come_as_they_are(pair):
    """ActorDied, ValueError and the like cannot be sending's own: no wrapping."""
    tx, rx = pair
    for kind in (csp.ActorDied, csp.RemoteError, ValueError, OSError):
        sending = Sending(tx.send, "work")
        with pytest.raises(kind), rx.extended():
            raise kind("theirs")
        assert type(sending.end()) is kind


def test_it_is_entered_once_at_a_time(pair):
    """Entering it in its own block is refused, and costs neither the first sender nor another; later it is free."""
    tx, rx = pair
    extended = rx.extended(timeout=10)
    for n in range(2):
        sending = Sending(tx.send, n)
        with extended as message:
            assert message == n
            with pytest.raises(RuntimeError, match="under way"), extended:
                pytest.fail("it was entered twice")
        assert sending.end() is None


def test_it_can_be_entered_after_a_failure(pair):
    """A timeout leaves it as it was."""
    tx, rx = pair
    extended = rx.extended(timeout=0.001)
    for _ in range(2):
        with pytest.raises(TimeoutError), extended:
            pytest.fail("nothing was sent")
    sending = Sending(tx.send, 1)
    while not sending.over:
        try:
            with extended as message:
                assert message == 1
        except TimeoutError:
            continue
    assert sending.end() is None


def test_it_takes_a_deadline(pair):
    """An instant of time.monotonic() instead of a timeout, and not both."""
    _, rx = pair
    with pytest.raises(TimeoutError), rx.extended(deadline=time.monotonic() + 0.001):
        pytest.fail("nothing was sent")
    with pytest.raises(TypeError, match="not both"), rx.extended(1, deadline=time.monotonic()):
        pytest.fail("nothing was sent")


def test_ctrl_c_says_who_has_the_message(pair, wait_until):
    """A handler that raises while a receiver holds the sender: the exception has a note that the message was taken."""
    tx, rx = pair
    done = threading.Event()

    def hold():
        with rx.extended():
            wait_until(lambda: asking() == 1, "the sender is held")
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            assert done.wait(10)

    receiving = Sending(hold)
    try:
        with pytest.raises(KeyboardInterrupt) as caught:
            tx.send("work")
    finally:
        done.set()
    assert any("receiver has the message" in note for note in caught.value.__notes__)
    assert receiving.end() is None


def test_a_handler_in_the_instant_of_the_match(pair):
    """A handler that takes the message itself and then raises: the exception has a note that it was delivered."""
    tx, rx = pair
    got = []

    def take_and_raise(_number, _frame):
        got.append(rx.recv_nowait())
        raise LookupError("from the handler")

    before = signal.signal(signal.SIGALRM, take_and_raise)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        with pytest.raises(LookupError) as caught:
            tx.send("work")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert got == ["work"]
    assert any("was delivered" in note for note in caught.value.__notes__)
