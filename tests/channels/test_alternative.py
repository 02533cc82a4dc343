"""csp.Alternative: guards that are kept, and selected from again and again."""

import gc
import os
import threading
import time

import pytest

import csp


@pytest.fixture
def three():
    """Three buffered channels, as ``(senders, receivers)``."""
    pairs = [csp.channel(4) for _ in range(3)]
    yield [tx for tx, _ in pairs], [rx for _, rx in pairs]
    for tx, rx in pairs:
        tx.close()
        rx.close()


def test_gives_guard_and_value(three):
    """The guard that was ready, and what it received; with nothing ready, TimeoutError."""
    senders, receivers = three
    alternative = csp.Alternative(*receivers)
    with pytest.raises(TimeoutError, match="no guard became ready"):
        alternative.select(timeout=0)
    senders[1].send("hello")
    guard, value = alternative.select()
    assert guard is receivers[1]
    assert value == "hello"
    with pytest.raises(TimeoutError):
        alternative.select(timeout=0.001)
    assert alternative.guards == tuple(receivers)
    assert len(alternative) == 3


def test_fair_by_rotation(three):
    """Nobody is chosen twice while another stays ready."""
    senders, receivers = three
    alternative = csp.Alternative(*receivers)
    for _ in range(4):
        for tx in senders:
            tx.send(None)
    for _ in range(4):
        assert {id(alternative.select()[0]) for _ in range(3)} == {id(rx) for rx in receivers}


def test_rotation_goes_on_while_an_offer_is_on(three):
    """No ready guard is passed over twice, whatever offer stands among them: one that never goes, or goes always."""
    senders, receivers = three
    stuck, _never = csp.channel()
    alternative = csp.Alternative(receivers[0], stuck.offer(1), receivers[1], receivers[2])
    for tx in senders:
        tx.send(None)
    order = []
    for _ in range(60):
        chosen = alternative.select(timeout=0)[0]
        order.append(receivers.index(chosen))
        senders[order[-1]].send(None)
    assert order == [0, 1, 2] * 20
    out, drain = csp.channel(1, "drop_oldest")
    offer = out.offer("again")
    alternative.add(offer)
    alternative.remove(receivers[1])
    for _ in range(20):
        chosen = [alternative.select(timeout=0)[0] for _ in range(3)]
        assert {id(guard) for guard in chosen} == {id(receivers[0]), id(receivers[2]), id(offer)}
        senders[0].send(None)
        senders[2].send(None)
    assert drain.recv() == "again"


def test_priority_is_the_order_of_adding(three):
    """Also after guards were removed and added again."""
    senders, receivers = three
    alternative = csp.Alternative(*receivers)
    alternative.remove(receivers[0])
    alternative.add(receivers[0])
    for tx in senders:
        tx.send_many([1, 2])
    order = [alternative.select(priority=True)[0] for _ in range(6)]
    assert [receivers.index(rx) for rx in order] == [1, 1, 2, 2, 0, 0]


def test_preconditions_are_asked_each_time(three):
    """A guard is off while its precondition gives something false, and what it raises comes out."""
    senders, receivers = three
    room = 1
    alternative = csp.Alternative()
    alternative.add(receivers[0], when=lambda: room)
    alternative.add(receivers[1])
    senders[0].send("first")
    assert alternative.select() == (receivers[0], "first")
    senders[0].send("later")
    room = 0
    with pytest.raises(TimeoutError):
        alternative.select(timeout=0)
    senders[1].send("other")
    assert alternative.select() == (receivers[1], "other")
    room = 1
    assert alternative.select() == (receivers[0], "later")
    alternative.add(receivers[2], when=lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        alternative.select(timeout=0)


def test_offers_are_sent_when_chosen(three):
    """An offer takes part like in csp.select, each time anew."""
    senders, receivers = three
    offer = senders[0].offer("out")
    alternative = csp.Alternative(receivers[1], offer)
    for _ in range(4):
        assert alternative.select() == (offer, None)
    senders[1].send("in")
    assert alternative.select() == (receivers[1], "in")
    with pytest.raises(TimeoutError):
        alternative.select(timeout=0)
    assert receivers[0].recv_many(9) == ["out"] * 4


def test_timers(three):
    """A timer ends a wait; a tick is due again and again, and has its turn between busy channels."""
    senders, receivers = three
    begun = time.monotonic()
    tick = csp.tick(0.002)
    alternative = csp.Alternative(receivers[0], tick)
    for n in range(1, 4):
        assert alternative.select() == (tick, None)
        assert time.monotonic() - begun >= 0.002 * n
    due = csp.at(1.0)  # long ago, and so for ever
    alternative = csp.Alternative(receivers[1], due)
    senders[1].send_many([1, 2, 3])
    order = [alternative.select()[0] for _ in range(6)]
    assert order.count(receivers[1]) == 3
    assert order[0] is not order[1]


def test_a_timer_is_kept_when_guards_are_put_in_order(three):
    """The first select by priority after a removal sees a timer that is due, too."""
    _, receivers = three
    due = csp.at(1.0)
    alternative = csp.Alternative(*receivers[:2], due)
    alternative.remove(receivers[0])
    assert alternative.select(priority=True, timeout=0) == (due, None)


def test_a_tick_that_was_taken_elsewhere_comes_again(three):
    """It was due, but another guard was chosen; somebody took it before its turn: the wait ends with its next one."""
    senders, receivers = three
    tick = csp.tick(0.05)
    alternative = csp.Alternative(receivers[0], tick)
    senders[0].send("first")
    csp.select(csp.after(0.06))
    assert alternative.select() == (receivers[0], "first")
    assert csp.select(tick) == (tick, None)
    assert alternative.select(timeout=10) == (tick, None)


def test_skip_is_last(three):
    """A skip is chosen when nothing else is; with priority, in its place."""
    senders, receivers = three
    skip = csp.skip()
    alternative = csp.Alternative(receivers[0], skip, receivers[1])
    assert alternative.select() == (skip, None)
    senders[1].send(1)
    assert alternative.select(priority=True) == (skip, None)
    assert alternative.select() == (receivers[1], 1)


def test_locks_are_guards():
    """A lock or semaphore is acquired when chosen, an event seen."""
    lock, event = csp.Lock(), csp.Event()
    alternative = csp.Alternative(lock, event)
    assert alternative.select() == (lock, None)
    assert lock.locked()
    with pytest.raises(TimeoutError):
        alternative.select(timeout=0)
    event.set()
    assert alternative.select() == (event, None)


def test_a_recursive_lock_can_be_taken_again(three):
    """By the thread that has it, in its turn among others, as with csp.select."""
    senders, receivers = three
    lock = csp.RLock()
    alternative = csp.Alternative(receivers[0], lock)
    with lock:
        senders[0].send_many(["a", "b"])
        chosen = [alternative.select()[0] for _ in range(4)]
        assert chosen.count(lock) == 2
        assert chosen[:2].count(lock) == 1
        lock.release()
        lock.release()
        assert alternative.select(priority=True)[0] is lock
        lock.release()
    assert not lock.locked()


def test_the_end_names_its_guard(three):
    """A channel that is over is ready and raises; .guard says which it was, so that it can be removed."""
    senders, receivers = three
    alternative = csp.Alternative(*receivers)
    senders[2].close()
    with pytest.raises(csp.EndOfChannel) as error:
        alternative.select()
    assert error.value.guard is receivers[2]
    alternative.remove(error.value.guard)
    with pytest.raises(TimeoutError):
        alternative.select(timeout=0)
    with pytest.raises(csp.EndOfChannel) as error:
        csp.select(*receivers)
    assert error.value.guard is receivers[2]
    receivers[0].close()
    with pytest.raises(csp.ClosedEnd) as error:
        alternative.select()
    assert error.value.guard is receivers[0]


def test_a_poll_to_send_meets_it(wait_until):
    """While it waits, it is a receiver like any other: send_nowait succeeds."""
    tx, rx = csp.channel()
    quiet, never = csp.channel()
    alternative = csp.Alternative(never, rx)
    got = []
    thread = threading.Thread(target=lambda: got.append(alternative.select()))
    thread.start()
    wait_until(lambda: rx.statistics().waiting_receivers == 1, "the select waits")
    with pytest.raises(RuntimeError, match="in use"):
        alternative.select(timeout=0)
    tx.send_nowait(7)
    thread.join()
    assert got == [(rx, 7)]
    assert rx.statistics().waiting_receivers == 0
    quiet.close()


@pytest.fixture(params=["receivers", "offer"])
def waiting(request, wait_until):
    """An Alternative that waits in another thread, also with an offer that never goes; and what its select gives."""
    quiet_tx, quiet = csp.channel()
    full, kept = csp.channel(1)
    full.send(None)
    alternative = csp.Alternative(quiet)
    if request.param == "offer":
        alternative.add(full.offer(None))
    got = []

    def select():
        try:
            got.append(alternative.select(timeout=20))
        except (TimeoutError, ValueError, csp.ChannelError) as error:
            got.append(error)

    thread = threading.Thread(target=select)
    thread.start()
    wait_until(lambda: quiet.statistics().waiting_receivers == 1, "the select waits")
    yield alternative, quiet, got
    quiet_tx.close()
    thread.join()
    kept.close()


def test_a_guard_that_is_added_meanwhile_counts(waiting, wait_until):
    """Another thread adds while a select waits: that select goes on with it, and len and guards know it at once."""
    alternative, quiet, got = waiting
    before = alternative.guards
    tx, rx = csp.channel()
    alternative.add(rx)
    assert alternative.guards == (*before, rx)
    assert len(alternative) == len(before) + 1
    wait_until(lambda: rx.statistics().waiting_receivers == 1, "it waits for the new one, too")
    wait_until(lambda: quiet.statistics().waiting_receivers == 1, "and for the old one")
    tx.send_nowait("new")
    wait_until(lambda: got, "it was chosen")
    assert got == [(rx, "new")]
    assert alternative.guards == (*before, rx)


def test_a_guard_that_is_ready_and_added_meanwhile_is_chosen(waiting, wait_until):
    """Something that is ready already ends the wait: a message, a timer, an offer."""
    alternative, _, got = waiting
    tx, rx = csp.channel(1)
    offer = tx.offer("now")
    alternative.add(offer)
    wait_until(lambda: got, "it was chosen")
    assert got == [(offer, None)]
    assert rx.recv() == "now"


def test_a_guard_that_is_removed_meanwhile_is_chosen_no_more(waiting, wait_until):
    """The select that waits hears of it no more; without any guard it says that it would wait until its timeout."""
    alternative, quiet, got = waiting
    tx, rx = csp.channel()
    alternative.add(rx)
    wait_until(lambda: rx.statistics().waiting_receivers == 1, "it waits for the new one")
    alternative.remove(rx)
    wait_until(lambda: rx.statistics().waiting_receivers == 0, "and not any more")
    with pytest.raises(csp.WouldBlock):
        tx.send_nowait("nobody")
    with pytest.raises(ValueError, match="no guard of this"):
        alternative.remove(rx)
    with pytest.raises(RuntimeError, match="in use"):
        alternative.select(timeout=0)
    alternative.add(csp.at(1.0))
    wait_until(lambda: got, "a timer ends it")
    wait_until(lambda: quiet.statistics().waiting_receivers == 0, "and it waits no more")


def test_the_deadline_stays(three):
    """Changes do not prolong a wait."""
    _, receivers = three
    alternative = csp.Alternative(receivers[0])
    over = threading.Event()

    def change():
        while not over.is_set():
            alternative.add(receivers[1])
            alternative.remove(receivers[1])

    thread = threading.Thread(target=change)
    thread.start()
    begun = time.monotonic()
    try:
        with pytest.raises(TimeoutError):
            alternative.select(timeout=0.1)
    finally:
        over.set()
        thread.join()
    assert 0.1 <= time.monotonic() - begun < 10


def test_a_precondition_may_change_what_it_belongs_to(three):
    """It takes effect at the next look: in the next select at the latest; nobody is asked for ever."""
    senders, receivers = three
    asked = []
    alternative = csp.Alternative(receivers[0])
    alternative.add(receivers[1], when=lambda: asked.append(alternative.add(receivers[2])) or True)
    senders[0].send("old")
    assert alternative.select() == (receivers[0], "old")
    senders[2].send("new")
    assert alternative.select() == (receivers[2], "new")
    assert (len(asked), len(alternative)) == (2, 4)


def test_nothing_is_lost_while_guards_come_and_go(three):
    """Receivers that are removed and added all the time, with an offer on or not: each message arrives once."""
    senders, receivers = three
    count = 3000
    got, over = [], threading.Event()
    stop_tx, stop = csp.channel(1)
    full, _kept = csp.channel(1)
    full.send(None)
    offer = full.offer(None)
    alternative = csp.Alternative(stop, *receivers)

    def select():
        while True:
            guard, value = alternative.select()
            if guard is stop:
                return
            got.append(value)

    def change():
        while not over.is_set():
            for guard in (*receivers, offer):
                if guard is offer:
                    alternative.add(guard)
                    alternative.remove(guard)
                else:
                    alternative.remove(guard)
                    alternative.add(guard)

    threads = [threading.Thread(target=body) for body in (select, change)]
    for thread in threads:
        thread.start()
    for n in range(count):
        senders[n % 3].send(n)
    while any(len(rx) for rx in receivers):
        time.sleep(0.001)
    over.set()
    threads[1].join()
    stop_tx.send(None)
    threads[0].join()
    assert sorted(got) == list(range(count))
    assert {*alternative.guards} == {stop, *receivers}
    assert [rx.statistics().waiting_receivers for rx in receivers] == [0, 0, 0]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda a: a.add(3), "int is no guard"),
        (lambda a: a.add(csp.channel()[0]), "needs .offer"),
        (lambda a: a.add(csp.Barrier(2)), "Barrier is no guard"),
        (lambda a: a.add(csp.never(), when=3), "precondition"),
        (lambda a: a.remove(csp.never()), "no guard of this"),
        (lambda a: a.select(), "wait for ever"),
        (lambda a: a.select(timeout=-1), "at least 0"),
        (lambda a: a.select(1), "added with add"),
        (lambda a: a.select(fair=True), "no argument 'fair'"),
    ],
)
def test_wrong_uses(wrong, message):
    """Each is an error that says what to do."""
    with pytest.raises((TypeError, ValueError), match=message):
        wrong(csp.Alternative())


def test_nothing_on_would_wait_for_ever(three):
    """As csp.select says, also of timers that are never ready."""
    senders, receivers = three
    alternative = csp.Alternative()
    alternative.add(receivers[0], when=lambda: False)
    with pytest.raises(ValueError, match="wait for ever"):
        alternative.select()
    alternative.add(csp.never())
    with pytest.raises(ValueError, match="wait for ever"):
        alternative.select()
    with pytest.raises(TimeoutError):
        alternative.select(timeout=0)
    alternative.add(receivers[1])
    senders[1].send("now it can end")
    assert alternative.select() == (receivers[1], "now it can end")


def test_as_many_as_can_be():
    """Adding does not become slower with what is there: the most that an Alternative takes are added in no time."""

    def cost(count):
        begun = time.thread_time()
        alternative = csp.Alternative(*[csp.never()] * count)
        spent = time.thread_time() - begun
        assert len(alternative) == count
        return spent / count

    few = min(cost(1000) for _ in range(20))
    assert min(cost(65_000) for _ in range(3)) < 8 * few
    with pytest.raises(ValueError, match="at most 65000"):
        csp.Alternative(*[csp.never()] * 65_001)


def test_it_frees_what_it_watched():
    """An Alternative in a cycle with its own precondition is collected, and its channels with it."""
    from csp._native import totals

    before = totals()["channels"]
    tx, rx = csp.channel()
    alternative = csp.Alternative()
    alternative.add(rx, when=lambda kept=alternative: kept)
    assert totals()["channels"] == before + 1
    del tx, rx, alternative
    gc.collect()
    assert totals()["channels"] == before


def private_kib():
    """What this process alone has in memory."""
    with open("/proc/self/smaps_rollup", encoding="ascii") as file:
        return sum(int(line.split()[1]) for line in file if line.startswith("Private_Dirty"))


@pytest.mark.parametrize("kind", ["select", "Alternative"])
def test_ten_thousand_timeouts_leave_nothing(three, kind):
    """Nobody is left in any queue, and memory stays as it was."""
    senders, receivers = three
    offers = [tx.offer(None) for tx in senders]
    watched = csp.Alternative(*receivers)

    def time_out(times):
        for _ in range(times):
            with pytest.raises(TimeoutError):
                if kind == "select":
                    csp.select(*receivers, timeout=0.0000001)
                else:
                    watched.select(timeout=0.0000001)

    time_out(1000)
    gc.collect()
    before = private_kib()
    time_out(10_000)
    gc.collect()
    # 100 bytes of each would be as much. (The address sanitizer keeps what was freed, to see who still uses it.)
    assert private_kib() - before < (1000 if "asan" not in os.environ.get("LD_PRELOAD", "") else 100_000)
    assert [rx.statistics().waiting_receivers for rx in receivers] == [0, 0, 0]
    assert csp.select(offers[0], timeout=0) == (offers[0], None)


def test_over_a_thousand_channels():
    """One ready among 1,000 is found, and so is each in turn."""
    pairs = [csp.channel(1) for _ in range(1000)]
    alternative = csp.Alternative(*[rx for _, rx in pairs])
    for i in (0, 500, 999):
        pairs[i][0].send(i)
        assert alternative.select() == (pairs[i][1], i)
    for n, (tx, _) in enumerate(pairs):
        tx.send(n)
    assert sorted(alternative.select()[1] for _ in pairs) == list(range(1000))


@pytest.mark.parametrize("more", ["nothing", "timer", "recursive lock", "offer that is off"])
def test_the_cost_does_not_grow_with_the_receivers(more):
    """One select among 4,000 receivers does not do the work of 4,000, whatever other guard is among them."""
    held = csp.RLock()
    full, _kept = csp.channel(1)
    full.send(0)

    def one_round(count):
        pairs = [csp.channel(1) for _ in range(count)]
        alternative = csp.Alternative(*[rx for _, rx in pairs])
        if more == "timer":
            alternative.add(csp.after(3600))
        elif more == "recursive lock":
            alternative.add(held)
        elif more == "offer that is off":
            alternative.add(full.offer(1), when=lambda: False)
        send = pairs[count // 2][0].send

        def work(_kept=pairs):
            begun = time.thread_time()
            for _ in range(100):
                send(None)
                alternative.select()
            return time.thread_time() - begun

        return work

    few, many = one_round(2), one_round(4000)
    thread = threading.Thread(target=held.acquire)  # somebody else has it
    thread.start()
    thread.join()
    assert min(many() for _ in range(20)) < 8 * min(few() for _ in range(20))
