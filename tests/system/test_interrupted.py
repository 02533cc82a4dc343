"""Ctrl-C: whoever has to be waited for is named, a second one ends the program at once, and it ends every example."""

import os
import re
import signal
import time
from pathlib import Path

import pytest

from observed import slowness

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").rglob("*.py"))
NAMED = r"csp: .*waiting for {} \(\d+\), File \".*\", line \d+, in {}: {}"

SLEEPS = """
import signal, sys, time
import csp

class Job(csp.Actor):
    @csp.handler
    def go(self, reachable):
        if not reachable:
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        print("here", flush=True)
        time.sleep(3000)

"""

IN_A_SYSTEM = """
if __name__ == "__main__":
    with csp.System(warm=0) as system:
        system.spawn(Job).go.options(timeout=None)(True)
"""

LEFT_OPEN = """
if __name__ == "__main__":
    system = csp.System(warm=0)
    system.spawn(Job).go.cast(False)
    sys.stdin.readline()
"""

IN_A_BLOCK = """
def work():
    print("here", flush=True)
    time.sleep(3000)

if __name__ == "__main__":
    with csp.parallel() as block:
        block.start(work)
"""


def read_until(stream, pattern):
    """The lines of a stream up to one that matches. (The test's own limit ends a wait that is in vain.)"""
    lines = []
    for line in stream:
        lines.append(line)
        if re.search(pattern, line):
            return lines
    raise AssertionError(f"nothing matched {pattern} in {lines}")


@pytest.mark.parametrize(
    ("text", "name", "function"),
    [(SLEEPS + IN_A_SYSTEM, "job", "Job.go"), (SLEEPS + IN_A_BLOCK, "work", "work")],
    ids=["system", "block"],
)
def test_who_is_waited_for_is_named_and_a_second_ctrl_c_ends_the_program(program, text, name, function):
    """After Ctrl-C an actor or process that sleeps is named at once, with its line; the second ends the program."""
    running = program.start(program.write(text))
    read_until(running.stdout, "here")
    begun = time.monotonic()
    running.send_signal(signal.SIGINT)
    read_until(running.stderr, NAMED.format(name, function, r"time\.sleep\(3000\)"))
    assert time.monotonic() - begun < 1.0 * slowness()
    begun = time.monotonic()
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=20)
    assert time.monotonic() - begun < 1.0 * slowness()
    assert running.returncode == -signal.SIGINT
    assert "KeyboardInterrupt" in err
    assert "remaining subinterpreters" not in err


def test_the_end_of_the_program_names_what_it_waits_for(program):
    """A program that ends while an actor sleeps where nobody gets it says so while it waits, and ends without it."""
    running = program.start(program.write(SLEEPS + LEFT_OPEN))
    read_until(running.stdout, "here")
    _, err = running.communicate("\n", timeout=30)
    assert re.search(NAMED.format("job", "Job.go", r"time\.sleep\(3000\)"), err), err
    assert err.index("waiting for job") < err.index("cannot be stopped")
    assert running.returncode == 70


def test_a_signal_gets_a_system_out_of_its_clean_up(program):
    """Where nobody stopped the system, an actor that sleeps in C is killed at the end of the program: status 0."""
    running = program.start(program.write(SLEEPS + LEFT_OPEN.replace("False", "True")))
    read_until(running.stdout, "here")
    _, err = running.communicate("\n", timeout=30)
    assert running.returncode == 0, err


def test_a_line_is_named_once(program):
    """An actor that takes its time is named once for each line that it is at, not again and again."""
    running = program.start(program.write(SLEEPS + IN_A_SYSTEM))
    read_until(running.stdout, "here")
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=30)
    named = [line for line in err.splitlines() if "waiting for job" in line]
    assert named
    assert len(named) == len(set(named))
    assert running.returncode == -signal.SIGINT


def has_threads(process):
    return process.poll() is not None or len(os.listdir(f"/proc/{process.pid}/task")) > 2


@pytest.mark.parametrize("first", range(4))
def test_examples_end(program, wait_until, first):
    """Ctrl-C ends every example within a second, or what it waits for is named."""
    examples = [path for path in EXAMPLES[first::4] if path.name != "build_producer.py"]
    running = [program.start(path) for path in examples]
    for path, process in zip(examples, running, strict=True):
        wait_until(lambda process=process: has_threads(process), f"{path.name} runs", seconds=30.0)
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        begun = time.monotonic()
        _, err = process.communicate(timeout=30)
        assert time.monotonic() - begun < 1.0 * slowness() or "waiting for" in err, (path.name, err)
        assert "Fatal Python error" not in err
        assert process.returncode in {0, 1, 130, -signal.SIGINT}, (path.name, process.returncode, err)
