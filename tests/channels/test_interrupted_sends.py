"""Ctrl-C between the delivery of a message and the sender's next step, for every way to send.

Whoever sends again what an interrupt has kept from going must know what has gone: the exception says so in a note, and
in ``.unsent``.
"""

import os
import signal
import sys
import threading

import pytest

import csp
from csp._native import cast

WAYS = {
    "send": lambda tx: tx.send("a"),
    "send_many": lambda tx: tx.send_many(["a"]),
    "select": lambda tx: csp.select(tx.offer("a")),
    "alternative": lambda tx: csp.Alternative(tx.offer("a")).select(),
    "cast": lambda tx: cast(tx, ("a",), 20),
}


@pytest.fixture
def slow_switches():
    """Who has the GIL keeps it: what follows a delivery in the receiver comes before the sender's next step."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1.0)
    yield
    sys.setswitchinterval(before)


def interrupted(send, waiting, take):
    """What comes out of send() when *take* is done by another thread as soon as *waiting*, and then Ctrl-C comes."""
    took = []

    def taker():
        while not waiting():
            os.sched_yield()
        took.append(take())
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=taker)
    thread.start()
    with pytest.raises(KeyboardInterrupt) as raised:
        send()
    thread.join()
    return took[0], raised.value


@pytest.mark.usefixtures("slow_switches")
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_an_interrupt_right_after_the_delivery(way):
    """The message has gone: a note says so, and nothing is unsent."""
    tx, rx = csp.channel()
    took, error = interrupted(lambda: way(tx), lambda: rx.statistics().waiting_senders == 1, rx.recv)
    assert "a" in took
    assert any("delivered" in note or "was sent" in note for note in error.__notes__)
    assert error.unsent == ()


@pytest.mark.usefixtures("slow_switches")
def test_an_interrupt_right_after_a_broadcast():
    """The same when the last subscriber has taken it."""
    tx, rx = csp.broadcast()
    took, error = interrupted(lambda: tx.send("a"), lambda: rx.statistics().waiting_senders == 1, rx.recv)
    assert took == "a"
    assert error.__notes__ == ["the message was delivered to all subscribers"]
    assert error.unsent == ()


@pytest.mark.usefixtures("slow_switches")
def test_an_interrupt_right_after_a_call_was_taken():
    """The call has gone, its answer has not come."""
    tx, rx = csp.channel()
    (reply, message), error = interrupted(
        lambda: tx.call("a", timeout=20), lambda: rx.statistics().waiting_senders == 1, rx.recv
    )
    assert message == "a"
    assert error.__notes__ == ["the call was sent; its answer will be dropped"]
    assert error.unsent == ()
    assert reply.answer(1) is False


@pytest.mark.usefixtures("slow_switches")
def test_an_interrupt_right_after_the_answer():
    """The call was answered, and its answer is lost: that is said."""
    tx, rx = csp.channel()
    answered = threading.Thread(target=lambda: answers.append(rx.recv()))
    answers = []
    answered.start()

    def has_been_taken():
        return bool(answers)

    took, error = interrupted(lambda: tx.call("a", timeout=20), has_been_taken, lambda: answers[0][0].answer(1))
    answered.join()
    assert took is True
    assert error.__notes__ == ["the call was sent; its answer came, and is dropped"]
    assert error.unsent == ()


@pytest.mark.usefixtures("slow_switches")
@pytest.mark.parametrize("send", [lambda tx: tx.send("a"), lambda tx: tx.send_many(["a"])], ids=["send", "send_many"])
def test_an_interrupt_before_the_delivery(send):
    """The message has not gone: it is in .unsent, and there is no note."""
    tx, rx = csp.channel()
    _, error = interrupted(lambda: send(tx), lambda: rx.statistics().waiting_senders == 1, lambda: None)
    assert error.unsent == ("a",)
    assert not hasattr(error, "__notes__")
    assert rx.recv_nowait(None) is None
