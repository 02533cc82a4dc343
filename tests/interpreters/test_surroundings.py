"""What comes out of an interpreter: what its code starts begins like in any program, and its crashes are seen."""

import os
import signal
from pathlib import Path

import pytest
import surroundings

import csp

CRASHES = ("SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGABRT")


@pytest.mark.parametrize("starter", list(surroundings.STARTERS))
def test_signals_of_what_it_starts(in_interpreter, starter):
    """What an interpreter starts has no other signals blocked than what main starts."""
    ending, seen = in_interpreter("surroundings", "started_by", starter)
    assert ending == "ended"
    assert seen[0] == surroundings.started_by(None, starter)[0]


def test_what_the_starter_blocks_is_blocked(in_interpreter):
    """A signal that a program keeps back for sigwait is kept back in the interpreters that it starts afterwards."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
    try:
        here = surroundings.started_by(None, "thread")
        assert in_interpreter("surroundings", "started_by", "thread") == ("ended", here)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    assert int(here[0], 16) & 1 << (signal.SIGUSR2 - 1)


def test_a_program_that_an_actor_started_can_be_terminated(program, wait_until):
    """Ctrl-C ends an actor's subprocess with everything else in the terminal, although nobody else ends it."""
    program.write(
        "import subprocess, time, csp\n"
        "class Starts(csp.Actor):\n"
        "    def __init__(self):\n"
        "        self.child = subprocess.Popen(['sleep', '97'])\n"
        "    @csp.handler\n"
        "    def pid(self):\n"
        "        return self.child.pid\n"
        "if __name__ == '__main__':\n"
        "    with csp.System(warm=0) as system:\n"
        "        print(system.spawn(Starts).pid(), flush=True)\n"
        "        time.sleep(60)\n"
    )
    process = program.start("program.py", start_new_session=True)
    child = int(process.stdout.readline())
    wait_until(lambda: Path(f"/proc/{child}/comm").read_text() == "sleep\n", "the child sleeps")
    os.killpg(process.pid, signal.SIGINT)
    process.wait(20)

    def over():
        try:
            with open(f"/proc/{child}/stat") as file:
                return file.read().rsplit(")", 1)[1].split()[0] == "Z"  # whoever inherits it has not come to it yet
        except OSError:
            return True

    wait_until(over, "the child has ended")


def test_no_signal_for_main_is_kept_by_another_thread(program, wait_until):
    """Two signals at once: should the second go to an actor's thread, main is interrupted in its sleep as well."""
    program.write(
        "import signal, time, csp\n"
        "class Idle(csp.Actor):\n"
        "    pass\n"
        "if __name__ == '__main__':\n"
        "    signal.signal(signal.SIGUSR1, lambda *_: None)\n"
        "    with csp.System(warm=0) as system:\n"
        "        actors = [system.spawn(Idle) for _ in range(4)]\n"
        "        for _ in range(60):\n"
        "            try:\n"
        "                print('ready', flush=True)\n"
        "                time.sleep(30)\n"
        "                print('missed', flush=True)\n"
        "            except KeyboardInterrupt:\n"
        "                print('heard', flush=True)\n"
    )
    process = program.start("program.py")

    def sleeps():
        return Path(f"/proc/{process.pid}/task/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "S"

    for _ in range(60):
        assert process.stdout.readline() == "ready\n"
        wait_until(sleeps, "main sleeps")
        os.kill(process.pid, signal.SIGUSR1)
        os.kill(process.pid, signal.SIGINT)
        assert process.stdout.readline() == "heard\n"
    assert process.wait(20) == 0


def masks_of_all_threads():
    masks = {}
    for thread in os.listdir("/proc/self/task"):
        try:
            with open(f"/proc/self/task/{thread}/status") as file:
                lines = dict(line.split(":\t", 1) for line in file.read().splitlines() if ":\t" in line)
        except OSError:
            continue  # it has just ended
        masks[f"{thread} {lines['Name']}"] = int(lines["SigBlk"], 16)
    return masks


def test_no_thread_of_ours_blocks_a_crash(system, wait_until):
    """No thread of the process blocks a signal that a crash of its own code raises."""
    crashes = sum(1 << (getattr(signal, name) - 1) for name in CRASHES)
    wait_until(lambda: any(name.endswith("csp kernel") for name in masks_of_all_threads()), "the kernel's thread")
    system.spawn(surroundings.Named).thread_name()

    def crashes_are_blocked():
        return {name: hex(mask) for name, mask in masks_of_all_threads().items() if mask & crashes}

    # The C library blocks everything while a thread is being made: that passes.
    wait_until(lambda: not crashes_are_blocked(), "no thread blocks a crash")


@pytest.mark.parametrize("name", CRASHES)
def test_a_crash_is_seen(program, name):
    """Under faulthandler a crash in an actor's C code prints the line that made it, as it does in main."""
    program.write(
        "import signal, csp\n"
        "class Crashes(csp.Actor):\n"
        "    @csp.handler\n"
        "    def crash(self):\n"
        f"        signal.raise_signal(signal.{name})  # here\n"
        "if __name__ == '__main__':\n"
        "    with csp.System(warm=0) as system:\n"
        "        system.spawn(Crashes).crash()\n"
    )
    status, _, err = program.run("-X", "faulthandler", "program.py")
    assert status == -getattr(signal, name)
    assert "Fatal Python error" in err
    assert 'program.py", line 5 in crash' in err


def names_of_threads():
    names = []
    for thread in os.listdir("/proc/self/task"):
        try:
            with open(f"/proc/self/task/{thread}/comm") as file:
                names.append(file.read().rstrip("\n"))
        except OSError:
            pass
    return names


def test_threads_have_their_actors_names(system, wait_until):
    """A thread is called as its actor is, the kernel's and those of the pool as they are; of long names the end is
    kept.
    """
    wait_until(lambda: any(name.startswith("csp warm") for name in names_of_threads()), "a warm interpreter")
    wait_until(lambda: "csp kernel" in names_of_threads(), "the kernel's thread")
    cases = {"till": "till", "bank/branches/north/till-17": "s/north/till-17", "größenwahn-größe": "enwahn-größe"}
    for name, shown in cases.items():
        ref = system.spawn(csp.child(surroundings.Named).options(name=name))
        assert ref.thread_name() == shown
        assert shown in names_of_threads()
