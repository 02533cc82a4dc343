"""An exception's way from where it is raised to somebody else, within one interpreter."""

import csp
from csp.messages.failure import pack, unpack


def raised(error, cause=None):
    """The error as it is after being raised here."""
    try:
        raise error from cause
    except BaseException as caught:
        return caught


def across(error):
    """Packed, sent through a channel, unpacked."""
    tx, rx = csp.channel(1)
    tx.send(pack(error))
    return unpack(rx.recv())
