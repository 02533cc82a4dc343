"""Leaving a system: what is queued is handled first, within the time that actors have; what is not is said."""

import os
import signal
import threading
import time

import pytest
from sample_lives import Circle, Forwarder, SlowStop, Spins, StartsOne, Writer
from sample_trees import Tree

import csp


def test_what_is_queued_is_handled():
    """Casts that wait in a mailbox when the with block ends are handled before the actor stops."""
    out, seen = csp.channel(1)
    with csp.System(warm=0) as system:
        writer = system.spawn(Writer, out)
        for number in range(200):
            writer.write.cast(number)
    assert seen.recv(0) == 200


@pytest.mark.parametrize("older", [True, False])
def test_what_comes_of_it_is_handled(older):
    """What actors send on while they handle their queues is handled, too, whoever of them is older."""
    out, seen = csp.channel(1)
    with csp.System(warm=0) as system:
        if older:
            writer = system.spawn(Writer, out)
            second = system.spawn(Forwarder, writer)
            first = system.spawn(Forwarder, second)
        else:
            first, second = system.spawn(Forwarder, None), system.spawn(Forwarder, None)
            writer = system.spawn(Writer, out)
            first.set_next(second)
            second.set_next(writer)
        for number in range(200):
            first.write.cast(number)
    assert seen.recv(0) == 200


def test_supervised_actors_are_drained():
    """The queue of a supervised actor is handled as that of any other."""
    out, seen = csp.channel(1)
    with csp.System(warm=0) as system:
        system.supervise(Tree([csp.child(Writer, out)]))
        writer = system.lookup("writer")
        for number in range(200):
            writer.write.cast(number)
    assert seen.recv(0) == 200


def test_a_circle_ends():
    """Actors that cast to each other for ever do not keep the system: they are stopped after a few rounds."""
    with csp.System(warm=0) as system:
        one, two = [system.spawn(csp.child(Circle).options(shutdown=60.0)) for _ in range(2)]
        one.meet(two)
        two.meet(one)
        one.go.cast()
        began = time.monotonic()
    assert time.monotonic() - began < 30, "less than the shutdown time"


def test_it_is_bounded_by_the_shutdown_time(shown):
    """An actor that does not get through its queue in its shutdown time is stopped all the same."""
    shown.begin()
    here, there = csp.channel(1)
    with csp.System(warm=0) as system:
        spins = system.spawn(csp.child(Spins).options(shutdown=0.2))
        spins.spin.cast(here)
        spins.spin.cast(here)
        there.recv(10)
        began = time.monotonic()
    assert time.monotonic() - began < 30, "and it would spin for ever"
    assert "messages were not handled before the system closed" in shown.err()
    assert "count=1" in shown.err()
    assert "spins (1)" in shown.err()


@pytest.mark.parametrize("way", ["drain=False", "Ctrl-C in the block", "Ctrl-C while closing"])
def test_not_drained(shown, way):
    """By choice, or when somebody presses Ctrl-C, what is queued is dropped; it is counted and said, in one line."""
    shown.begin()
    out, seen = csp.channel(2)
    here, there = csp.channel(1)
    gate, opened = csp.channel(1)
    system = csp.System(warm=0, drain=way != "drain=False")
    try:
        with system:
            writers = [system.spawn(csp.child(Writer, out).options(name=name, shutdown=30.0)) for name in ("a", "b")]
            writers[0].hold.cast(here, opened)
            there.recv(10)
            for number in range(50):
                writers[0].write.cast(number)
            opener = threading.Timer(0.3, gate.send, (None,))
            if way == "Ctrl-C in the block":
                opener.start()
                raise KeyboardInterrupt
            if way == "Ctrl-C while closing":
                threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
                opener = threading.Timer(0.8, gate.send, (None,))
            opener.start()
    except KeyboardInterrupt:
        assert way != "drain=False"
    opener.join()
    system.close()
    assert [seen.recv(0), seen.recv(0)] == [0, 0]
    assert shown.err().count("messages were not handled before the system closed") == 1
    assert "count=50" in shown.err()
    assert "a (50)" in shown.err()
    assert "b (" not in shown.err()


def test_an_idle_system_closes_at_once():
    """Where nothing is queued, looking for it takes no time worth the name."""
    system = csp.System(warm=0)
    for _ in range(20):
        system.spawn(csp.child(Writer).options(shutdown=60.0))
    began = time.monotonic()
    system.close()
    assert time.monotonic() - began < 30, "less than the shutdown time"


def test_stop_does_not_drain(shown):
    """system.stop asks before all that is queued: that is dropped, counted and said."""
    shown.begin()
    here, there = csp.channel(1)
    gate, opened = csp.channel(1)
    with csp.System(warm=0) as system:
        writer = system.spawn(Writer)
        writer.hold.cast(here, opened)
        there.recv(10)
        for number in range(7):
            writer.write.cast(number)
        threading.Timer(0.1, gate.send, (None,)).start()
        system.stop(writer)
        assert system.statistics()["dead_letters"] == 7
    assert "dead letters" in shown.err()


@pytest.mark.parametrize("wrong", [None, 1, "yes"])
def test_drain_is_true_or_false(wrong):
    """drain takes nothing else."""
    with pytest.raises(TypeError, match="drain must be True or False"):
        csp.System(drain=wrong)


# ---- starts while closing --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("restart", ["permanent", "transient", "temporary"])
@pytest.mark.parametrize("strategy", ["one_for_one", "one_for_all"])
def test_a_start_while_closing_is_refused_quietly(shown, wait_until, restart, strategy):
    """A supervised actor that spawns while the system stops is refused, and ends: no traceback, no restart."""
    shown.begin()
    here, there = csp.channel(1)
    gate, opened = csp.channel(1)
    stopping, told = csp.channel(1)
    stop_gate, stop_opened = csp.channel(1)
    system = csp.System(warm=0, drain=False)
    system.supervise(Tree([csp.child(StartsOne).options(restart=restart)], strategy=strategy))
    system.spawn(SlowStop, stopping, stop_opened)
    system.lookup("startsone").start.cast(here, opened)
    there.recv(10)
    closing = threading.Thread(target=system.close)
    closing.start()
    told.recv(10)  # the youngest stops, and the tree is not told yet
    gate.send(None)
    wait_until(lambda: "on_stop" in shown.err(), "the refusal ended the actor")
    stop_gate.send(None)
    closing.join(30)
    assert "the system is closing" in shown.err()
    for word in ("Traceback", "restart", "crashed", "child ended", "error"):
        assert word not in shown.err()


def test_a_refusal_is_an_error_of_its_own():
    """What a client asks of a system that stops is SystemClosing, an ActorError."""
    stopping, told = csp.channel(1)
    gate, opened = csp.channel(1)
    system = csp.System(warm=0)
    system.spawn(SlowStop, stopping, opened)
    closing = threading.Thread(target=system.close)
    closing.start()
    told.recv(10)
    with pytest.raises(csp.SystemClosing, match="it starts nothing any more"):
        system.spawn(Writer)
    with pytest.raises(csp.SystemClosing, match="it starts nothing any more"):
        system.supervise(Tree([]))
    gate.send(None)
    closing.join(30)


def test_starts_are_allowed_while_it_drains():
    """While what is queued is handled the system works as ever: an actor may start others for it."""
    here, _there = csp.channel(10)
    gate, opened = csp.channel(10)
    with csp.System(warm=0) as system:
        system.supervise(Tree([csp.child(StartsOne)]))
        starts = system.lookup("startsone")
        for _ in range(3):
            starts.start.cast(here, opened)
            gate.send(None)
