"""What threads and programs that are started in an interpreter find around themselves: signal masks and CPUs."""

import os
import subprocess
import threading
import time

import csp


def _status(text):
    """(blocked signals, CPUs) as /proc/PID/status has them."""
    lines = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
    return lines["SigBlk"], lines["Cpus_allowed"]


def _own():
    with open("/proc/thread-self/status") as file:
        return _status(file.read())


def _by_subprocess():
    return _status(subprocess.run(["cat", "/proc/self/status"], capture_output=True, text=True, check=True).stdout)


def _by_posix_spawn():
    out, into = os.pipe()
    with open(out) as file:
        actions = [(os.POSIX_SPAWN_DUP2, into, 1), (os.POSIX_SPAWN_CLOSE, out), (os.POSIX_SPAWN_CLOSE, into)]
        child = os.posix_spawnp("cat", ["cat", "/proc/self/status"], os.environ, file_actions=actions)
        os.close(into)
        seen = _status(file.read())
    os.waitpid(child, 0)
    return seen


def _by_system():
    out, into = os.pipe()
    os.set_inheritable(into, True)
    with open(out) as file:
        os.system(f"cat /proc/self/status >/dev/fd/{into}")
        os.close(into)
        return _status(file.read())


def _by_thread():
    seen = []
    thread = threading.Thread(target=lambda: seen.append(_own()))
    thread.start()
    thread.join()
    return seen[0]


def _tell(connection):
    connection.send(_own())


def _by_multiprocessing():
    import multiprocessing
    import multiprocessing.resource_tracker

    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_tell, args=(there,))
    process.start()
    seen = here.recv()
    process.join()
    here.close()
    there.close()
    multiprocessing.resource_tracker._resource_tracker._stop()  # it would outlive us with a descriptor of ours
    return seen


STARTERS = {
    "subprocess": _by_subprocess,
    "posix_spawn": _by_posix_spawn,
    "system": _by_system,
    "thread": _by_thread,
    "multiprocessing": _by_multiprocessing,
}


def started_by(control, starter):
    """(blocked signals, CPUs) of what was started so."""
    return STARTERS[starter]()


class Named(csp.Actor):
    @csp.handler
    def thread_name(self):
        with open("/proc/thread-self/comm") as file:
            return file.read().rstrip("\n")


# ---- seen by an actor that placement has moved -----------------------------------------------------------------------


class Echo(csp.Actor):
    @csp.handler
    def echo(self, number):
        return number


def _by_interpreters():
    """Two processes that begin while everybody talks."""
    with csp.parallel() as par:
        return _status_of_most([par.start(_own).result() for _ in range(2)])


def _status_of_most(seen):
    return min(seen, key=lambda status: int(status[1].replace(",", ""), 16).bit_count())


def _affinity():
    return sorted(os.sched_getaffinity(0))


def _count():
    return os.process_cpu_count()


def _workers():
    return repr(csp.pipeline([1]).map(str))


def _choose(which):
    one = which(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {one})
    return [one]


def _open_a_door():
    import _ctypes

    return _ctypes.__name__


def _load_foreign():
    import _uuid

    return _uuid.__file__


ACTS = STARTERS | {
    "interpreters": _by_interpreters,
    "proc": _own,
    "affinity": _affinity,
    "count": _count,
    "workers": _workers,
    "choose the first": lambda: _choose(min),
    "choose the last": lambda: _choose(max),
    "door": _open_a_door,
    "foreign": _load_foreign,
}


class Talker(csp.Actor):
    """Calls its echo without end, until it is told to do something."""

    def __init__(self, echo):
        self.echo = echo

    @csp.handler
    def thread(self):
        return threading.get_native_id()

    @csp.handler
    def talk(self, told):
        number = 0
        while True:
            number = self.echo.echo(number + 1)
            if number % 16 == 0:
                try:
                    act = told.recv_nowait()
                except csp.WouldBlock:
                    continue
                return ACTS[act]()


def _is_moved(thread, patience):
    """Whether within so many seconds it comes to live on one CPU. (A wait that spins moves, too, for an instant.)"""
    deadline = time.monotonic() + patience
    looks = []
    while looks.count(1) < 100 and time.monotonic() < deadline:
        looks = [*looks[-124:], len(os.sched_getaffinity(thread))]
        time.sleep(0.001)
    return looks.count(1) >= 100


def watched_talk(acts, patience):
    """Let pairs talk, more than there are CPUs, until one of them is moved to one CPU; let it act then, and so on. It
    waits for the first move as long as that takes on a busy machine, for the later ones at most *patience* seconds.

    Pairs, because two that talk live together whatever else the machine does; and more of them than CPUs, because
    nobody spins then, which is the other way to be quick.

    Gives whether it was moved and what it got for each act.
    """
    with csp.System(warm=0) as system:
        pairs = [system.spawn(Talker, system.spawn(Echo)) for _ in range(len(os.sched_getaffinity(0)) + 2)]
        talker, *others = pairs
        thread = talker.thread()
        over, is_over = csp.channel(len(others))
        ends = [other.talk.options(timeout=None).future(is_over) for other in others]
        results = []
        for act in acts:
            tell, told = csp.channel(1)
            result = talker.talk.options(timeout=None).future(told)
            moved = _is_moved(thread, patience if results else 30.0)
            tell.send(act)
            results.append((moved, result.result()))
            tell.close()
        for _ in others:
            over.send("count")
        for end in ends:
            end.result()
        return results


# ---- who lives where -------------------------------------------------------------------------------------------------


def _work(turns):
    for _ in range(turns):
        pass


def ask(out, back, log, turns, over):
    """Ask, work a little, tell the logger; and again, until it is over."""
    out.send(threading.get_native_id())
    while not over.is_set():
        out.send(0)
        back.recv()
        _work(turns)
        log.send(0)


def answer(asked, back, partners, turns):
    """The other half of a pair; tells once who the two are."""
    partners.send((asked.recv(), threading.get_native_id()))
    for number in asked:
        _work(turns)
        back.send(number)


def hear(log):
    for _ in log:
        pass


def watched_pairs(pairs, turns, patience):
    """Pairs talk, and a logger hears of all. Look where pairs live together, for *patience* seconds at most.

    Gives in how many looks that was on all CPUs, 50 being enough, and what was seen last. (Without groups it is
    never so; and a busy machine breaks homes up.)
    """
    over = csp.Event()
    cpus = os.sched_getaffinity(0)
    with csp.parallel() as par:
        partners, met = csp.channel(pairs)
        log, logged = csp.channel()
        par.start(hear, logged)
        for _ in range(pairs):
            out, asked = csp.channel()
            back, answers = csp.channel()
            par.start(ask, out, answers, log, turns, over)
            par.start(answer, asked, back, partners, turns)
            for end in (out, asked, back, answers):
                end.close()
        log.close()
        logged.close()
        couples = [met.recv() for _ in range(pairs)]
        deadline = time.monotonic() + patience
        on_all, homes = 0, []
        while on_all < 50 and time.monotonic() < deadline:
            homes = [(_home(one), _home(other)) for one, other in couples]
            on_all += {one for one, other in homes if one == other >= 0} == cpus
            time.sleep(0.001)
        over.set()
        return on_all, homes


def _home(thread):
    may = os.sched_getaffinity(thread)
    return min(may) if len(may) == 1 else -1
