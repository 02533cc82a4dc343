"""What other interpreters do for the oracle tests: compare what came with what pickle makes of it, and send it back."""

import pickle

from graphs import difference

import csp


def trips(value, times=1):
    """What pickle makes of a value, so often in a row."""
    for _ in range(times):
        value = pickle.loads(pickle.dumps(value, 5))
    return value


def compare(control, inbox, outbox):
    """For each (value, the same as a pickle) send what differs, or None, and then the value."""
    while True:
        try:
            value, pickled = inbox.recv()
        except csp.EndOfChannel:
            return "done"
        except Exception as error:
            outbox.send(f"unreadable: {type(error).__name__}: {error}")
            outbox.send(None)
            continue
        outbox.send(difference(pickle.loads(pickled), value))
        outbox.send(value)
