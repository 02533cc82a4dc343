"""What tests of several folders look at: what is alive in this process, and how slow the machine is."""

import os
import threading
import traceback

_KINDS = ("channels", "ends", "holders", "payloads", "replies")


def alive():
    """What is alive in this process, by kind."""
    from csp._native import interpreter_counts, totals

    counts = totals()
    running, _, _, abandoned = interpreter_counts()
    return {kind: counts[kind] for kind in _KINDS} | {
        "interpreters": running,
        "abandoned interpreters": abandoned,
        "Python threads": threading.active_count(),
        "fds": len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0,
    }


def raised_in(error):
    """The functions in an exception's traceback, the outermost first."""
    return [entry.name for entry in traceback.extract_tb(error.__traceback__)]


def slowness():
    """How much longer a time bound is made than a quiet machine needs: ``CSP_TEST_SLOWNESS``, or 10.

    Times are printed, and measured by tests/bench; what a test holds is only that nothing waits for what it must not.
    """
    return float(os.environ.get("CSP_TEST_SLOWNESS", "10"))
