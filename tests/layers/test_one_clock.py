"""One clock: nobody but it asks the system for the time, or it could not be held and moved (see csp_clock_hold)."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]

# Of the module time; what else is in it (time zones, structures) reads no clock that limits go by.
CLOCKS = re.compile(r"(time|monotonic|perf_counter|clock_gettime|sleep)(_ns)?$")

# What measures how long work took, by the real clock, and no limit goes by it.
MEASURES = {
    "csp/cli/diagnosis.py": "how long a start takes",
    "csp/cli/census/aggregator.py": "the demonstration is a program that uses csp",
    "csp/cli/census/baselines.py": "likewise",
    "csp/cli/census/census.py": "likewise",
    "csp/processes/pipelines/segment.py": "what a chunk takes, which says how large the next is",
    "csp/processes/pipelines/worker.py": "likewise",
}
# Limits on the end of an interpreter or a thread, which CPython's own code works on in real time; and CPU time.
REAL = {
    "native/core/platform/clock.c": "the clock itself",
    "native/core/platform/park_pthread.c": "sleeping goes by the wall clock there",
    "native/core/waiting/placement_watch.c": "CPU time",
    "native/python/interpreters/ending.c": "how long CPython's own end may take",
    "native/python/interpreters/leaving.c": "likewise",
    "native/python/interpreters/interrupt.c": "pauses between looks at a thread that is to be interrupted",
    "native/python/interpreters/look.c": "how long another interpreter may let a look wait",
    "native/python/interpreters/own_thread.c": "CPU time",
    "native/python/interpreters/started.c": "pauses between looks whether a thread has come up",
    "native/python/waiting/reach.c": "pauses between looks, of who wants to be reached by signals",
}


def _clocks_of(path):
    """Names of the module time that a file of Python uses to read a clock, or to sleep by it."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in ("time", "datetime"):
            yield from (name.name for name in node.names if node.module == "time" and CLOCKS.match(name.name))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id == "time" and CLOCKS.match(node.attr):
                yield node.attr
            if node.attr in ("now", "utcnow", "today") and node.value.id in ("datetime", "date"):
                yield node.attr


def test_python_asks_csp_for_the_time():
    """In every file that is no measurement."""
    found = {
        str(path.relative_to(ROOT)): names
        for path in sorted((ROOT / "csp").rglob("*.py"))
        if (names := sorted(set(_clocks_of(path))))
    }
    assert found.keys() == MEASURES.keys(), found


def test_c_asks_the_core_for_the_time():
    """What goes by the system's own clock is named here, with the reason."""
    found = {
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "native").rglob("*.[ch]"))
        if re.search(r"\b(clock_gettime|gettimeofday|time\(NULL\)|nanosleep|usleep)\b", path.read_text())
    }
    assert found == REAL.keys()
