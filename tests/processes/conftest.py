"""After every test here: nothing is left of what it started."""

import gc

import pytest

from observed import alive

LIMIT = 60  # seconds for one test, unless it is marked with its own


def pytest_collection_modifyitems(items):
    for item in items:
        if "processes" in item.path.parts and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(LIMIT))


@pytest.fixture(autouse=True)
def nothing_left(request, wait_until):
    """Every interpreter has ended, every native object is gone; ``leaves(*kinds)`` excuses what is left on purpose."""
    before = alive()
    yield
    request.node.funcargs.clear()  # what the fixtures gave, still held for the test
    excused = {kind for marker in request.node.iter_markers("leaves") for kind in marker.args}

    def all_gone():
        gc.collect()
        now = alive()
        return all(now[kind] <= before[kind] for kind in now if kind not in excused) or None

    # The last exit message comes a moment before its thread is gone.
    wait_until(all_gone, f"as much alive as before the test: {before}")
