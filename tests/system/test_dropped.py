"""A system that nobody closes: it ends when it is dropped, and says so."""

import gc
import threading
import warnings

import pytest
from sample_actors import Account

import csp
from csp._native import interpreter_counts


@pytest.fixture
def seen():
    """The warnings while a test runs."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        yield seen


def ended(wait_until):
    wait_until(lambda: interpreter_counts()[0] == 0, "all interpreters have ended")


def test_a_dropped_system_ends_and_says_so(seen, wait_until):
    """The last reference goes: a ResourceWarning, its actors are stopped in order, and nothing is left of it."""
    out, told = csp.channel(1)
    csp.System(warm=1).spawn(Tidy, out)
    out.close()
    assert told.recv(timeout=10) == "shutdown", "its on_stop ran"
    ended(wait_until)
    assert [(w.category, str(w.message)[:44]) for w in seen] == [
        (ResourceWarning, "a csp.System was dropped without close(): it")
    ]
    told.close()


def test_a_system_in_a_cycle_ends_on_any_thread(seen, wait_until):
    """The collector, on a thread of its own, does not wait for anything, though an actor is in the way."""
    here, arrived = csp.channel()
    gate, wait = csp.channel()
    system = csp.System(warm=0)
    system.spawn(csp.child(Stubborn).options(shutdown=None)).wait.cast(here, wait)
    assert arrived.recv(timeout=10) == "waits"
    cycle = [system]
    cycle.append(cycle)
    del system, cycle
    thread = threading.Thread(target=gc.collect)
    thread.start()
    thread.join(timeout=10)
    assert not thread.is_alive()
    assert [w.category for w in seen] == [ResourceWarning]
    gate.send("go on")
    ended(wait_until)
    for end in (here, arrived, gate, wait):
        end.close()


def test_a_closed_system_says_nothing(seen):
    """One that was closed, or never came up, is dropped silently."""
    csp.System(warm=0).close()
    with csp.System(warm=0) as system:
        system.spawn(Account, "ada")
    del system
    with pytest.raises(ValueError, match="warm"):
        csp.System(warm=-1)
    gc.collect()
    assert seen == []


class Tidy(csp.Actor):
    def __init__(self, out):
        self.out = out

    def on_stop(self, reason):
        self.out.send(reason)


class Stubborn(csp.Actor):
    @csp.handler
    def wait(self, here, gate):
        here.send("waits")
        gate.recv()
