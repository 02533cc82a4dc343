"""A start whose caller gave up leaves nothing behind: no actor, no tree, no name that is taken."""

import os
import signal
import threading

import pytest
from sample_lives import SlowInit, Starter
from sample_trees import Tree

import csp


@pytest.fixture
def system():
    with csp.System(warm=0) as system:
        yield system


@pytest.fixture
def gates():
    """here, there, gate, opened: the actor tells on here, and comes up when gate is closed."""
    return *csp.channel(1), *csp.channel()


class GaveUpError(Exception):
    """What a signal handler raises."""


def interrupt_when_starting(there):
    def run():
        there.recv(10)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=run).start()


def slow(gates):
    return csp.child(SlowInit, gates[0], gates[3]).options(name="slow", shutdown=0.3)


@pytest.mark.parametrize("comes_up", [True, False])
def test_interrupted_spawn(system, gates, wait_until, comes_up):
    """Ctrl-C while spawn waits: the actor is stopped, whether it would come up or hang, and its name is free."""
    interrupt_when_starting(gates[1])
    with pytest.raises(KeyboardInterrupt):
        system.spawn(slow(gates))
    if comes_up:
        gates[2].send(None)
    wait_until(lambda: system.statistics()["actors"] == 0, "the actor is gone")
    here, there, gate, opened = *csp.channel(1), *csp.channel(1)
    gate.send(None)
    assert system.spawn(slow((here, there, gate, opened))).ping() == "pong"


def test_interrupted_by_an_exception(system, gates, wait_until):
    """The same for any exception that a signal handler raises."""

    def gives_up(*_):
        raise GaveUpError

    before = signal.signal(signal.SIGINT, gives_up)
    try:
        interrupt_when_starting(gates[1])
        with pytest.raises(GaveUpError):
            system.spawn(slow(gates))
    finally:
        signal.signal(signal.SIGINT, before)
    wait_until(lambda: system.statistics()["actors"] == 0, "the actor is gone")


def test_interrupted_supervise(system, gates, wait_until):
    """Ctrl-C while supervise waits: the tree is stopped, and its name is free."""
    interrupt_when_starting(gates[1])
    with pytest.raises(KeyboardInterrupt):
        system.supervise(Tree([slow(gates)]))
    wait_until(lambda: system.statistics()["actors"] == 0, "the tree is gone")
    assert system.wait("tree", 10)
    assert system.supervise(Tree([])) == "tree"


@pytest.mark.parametrize("how", ["killed", "stopped"])
def test_the_caller_ends(system, gates, wait_until, how):
    """An actor that is killed or stopped while it starts another takes the start with it."""
    starter = system.spawn(csp.child(Starter))
    starter.start.cast(gates[0], gates[3])
    gates[1].recv(10)
    if how == "killed":
        system.kill(starter)
    else:
        system.stop(starter, grace=0.05)
    system.wait(starter, 10)
    gates[2].close()
    wait_until(lambda: system.statistics()["actors"] == 0, "what it started is gone")


def test_a_start_that_failed_is_no_start_given_up(system, gates):
    """After a start that was refused for its name the actor of that name lives on."""
    gates[2].close()
    here, there, gate, opened = *csp.channel(1), *csp.channel(1)
    gate.send(None)
    first = system.spawn(slow((here, there, gate, opened)))
    with pytest.raises(csp.ActorError, match="there is an actor named 'slow' already"):
        system.spawn(slow(gates))
    assert first.ping() == "pong"
