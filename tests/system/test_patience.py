"""Limits for interpreters that are to end: what merely queues for a CPU, or behind others that do, is not stuck."""

import os
import subprocess
import sys
import threading

import pytest
from sample_lives import Imports, Lingers

from csp import child
from csp._native import thread_is_runnable, unbounded_channel
from csp.actors import client
from csp.hosts import patience
from csp.kernel import endings, entry, kernel


class Machine:
    """A clock, timers and threads that only do what a test says, in place of those that Patience asks."""

    def __init__(self, monkeypatch):
        self.now = 100.0
        self.times = {}  # by thread: (ran, queued)
        self.ended = 0.0
        self.timers = []
        self.late = []
        monkeypatch.setattr(patience, "now", lambda: self.now)
        monkeypatch.setattr(patience, "interpreter_thread", lambda interpreter: interpreter)
        monkeypatch.setattr(patience, "thread_times", lambda thread: self.times.get(thread, (0.0, 0.0)))
        self.starving = set()
        monkeypatch.setattr(patience, "thread_is_runnable", lambda thread: thread in self.starving)
        monkeypatch.setattr(patience, "interpreter_end_time", lambda: self.ended)
        self.patience = patience.Patience(lambda delay, action: self.timers.append((self.now + delay, action)))

    def give(self, interpreter, seconds=5.0):
        return self.patience.give(interpreter, seconds, lambda: self.late.append(interpreter))

    def pass_time(self, seconds, running=(), queueing=(), ended=0.0):
        """Let time pass in which some threads run, some queue, and others that ended had a share of the CPUs."""
        end = self.now + seconds
        while self.now < end:
            step = min([end, *(when for when, _ in self.timers)]) - self.now
            self.now += step
            self.ended += ended * step
            for thread in {*running, *queueing}:
                ran, queued = self.times.get(thread, (0.0, 0.0))
                self.times[thread] = (ran + step * (thread in running), queued + step * (thread in queueing))
            due = [timer for timer in self.timers if timer[0] <= self.now]
            self.timers = [timer for timer in self.timers if timer[0] > self.now]
            for _, action in due:
                action()


@pytest.fixture
def machine(monkeypatch):
    return Machine(monkeypatch)


def test_one_that_sleeps_is_late(machine):
    """An interpreter that does nothing is late when its seconds are over, and not before."""
    machine.give(1)
    machine.pass_time(4.9)
    assert machine.late == []
    machine.pass_time(0.5)
    assert machine.late == [1]


def test_one_that_queues_is_not_late(machine):
    """While it waits for a CPU no time passes for it."""
    machine.give(1)
    machine.pass_time(60, queueing=[1])
    assert machine.late == []
    machine.pass_time(5.5)
    assert machine.late == [1]


def test_one_that_gets_no_cpu_at_all_is_not_late(machine):
    """The system counts a wait for a CPU when it is over: one that goes on and on is seen all the same."""
    machine.give(1)
    machine.starving = {1}
    machine.pass_time(60)
    assert machine.late == []
    machine.starving = set()
    machine.pass_time(5.5)
    assert machine.late == [1]


def test_one_that_waits_behind_others_is_not_late(machine):
    """While others that are to end keep the CPUs busy, it may be waiting for what they hold."""
    machine.give(1)
    machine.give(2)
    machine.pass_time(60, queueing=[2])
    assert machine.late == []


def test_those_that_have_ended_count(machine):
    """What has ended between two looks kept the CPUs busy, too."""
    machine.give(1)
    machine.pass_time(60, ended=0.5)
    assert machine.late == []


def test_a_service_that_restarts_now_and_then_is_no_excuse(machine):
    """A few ends beside it take no time worth the name from one that is stuck."""
    machine.give(1)
    machine.pass_time(5.5, ended=0.05)
    assert machine.late == [1]


def test_one_that_runs_for_ever_is_late(machine):
    """An interpreter that has itself run for its seconds is late, and until then it holds up the clock of others."""
    machine.give(1)
    machine.give(2)
    machine.pass_time(5.5, running=[1])
    assert machine.late == [1]
    machine.pass_time(5.5)
    assert machine.late == [1, 2]


def test_taken_back(machine):
    """A limit that was taken back does nothing, and looking ends with the last of them."""
    number = machine.give(1)
    machine.patience.take_back(number)
    machine.pass_time(60)
    assert machine.late == []
    assert machine.timers == []


def test_who_waits_for_a_cpu_is_told_from_who_sleeps(wait_until):
    """A thread that runs, or would, is runnable; one that sleeps is not, and one that is gone is not."""
    assert thread_is_runnable(threading.get_native_id())
    sleeps = threading.Event()
    thread = threading.Thread(target=sleeps.wait)
    thread.start()
    wait_until(lambda: not thread_is_runnable(thread.native_id), "the thread sleeps")
    sleeps.set()
    thread.join()
    assert not thread_is_runnable(thread.native_id)


# ---- a kernel, in a thread of the test, whose limit is short ---------------------------------------------------------


class Local:
    """A kernel in a thread of the main interpreter, so that what it uses can be changed."""

    def __init__(self):
        self.sender, inbox = unbounded_channel()
        log, self.lines = unbounded_channel()
        self.kernel = kernel.Kernel(inbox, self.sender, log, 0)
        self.thread = threading.Thread(target=entry.serve, args=[self.kernel])
        self.thread.start()

    def close(self):
        client.ask(self.sender, ("close", False), 50)
        self.thread.join(10)

    def errors(self):
        """The log lines that tell of what stays behind."""
        lines = []
        while (line := self.lines.recv_nowait(None)) is not None:
            lines.append(str(line))
        return [line for line in lines if "stays behind" in line]


@pytest.fixture
def local(monkeypatch):
    monkeypatch.setattr(endings, "LEFT_FOR", 0.3 - 5.0)  # 0.3 s in all, with what a shutdown of 5 s grants
    return Local()


def test_no_false_zombies(local):
    """Many idle actors that end at once on one busy CPU, for much longer than one may take, are reported as nothing."""
    for _ in range(40):
        client.spawn(local.sender, Imports, (), {})
    cpus = os.sched_getaffinity(0)
    tasks = [int(task) for task in os.listdir("/proc/self/task")]
    hogs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    try:
        for task in [*tasks, *(hog.pid for hog in hogs)]:
            os.sched_setaffinity(task, {min(cpus)})
        local.close()
    finally:
        for task in tasks:
            try:
                os.sched_setaffinity(task, cpus)
            except ProcessLookupError:
                pass
        for hog in hogs:
            hog.kill()
            hog.wait()
    assert local.errors() == []
    assert not local.kernel.lives.zombies


def test_one_that_does_not_end_is_reported(local):
    """An interpreter that sleeps in its clean-up for longer than it may is told of, and not waited for."""
    client.spawn(local.sender, child(Lingers), (), {})
    local.close()
    assert len(local.errors()) == 1
    assert len(local.kernel.lives.zombies) == 1
