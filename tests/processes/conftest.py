"""After every test here: nothing is left of what it started."""

import gc
import threading

import pytest

from csp._native import interpreter_counts, totals

LIMIT = 60  # seconds for one test, unless it is marked with its own

_KINDS = ("channels", "ends", "holders", "blocks", "replies")


def pytest_collection_modifyitems(items):
    for item in items:
        if "processes" in item.path.parts and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(LIMIT))


def _alive():
    counts = totals()
    running, _, _, abandoned = interpreter_counts()
    return {kind: counts[kind] for kind in _KINDS} | {
        "interpreters": running,
        "abandoned interpreters": abandoned,
        "threads": threading.active_count(),
    }


@pytest.fixture(autouse=True)
def nothing_left(request, wait_until):
    """Every interpreter has ended, every native object is gone; ``leaves(*kinds)`` excuses what is left on purpose."""
    before = _alive()
    yield
    excused = {kind for marker in request.node.iter_markers("leaves") for kind in marker.args}

    def all_gone():
        gc.collect()
        now = _alive()
        return all(now[kind] <= before[kind] for kind in now if kind not in excused) or None

    # The last exit message comes a moment before its thread is gone.
    wait_until(all_gone, f"as much alive as before the test: {before}")
