"""What members of a crew do with a reusable Alternative in the tests of this folder."""

import time

from roles import attempt

import csp

# ---- the guards of others --------------------------------------------------------------------------------------------


def choose(*receivers):
    """One select over them; gives (index, value), or what was raised."""
    outcome = attempt(csp.Alternative(*receivers).select)
    return outcome if isinstance(outcome, str) else (_index(receivers, outcome[0]), outcome[1])


def choose_many(receivers, times, priority=False):
    """So many selects of one alternative; gives (index, value) of each."""
    alternative = csp.Alternative(*receivers)
    chosen = [alternative.select(priority=priority) for _ in range(times)]
    return [(_index(receivers, guard), value) for guard, value in chosen]


def choose_until_all_are_over(receivers):
    """Receive from all, and take away whose channel is over, until none is left; gives the values by index."""
    alternative = csp.Alternative(*receivers)
    got = [[] for _ in receivers]
    while alternative.guards:
        try:
            guard, value = alternative.select()
        except csp.EndOfChannel as over:
            alternative.remove(over.guard)
        else:
            got[_index(receivers, guard)].append(value)
    return got


def choose_with_deadlines(receivers, count, seconds):
    """Receive so many by selects that give up soon."""
    alternative = csp.Alternative(*receivers)
    got = []
    while len(got) < count:
        outcome = attempt(alternative.select, timeout=seconds)
        if outcome != "TimeoutError":
            got.append(outcome[1])
    return got


def choose_in_vain(receivers, times):
    """How many of so many short selects timed out."""
    alternative = csp.Alternative(*receivers)
    return sum(attempt(alternative.select, timeout=(0, 0.00005)[n % 2]) == "TimeoutError" for n in range(times))


def poll_both(begin, firsts, seconds):
    """How many polls of an alternative found neither of the two ready."""
    in_vain = 0
    for first, second in zip(firsts, seconds, strict=True):
        alternative = csp.Alternative(first, second)
        begin.recv()
        in_vain += attempt(alternative.select, timeout=0) == "TimeoutError"
    return in_vain


def buffer_on_demand(rx, demands, most):
    """A buffer with a bound of its own, which gives to whoever sends it a sender; gives the most that it ever held."""
    held = []
    over = False
    peak = 0
    alternative = csp.Alternative()
    alternative.add(rx, when=lambda: len(held) < most and not over)
    alternative.add(demands, when=lambda: len(held) > 0)
    while held or not over:
        try:
            guard, value = alternative.select()
        except csp.EndOfChannel:
            over = True
            continue
        if guard is rx:
            held.append(value)
            peak = max(peak, len(held))
        else:
            value.send(held.pop(0))
    return peak


def nested(receivers):
    """An alternative over the receiver that an alternative gave, while the first one stays."""
    outer = csp.Alternative(receivers)
    _, inner = outer.select()
    _, quiet = csp.channel()
    return csp.Alternative(quiet, inner).select()[1], outer.select()[1]


def _index(receivers, guard):
    return next(i for i, rx in enumerate(receivers) if rx is guard)


# ---- channels of one's own -------------------------------------------------------------------------------------------


def what_a_watched_guard_does(capacity, state, since):
    """What a poll gives of one guard in that state, since before it was watched or since after."""
    tx, rx = csp.channel(capacity)
    alternative = csp.Alternative()
    if since == "after":
        alternative.add(rx, when=lambda: state != "off")
    if "filled" in state or state == "off":
        tx.send("there")
    if "over" in state:
        tx.close()
    elif state == "closed":
        rx.close()
    elif state == "aborted":
        tx.abort("enough")
    if since == "before":
        alternative.add(rx, when=lambda: state != "off")
    outcome = attempt(alternative.select, timeout=0)
    return outcome if isinstance(outcome, str) else outcome[1]


def places_of_duplicates(capacity, times):
    """How often each of five places at which one receiver stands was chosen."""
    tx, rx = csp.channel(capacity)
    clones = [rx.clone() for _ in range(5)]
    alternative = csp.Alternative(*clones)
    taken = [0] * 5
    for _ in range(times):
        tx.send(1)
        taken[_index(clones, alternative.select()[0])] += 1
    return taken


def own_sends(capacity):
    """What a send of one's own does to an alternative of one's own on the same channel."""
    tx, rx = csp.channel(capacity)
    alternative = csp.Alternative(rx)
    sent = attempt(tx.send, "mine", timeout=0.005)
    outcome = attempt(alternative.select, timeout=0)
    return sent, outcome if isinstance(outcome, str) else outcome[1]


def clones_that_go(capacity):
    """What a poll gives after a clone of either end has gone, and after the last sender has."""
    tx, rx = csp.channel(capacity)
    clone = rx.clone()
    alternative = csp.Alternative(rx, clone)
    tx.clone().close()
    first = attempt(alternative.select, timeout=0)
    alternative.remove(clone)
    clone.close()
    second = attempt(alternative.select, timeout=0)
    tx.close()
    return first, second, attempt(alternative.select, timeout=0)


def refused(capacity):
    """Whether an alternative refuses an offer."""
    tx, _rx = csp.channel(capacity)
    try:
        csp.Alternative(tx.offer("m"))
    except ValueError:
        return True
    return False


# ---- offers and skips ------------------------------------------------------------------------------------------------


def send_by_alternative(senders, messages):
    """Send each over whichever channel takes it first, by alternatives that also watch a quiet channel."""
    _, quiet = csp.channel()
    for message in messages:
        offers = [tx.offer(message) for tx in senders]
        alternative = csp.Alternative(quiet, *offers)
        assert alternative.select()[0] in offers


def match(tx, rx, name):
    """Offer one's own name and receive on the same channel; gives ("sent", None) or ("received", name)."""
    offer = tx.offer(name)
    guard, value = csp.Alternative(offer, rx).select()
    return ("sent", None) if guard is offer else ("received", value)


def skips(rx):
    """What is chosen beside a skip: fairly, and by priority."""
    skip = csp.skip()
    alternative = csp.Alternative(skip, rx)
    first = alternative.select()[1]
    return first, alternative.select(priority=True)[0] is skip, alternative.select()[0] is skip


# ---- timers ----------------------------------------------------------------------------------------------------------


def timer_beside_a_busy_channel(capacity):
    """Seconds until an alternative by priority takes a timer of 3 ms that stands before a channel always ready."""
    tx, rx = csp.channel(capacity)
    tx.send(0)
    begun = time.monotonic()
    alternative = csp.Alternative(csp.after(0.003), rx)
    while alternative.select(priority=True)[0] is rx:
        tx.send(0)
    return time.monotonic() - begun


def due_timer_among_busy_channels(capacity):
    """Which of a timer that is due for ever and two channels that are always ready is chosen, in twelve selects."""
    pairs = [csp.channel(capacity) for _ in range(2)]
    guards = [csp.at(1.0), *(rx for _, rx in pairs)]
    for tx, _ in pairs:
        tx.send(0)
    alternative = csp.Alternative(*guards)
    chosen = []
    for _ in range(12):
        chosen.append(_index(guards, alternative.select()[0]))
        if chosen[-1] > 0:
            pairs[chosen[-1] - 1][0].send(0)
    return chosen
