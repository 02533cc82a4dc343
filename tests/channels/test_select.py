"""select: every kind of guard, fairness, priority, and what happens at the ends."""

import threading
import time

import pytest

import csp


class Background:
    def __init__(self, function, *args, **keywords):
        self.outcome = []
        self.thread = threading.Thread(target=self._run, args=(function, args, keywords))
        self.thread.start()

    def _run(self, function, args, keywords):
        try:
            self.outcome.append((True, function(*args, **keywords)))
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


def test_takes_the_ready_receiver():
    """The guard that is ready is chosen, and its value returned with it."""
    tx1, rx1 = csp.channel(1)
    _, rx2 = csp.channel(1)
    tx1.send("value")
    guard, value = csp.select(rx2, rx1)
    assert guard is rx1
    assert value == "value"


def test_offer_sends_when_somebody_takes(wait_until):
    """A send guard is chosen when its message can go, and only then is it sent."""
    tx, rx = csp.channel()
    offer = tx.offer({"a": 1})
    with pytest.raises(TimeoutError):
        csp.select(offer, timeout=0)
    receiver = Background(rx.recv)
    wait_until(lambda: rx.statistics().waiting_receivers, "the receiver waits")
    guard, value = csp.select(offer)
    assert guard is offer
    assert value is None
    assert receiver.result() == {"a": 1}


def test_an_offer_may_be_used_again():
    """An offer is a description: each select that chooses it sends the message anew."""
    tx, rx = csp.channel(3)
    offer = tx.offer([1])
    for _ in range(3):
        csp.select(offer)
    assert [rx.recv() for _ in range(3)] == [[1], [1], [1]]


def test_parked_select_is_woken_by_either_side(wait_until):
    """A select that waits is served by a sender for its receive guard and by a receiver for its send guard."""
    tx1, rx1 = csp.channel()
    tx2, rx2 = csp.channel()
    waiting = Background(lambda: csp.select(rx1, tx2.offer("out"))[1])
    wait_until(
        lambda: rx1.statistics().waiting_receivers and tx2.statistics().waiting_senders, "the select waits on both"
    )
    tx1.send("in")
    assert waiting.result() == "in"
    waiting = Background(lambda: csp.select(rx1, tx2.offer("out"))[1])
    wait_until(
        lambda: rx1.statistics().waiting_receivers and tx2.statistics().waiting_senders, "the select waits on both"
    )
    assert rx2.recv() == "out"
    assert waiting.result() is None
    assert rx1.statistics().waiting_receivers == tx2.statistics().waiting_senders == 0


def test_two_selects_meet(wait_until):
    """A select that offers and a select that receives find each other."""
    tx, rx = csp.channel()
    _, never = csp.channel()
    other = Background(lambda: csp.select(never, rx)[1])
    wait_until(lambda: rx.statistics().waiting_receivers, "the first select waits")
    guard, _ = csp.select(tx.offer(42), csp.after(10))
    assert guard != rx
    assert other.result() == 42


def test_timer_counts_from_when_it_was_made():
    """after(seconds) becomes ready that many seconds after it was made, not after select began."""
    _, rx = csp.channel()
    begun = time.monotonic()
    timer = csp.after(0.05)
    guard, value = csp.select(rx, timer)
    assert guard is timer
    assert value is None
    assert time.monotonic() - begun >= 0.04
    assert csp.select(rx, timer)[0] is timer


@pytest.mark.parametrize("seconds", [0, 0.0])
def test_timer_of_zero_is_ready(seconds):
    """after(0) is ready at once."""
    _, rx = csp.channel()
    timer = csp.after(seconds)
    assert csp.select(rx, timer) == (timer, None)


def test_ready_message_beats_a_timer_under_priority():
    """In order of priority a message that is there goes before a timer that has run out."""
    tx, rx = csp.channel(1)
    for _ in range(50):
        tx.send(1)
        assert csp.select(rx, csp.after(0), priority=True) == (rx, 1)


def test_skip_is_taken_only_when_nothing_is_ready():
    """skip makes a select that does not wait; a guard that is ready goes first, in fair order too."""
    tx, rx = csp.channel(1)
    guard, value = csp.select(rx, csp.skip())
    assert guard is csp.skip()
    assert value is None
    for _ in range(50):
        tx.send(2)
        assert csp.select(csp.skip(), rx) == (rx, 2)


def test_priority_skip_stands_in_its_place():
    """Under priority, skip hides the guards that come after it."""
    tx, rx = csp.channel(1)
    tx.send(1)
    assert csp.select(csp.skip(), rx, priority=True)[0] is csp.skip()
    assert csp.select(rx, csp.skip(), priority=True) == (rx, 1)


def test_off_guards_are_never_chosen():
    """None stands for a guard whose precondition is false."""
    tx, rx = csp.channel(1)
    tx.send(1)
    with pytest.raises(TimeoutError):
        csp.select(None, timeout=0)
    assert csp.select(None, rx, None) == (rx, 1)


@pytest.mark.parametrize("guards", [(), (None,), (None, None)])
def test_select_that_could_never_end_is_refused(guards):
    """No guard that is on and no timeout is a ValueError, not a hang."""
    with pytest.raises(ValueError, match="would wait for ever"):
        csp.select(*guards)
    with pytest.raises(TimeoutError):
        csp.select(*guards, timeout=0.001)


def test_timeouts():
    """A select without a ready guard in time raises TimeoutError, also at 0."""
    _, rx = csp.channel()
    for timeout in (0, 0.01):
        with pytest.raises(TimeoutError, match="no guard became ready"):
            csp.select(rx, timeout=timeout)


def test_timeout_zero_never_fails_with_a_ready_guard():
    """While some guard is always ready a timeout of 0 never fails, whatever others do at the same time."""
    tx, rx = csp.channel(1)
    other_tx, other_rx = csp.channel(64)
    stop = threading.Event()

    def stir():
        while not stop.is_set():
            try:
                other_tx.send_nowait(0)
            except csp.WouldBlock:
                pass
            other_rx.recv_nowait(None)

    stirring = Background(stir)
    try:
        tx.send("always")
        for _ in range(3000):
            guard, value = csp.select(other_rx, rx, timeout=0)
            if guard is rx:
                assert value == "always"
                tx.send("always")
    finally:
        stop.set()
    stirring.result()


def test_fair_choice_passes_nobody_over_for_long():
    """Of four guards that are always ready none waits for more than a bounded number of selects, and all are chosen."""
    pairs = [csp.channel(1) for _ in range(4)]
    receivers = [rx for _, rx in pairs]
    for index, (tx, _) in enumerate(pairs):
        tx.send(index)
    waited = [0, 0, 0, 0]
    chosen = [0, 0, 0, 0]
    for _ in range(4000):
        _, index = csp.select(*receivers)
        pairs[index][0].send(index)
        chosen[index] += 1
        for other in range(4):
            waited[other] = 0 if other == index else waited[other] + 1
        # Random starts: (3/4)**100 is about 1e-12.
        assert max(waited) < 100
    assert min(chosen) > 700


def test_priority_takes_the_first_ready():
    """With priority=True the first ready guard in the order given is chosen, every time."""
    tx1, rx1 = csp.channel(1)
    tx2, rx2 = csp.channel(1)
    tx2.send("second")
    for _ in range(50):
        tx1.send("first")
        assert csp.select(rx1, rx2, priority=True) == (rx1, "first")
    assert csp.select(rx1, rx2, priority=True) == (rx2, "second")


def test_guard_whose_channel_is_over_raises():
    """A guard whose channel ended is ready, and raises what its operation would raise."""
    tx, rx = csp.channel()
    tx.close()
    _, never = csp.channel()
    with pytest.raises(csp.EndOfChannel):
        csp.select(never, rx)
    tx, rx = csp.channel()
    rx.close()
    message = ["unsent"]
    with pytest.raises(csp.BrokenChannel) as broken:
        csp.select(tx.offer(message), never)
    assert broken.value.unsent is message


def test_guard_whose_own_end_is_closed_raises():
    """A closed handle among the guards is ClosedEnd."""
    tx, rx = csp.channel()
    rx.close()
    with pytest.raises(csp.ClosedEnd, match="Receiver"):
        csp.select(rx)
    tx.close()
    with pytest.raises(csp.ClosedEnd, match="Sender"):
        csp.select(tx.offer(1))


def test_closing_wakes_a_parked_select(wait_until):
    """The end of a channel releases a select that waits on it."""
    tx, rx = csp.channel()
    waiting = Background(csp.select, rx)
    wait_until(lambda: rx.statistics().waiting_receivers, "the select waits")
    tx.close()
    with pytest.raises(csp.EndOfChannel):
        waiting.result()


def test_full_refusing_buffer_is_an_error():
    """An offer to a full buffer with the policy "error" raises WouldBlock."""
    tx, rx = csp.channel(1, "error")
    tx.send(1)
    with pytest.raises(csp.WouldBlock, match="buffer is full"):
        csp.select(tx.offer(2))
    assert rx.recv() == 1


def test_both_ends_of_one_rendezvous_do_not_pair_with_themselves(wait_until):
    """One select that offers and receives on one channel never meets itself, but meets others on either side."""
    tx, rx = csp.channel()
    with pytest.raises(TimeoutError):
        csp.select(tx.offer(1), rx, timeout=0.01)
    waiting = Background(lambda: csp.select(tx.offer("mine"), rx)[1])
    wait_until(
        lambda: tx.statistics().waiting_senders and rx.statistics().waiting_receivers, "the select waits on both"
    )
    tx.send("yours")
    assert waiting.result() == "yours"
    waiting = Background(lambda: csp.select(tx.offer("mine"), rx)[1])
    wait_until(
        lambda: tx.statistics().waiting_senders and rx.statistics().waiting_receivers, "the select waits on both"
    )
    assert rx.recv() == "mine"
    assert waiting.result() is None


def test_the_same_receiver_twice():
    """A guard may stand in a select more than once."""
    tx, rx = csp.channel(1)
    tx.send(1)
    assert csp.select(rx, rx) == (rx, 1)


def test_messages_are_not_sent_unless_chosen(wait_until):
    """Of two offers exactly one goes out."""
    tx1, rx1 = csp.channel(1)
    tx2, rx2 = csp.channel(1)
    csp.select(tx1.offer("one"), tx2.offer("two"))
    assert len(rx1) + len(rx2) == 1


@pytest.mark.parametrize("wrong", [5, "rx", [], object(), len])
def test_what_is_no_guard_is_named(wrong):
    """Anything else among the guards is a TypeError that names its type and what is a guard."""
    _, rx = csp.channel()
    with pytest.raises(TypeError, match=f"{type(wrong).__name__} is no guard: give a Receiver"):
        csp.select(rx, wrong)


def test_a_sender_is_no_guard_and_says_what_to_write():
    """A bare Sender is refused with the hint to offer a message."""
    tx, _ = csp.channel()
    with pytest.raises(TypeError, match=r"a Sender needs \.offer\(message\)"):
        csp.select(tx)


def test_unknown_keywords_and_messages_that_cannot_travel():
    """select names a keyword that it does not have, and passes NotShareable on."""
    tx, rx = csp.channel(1)
    with pytest.raises(TypeError, match="select has no argument 'fair'"):
        csp.select(rx, fair=True)
    with pytest.raises(csp.NotShareable, match="message"):
        csp.select(tx.offer(lambda: 0), rx)
    with pytest.raises(TypeError):
        csp.after("1")
    with pytest.raises(ValueError, match="at least 0 seconds"):
        csp.after(-1)


def test_many_guards():
    """Hundreds of guards work; more than the limit is refused with the number."""
    pairs = [csp.channel(1) for _ in range(300)]
    pairs[299][0].send("last")
    assert csp.select(*(rx for _, rx in pairs)) == (pairs[299][1], "last")
    with pytest.raises(ValueError, match="at most 65000 guards, not 65001"):
        csp.select(*[None] * 65001)


def test_guards_cannot_be_made_by_hand():
    """Offer, Timer and Skip come from offer, after and skip."""
    from csp import _native

    for name in ("Offer", "Timer", "Skip"):
        with pytest.raises(TypeError):
            getattr(_native, name)()
