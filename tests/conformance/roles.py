"""What members of a crew do in the tests of this folder: functions that an interpreter of its own can import."""

import time

import csp


def attempt(operation, *arguments, **keywords):
    """What it gives, or the name of the exception that it raises."""
    try:
        return operation(*arguments, **keywords)
    except csp.ChannelError as error:
        return type(error).__name__
    except TimeoutError:
        return "TimeoutError"


# ---- one operation ---------------------------------------------------------------------------------------------------


def send(tx, message):
    return attempt(tx.send, message)


def send_and_keep(tx, message):
    """Send; gives what happened, and whether the message that came back is the very object."""
    try:
        tx.send(message)
    except csp.BrokenChannel as error:
        return "BrokenChannel", error.unsent is message
    return None, None


def recv(rx):
    return attempt(rx.recv)


def attempt_send(tx, message, timeout):
    return attempt(tx.send, message, timeout=timeout)


def attempt_recv(rx, timeout):
    return attempt(rx.recv, timeout=timeout)


def follow(rx):
    """Go from receiver to receiver, each found in the one before; gives how many, and what came last."""
    hops = 0
    found = rx.recv()
    while isinstance(found, csp.Receiver):
        hops += 1
        found = found.recv()
    return hops, found


def select(*guards):
    """Select over receivers, and over (sender, message) to offer; gives (index, value), or what was raised."""
    made = [guard[0].offer(guard[1]) if isinstance(guard, tuple) else guard for guard in guards]
    outcome = attempt(csp.select, *made)
    if isinstance(outcome, str):
        return outcome
    return next(i for i, guard in enumerate(made) if guard is outcome[0]), outcome[1]


# ---- many ------------------------------------------------------------------------------------------------------------


def feed(tx, messages):
    for message in messages:
        tx.send(message)


def feed_what_goes(tx, messages):
    """Send each; gives those that went."""
    return [message for message in messages if attempt(tx.send, message) is None]


def drain(rx):
    return list(rx)


def relay(rx, tx):
    count = 0
    for message in rx:
        tx.send(message)
        count += 1
    return count


def add_one(rx, tx):
    tx.send(rx.recv() + 1)


def send_then_try(tx, rx, times):
    """Put one in and take one out without waiting: nothing there would be an error."""
    for n in range(times):
        tx.send(n)
        rx.recv_nowait()


def feed_with_deadlines(tx, messages, seconds):
    """Send each message until it went; gives how many times it was in vain."""
    in_vain = 0
    for message in messages:
        while attempt(tx.send, message, timeout=seconds) == "TimeoutError":
            in_vain += 1
    return in_vain


def drain_with_deadlines(rx, seconds):
    """Receive until the end; gives what came."""
    got = []
    while (found := attempt(rx.recv, timeout=seconds)) != "EndOfChannel":
        if found != "TimeoutError":
            got.append(found)
    return got


def use_fresh_channels(receivers, senders):
    """One transfer over each: what comes in goes back out."""
    for rx, tx in zip(receivers, senders, strict=True):
        with rx, tx:
            tx.send(rx.recv())


def poll(rx, wanted):
    """Receive without waiting, again and again, until so many came or the end."""
    got = []
    while len(got) < wanted:
        message = rx.recv_nowait(None)
        if message is not None:
            got.append(message)
        else:
            time.sleep(0)
    return got


# ---- choices ---------------------------------------------------------------------------------------------------------


def match(tx, rx, name):
    """Offer one's own name and receive on the same channel; gives ("sent", None) or ("received", name)."""
    offer = tx.offer(name)
    guard, value = csp.select(offer, rx)
    return ("sent", None) if guard is offer else ("received", value)


def send_by_select(senders, values):
    """Send each value over whichever channel takes it first."""
    for value in values:
        csp.select(*(tx.offer(value) for tx in senders))


def drain_by_select(receivers):
    """Receive from all until each is over; gives what came."""
    left = list(receivers)
    got = []
    while left:
        try:
            got.append(csp.select(*left)[1])
        except csp.EndOfChannel:
            left = [rx for rx in left if len(rx) or rx.statistics().senders]
    return got


def cross(tx, rx, name, times):
    """Send to the other or receive from it, whichever comes first, again and again."""
    sent = received = 0
    for _ in range(times):
        guard, value = csp.select(rx, tx.offer(name))
        if guard is rx:
            assert value != name
            received += 1
        else:
            sent += 1
    return sent, received


# ---- endings ---------------------------------------------------------------------------------------------------------


def feed_until_broken(tx, messages):
    """Send until nobody receives any more; gives how many went."""
    count = 0
    for message in messages:
        if attempt(tx.send, message) == "BrokenChannel":
            break
        count += 1
    return count


def take(rx, count):
    """Receive so many, or all until there is an end to it, and let go."""
    got = []
    try:
        while len(got) < count:
            got.append(rx.recv())
    except csp.ChannelError:
        pass
    return got


def abort(end, cause):
    """End both directions."""
    end.abort(cause)


def close_under_a_waiter(end, direction):
    """Close an end while a thread of this process waits through it; gives what that thread and a later call got."""
    import threading

    outcomes = []
    operation = (lambda: attempt(end.send, "m")) if direction == "send" else (lambda: attempt(end.recv))
    thread = threading.Thread(target=lambda: outcomes.append(operation()))
    thread.start()
    while sum(end.statistics()[4:6]) == 0:  # waiting_senders, waiting_receivers
        time.sleep(0)
    end.close()
    thread.join()
    return outcomes[0], operation()


def send_and_close(tx, delay):
    """Try to send for a moment, and go."""
    time.sleep(0.0001 * delay)
    outcome = attempt(tx.send, "message", timeout=0.002)
    tx.close()
    return outcome


def receive_and_close(rx, delay):
    """Try to receive for a moment, and go."""
    time.sleep(0.0001 * delay)
    outcome = attempt(rx.recv, timeout=0.002)
    rx.close()
    return outcome


# ---- victims ---------------------------------------------------------------------------------------------------------


def as_victim(control, name, arguments):
    """Carry out one of the roles above, as an interpreter of its own that a test ends."""
    given = [arguments]
    del arguments
    control.close()
    globals()[name](*given.pop())


def _wait_for_ever():
    _tx, rx = csp.channel()
    rx.recv()


def feed_and_wait(tx, count):
    """Send so many, and stay."""
    feed(tx, range(count))
    _wait_for_ever()


def hold(told, end):
    """Hold an end, and stay."""
    told.send("here")
    _wait_for_ever()


def watch(*receivers):
    """Wait in an Alternative that watches them."""
    csp.Alternative(*receivers).select()


def hold_the_sender(rx, inside):
    """Receive, hold the sender, and stay."""
    with rx.extended() as message:
        inside.send(message)
        _wait_for_ever()


def send_a_channel_and_wait(tx):
    """Send the receiver of a channel with a message in it, whose sender stays here."""
    inner_tx, inner_rx = csp.channel(1)
    inner_tx.send("inside")
    tx.send(inner_rx)
    inner_rx.close()
    _wait_for_ever()
