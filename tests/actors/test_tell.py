"""tell: a cast that never raises for the state of who should get it."""

import pytest
from shaped_actors import Held, HeldAtTheDoor, Shaped, Teller
from wrong_callers import tells

import csp


@pytest.fixture
def go():
    """What lets a Held go on."""
    sender, receiver = csp.channel(16)
    with sender, receiver:
        yield sender, receiver


def fill(held):
    """One message in the actor's hands, one in its mailbox; gives how many tells came after that, until one failed."""
    for attempt in range(1000):
        if not held.wait.tell():
            return attempt
    return None


def letters(system):
    return system.statistics()["dead_letters"]


def test_tell_to_the_living(system):
    """True when the mailbox has accepted it; the handler runs, and its result is dropped."""
    ref = system.spawn(Shaped)
    assert ref.two.tell(1, second=2) is True
    assert letters(system) == 0


def test_tell_to_the_dead(system):
    """False, and one dead letter more each time, also long after the actor is gone."""
    ref = system.spawn(Shaped)
    system.stop(ref)
    assert [ref.two.tell(1, 2) for _ in range(3)] == [False] * 3
    assert letters(system) == 3
    assert [ref.two.options(on_restart="fail").tell(1, 2)] == [False]


def test_tell_to_the_full(system, go):
    """False, and a dead letter; nothing is raised."""
    sender, receiver = go
    held = system.spawn(Held, receiver)
    fill(held)
    before = letters(system)
    assert held.wait.tell() is False
    assert letters(system) == before + 1
    for _ in range(16):
        sender.send_nowait(None)
    assert held.wait.options(timeout=10).tell() in {True, False}


def test_tell_waits_its_time_limit_at_most(system, go):
    """At a rendezvous mailbox it waits as a cast does, so long as its limit says; with 0 it does not wait."""
    sender, receiver = go
    held = system.spawn(HeldAtTheDoor, receiver)
    assert held.wait.tell() is True
    assert held.wait.options(timeout=0).tell() is False
    assert held.wait.options(timeout=0.05).tell() is False
    assert letters(system) == 2
    sender.send(None)
    assert held.wait.tell() is True  # taken as soon as the first is done
    sender.send(None)


def test_tell_raises_what_is_the_callers_own(system, go):
    """Wrong arguments and what cannot travel are no state of the other one."""
    ref = system.spawn(Shaped)
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        ref.two.tell(1)
    with pytest.raises(csp.NotShareable, match="argument 0 of two"):
        ref.two.tell(lambda: None, 2)
    system.stop(ref)
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        ref.two.tell(1)
    assert letters(system) == 0


def test_a_peers_trouble_ends_nobody_who_tells(system, go):
    """An actor that tells to a full and to a dead one, and to itself, lives on; one that casts does not."""
    _, receiver = go
    held = system.spawn(Held, receiver)
    fill(held)
    teller, caster = system.spawn(Teller, held), system.spawn(Teller, held)
    teller.tell_it.cast()
    assert teller.answers() == [False]
    system.kill(held)
    teller.tell_it()
    teller.tell_me()
    assert teller.answers()[-1] is False  # its own rendezvous mailbox: it would wait for itself
    caster.cast_it.cast()
    with pytest.raises(csp.ActorDied, match="MailboxFull|ActorDied|CallTimeout"):
        caster.answers()


def test_tell_inside_a_process_is_counted(system):
    """Dead letters are counted from wherever they are sent; systems count their own."""
    ref = system.spawn(Shaped)
    system.stop(ref)
    with csp.System(warm=0) as other, csp.parallel() as par:
        assert par.start(tells, ref).result() is False
        assert letters(other) == 0
    assert letters(system) == 1
