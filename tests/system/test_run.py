"""csp.run: a supervision tree as a program, from its start to its exit status."""

import signal
import time

import pytest

from observed import slowness

TREE = """
import sys, time, os, signal
import csp

class Worker(csp.Actor):
    def __init__(self, name, plan=""):
        self.worker = name
        self.plan = plan
        if plan == "never starts":
            raise ValueError("it never starts")
        if plan == "hangs":
            print("hanging", flush=True)
            tx, rx = csp.channel()
            rx.recv()
        print("up", name, flush=True)
        if plan == "crashes":
            self.me.boom.options(timeout=None).cast()
    mailbox = csp.Buffered(5)
    def on_stop(self, reason):
        if self.plan == "stops slowly":
            print("stopping slowly", flush=True)
            time.sleep(30)
        print("stopped", self.worker, flush=True)
    @csp.handler
    def boom(self):
        raise ValueError("boom")
    @csp.handler
    def end(self):
        self.stop()

class Program(csp.Supervisor):
    intensity = csp.Intensity(restarts=2, seconds=60)
    PLANS
    def children(self):
        for n, plan in enumerate(self.plans):
            yield csp.child(Worker, f"worker {n}", plan).options(name=f"w{n}", shutdown=60.0)

if __name__ == "__main__":
    csp.run(Program)
    print("never reached")
"""


@pytest.fixture
def start(program):
    """Start a program with one worker per plan; gives the process."""

    def start(*plans):
        return program.start(program.write(TREE.replace("PLANS", f"plans = {plans!r}")))

    return start


def lines(process, count):
    return [process.stdout.readline().strip() for _ in range(count)]


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_in_order(start, signum):
    """SIGTERM and SIGINT stop the tree youngest first, and the program ends with status 0."""
    process = start("", "", "")
    assert lines(process, 3) == ["up worker 0", "up worker 1", "up worker 2"]
    begun = time.monotonic()
    process.send_signal(signum)
    out, err = process.communicate(timeout=20)
    assert out.split("\n")[:3] == ["stopped worker 2", "stopped worker 1", "stopped worker 0"]
    assert "never reached" not in out
    assert process.returncode == 0, err
    assert signum.name in err
    assert "Traceback" not in err
    assert time.monotonic() - begun < 5 * slowness()


def test_escalation_ends_the_program(start):
    """A tree that gives up ends the program with status 1, having stopped the rest, and says over whom and why."""
    process = start("", "crashes")
    out, err = process.communicate(timeout=30)
    assert process.returncode == 1, err
    assert "stopped worker 0" in out
    assert out.count("up worker 1") == 3
    assert "gave up over child 'w1': too many restarts <- failed: ValueError: boom" in err
    assert "ValueError: boom" in err


def test_failing_start_ends_the_program(start):
    """A tree that cannot start ends the program with status 1 and the reason, with nothing left running."""
    process = start("", "never starts")
    out, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert out == "up worker 0\nstopped worker 0\n"
    assert "could not start" in err
    assert "ValueError: it never starts" in err


def test_second_signal_ends_at_once(start):
    """A second signal while the tree stops slowly ends the process at once, with 128 and its number."""
    process = start("stops slowly")
    assert lines(process, 1) == ["up worker 0"]
    process.send_signal(signal.SIGTERM)
    assert lines(process, 1) == ["stopping slowly"]
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)
    assert process.returncode == 128 + signal.SIGTERM
    assert time.monotonic() - begun < 3 * slowness()


def test_signal_while_starting(program):
    """A signal while a child hangs in its __init__ stops the start in order, with status 0."""
    process = program.start(
        program.write(TREE.replace("PLANS", "plans = ('', 'hangs')").replace("shutdown=60.0", "shutdown=0.2"))
    )
    assert lines(process, 2) == ["up worker 0", "hanging"]
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    assert "stopped worker 0" in out


def test_the_tree_ends_by_itself(program):
    """When the tree ends by itself, by auto-shutdown, the program ends with status 0."""
    text = TREE.replace("PLANS", 'plans = ()\n    auto_shutdown = "any_significant"').replace(
        "        for n, plan in enumerate(self.plans):",
        "        yield csp.child(Ending).options(restart='transient', significant=True)\n"
        "        for n, plan in enumerate(self.plans):",
    )
    text = text.replace(
        "class Program",
        "class Ending(csp.Actor):\n    def run(self):\n        print('done', flush=True)\n\nclass Program",
    )
    status, out, err = program.script(text)
    assert (status, out) == (0, "done\n"), err


def test_wrong_supervisors(program):
    """run of a supervisor that needs arguments, or of something else, is an error and status 1."""
    for argument in ("int", "5", "csp.Actor"):
        status, out, err = program.script(f"import csp\nif __name__ == '__main__':\n    csp.run({argument})\n")
        assert status == 1
        assert out == ""
        assert "supervisor" in err.lower()


def test_handlers_are_put_back(program):
    """After run, which ends by SystemExit, the program's own signal handlers are back."""
    text = TREE.replace("PLANS", "plans = ('never starts',)").replace(
        "    csp.run(Program)\n",
        "    mine = lambda n, f: None\n"
        "    signal.signal(signal.SIGTERM, mine)\n"
        "    try: csp.run(Program)\n"
        "    except SystemExit as error: print('status', error.code)\n"
        "    assert signal.getsignal(signal.SIGTERM) is mine\n"
        "    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler\n",
    )
    status, out, err = program.script(text)
    assert (status, out) == (0, "status 1\nnever reached\n"), err


def test_run_outside_of_the_main_thread(program):
    """Where no signal arrives csp.run says so, and what to use instead."""
    status, out, err = program.script(
        "import csp, threading\n"
        "def go():\n"
        "    try: csp.run(csp.Supervisor)\n"
        "    except csp.StartFailed as error: print(error)\n"
        "if __name__ == '__main__':\n"
        "    thread = threading.Thread(target=go)\n"
        "    thread.start()\n"
        "    thread.join()\n"
    )
    assert status == 0, err
    assert "main thread alone" in out
    assert "supervise(...)" in out
