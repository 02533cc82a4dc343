"""System.wait: the end of an actor, and why."""

import threading

import pytest
from sample_lives import SlowInit, Writer
from sample_trees import Tree, Worker

import csp


@pytest.fixture
def system():
    with csp.System(warm=0) as system:
        yield system


@pytest.fixture
def events():
    return csp.channel(100)


def test_the_reason_of_an_end(system, events):
    """wait gives why an actor ended: of itself, asked, by an exception, killed; also when that was before."""
    out, _ = events
    ends = {
        "normal": lambda worker: worker.finish.cast(),
        "shutdown": system.stop,
        "failed: SystemExit: on purpose": lambda worker: worker.crash.cast(),
        "killed": system.kill,
    }
    for number, (reason, end) in enumerate(ends.items()):
        worker = system.spawn(csp.child(Worker, out).options(name=f"w{number}"))
        end(worker)
        assert system.wait(worker, 10) == reason
        assert system.wait(worker, 10) == reason
        assert system.wait(f"w{number}", 10) == reason


def test_it_waits(system, events):
    """wait blocks until the end comes, or its timeout is over."""
    out, _ = events
    worker = system.spawn(Worker, out)
    with pytest.raises(csp.CallTimeout):
        system.wait(worker, 0.05)
    threading.Timer(0.1, worker.finish.cast).start()
    assert system.wait(worker, 10) == "normal"


def test_a_supervised_actor_ends_when_it_does_not_come_back(system, events):
    """For a supervised actor wait is for the end of the last life, not for that of one of them."""
    out, _ = events
    system.supervise(Tree([csp.child(Worker, out).options(restart="transient")]))
    worker = system.lookup("worker")
    worker.crash.cast()
    with pytest.raises(csp.CallTimeout):
        system.wait(worker, 0.2)
    assert worker.add(1) == 1
    worker.finish.cast()
    assert system.wait(worker, 10) == "normal"
    assert system.wait("tree/worker", 10) == "normal"


def test_a_name_that_nobody_had(system):
    """wait for a name that neither a supervisor nor an actor has or had is NoSuchActor."""
    with pytest.raises(csp.NoSuchActor, match="no supervisor or actor is named 'nobody'"):
        system.wait("nobody")


def test_an_actor_of_another_system(system):
    """A ref of another system is refused: its number means nothing here."""
    with csp.System(warm=0) as other:
        writer = other.spawn(Writer)
        system.spawn(Writer)
        with pytest.raises(csp.NoSuchActor, match="belongs to another system"):
            system.wait(writer)


@pytest.mark.parametrize("wrong", [None, 5, Writer])
def test_what_wait_takes(system, wrong):
    """wait takes a ref or a name, and says so."""
    with pytest.raises(TypeError, match="wait takes the name of a supervisor or an actor, as a str"):
        system.wait(wrong)


def test_closing_is_an_end(events):
    """Who waits for an actor learns of its end by the closing of the system."""
    system = csp.System(warm=0)
    writer = system.spawn(Writer)
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(system.wait(writer, 30)))
    waiting.start()
    system.close()
    waiting.join(30)
    # It may have asked a moment too late: then it was told that there is no system any more.
    assert answers in ([], ["shutdown"]) or answers[0].startswith("shutdown")


def test_a_slow_start_can_be_waited_for_by_name(system):
    """The name is taken from the start on, so wait by name works while the actor comes up."""
    here, there = csp.channel(1)
    gate, opened = csp.channel()

    def start():
        with pytest.raises(csp.EndOfChannel):
            system.spawn(csp.child(SlowInit, here, opened).options(name="slow"))

    starting = threading.Thread(target=start)
    starting.start()
    there.recv(10)
    with pytest.raises(csp.CallTimeout):
        system.wait("slow", 0.05)
    gate.close()
    starting.join(10)
    assert system.wait("slow", 10).startswith("failed")
