"""Functions that processes of these tests run."""


def send_and_say(tx):
    """Send one message; give how that failed."""
    try:
        tx.send("work")
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "sent"
