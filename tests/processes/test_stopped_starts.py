"""Processes that are told to stop before they have begun, and many that end at once."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from csp._native import cancel_interpreter, fence_interpreter, kill_interpreter, unbounded_channel
from csp.hosts import crew, naming
from csp.hosts.interpreter import exit_of, start
from observed import slowness

# Every interpreter but main waits, while it is made, until there is a file: those that are being made are held.
HOLD = """
import _interpreters, os, time
if _interpreters.get_current()[0] != 0:
    while not os.path.exists(os.environ["GATE"]):
        time.sleep(0.001)
"""

PROGRAM = """
import os, sys, threading, time
import csp
from csp._native import interpreters

MADE = max(16, 2 * os.cpu_count())  # at once; see turn.c
MORE = 50

def wait(rx): rx.recv()

def watch(left):
    while len(interpreters()) > MADE:
        time.sleep(0.001)
    left.append(len(interpreters()))
    open(os.environ["GATE"], "w").close()

if __name__ == "__main__":
    left = []
    _, rx = csp.channel()
    try:
        with csp.parallel() as par:
            processes = par.start_many(MADE + MORE, wait, rx)
            watcher = threading.Thread(target=watch, args=(left,))
            watcher.start()
            raise KeyError
    except KeyError as error:
        print(getattr(error, "__notes__", None))
    watcher.join()
    print(left[0] - MADE, {process._task.ending for process in processes})
"""


def test_a_process_that_has_not_begun_does_not_begin_when_its_block_is_stopped(tmp_path):
    """Of many processes a few are being made when the block is left: the others end at once and are never made, and
    when those few are made they end as well. Nothing had to be killed.
    """
    (tmp_path / "usercustomize.py").write_text(HOLD)
    (tmp_path / "sitecustomize.py").write_text(HOLD)
    (tmp_path / "program.py").write_text(PROGRAM)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [sys.executable, "program.py"],
        cwd=tmp_path,
        env=kept | {"PYTHONPATH": str(tmp_path), "GATE": str(tmp_path / "gate")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "None\n0 {'stopped'}\n"), done.stdout + done.stderr


@pytest.mark.parametrize("end", [cancel_interpreter, kill_interpreter, fence_interpreter])
def test_each_way_to_end_one_comes_before_its_turn(end):
    """Cancelled, killed or cut off at any instant of its start, an interpreter ends and tells so."""
    exits, ended = unbounded_channel()
    with exits, ended:
        controls = []
        for tag in range(1, 41):
            started = start("short", exits, tag)
            controls.append(started.control)
            end(started.id)
        tags = {exit_of(ended.recv(timeout=20.0))[0] for _ in controls}
        for control in controls:
            control.close()
    assert tags == set(range(1, 41))


def test_what_is_killed_and_queues_for_a_cpu_is_not_said_to_be_stuck(monkeypatch):
    """The time that a kill is given does not pass while those that are to end keep the CPUs busy."""
    now, ran = [100.0], [0.0]

    monkeypatch.setattr(crew, "now", lambda: now[0])
    monkeypatch.setattr("csp.hosts.patience.now", lambda: now[0])
    monkeypatch.setattr("csp.hosts.patience.interpreter_thread", lambda number: number)
    monkeypatch.setattr("csp.hosts.patience.thread_is_runnable", lambda _: False)
    monkeypatch.setattr("csp.hosts.patience.thread_times", lambda _: (0.0, ran[0]))
    for busy, late in ((1.0, False), (0.0, True)):
        one = crew.Crew()
        one.alive[-1] = (12345, "one")
        left = one._while_they_queue(2.0)
        for _ in range(100):
            seconds = left() or 0.1
            now[0] += seconds
            ran[0] += seconds * busy
        assert (left() == 0.0) is late
        one.close()


def test_of_many_it_is_told_how_many_they_are(capsys):
    """Of a crowd that is waited for the number is named, and looking at it does not take long."""
    began = time.monotonic()
    naming.tell("the block stops", [("one", 1_000_000 + n) for n in range(5000)], set())
    assert time.monotonic() - began < 1.0 * slowness()
    assert capsys.readouterr().err == "csp: the block stops; waiting for 5000, one (1000000) and others\n"


ASLEEP = """
import os, time
import csp
from csp._native import interpreter_thread

def sleeps(number):  # in clock_nanosleep, on x86-64 or aarch64, until an instant: the pauses of csp's own are spans
    with open(f"/proc/self/task/{number or os.getpid()}/syscall") as file:
        call, _, flags, *_ = [*file.read().split(), "", ""]
        return call in {"230", "115"} and flags == "0x1"

if __name__ == "__main__":
    with csp.parallel() as par:
        process = par.start(time.sleep, 600)
        while not sleeps(interpreter_thread(process._task.id)):
            time.sleep(0.001)
        print("asleep", flush=True)
"""


def test_one_inside_a_function_of_c_is_named_at_once_and_a_second_ctrl_c_ends_it(program, wait_until):
    """A process without a line of Python of its own, asleep in C, is named while its block waits for it, before its
    grace is over; a second Ctrl-C kills it, and the note tells for how long it was really waited for.
    """
    process = program.start(program.write(ASLEEP))
    assert process.stdout.readline() == "asleep\n"
    # In its futex: what comes a moment before, Python raises as the end of the block is entered, which then never runs.
    main = Path(f"/proc/{process.pid}/syscall")
    wait_until(lambda: main.read_text().split()[0] in {"202", "98"}, "main waits at the end of its block")
    process.send_signal(signal.SIGINT)
    assert process.stderr.readline() == "csp: what was started here stops; waiting for sleep (2)\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == -signal.SIGINT
    assert "had to be killed" in err
    assert "within 5 s" not in err
    assert "cannot be stopped" not in err


def test_a_note_names_some_of_many():
    """A note about hundreds of processes names ten."""
    one = crew.Crew()
    one.alive = {-n: (n, f"p{n}") for n in range(1, 301)}
    names = one._names()
    one.close()
    assert names.startswith("p1 (1), p2 (2), ")
    assert names.endswith("p10 (10) and 290 more")
