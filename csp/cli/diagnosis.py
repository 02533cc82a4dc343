"""What the doctor looks at. Each check is a function that gives findings and never raises for what it finds."""

import os
import platform
import sys
from importlib.util import cache_from_source
from time import perf_counter

import attrs

import csp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from importlib.machinery import ModuleSpec

OK = "ok"
WARN = "warn"
FAIL = "fail"

OLDEST = (3, 14, 1)
DISTRIBUTION = "subcsp"

# How often the doctor talks to an actor, and how many more actors it starts to see what they weigh.
_CALLS = 1000
_ACTORS = 4

# Python looks first in the folder of the program: there a checkout hides what is installed.
_ELSEWHERE = "or run it in another folder, with the Python of an environment that csp is installed in"


@attrs.frozen
class Finding:
    """One line of the doctor's, and what to do about it.

    Attributes:
        status: OK, WARN or FAIL.
        text: what was found.
        advice: what to do; empty if there is nothing to do.
    """

    status: str
    text: str
    advice: str = ""


# ---- Python ---------------------------------------------------------------------------------------------------------


def python() -> Iterator[Finding]:
    """Check that this Python is new enough, and has a GIL for each interpreter."""
    version = platform.python_version()
    name = platform.python_implementation()
    if name != "CPython":
        yield Finding(
            FAIL, f"Python {version} is {name}", "use CPython: only it has interpreters with GILs of their own"
        )
    elif tuple(sys.version_info[:3]) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        why = "3.14.0 leaks memory with every interpreter that ends" if sys.version_info >= (3, 14) else "it is too old"
        yield Finding(FAIL, f"Python {version}: {why}", f"use Python {oldest} or newer")
    elif _is_free_threaded():
        yield Finding(
            FAIL,
            f"Python {version} is a free-threaded build, which has no GIL",
            "use the ordinary build (python3.14 rather than python3.14t): csp gives each actor a GIL of its own",
        )
    else:
        yield Finding(OK, f"Python {version}, with a GIL for each interpreter ({sys.executable})")


def _is_free_threaded() -> bool:
    from sysconfig import get_config_var

    return bool(get_config_var("Py_GIL_DISABLED"))


def name() -> Iterator[Finding]:
    """Check that the import name belongs to us alone."""
    from importlib.metadata import packages_distributions

    owners = sorted(set(packages_distributions().get("csp", ())))
    others = [owner for owner in owners if owner.replace("_", "-").lower() != DISTRIBUTION]
    place = os.path.dirname(os.path.abspath(csp.__file__))
    if others:
        listed = ", ".join(others)
        yield Finding(
            FAIL,
            f"another distribution installs a package named csp as well: {listed}",
            f"python -m pip uninstall {' '.join(others)}\neach may have overwritten the other: {_reinstall()}",
        )
    elif not owners:
        yield Finding(
            WARN,
            f"csp {csp.__version__} in {place} is not installed, only found",
            "python -m pip install CHECKOUT, with the path of a checkout of csp, unless that is what you want",
        )
    else:
        yield Finding(OK, f"csp {csp.__version__}, from {place}")


def byte_code() -> Iterator[Finding]:
    """Check that actors do not have to compile what they import."""
    source = os.path.join(os.path.dirname(os.path.abspath(csp.__file__)), "actors", "entry.py")
    slow = "every actor compiles all that it imports, and starts several times as slowly"
    try:
        cache = cache_from_source(source)
    except NotImplementedError:
        yield Finding(WARN, f"this Python keeps no byte code: {slow}", "use an ordinary build of CPython")
        return
    if sys.dont_write_bytecode:
        how = "unset PYTHONDONTWRITEBYTECODE" if os.environ.get("PYTHONDONTWRITEBYTECODE") else "run Python without -B"
        yield Finding(WARN, f"byte code is not written: {slow}, unless it was written before", how)
    elif os.path.exists(cache) or _can_be_written(os.path.dirname(cache)):
        yield Finding(OK, f"byte code is kept in {os.path.dirname(cache)}")
    else:
        yield Finding(
            WARN,
            f"{os.path.dirname(cache)} cannot be written: {slow}",
            "set PYTHONPYCACHEPREFIX to a folder that you may write",
        )


def _can_be_written(folder: str) -> bool:
    while not os.path.exists(folder):
        folder, before = os.path.dirname(folder), folder
        if folder == before:
            return False
    return os.access(folder, os.W_OK | os.X_OK)


# ---- the machine ----------------------------------------------------------------------------------------------------


def cpus() -> Iterator[Finding]:
    """Count the CPUs, and those that this process may use."""
    present = os.cpu_count() or 1
    allowed = os.process_cpu_count() or 1
    quota = _cpu_quota()
    if quota is not None and quota < allowed:
        yield Finding(
            WARN,
            f"{allowed} of {present} CPUs, but this container may use only {quota:g} CPUs' worth of time",
            "give it more time (docker run --cpus), or start fewer workers: they are paused when the time is used up",
        )
    elif allowed < 2:
        yield Finding(
            WARN,
            f"{allowed} of {present} CPUs may be used: actors take turns, nothing runs in parallel",
            "allow more of them (taskset, docker run --cpuset-cpus)" if present > 1 else "use a machine with more CPUs",
        )
    elif allowed < present:
        yield Finding(OK, f"{allowed} of {present} CPUs may be used (taskset or the container says so)")
    else:
        yield Finding(OK, f"{present} CPUs, all of them may be used")


def _cpu_quota() -> float | None:
    """CPUs' worth of time that the control group grants, or None."""
    try:
        with open("/sys/fs/cgroup/cpu.max", encoding="ascii") as file:
            quota, period = file.read().split()
        return None if quota == "max" else int(quota) / int(period)
    except OSError, ValueError, ZeroDivisionError:
        return None


def _resident() -> int | None:
    """Bytes of memory of this process, or None where that cannot be told."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError, ValueError, IndexError:
        return None


# ---- what slows things down -----------------------------------------------------------------------------------------


def watchers() -> Iterator[Finding]:
    """Look for what watches every line that runs."""
    found = list(_watchers(os.environ))
    if not found:
        yield Finding(OK, "no tracing, profiling or coverage")
    for what, advice in found:
        yield Finding(WARN, what, advice)


def _watchers(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    only_main = "it sees the main interpreter only, not the actors"
    if environment.get("COVERAGE_PROCESS_START") or environment.get("COVERAGE_PROCESS_CONFIG"):
        yield f"coverage is set up for child processes: {only_main}", "unset it where speed matters"
    elif "coverage" in sys.modules:
        yield f"coverage is loaded: {only_main}", "run without it where speed matters"
    if sys.gettrace() is not None:
        yield f"a trace function is set (a debugger, or coverage): {only_main}", "run without it where speed matters"
    if sys.getprofile() is not None:
        yield f"a profile function is set: {only_main}", "run without it where speed matters"
    for tool in range(6):
        user = sys.monitoring.get_tool(tool)
        if user is not None:
            yield f"{user} monitors what runs: {only_main}", "run without it where speed matters"
    if sys.flags.dev_mode:
        yield "Python's development mode is on: allocating memory is slow", "run without -X dev and PYTHONDEVMODE"
    elif environment.get("PYTHONMALLOC", "").endswith("debug"):
        yield "PYTHONMALLOC asks for checks at each allocation", "unset it where speed matters"


def memory_tracing() -> Iterator[Finding]:
    """Check that tracemalloc, which CPython cannot do together with interpreters, does not run."""
    if _traces_memory():
        yield Finding(
            FAIL,
            "tracemalloc is on: CPython hangs or crashes when it makes an interpreter then (python/cpython#134604)",
            "run without -X tracemalloc, PYTHONTRACEMALLOC and tracemalloc.start()",
        )


def _traces_memory() -> bool:
    try:
        from _tracemalloc import is_tracing
    except ImportError:  # a build without it
        return False
    return is_tracing()


# ---- csp itself -----------------------------------------------------------------------------------------------------


def native_core() -> Iterator[Finding]:
    """Check that the extension loads and an actor answers, how fast it does, and what it weighs."""
    try:
        import csp._native
    except ImportError as error:
        yield Finding(FAIL, f"the native core does not load: {error}", _reinstall())
        return
    spec: ModuleSpec | None = csp._native.__spec__
    yield Finding(OK, f"the native core loads ({spec.origin if spec is not None else 'built in'})")
    if _traces_memory():
        return
    try:
        yield from _talk()
    except (Exception, csp.Stopped) as error:  # noqa: BLE001  (whatever it is, it is what was found)
        yield Finding(
            FAIL,
            f"an actor cannot be started, or does not answer: {type(error).__name__}: {error}",
            f"{_reinstall()}\nif that does not help, please report it, with all that csp doctor prints",
        )


def _reinstall() -> str:
    above = os.path.dirname(os.path.dirname(os.path.abspath(csp.__file__)))
    if os.path.exists(os.path.join(above, "pyproject.toml")):
        return f"in {above}: make setup, and then .venv/bin/python\n{_ELSEWHERE}"
    return "python -m pip install --force-reinstall CHECKOUT, with the path of a checkout of csp"


def _talk() -> Iterator[Finding]:
    from csp.cli.echo import Echo

    with csp.System(warm=0) as system:
        begin = perf_counter()
        actor = system.spawn(Echo)
        started = perf_counter() - begin
        times: list[float] = []
        for number in range(_CALLS):
            begin = perf_counter()
            answer = actor.echo(number)
            times.append(perf_counter() - begin)
            if answer != number:
                raise AssertionError(f"it said {answer!r} when told {number!r}")
        times.sort()
        yield Finding(
            OK,
            f"an actor in another interpreter answers: {times[_CALLS // 2] * 1e6:,.1f} us for a round trip "
            f"(median of {_CALLS:,}), the first one was up after {started * 1e3:,.0f} ms",
        )
        before = _resident()
        for _ in range(_ACTORS):
            system.spawn(Echo)
        after = _resident()
    if before is not None and after is not None:
        each = max(after - before, 0) / _ACTORS / 2**20
        yield Finding(OK, f"each actor takes {each:.1f} MiB of memory")


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    python,
    name,
    byte_code,
    cpus,
    watchers,
    memory_tracing,
    native_core,
)
