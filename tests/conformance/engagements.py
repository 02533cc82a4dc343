"""What members of a crew do in an extended rendezvous in the tests of this folder: they hold who sends to them."""

import threading

from roles import attempt

import csp


def outcome_of_send(tx, message, timeout=None):
    """Send; gives what the receiver said, or else what attempt gives."""
    try:
        return attempt(tx.send, message, timeout=timeout)
    except LookupError as error:
        return str(error)


def outcome_of_offer(tx, message):
    """Offer the message in a select; gives what became of it."""
    offer = tx.offer(message)
    try:
        return attempt(lambda: csp.select(offer)[0] is offer)
    except LookupError as error:
        return str(error)


def send_and_unsent(tx, message):
    """Send; gives what is said to be unsent if the receiver ended, else None."""
    try:
        tx.send(message)
    except csp.BrokenChannel as error:
        return "BrokenChannel", error.unsent
    return None


def hold(rx, inside, go):
    """Receive, hold the sender until there is an order to go on, and let go."""
    with rx.extended() as message:
        inside.send(message)
        go.recv()
    return message


def hold_and_fail(rx):
    """Receive, and fail while the sender is held."""
    try:
        with rx.extended() as message:
            raise LookupError(f"{message} is refused")
    except LookupError as error:
        return str(error)


def hold_and_exit(rx, inside, go):
    """Receive, and exit while the sender is held."""
    try:
        with rx.extended() as message:
            inside.send(message)
            go.recv()
            raise SystemExit
    except SystemExit:
        return "exited"


def enter(rx, timeout=None):
    """Receive extended and do nothing; gives what attempt gives, or "ValueError"."""

    def held():
        with rx.extended(timeout) as message:
            return message

    try:
        return attempt(held)
    except ValueError:
        return "ValueError"


def serve_and_refuse(rx):
    """Hold each sender for a moment and refuse every third message, until the end; gives those that were taken."""
    taken = []
    while True:
        try:
            with rx.extended() as (who, n):
                if n % 3 == 0:
                    raise LookupError(f"{n} is refused")
                taken.append((who, n))
        except LookupError:
            pass
        except csp.EndOfChannel:
            return taken


def send_all_extended(tx, who, count):
    """Send so many numbers; gives those that were refused."""
    refused = []
    for n in range(count):
        try:
            tx.send((who, n))
        except LookupError:
            refused.append((who, n))
    return refused


def held_by_oneself():
    """A thread of this process sends, this one holds it; gives what became of the send, and of a close meanwhile."""
    tx, rx = csp.channel()
    outcomes = []
    thread = threading.Thread(target=lambda: outcomes.append(attempt(tx.send, "m")))
    thread.start()
    with rx.extended() as message:
        rx.close()
    thread.join()
    return message, outcomes
