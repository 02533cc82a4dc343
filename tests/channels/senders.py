"""Functions that processes of these tests run."""


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
