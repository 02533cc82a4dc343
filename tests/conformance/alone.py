"""What one member of a crew does by itself in the tests of this folder: whole claims about channels of its own."""

import time

from roles import attempt

import csp

# ---- a whole claim in one process ------------------------------------------------------------------------------------

SENDS = {
    "send_nowait": lambda tx: attempt(tx.send_nowait, "x"),
    "send, no time": lambda tx: attempt(tx.send, "x", timeout=0),
    "send, some time": lambda tx: attempt(tx.send, "x", timeout=0.001),
    "send_many": lambda tx: attempt(tx.send_many, ["x"], timeout=0),
    "select": lambda tx: _value_of(attempt(csp.select, tx.offer("x"), timeout=0)),
}
RECEIVES = {
    "recv_nowait": lambda rx: attempt(rx.recv_nowait),
    "recv, no time": lambda rx: attempt(rx.recv, timeout=0),
    "recv, some time": lambda rx: attempt(rx.recv, timeout=0.001),
    "recv_many": lambda rx: _only(attempt(rx.recv_many, 1, timeout=0)),
    "select": lambda rx: _value_of(attempt(csp.select, rx, timeout=0)),
}
ENDINGS = {
    "open": lambda tx, rx: None,
    "sender closed": lambda tx, rx: tx.close(),
    "receiver closed": lambda tx, rx: rx.close(),
    "aborted": lambda tx, rx: tx.abort("enough"),
}


def _value_of(outcome):
    return outcome if isinstance(outcome, str) else outcome[1]


def _only(outcome):
    return outcome if isinstance(outcome, str) else outcome[0]


def outcomes(capacity, length, ending):
    """What each way to send and to receive gives on a fresh channel with so many messages that was ended like this."""
    seen = {}
    for direction, operations in enumerate((SENDS, RECEIVES)):
        for name, operation in operations.items():
            pair = csp.channel(capacity)
            for n in range(length):
                pair[0].send(n)
            ENDINGS[ending](*pair)
            seen[name, direction] = operation(pair[direction])
    return seen


def payloads(capacity, messages):
    """Send each to oneself; gives what came."""
    tx, rx = csp.channel(max(capacity, 1))
    got = []
    for message in messages:
        tx.send(message)
        got.append(rx.recv())
    return got


def identities(capacity):
    """Equal are the handles of one direction of one channel, and no others."""
    tx, rx = csp.channel(capacity)
    other_tx, other_rx = csp.channel(capacity)
    carrier_tx, carrier_rx = csp.channel(1)
    carrier_tx.send((tx, rx))
    same_tx, same_rx = carrier_rx.recv()
    return (
        tx == tx.clone() == same_tx
        and rx == rx.clone() == same_rx
        and hash(tx) == hash(same_tx)
        and len({tx, rx, same_tx, same_rx, other_tx, other_rx}) == 4
        and tx not in {rx, other_tx}
        and rx != other_rx
    )


def shares_of_ready(capacity, guards, times, priority):
    """How often each of several guards that are always ready was chosen."""
    pairs = [csp.channel(capacity) for _ in range(guards)]
    chosen = [0] * guards
    for tx, _ in pairs:
        tx.send(0)
    for _ in range(times):
        guard, _ = csp.select(*(rx for _, rx in pairs), priority=priority)
        index = next(i for i, (_, rx) in enumerate(pairs) if rx is guard)
        chosen[index] += 1
        pairs[index][0].send(0)
    return chosen


def positions_of_duplicates(capacity, times):
    """How often each of five places at which one receiver stands, and of five at which one sender does, was chosen."""
    tx, rx = csp.channel(capacity)
    clones = [rx.clone() for _ in range(5)]
    taken = [0] * 5
    given = [0] * 5
    for _ in range(times):
        offers = [tx.offer(1) for _ in range(5)]
        guard, _ = csp.select(*offers)
        given[next(i for i, offer in enumerate(offers) if offer is guard)] += 1
        guard, _ = csp.select(*clones)
        taken[next(i for i, clone in enumerate(clones) if clone is guard)] += 1
    return given, taken


# ---- choices of one process ------------------------------------------------------------------------------------------


def lone_guard(kind, capacity):
    """What a select over one guard and a skip gives, and over that guard and a timeout of 0."""

    def guard():
        tx, rx = csp.channel(capacity)
        kept.append((tx, rx))
        for n in range({"filled": 1, "full": capacity}.get(kind, 0)):
            tx.send(n)
        if kind == "over":
            tx.close()
        if kind == "broken":
            rx.close()
        return None if kind == "off" else rx if kind in {"empty", "filled", "over"} else tx.offer("m")

    kept = []
    made = guard()
    outcome = attempt(csp.select, made, csp.skip())
    first = outcome if isinstance(outcome, str) else "skip" if outcome[0] is csp.skip() else outcome[1]
    made = guard()
    outcome = attempt(csp.select, made, timeout=0)
    return first, outcome if isinstance(outcome, str) else "guard" if outcome[0] is made else "another"


def both_of_one(capacity):
    """Offer and receive on one channel, by priority, until the first receive; gives what was done."""
    tx, rx = csp.channel(capacity)
    done = []
    while "received" not in done:
        outcome = attempt(csp.select, tx.offer(len(done)), rx, priority=True, timeout=0.005)
        if isinstance(outcome, str):
            return outcome
        done.append("received" if outcome[0] is rx else "sent")
        assert outcome[1] == (0 if outcome[0] is rx else None)
    return done


def poll_both(begin, firsts, seconds):
    """How many polls found neither of the two ready."""
    in_vain = 0
    for first, second in zip(firsts, seconds, strict=True):
        begin.recv()
        in_vain += attempt(csp.select, first, second, timeout=0) == "TimeoutError"
    return in_vain


def poll_around(begin, found, first, second):
    """How many polls found neither of the two ready, with quiet guards between them that take time to look at."""
    kept = [csp.channel(1) for _ in range(200)]
    in_vain = 0
    for _ in begin:
        in_vain += attempt(csp.select, first, *(rx for _, rx in kept), second, timeout=0) == "TimeoutError"
        found.send("looked")
    return in_vain


def flip(capacity, times):
    """Which of two offers on one channel was carried out, each time."""
    tx, rx = csp.channel(capacity)
    seen = []
    for _ in range(times):
        csp.select(tx.offer(0), tx.offer(1))
        seen.append(rx.recv())
    return seen


def repeat_offer(tx, message, times):
    """Use one offer again and again."""
    offer = tx.offer(message)
    for _ in range(times):
        csp.select(offer)


def nested(receivers, tx):
    """Select over the receiver that a select gave, and offer what a receive in between made."""
    _, inner = csp.select(receivers)
    _, quiet = csp.channel()
    offer = tx.offer(csp.select(quiet, inner)[1] + 1)
    csp.select(quiet, offer)


def bounded_buffer(rx, tx, most):
    """A buffer with a bound of its own, by preconditions; gives the most that it ever held."""
    held = []
    peak = 0
    over = False
    while held or not over:
        offer = tx.offer(held[0]) if held else None
        try:
            guard, value = csp.select(rx if len(held) < most and not over else None, offer)
        except csp.EndOfChannel:
            over = True
            continue
        if guard is rx:
            held.append(value)
            peak = max(peak, len(held))
        else:
            held.pop(0)
    return peak


def in_vain(receivers, times):
    """How many of so many short selects timed out."""
    return sum(attempt(csp.select, *receivers, timeout=(0, 0.00005)[n % 2]) == "TimeoutError" for n in range(times))


def select_with_deadlines(quiet, rx, seconds):
    """Receive by selects that give up soon, until the end."""
    got = []
    while (found := attempt(csp.select, quiet, rx, timeout=seconds)) != "EndOfChannel":
        if found != "TimeoutError":
            got.append(found[1])
    return got


# ---- timers ----------------------------------------------------------------------------------------------------------


def first_of_timers(capacity):
    """Which of a quiet channel and timers is first, and whether it came too early, for one, at and tick."""
    _, quiet = csp.channel(capacity)
    seen = []
    for make in (csp.after, lambda seconds: csp.at(time.monotonic() + seconds), csp.tick):
        begun = time.monotonic()
        timer = make(0.003)
        guard, value = csp.select(quiet, csp.never(), timer)
        seen.append((guard is timer, value, time.monotonic() - begun >= 0.003))
    return seen


def timer_beside_a_busy_channel(capacity):
    """How many messages a select by priority takes before a timer that stands before a channel that is always ready."""
    tx, rx = csp.channel(capacity)
    tx.send(0)
    timer = csp.after(0.003)
    count = 0
    while csp.select(timer, rx, priority=True)[0] is rx:
        tx.send(0)
        count += 1
    return count


def huge_times(rx):
    """What arrives under timers and deadlines that are too far away for any clock."""
    got = []
    for seconds in (1e9, 1e18, 1e300, float("inf")):
        got.append(rx.recv(timeout=seconds))
        got.append(csp.select(rx, csp.after(seconds) if seconds < 1e300 else csp.never(), timeout=seconds)[1])
    return got


def ticks(seconds, count):
    """How long so many ticks take, each of which is waited for."""
    begun = time.monotonic()
    ticker = csp.tick(seconds)
    for _ in range(count):
        csp.select(ticker)
    return time.monotonic() - begun


def sub_millisecond(rx, count):
    """The shortest of so many waits of 0.2 ms that were in vain."""
    best = 1.0
    for _ in range(count):
        begun = time.monotonic()
        assert attempt(rx.recv, timeout=0.0002) == "TimeoutError"
        best = min(best, time.monotonic() - begun)
    return best
