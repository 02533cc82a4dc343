"""KeyboardInterrupt races transfers with processes of every kind: each value exactly once, in a known place.

Python raises it in the main thread, so one side of each transfer is this test, and the crew is the other. A value that
a call has given back is Python's own: an exception on its way into a variable loses it. So calls are made, and what
they give is kept, by iterators in C, between which no handler runs; whatever is lost here, the channel has lost.
"""

import gc
import signal
import threading
import time
from itertools import islice, repeat

import pytest
import roles

import csp

TIMES = 12  # interrupts of one test
BETWEEN = 50  # calls after which Python looks for signals, also when none of them had to wait
MANY = 9_999_999  # more than are ever sent

RECEIVING = {
    "recv": lambda rx, quiet: iter(rx.recv, None),
    "iteration": lambda rx, quiet: rx,
    "recv_many": lambda rx, quiet: map(rx.recv_many, repeat(3)),
    "select": lambda rx, quiet: map(csp.select, repeat(quiet), repeat(rx)),
    "Alternative": lambda rx, quiet: iter(csp.Alternative(quiet, rx).select, None),
}


class Interrupts:
    """A thread that sends SIGINT to this program again and again; one comes through each time that it is awaited."""

    def __init__(self):
        self.count = 0
        self._awaited = self._over = False
        self._before = signal.signal(signal.SIGINT, self._handle)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def awaited(self):
        """From now on until it has come one may come at any moment."""
        self._awaited = True

    def end(self):
        """Send no more."""
        self._awaited, self._over = False, True
        self._thread.join(10)
        signal.signal(signal.SIGINT, self._before)

    def _handle(self, number, frame):
        if self._awaited:
            self._awaited = False
            self.count += 1
            raise KeyboardInterrupt

    def _run(self):
        n = 0
        while not self._over:
            n += 1
            time.sleep(0.0001 + 0.00005 * (n % 8))  # at another moment of what happens each time
            if self._awaited:
                signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)


@pytest.fixture
def interrupts():
    gc.disable()  # a KeyboardInterrupt in a callback of the collector (hypothesis has one) would reach nobody
    made = Interrupts()
    yield made
    made.end()
    gc.enable()


def repeat_until_interrupted(interrupts, call, interrupted=lambda error: None):
    """Do it again and again until there were interrupts enough; ``interrupted(error)`` after each."""
    while interrupts.count < TIMES:
        try:
            while interrupts.count < TIMES:
                interrupts.awaited()
                call()
        except KeyboardInterrupt as error:  # from here on until it is awaited again none comes
            interrupted(error)


@pytest.mark.parametrize("how", RECEIVING)
def test_an_interrupt_of_a_receiver_races_a_transfer(crew, capacity, how, interrupts):
    """Interrupted in the middle of what others send, receivers of every kind get each message once, and in order."""
    tx, rx = csp.channel(capacity)
    _quiet_tx, quiet = csp.channel(capacity)
    feeder = crew.start(roles.feed_until_broken, tx, range(MANY))
    got = []
    repeat_until_interrupted(interrupts, lambda: got.extend(islice(RECEIVING[how](rx, quiet), BETWEEN)))
    if how == "recv_many":
        got = [message for batch in got for message in batch]
    elif how in {"select", "Alternative"}:
        got = [message for _, message in got]
    assert got == [*range(len(got))]
    rx.close()
    sent, seen = feeder.result(), tx.statistics()
    assert sent == seen.sent == len(got) + seen.undelivered
    assert seen.received == len(got)


def test_an_interrupt_of_a_sender_races_a_transfer(crew, capacity, interrupts):
    """An interrupted send has happened or not, as the channel's counts say, and never twice; all others happened."""
    tx, rx = csp.channel(capacity)
    drainer = crew.start(roles.drain, rx)
    rx.close()
    numbers = iter(range(MANY))
    doubtful = set()
    repeat_until_interrupted(
        interrupts,
        lambda: list(map(tx.send, islice(numbers, BETWEEN))),
        lambda _: doubtful.add(MANY - numbers.__length_hint__() - 1),
    )
    drawn = MANY - numbers.__length_hint__()
    sent = tx.statistics().sent
    tx.close()
    got = drainer.result()
    assert got == sorted({*got})
    assert {*range(drawn)} - {*got} <= doubtful
    assert {*got} <= {*range(drawn)}
    assert sent == len(got)


def test_an_interrupt_of_a_batch_races_its_transfers(crew, capacity, interrupts):
    """What an interrupted send_many hands back did not go, and what it does not hand back did: each value once."""
    tx, rx = csp.channel(capacity)
    drainer = crew.start(roles.drain, rx)
    rx.close()
    numbers = iter(range(MANY))
    kept = []
    repeat_until_interrupted(
        interrupts,
        lambda: list(map(tx.send_many, islice(zip(numbers, numbers, numbers, strict=True), BETWEEN))),
        lambda error: kept.extend(getattr(error, "unsent", ())),  # without one it came between two calls
    )
    tx.close()
    got = drainer.result()
    assert sorted(got + kept) == [*range(MANY - numbers.__length_hint__())]
