"""Values that are nested deeply, and who receives them with a deep stack of its own. Interpreters import it."""

from oracle_classes import Plain
from oracle_records import Data

import csp

# Wraps a value once, and takes it out again.
WRAPS = {
    "tuple": (lambda part: (part,), lambda whole: whole[0]),
    "list": (lambda part: [part], lambda whole: whole[0]),
    "dict": (lambda part: {"k": part}, lambda whole: whole["k"]),
    "object": (Plain, lambda whole: whole.x),
    "dataclass": (Data, lambda whole: whole.x),
    "frozenset": (lambda part: frozenset({part}), lambda whole: next(iter(whole))),
    "exception": (ValueError, lambda whole: whole.args[0]),
}


def nest(kind, depth):
    """So many of one kind around a 7."""
    wrap, value = WRAPS[kind][0], 7
    for _ in range(depth):
        value = wrap(value)
    return value


def mixed(depth):
    """All kinds in turns around a 7."""
    value = 7
    wraps = [WRAPS[kind][0] for kind in ("tuple", "list", "dict", "object", "dataclass")]
    for n in range(depth):
        value = wraps[n % len(wraps)](value)
    return value


def depth_of(value):
    """How deep the 7 lies; what was on the way to it is freed from the outside in, without a deep stack."""
    depth = 0
    while value != 7:
        for _, take in WRAPS.values():
            try:
                value = take(value)
                break
            except AttributeError, TypeError, KeyError:
                continue
        depth += 1
    return depth


def receive_deep(control, inbox, outbox, frames):
    """As ``answer``, with so many calls on the stack."""
    if frames > 0:
        return receive_deep(control, inbox, outbox, frames - 1)
    return answer(control, inbox, outbox)


def answer(control, inbox, outbox):
    """Say of each message how deep it is, or that it cannot be read; until the channel ends."""
    while True:
        try:
            value = inbox.recv()
        except csp.EndOfChannel:
            return "done"
        except Exception as error:
            outbox.send(f"unreadable: {type(error).__name__}")
        else:
            outbox.send(depth_of(value))
            del value
