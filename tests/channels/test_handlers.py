"""Signal handlers that run while their thread waits, and use what it waits for."""

import signal
import threading
import time

import pytest

import csp

WAITS = {
    "recv": lambda rx: rx.recv(),
    "recv_many": lambda rx: rx.recv_many(3),
    "iteration": list,
    "select": csp.select,
    "alternative": lambda rx: csp.Alternative(rx).select(),
}


class Enough(Exception):
    """What the handlers raise."""


@pytest.fixture
def when_it_waits():
    """Give the function that has a handler called in this thread as soon as somebody waits at an end or object."""
    before = signal.getsignal(signal.SIGUSR1)
    threads = []

    def arrange(handler, end, counter="waiting_receivers"):
        def poke():
            while getattr(end.statistics(), counter) == 0:
                time.sleep(0)
            signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)

        signal.signal(signal.SIGUSR1, lambda *_: handler())
        threads.append(threading.Thread(target=poke, daemon=True))
        threads[-1].start()

    yield arrange
    for thread in threads:
        thread.join(10)
    signal.signal(signal.SIGUSR1, before)


@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)
def test_a_handler_that_ends_the_channel_and_raises(when_it_waits, wait):
    """Its exception comes out of the wait, not the end of the channel that it has made."""
    tx, rx = csp.channel()

    def handler():
        tx.close()
        raise Enough

    when_it_waits(handler, tx)
    with pytest.raises(Enough) as raised:
        wait(rx)
    assert not hasattr(raised.value, "guard")
    with pytest.raises(csp.EndOfChannel):
        rx.recv()


@pytest.mark.parametrize("sends", [lambda tx: tx.send(1), lambda tx: csp.select(tx.offer(1))], ids=["send", "select"])
def test_a_handler_that_breaks_the_channel_and_raises(when_it_waits, sends):
    """The same for a sender."""
    tx, rx = csp.channel()

    def handler():
        rx.close()
        raise Enough

    when_it_waits(handler, tx, "waiting_senders")
    with pytest.raises(Enough):
        sends(tx)


def test_a_handler_that_rings_in_vain_and_raises(when_it_waits):
    """An alternative that it made look again for nothing still ends with its exception, and can be used again."""
    event = csp.Event()
    alternative = csp.Alternative(event)

    def handler():
        event.set()
        event.clear()
        raise Enough

    when_it_waits(handler, event)
    with pytest.raises(Enough):
        alternative.select(timeout=10)
    event.set()
    assert alternative.select() == (event, None)
