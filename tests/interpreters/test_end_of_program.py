"""The end of a program whose interpreters still run, and of those that CPython could not end: programs of their own."""

import time

import pytest

from observed import slowness

# ---- other exit handlers, interrupts, and what comes late ------------------------------------------------------------


@pytest.mark.parametrize("name", ["nap", "burn", "spin"])
def test_other_exit_handlers_run(run, name):
    """Exit handlers registered before and after csp's run once each, in Python's order; files are written; the status
    is 70 if a thread could not be ended, and else the program's.
    """
    status, out, err = run(
        "import atexit\n"
        "atexit.register(print, 'first, runs last')\n"
        "file = open('written', 'w')\n"
        f"kept, ended = begin('{name}')\n"
        "atexit.register(print, 'second')\n"
        "file.write('kept')\n"
        "sys.exit(3)\n"
    )
    assert (status, out) == (3 if name == "spin" else 70, "second\nfirst, runs last\n"), err
    assert (run.folder / "written").read_text() == "kept"
    assert ("cannot be stopped" in err) == (name != "spin")


INTERRUPTED = """
import atexit, signal, threading, time

class Odd(BaseException): pass
def raise_odd(number, frame): raise Odd

def rain():
    main = threading.main_thread().ident
    while True:
        signal.pthread_kill(main, signal.SIGUSR1)
        signal.pthread_kill(main, signal.SIGINT)
        time.sleep(0.0005)

def quiet():
    signal.signal(signal.SIGUSR1, signal.SIG_IGN); signal.signal(signal.SIGINT, signal.SIG_IGN)
def begin_rain():
    threading.Thread(target=rain, daemon=True).start()

threading.excepthook = lambda *_: None
if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, raise_odd)
    atexit.register(print, "saved", flush=True)
    atexit.register(quiet)
    kept, ended = begin(sys.argv[1])
    rainer = threading.Thread(target=rain, daemon=True)
    atexit.register(rainer.start)  # the last thing before csp's own handlers
"""


@pytest.mark.parametrize(("name", "expected"), [("spin", 0), ("nap", 70)])
def test_interrupts_at_the_end_of_the_program(run, name, expected):
    """Signal handlers that raise, hundreds in a second, only hurry the stopping: it is not given up, and what can be
    ended is.
    """
    begun = time.monotonic()
    status, out, err = run(INTERRUPTED, name)
    assert status == expected, err
    assert out == "saved\n"
    assert time.monotonic() - begun < 4.0 * slowness()


def test_an_error_of_a_signal_handler_is_shown(run):
    """What a signal handler raises while the interpreters are stopped is shown, as nobody can catch it."""
    status, out, err = run(
        "def fail(number, frame): raise LookupError('in the handler')\n"
        "signal.signal(signal.SIGALRM, fail)\n"
        "kept, ended = begin('spin')\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.3)\n"
        "print('the end')\n"
    )
    assert (status, out) == (0, "the end\n"), err
    assert "Exception ignored in a signal handler while the interpreters of csp are stopped" in err
    assert "LookupError: in the handler" in err


def test_starts_at_the_end_of_the_program(run):
    """An exit handler that runs after csp's starts nothing: each way to start is refused with a typed error."""
    status, out, err = run(
        "import atexit, re\n"
        "def late():\n"
        "  def parallel():\n"
        "    with csp.parallel() as par: par.start(print, 1)\n"
        "  for start in (csp.System, lambda: system.spawn(helper.Slow), parallel,\n"
        "                lambda: list(csp.pipeline([1]).map(abs)), system.close):\n"
        "    try: print('started', start())\n"
        "    except csp.CspError as error: print(type(error).__name__, re.split('[;:]', str(error))[0])\n"
        "if __name__ == '__main__':\n"
        "  atexit.register(late)\n"
        "  system = csp.System(warm=0)\n"
    )
    assert status == 0, err
    assert out.splitlines() == [
        "StartFailed the program is ending",
        "ActorError the system is closed",
        "StartFailed the program is ending",
        "StartFailed the program is ending",
        "started None",
    ]


def test_the_last_line_of_the_log(run):
    """What an actor logs just before the end of the program, system open, is written, also what on_stop says."""
    status, _, err = run(
        "class Says(csp.Actor):\n"
        "  @csp.handler\n"
        "  def say(self): self.log.info('the last line')\n"
        "  def on_stop(self, reason): self.log.info('stopped')\n"
        "if __name__ == '__main__':\n"
        "  kept = csp.System(warm=0)\n"
        "  kept.spawn(Says).say()\n"
    )
    assert status == 0, err
    assert "the last line" in err
    assert "stopped" in err


# ---- memory tracing --------------------------------------------------------------------------------------------------


def test_tracemalloc_is_refused(program):
    """CPython hangs or crashes when it makes an interpreter under tracemalloc: a start says so instead."""
    status, out, err = program.script(
        "import csp\nimport tracemalloc\ntracemalloc.start()\n"
        "try:\n    csp.System()\nexcept csp.StartFailed as error:\n    print(error)\n"
    )
    assert status == 0, err
    assert out.startswith("tracemalloc is on")


TRACED = """
import csp

class Counter(csp.Actor):
    @csp.handler
    def count(self): return 1
    @csp.handler
    def fail(self): raise ValueError

class Top(csp.Supervisor):
    def children(self): yield csp.child(Counter)

if __name__ == "__main__":
    import tracemalloc  # not where actors import it
    with csp.System(warm=2) as system:
        system.supervise(Top())
        counter = system.lookup("counter")
        gone = system.spawn(Counter)
        tracemalloc.start()
        try: system.spawn(Counter)
        except csp.StartFailed as error: print("spawn:", str(error)[:17])
        print(counter.count())  # what is up goes on
        system.stop(gone)
        counter.fail.cast()  # a restart
        try: system.wait("top")
        except csp.EscalationError as error: print("restart:", "tracemalloc is on" in str(error))
        stop_it()
        print(system.spawn(Counter).count())
"""


@pytest.mark.parametrize("stops", [True, False])
def test_tracemalloc_that_begins_later_is_refused_at_the_next_start(program, stops):
    """Tracing that begins under a running system: the next start, also the kernel's own, is refused with the reason.
    Nothing hangs or crashes, what is up goes on and ends; after the tracing all is as before.
    """
    text = TRACED if stops else TRACED[: TRACED.index("        stop_it()")]
    status, out, err = program.script(text.replace("stop_it()", "tracemalloc.stop()"))
    assert status == 0, err
    assert out.splitlines() == ["spawn: tracemalloc is on", "1", "restart: True", *(["1"] if stops else [])], err
