"""The extended rendezvous and call channels: what the receiver does while the sender waits."""

import threading

import pytest
import senders

import csp


@pytest.fixture
def pair():
    tx, rx = csp.channel()
    yield tx, rx
    tx.close()
    rx.close()


class Sending:
    """A send (or anything else) in a thread, and how it ended."""

    def __init__(self, function, *args):
        self.value = self.error = None
        self._thread = threading.Thread(target=self._run, args=(function, args))
        self._thread.start()

    def _run(self, function, args):
        try:
            self.value = function(*args)
        except BaseException as error:
            self.error = error

    @property
    def over(self):
        return not self._thread.is_alive()

    def end(self):
        self._thread.join(10)
        assert self.over
        return self.error


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
    assert isinstance(error.__cause__, csp.RemoteTraceback)


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


# ---- calls -----------------------------------------------------------------------------------------------------------


def test_a_call_is_answered(pair):
    """The receiver gets a reply and the message; what it answers is what call returns."""
    tx, rx = pair
    calling = Sending(tx.call, (2, 3))
    reply, message = rx.recv()
    assert isinstance(reply, csp.Reply)
    assert reply.answer(sum(message))
    assert calling.end() is None
    assert calling.value == 5
    with pytest.raises(RuntimeError, match="answered already"):
        reply.answer(1)


def test_a_failure_is_raised_by_the_call(pair):
    """The exception of reply.fail is raised where the call was made."""
    tx, rx = pair
    calling = Sending(tx.call, None)
    reply, _ = rx.recv()
    reply.fail(KeyError("x"))
    assert isinstance(calling.end(), KeyError)


def test_a_lost_call_is_broken(pair):
    """Dropped or given back, the caller learns it at once, and whether it may have been handled."""
    tx, rx = pair
    calling = Sending(tx.call, "job")
    reply, _ = rx.recv()
    del reply
    error = calling.end()
    assert isinstance(error, csp.BrokenChannel)
    assert error.unsent == "job"
    assert "was taken" in str(error)
    calling = Sending(tx.call, "job")
    reply, _ = rx.recv()
    reply.refuse()
    assert "given back" in str(calling.end())


def test_a_call_has_one_deadline(pair):
    """It counts for the way there and the answer."""
    tx, rx = pair
    with pytest.raises(TimeoutError):
        tx.call(1, timeout=0.001)
    calling = Sending(lambda: tx.call(1, timeout=0.05))
    reply, _ = rx.recv()
    assert isinstance(calling.end(), TimeoutError)
    assert reply.answer(1) is False
    rx.close()
    with pytest.raises(csp.BrokenChannel):
        tx.call(1)
