"""tell: a cast that never raises for the state of who should get it."""

import pytest
from shaped_actors import Held, HeldAtTheDoor, Shaped, Teller
from wrong_callers import tells

import csp


class Gate:
    """Where a Held says that it is held, and what lets it go on."""

    def __init__(self):
        self.here, self.arrived = csp.channel(16)
        self.go, self.gone = csp.channel(16)

    def hold(self, system, cls):
        """An actor that has a message in its hands, and with a buffer one in its mailbox: no other finds a place."""
        held = system.spawn(cls, self.here, self.gone)
        assert held.wait.tell() is True
        self.arrived.recv(timeout=10)
        if cls is Held:
            assert held.wait.tell() is True
        return held


@pytest.fixture
def gate():
    made = Gate()
    with made.here, made.arrived, made.go, made.gone:
        yield made


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


def test_tell_to_the_full(system, gate):
    """False, and a dead letter; nothing is raised."""
    held = gate.hold(system, Held)
    assert held.wait.tell() is False
    assert letters(system) == 1
    gate.go.send_many([None] * 3)
    gate.arrived.recv(timeout=10)  # it has the second one, and so there is room
    assert held.wait.tell() is True


def test_tell_waits_its_time_limit_at_most(system, gate):
    """At a rendezvous mailbox it waits as a cast does, so long as its limit says; with 0 it does not wait."""
    held = gate.hold(system, HeldAtTheDoor)
    assert held.wait.options(timeout=0).tell() is False
    assert held.wait.options(timeout=0.05).tell() is False
    assert letters(system) == 2
    gate.go.send_many([None] * 2)
    assert held.wait.options(timeout=30).tell() is True  # taken as soon as the first is done


def test_tell_raises_what_is_the_callers_own(system):
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


def test_a_peers_trouble_ends_nobody_who_tells(system, gate):
    """An actor that tells to a full and to a dead one, and to itself, lives on; one that casts does not."""
    held = gate.hold(system, Held)
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
