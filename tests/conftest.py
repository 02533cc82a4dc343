"""What the tests of the Python layers share: leak checks, a system, waiting for an observed state, programs of their
own.

The leak checks run around every test of the folders named in ``CHECKED``: what a test starts in this process, it ends.
"""

import gc
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import _pytest.runner
import hypothesis
import hypothesis.strategies
import pytest

from observed import alive

HERE = Path(__file__).parent
CHECKED = ("actors", "channels", "ffi", "interpreters", "messages", "sync", "system")
LIMIT = 60  # seconds for one test of these folders, unless it is marked with its own

_FAILED = pytest.StashKey[bool]()

# pytest would tell the name of the test in an environment variable, before and after each; but a new interpreter, of a
# pool for example, may be reading the environment just then, and neither CPython nor the C library keeps the two apart.
_pytest.runner._update_current_test_var = lambda item, when: None

# Actors are found by import: the folders of the tests that define some must be on sys.path, here and in every
# interpreter.
for folder in CHECKED:
    sys.path.append(str(HERE / folder))


def pytest_configure(config):
    # Whoever starts us in the background may have SIGINT ignored; then so would be every Ctrl-C that the tests send.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", "leaves(*kinds): the test leaves these behind on purpose")


def pytest_collection_finish(session):
    """Thousands of tests stay to the end: the collector, which tests call again and again, looks at them no more.

    Nor does it show them: at its first test hypothesis asks it who holds its random numbers, so one is run before.
    """
    hypothesis.given(hypothesis.strategies.none())(lambda _: None)()
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items):
    for item in items:
        if _folder(item) in CHECKED and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(LIMIT))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A test that ran out of time says who waited for what."""
    report = yield
    if report.failed:
        item.stash[_FAILED] = True
    if call.excinfo is not None and "Timeout" in str(call.excinfo.value) and _folder(item) in CHECKED:
        from csp._native import interpreters, totals, wait_graph

        report.sections.append(
            ("who waited", "\n".join(map(str, [*interpreters(), *wait_graph(), sorted(totals().items())])))
        )
    return report


def _folder(item):
    path = Path(item.path)
    return path.relative_to(HERE).parts[0] if path.is_relative_to(HERE) else ""


# ---- what is printed -------------------------------------------------------------------------------------------------


class Shown:
    """What this interpreter prints from ``begin`` on. (pytest's capfd empties its file at each look, and loses what
    another thread prints in that instant.)
    """

    def __init__(self, monkeypatch):
        self._monkeypatch = monkeypatch
        self._streams = {name: io.StringIO() for name in ("stdout", "stderr")}

    def begin(self):
        """For the test itself to call: between the setup and the call pytest puts its own streams in place again."""
        for name, stream in self._streams.items():
            self._monkeypatch.setattr(sys, name, stream)

    def out(self):
        return self._streams["stdout"].getvalue()

    def err(self):
        return self._streams["stderr"].getvalue()


@pytest.fixture
def shown(monkeypatch):
    """Standard output and standard error, to be looked at while other threads write."""
    return Shown(monkeypatch)


# ---- waiting ---------------------------------------------------------------------------------------------------------


def wait_until(condition, what, *, seconds=10.0):
    """Wait until ``condition()`` is true, and give what it gave; fail with *what* and its last value after *seconds*.

    For states that can only be looked at. What can be waited for is waited for with a channel.
    """
    deadline = time.monotonic() + seconds
    while True:
        seen = condition()
        if seen:
            return seen
        if time.monotonic() > deadline:
            pytest.fail(f"after {seconds} s still not: {what} (last seen: {seen!r})")
        time.sleep(0.001)


@pytest.fixture(name="wait_until")
def _wait_until():
    return wait_until


# ---- leaks -----------------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def no_leaks(request):
    """Fail a test that leaves more behind than it found. ``@pytest.mark.leaves("abandoned interpreters")`` excuses a
    kind.
    """
    if _folder(request.node) not in CHECKED:
        yield
        return
    from csp.actors import futures

    futures._receiver()  # its thread stays for the life of the process
    before = alive()
    yield
    if request.node.stash.get(_FAILED, False):
        return  # its traceback still holds what it used
    request.node.funcargs.clear()  # what the fixtures gave, still held for the test
    excused = {kind for marker in request.node.iter_markers("leaves") for kind in marker.args}

    def left():
        now = alive()
        return {kind: now[kind] - before[kind] for kind in now if now[kind] > before[kind] and kind not in excused}

    deadline = time.monotonic() + 5.0
    while left() and time.monotonic() < deadline:
        gc.collect()
        time.sleep(0.005)
    assert not left(), f"{request.node.nodeid} left behind: {left()}"


# ---- systems and programs --------------------------------------------------------------------------------------------


@pytest.fixture
def system():
    """A system with one warm interpreter, closed after the test, whatever became of it."""
    import csp

    made = csp.System(warm=1)
    yield made
    made.close(timeout=20.0)


@pytest.fixture
def cold_system():
    """A system that keeps no interpreters ready: only the kernel's own and those of its actors live."""
    import csp

    made = csp.System(warm=0)
    yield made
    made.close(timeout=20.0)


class Program:
    """A Python program of its own, in a process of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.started = []

    def write(self, text, name="program.py"):
        """Put a file into the program's folder; gives its path."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def start(self, *command, **more):
        """Start ``python *command`` in the program's folder; its output can be read while it runs."""
        process = subprocess.Popen(
            [sys.executable, *map(str, command)],
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | {"PYTHONUNBUFFERED": "1"},
            **more,
        )
        self.started.append(process)
        return process

    def run(self, *command, given="", timeout=30.0):
        """Run ``python *command`` to its end; gives (exit status, standard output, standard error)."""
        process = self.start(*command)
        try:
            out, err = process.communicate(given, timeout=timeout)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT)
            out, err = process.communicate()
            pytest.fail(f"{command} did not end within {timeout} s\n{out}\n{err}")
        return process.returncode, out, err

    def script(self, text, *arguments, timeout=30.0):
        """Write a script and run it."""
        return self.run(self.write(text), *arguments, timeout=timeout)


@pytest.fixture
def program(tmp_path):
    """A place to write programs, and the way to run them; what still runs after the test is killed."""
    made = Program(tmp_path)
    yield made
    for process in made.started:
        if process.poll() is None:
            process.kill()
        process.communicate()
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()


@pytest.fixture
def in_interpreter():
    """Run ``module.function(control, *arguments)`` in a fresh interpreter; gives (ending, detail)."""
    from csp._native import unbounded_channel
    from csp.hosts.interpreter import order, start

    def run(module, function, *arguments, preload=(), timeout=20.0):
        exits, ended = unbounded_channel()
        with exits, ended:
            started = start(f"{module}.{function}", exits, 1, preload=preload)
            with started.control:
                order(started, module, function, arguments)
                _, ending, detail = ended.recv(timeout=timeout)
        return ending, detail

    return run
