"""What all tests of this folder run with: a capacity, and a crew of each kind; nothing is left behind."""

import gc
import sys
from pathlib import Path

import pytest
from crew import KINDS, Crew

HERE = Path(__file__).parent
SIZE = 8
LIMIT = 30  # seconds for one test

sys.path.append(str(HERE))  # the members import roles.py and alone.py


def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in item.path.parents and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(LIMIT))


@pytest.fixture(params=[0, 1, 10, 1000], ids="capacity-{}".format)
def capacity(request):
    return request.param


@pytest.fixture(params=[1, 10, 1000], ids="capacity-{}".format)
def buffered(request):
    """A capacity that is none of a rendezvous."""
    return request.param


@pytest.fixture(scope="module", params=list(KINDS))
def members(request):
    made = Crew(request.param, SIZE)
    yield made
    made.end()


@pytest.fixture
def crew(request, members, wait_until):
    """SIZE processes of one kind. What a test started has ended after it, and nothing of it is left."""
    before, failed = _alive(), request.session.testsfailed
    yield members
    stuck = members.replace_the_stuck()
    assert not stuck, f"{stuck} of the crew never came to an end"
    if request.session.testsfailed > failed:
        return  # its traceback still holds what it used
    gc.collect()
    # A member answers a moment before it drops the channel of its answer.
    wait_until(lambda: _alive() <= before, f"no more alive than before the test: {before}", seconds=5.0)


def _alive():
    from csp._native import totals

    seen = totals()
    return tuple(seen[kind] for kind in ("channels", "ends", "payloads"))
