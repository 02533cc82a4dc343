"""Callers in interpreters that never import the actor's class."""

import sys


def calls_wrongly(_control, ref):
    """What a wrong call raises, and how the signature looks from here."""
    import inspect

    try:
        ref.two.cast(1)
    except TypeError as error:
        return str(error), str(inspect.signature(ref.two)), "shaped_actors" in sys.modules
    return None


def signatures(_control, ref):
    """As inspect tells them."""
    import inspect

    return tuple(str(inspect.signature(getattr(ref, name))) for name in ("optional", "only", "whatever", "rest"))


def tells(ref):
    """Tell it something, from a process."""
    return ref.two.tell(1, 2)
