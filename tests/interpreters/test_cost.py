"""What an interpreter pays for csp: the modules that load in it, and the time and memory of ``import csp``."""

import statistics
import sys

import pytest
from loaded import HEAVY, bare, fresh, heavy

from observed import slowness

# What the import system itself brings along where csp is installed in place (the finder of editable installs).
EDITABLE = {
    "importlib",
    "importlib._abc",
    "importlib._bootstrap",
    "importlib._bootstrap_external",
    "importlib.machinery",
    "importlib.util",
    "types",
    "_types",
}
AFTER_IMPORT = {"csp", "csp.origin"}
# types: the script as a module is a ModuleType. It costs 0.4 ms and imports nothing.
IN_A_PROCESS = {
    "csp",
    "csp._native",
    "csp.errors",
    "csp.hosts",
    "csp.hosts.after_import",
    "csp.hosts.boot",
    "csp.hosts.importing",
    "csp.origin",
}
IN_AN_ACTOR = IN_A_PROCESS | {
    "_typing",
    "csp.actors",
    "csp.actors.actor",
    "csp.actors.context",
    "csp.actors.description",
    "csp.actors.dispatch",
    "csp.actors.guarded",
    "csp.actors.handler",
    "csp.actors.entry",
    "csp.actors.mailbox",
    "csp.generic",
    "csp.hosts.own",
}
# What the pool loads while nobody waits; see csp.kernel.lives.
IN_A_WARM_ONE = {"_datetime", "datetime", "math"} | (
    {"_math_integer", "math.integer"} if sys.version_info >= (3, 15) else set()
)


def test_import_csp_loads_nothing_else():
    """import csp in a fresh interpreter loads csp and csp.origin: no more of ours, nothing of the standard library."""
    loaded = set(fresh("import csp\nanswer = tuple(set(sys.modules) - before)"))
    assert loaded - EDITABLE == AFTER_IMPORT


def test_channels_load_the_extension_only():
    """The first channel brings the extension and the errors."""
    loaded = set(fresh("import csp\ncsp.channel()\nanswer = tuple(set(sys.modules) - before)"))
    assert loaded - EDITABLE == {*AFTER_IMPORT, "csp._native", "csp.errors"}


def test_modules_of_a_process(in_interpreter):
    """An interpreter that runs a function of a tiny module has exactly these modules more than a bare one."""
    ending, names = in_interpreter("entries", "modules")
    assert ending == "ended"
    assert set(names) - bare() - EDITABLE == IN_A_PROCESS | {"entries"}


@pytest.mark.parametrize("warm", [0, 1])
def test_modules_of_an_actor(warm):
    """An actor of a tiny module has exactly these modules more than a bare interpreter, from the pool or not."""
    import tiny_actor

    import csp

    with csp.System(warm=warm) as system:
        names = system.spawn(tiny_actor.Tiny).modules()
    expected = IN_AN_ACTOR | {"tiny_actor"} | (IN_A_WARM_ONE if warm else set())
    looked = {"csp.actors.byte_code"}  # when the import took long
    assert set(names) - bare() - EDITABLE - looked == expected - bare()
    assert not heavy(names)


@pytest.mark.parametrize("name", sorted(HEAVY))
def test_nothing_heavy_is_in_the_lists(name):
    """None of the modules that cost tens of milliseconds is on an allow-list."""
    assert name not in AFTER_IMPORT | IN_AN_ACTOR | EDITABLE


# The finder of an editable install, which is not ours, needs importlib.util: not counted.
MEASURE = """
import importlib.util
import time
def private():
    with open("/proc/self/smaps_rollup") as file:
        return sum(int(line.split()[1]) for line in file if line.startswith("Private_Dirty"))
private()
memory = private()
begun = time.perf_counter()
import csp
took = time.perf_counter() - begun
answer = (took * 1e3, private() - memory)
"""


def test_cost_of_import_csp(capsys):
    """import csp in a fresh interpreter takes at most 3 ms and 600 KiB (median of 15; measured 1.1 ms and 172 KiB)."""
    measured = [fresh(MEASURE) for _ in range(16)][1:]
    milliseconds = statistics.median(took for took, _ in measured)
    kibibytes = statistics.median(size for _, size in measured)
    with capsys.disabled():
        print(f"\nimport csp in a fresh interpreter: {milliseconds:.2f} ms, {kibibytes:.0f} KiB")
    assert milliseconds <= 3.0 * slowness()
    assert kibibytes <= 600
