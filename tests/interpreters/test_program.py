"""The process around the interpreters: fork is refused while they live, the end is clean and quick, Ctrl-C arrives.

Everything here happens in programs of their own.
"""

import signal
import time

import pytest
from programs import BEGIN, HELPER

from observed import slowness

# ---- fork ------------------------------------------------------------------------------------------------------------

FORKS = {
    "os.fork": "pid = os.fork()\nif pid == 0: os._exit(0)\nos.waitpid(pid, 0)",
    "os.forkpty": "pid, fd = os.forkpty()\nif pid == 0: os._exit(0)\nos.close(fd); os.waitpid(pid, 0)",
    "preexec_fn": "subprocess.run(['true'], preexec_fn=os.setsid, check=True)",
    "multiprocessing": (
        "import multiprocessing\nm = multiprocessing.get_context('fork')\n"
        "p = m.Process(target=print, args=('from the fork',)); p.start(); p.join(); assert p.exitcode == 0"
    ),
}


@pytest.mark.parametrize("how", FORKS)
def test_fork_is_refused_while_interpreters_live(run, how):
    """fork, forkpty, preexec_fn and multiprocessing's fork work before and after, and are ForkRefused in between."""
    code = "\n".join("    " + line for line in FORKS[how].splitlines())
    status, out, err = run(
        "import warnings; warnings.simplefilter('ignore')\n"
        f"def fork():\n{code}\n"
        "fork()\n"
        "started, ended = begin('idle', wait=False)\n"
        "try: fork()\n"
        "except csp.ForkRefused as error: print('refused', error)\n"
        "started.control.send(None); ended.recv(timeout=10)\n"
        "fork()\nprint('done')\n"
    )
    assert status == 0, err
    assert "refused" in out
    assert "CPython gh-139759" in out
    assert "forkserver" in out or "start_new_session" in out
    assert out.rstrip().endswith("done")


def test_fork_is_refused_beside_abandoned_interpreters(run):
    """An interpreter that was given up with threads in it is still there: fork stays refused, and the program
    can end.
    """
    status, out, err = run(
        "started, ended = begin('leave_thread')\nended.recv(timeout=10)\n"
        "assert interpreter_counts()[0] == 0 and interpreter_counts()[3] == 1\n"
        "try: os.fork()\nexcept csp.ForkRefused: print('refused')\n"
    )
    assert out == "refused\n"
    assert status == 70
    assert "cannot be stopped" in err


def test_subprocess_works(run):
    """A plain subprocess, multiprocessing spawn and forkserver work while interpreters live."""
    status, out, err = run(
        "import multiprocessing\n"
        "if __name__ == '__main__':\n"
        "  started, ended = begin('idle', wait=False)\n"
        "  done = subprocess.run([sys.executable, '-c', 'print(42)'], capture_output=True, text=True, check=True)\n"
        "  print(done.stdout.strip())\n"
        "  subprocess.run(['true'], start_new_session=True, check=True)\n"
        "  for method in ('spawn', 'forkserver'):\n"
        "    p = multiprocessing.get_context(method).Process(target=time.sleep, args=(0,)); p.start(); p.join()\n"
        "    print(method, p.exitcode)\n"
        "  started.control.send(None); ended.recv(timeout=10)\n"
    )
    assert (status, out) == (0, "42\nspawn 0\nforkserver 0\n"), err


# ---- the end of the program ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "limit"),
    [
        ("begin('idle', wait=False)", 3.0),
        ("for _ in range(20): begin('idle', wait=False)", 5.0),
        ("kept = begin('spin')", 6.0),
        ("kept = csp.System()", 3.0),
        ("kept = csp.System(); ref = kept.spawn(helper.Slow)", 3.0),
        ("kept = csp.System(); ref = kept.spawn(helper.Slow); h, a = csp.channel(); ref.wait.cast(h); a.recv()", 3.0),
        ("a, b = channel(); c, d = channel(); kept = begin('echo', b, c, wait=False); a.send(1); print(d.recv())", 3.0),
    ],
    ids=["unordered", "many", "spinning", "system", "actor", "parked actor", "parked in recv"],
)
def test_program_ends_with_interpreters_running(run, code, limit):
    """A program that ends while its interpreters run ends cleanly and quickly, whatever they do in Python or in
    channels.
    """
    begun = time.monotonic()
    status, out, err = run(f"if __name__ == '__main__':\n  {code}\n  print('the end')\n  sys.exit(3)\n")
    assert status == 3, err
    assert out.endswith("the end\n")
    assert "subinterpreters" not in err
    assert time.monotonic() - begun < limit * slowness() + 2


def test_program_ends_by_an_exception(run):
    """An uncaught exception in main, with a system open, is shown and gives status 1."""
    status, _, err = run("if __name__ == '__main__':\n  kept = csp.System()\n  kept.spawn(helper.Slow)\n  1 / 0\n")
    assert status == 1
    assert "ZeroDivisionError" in err
    assert "Stopped" not in err


@pytest.mark.parametrize(
    ("name", "text"),
    [("burn", "burn"), ("nap", "nap"), ("leave_thread", "threads")],
    ids=["GIL held", "asleep", "thread"],
)
def test_program_ends_beside_what_cannot_be_stopped(run, name, text):
    """With an interpreter inside a C call the program ends with status 70, says which one it was, and flushes its
    output.
    """
    begun = time.monotonic()
    status, out, err = run(f"kept, ended = begin('{name}')\nprint('the end')\n", timeout=40)
    assert status == 70, err
    assert out == "the end\n"
    assert "cannot be stopped (they are inside C code)" in err
    assert text in err
    assert time.monotonic() - begun < 12 * slowness()


def test_system_closes_beside_a_stuck_actor(run, program):
    """A system whose actor holds its GIL in C closes: the actor is cut off; the program then ends with status 70."""
    program.write(
        "import csp\nclass Stuck(csp.Actor):\n    @csp.handler\n    def burn(self, here):\n        here.send(1)\n"
        "        sum(range(10 ** 14))\n",
        "stuck.py",
    )
    status, out, err = run(
        "import stuck\n"
        "if __name__ == '__main__':\n"
        "  with csp.System() as system:\n"
        "    ref = system.spawn(csp.child(stuck.Stuck).options(shutdown=0.1))\n"
        "    here, arrived = csp.channel(); ref.burn.cast(here); arrived.recv()\n"
        "  print('closed')\n",
        timeout=40,
    )
    assert (status, out) == (70, "closed\n"), err
    assert "cut off" in err


# ---- signals ---------------------------------------------------------------------------------------------------------

# The time is taken inside: at the signal's sending (by a thread of the same program, which holds the GIL when it does)
# and when KeyboardInterrupt is caught. The promise is 50 ms; asserted are 500 ms, because the machine is shared.
WAITS = {
    "recv": "tx, rx = csp.channel(); rx.recv()",
    "recv with a timeout": "tx, rx = csp.channel(); rx.recv(timeout=30)",
    "send": "tx, rx = csp.channel(); tx.send(1)",
    "select": "tx, rx = csp.channel(); t2, r2 = csp.channel(); csp.select(rx, t2.offer(1))",
    "iteration": "tx, rx = csp.channel(); list(rx)",
    "call": "h, a = csp.channel(); ref.wait.options(timeout=None)(h.clone())",
    "cast": "h, a = csp.channel(1); ref.wait.cast(h); ref.wait.options(timeout=None).cast(h)",
    "spawn": "system.spawn(helper.Never)",
    "recv_many": "tx, rx = csp.channel(); rx.recv_many(3)",
    "extended": "tx, rx = csp.channel(); rx.extended().__enter__()",
    "call on a channel": "tx, rx = csp.channel(); tx.call(1)",
    "future": "h, a = csp.channel(1); ref.wait.future(h).result()",
    "stop": "h, a = csp.channel(); ref.wait.cast(h); a.recv(); system.stop(ref, grace=None)",
    "wait": "system.supervise(helper.Nobody()); system.wait('nobody')",
    "close": "h, a = csp.channel(); ref.wait.cast(h); a.recv(); system.close()",
    "close with a timeout": "h, a = csp.channel(); ref.wait.cast(h); a.recv(); system.close(timeout=30)",
    "leaving the system": "h, a = csp.channel(); ref.wait.cast(h); a.recv(); system.__exit__(None, None, None)",
}


@pytest.mark.parametrize("how", WAITS)
def test_ctrl_c(program, capsys, how):
    """SIGINT raises KeyboardInterrupt out of whatever main waits in, within 50 ms (median of 5; 500 ms asserted)."""
    needs_system = "system." in WAITS[how] or "ref." in WAITS[how]
    program.write(
        HELPER
        + "\nclass Never(csp.Actor):\n    def __init__(self):\n        tx, rx = csp.channel()\n        rx.recv()\n"
        + "\nclass Nobody(csp.Supervisor):\n    def children(self):\n        return ()\n",
        "helper.py",
    )
    status, out, err = program.script(
        BEGIN
        + f"""
def attempt(system):
    ref = system.spawn(csp.child(helper.Slow).options(shutdown=None)) if system else None
    sent = []
    def interrupt():
        time.sleep(0.1)
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)
    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        {WAITS[how]}
    except KeyboardInterrupt:
        print("took", time.monotonic() - sent[0])
    thread.join()
    if ref is not None:
        system.kill(ref)

if __name__ == "__main__":
    for _ in range(5):
        if {needs_system}:
            system = csp.System(warm=0)
            try: attempt(system)
            finally:
                try: system.close(timeout=0.1)
                except csp.CallTimeout: pass
            assert repr(system) == "<csp.System closed>"
            assert interpreter_counts()[0] == 0, "close was called again, and has finished"
        else:
            attempt(None)
""",
        timeout=50,
    )
    assert status == 0, err
    took = sorted(float(line.split()[1]) for line in out.splitlines() if line.startswith("took"))
    assert len(took) == 5, (out, err)
    with capsys.disabled():
        print(f"\nCtrl-C out of {how}: median {took[2] * 1000:.1f} ms, most {took[-1] * 1000:.1f} ms")
    assert took[2] < 0.5


def test_a_with_block_left_by_two_interrupts(program):
    """Ctrl-C in a with block closes the system; another one leaves the closing, which goes on, and close waits for it.

    The actor's clean-up waits for main's word: so it is the second interrupt that ends the wait, and nothing else.
    """
    program.write(
        "import csp\n"
        "class Tidy(csp.Actor):\n"
        "    def __init__(self, told, gate):\n        self.told, self.gate = told, gate\n"
        "    def on_stop(self, reason):\n"
        "        self.told.send(reason)\n        self.gate.recv()\n        self.told.send('tidied up')\n",
        "tidy.py",
    )
    status, out, err = program.script(
        """
import csp, os, signal, threading
import tidy
from csp._native import interpreter_counts

def interrupt():
    os.kill(os.getpid(), signal.SIGINT)
    heard.send(told.recv())
    os.kill(os.getpid(), signal.SIGINT)

if __name__ == "__main__":
    heard, hear = csp.channel(1)
    tell, told = csp.channel(1)
    open_gate, gate = csp.channel(1)
    nobody, never = csp.channel()
    thread = threading.Thread(target=interrupt)
    try:
        with csp.System(warm=0) as system:
            system.spawn(csp.child(tidy.Tidy, tell, gate).options(shutdown=None))
            thread.start()
            never.recv()
    except KeyboardInterrupt:
        print(repr(system), interpreter_counts()[0])
    thread.join()
    print(hear.recv())
    open_gate.send("go on")
    system.close()
    print(told.recv(), repr(system), interpreter_counts()[0])
"""
    )
    assert status == 0, err
    assert out.splitlines() == [
        "<csp.System closing> 2",
        "shutdown",
        "tidied up <csp.System closed> 0",
    ]


def test_a_handler_that_does_not_raise_keeps_the_place(program):
    """A signal handler that returns leaves the wait where it was: first in line before and after."""
    program.write(HELPER, "helper.py")
    status, out, err = program.script(
        BEGIN
        + """
tx, rx = csp.channel()
seen, got = [], []  # two threads must not print at once
signal.signal(signal.SIGUSR1, lambda number, frame: seen.append(rx.statistics().waiting_receivers))

def work():
    while rx.statistics().waiting_receivers < 1: time.sleep(0.001)
    second = threading.Thread(target=lambda: got.append(f"second got {rx.recv()}"))
    second.start()
    while rx.statistics().waiting_receivers < 2: time.sleep(0.001)
    for _ in range(5):
        before = len(seen)
        os.kill(os.getpid(), signal.SIGUSR1)
        while len(seen) == before: time.sleep(0.001)
    tx.send("first value")
    tx.send("second value")
    second.join()

worker = threading.Thread(target=work)
worker.start()
got.append(f"first got {rx.recv()}")
worker.join()
print(seen, *got, sep="\\n")
"""
    )
    assert status == 0, err
    assert sorted(out.splitlines()) == ["[2, 2, 2, 2, 2]", "first got first value", "second got second value"]


def test_a_handler_may_use_the_channel_it_waits_on(program):
    """A signal handler that sends to the very channel that main waits on wakes it up."""
    status, out, err = program.script(
        BEGIN.replace("import helper\n", "")
        + """
tx, rx = csp.channel()
signal.signal(signal.SIGALRM, lambda number, frame: tx.send_nowait("from the handler"))
signal.setitimer(signal.ITIMER_REAL, 0.2)
print(rx.recv())
signal.setitimer(signal.ITIMER_REAL, 0.2)
other, never = csp.channel()
print(csp.select(never, rx)[1])
"""
    )
    assert (status, out) == (0, "from the handler\nfrom the handler\n"), err


@pytest.mark.parametrize("capacity", ["0", "1"])
@pytest.mark.parametrize("how", ["recv", "many", "select", "iterate"])
def test_nothing_is_lost_when_interrupted(program, how, capacity):
    """With signals raining on a receiver in main no value is lost or doubled: one that came in the same instant comes
    next.
    """
    program.write(HELPER, "helper.py")
    status, out, err = program.script(
        BEGIN
        + """
class Now(Exception): pass
def handler(number, frame):
    if ready and len(got) < COUNT - 1000:  # the end is not disturbed: this program has no guard against itself
        ready.clear()  # not again before main is ready for it: never out of an except clause
        hits.append(1)
        raise Now
COUNT = 30000
tx, rx = csp.channel(int(sys.argv[1]))
def feed():
    for n in range(COUNT): tx.send(n)
    tx.close()
def rain():
    while not done:
        os.kill(os.getpid(), signal.SIGUSR1)
        time.sleep(0.0003)
done = []
got, hits, ready = [], [], []
feeder, rainer = threading.Thread(target=feed), threading.Thread(target=rain)
feeder.start()
signal.signal(signal.SIGUSR1, handler)
rainer.start()
while True:
    try:
        ready.append(1)
        while True:
            # In one C call that runs until it is interrupted: no bytecode lies between a receive and its append.
            if sys.argv[2] == "iterate": got.extend(rx); raise csp.EndOfChannel
            if sys.argv[2] == "many": got.extend(rx.recv_many(3))
            elif sys.argv[2] == "recv": got.extend((rx.recv(),))
            else: got.extend((csp.select(rx)[1],))
    except Now:
        pass
    except csp.EndOfChannel:
        break
    except BaseException as error:
        print("unexpected", repr(error)); break
done.append(1)
rainer.join(); feeder.join()
missing = sorted(set(range(COUNT)) - set(got))
print(len(hits) > 3, len(got) == len(set(got)), len(missing), len(hits))
""",
        capacity,
        how,
    )
    assert status == 0, err
    interrupted, no_doubles, missing, hits = out.split()
    assert (interrupted, no_doubles) == ("True", "True"), out
    # Native code asks for signals with the value in hand. What is left is CPython's own look after the call returned.
    assert int(missing) <= (0 if how == "iterate" else 1 + int(hits) // 50)


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_default_signals_end_a_program_with_actors(program, signum):
    """SIGTERM and SIGINT, left at their defaults, end a program that waits for its actors."""
    program.write(HELPER, "helper.py")
    path = program.write(
        BEGIN
        + """
if __name__ == "__main__":
    with csp.System() as system:
        ref = system.spawn(helper.Slow)
        print("ready", flush=True)
        tx, rx = csp.channel()
        rx.recv()
"""
    )
    process = program.start(path)
    assert process.stdout.readline() == "ready\n"
    begun = time.monotonic()
    process.send_signal(signum)
    process.communicate(timeout=20)
    assert process.returncode in {-signum, 130}
    assert time.monotonic() - begun < 5 * slowness()
