"""Ctrl-C: whoever has to be waited for is named, and a second one ends the program at once."""

import re
import signal
import time

import pytest

from observed import slowness

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
