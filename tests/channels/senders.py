"""What processes and actors of these tests run."""

import csp


def send_and_say(tx):
    """Send one message; give how that failed."""
    try:
        tx.send("work")
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "sent"


def subscribe_and_collect(broadcaster, ready, count):
    """Subscribe, say so, and give the next messages."""
    with broadcaster.subscribe(8) as rx:
        ready.send(None)
        return [rx.recv() for _ in range(count)]


class Holder(csp.Actor):
    """Takes a message in an extended rendezvous and does not come to an end with it."""

    def __init__(self, rx, entered):
        self.rx, self.entered = rx, entered

    def run(self):
        with self.rx.extended() as message:
            self.entered.send(message)
            _, never = csp.channel()
            csp.select(never, csp.never())


def subscribe_and_answer(broadcaster, ready, answer):
    """Subscribe, say so, and send an answer by the end that comes."""
    with broadcaster.subscribe(1) as rx:
        ready.send(None)
        rx.recv().send(answer)
