"""What happens in the middle of something else: the cases that OTP never sees, because it blocks."""

import attrs
import pytest

from csp.exits import KILLED, NORMAL, SHUTDOWN, ExitReason
from csp.supervision.child import child
from csp.supervision.commands import (
    Answer,
    Ended,
    KillChild,
    ScheduleRetry,
    StartChild,
    Started,
    StartFailed,
    StopChild,
)
from csp.supervision.definition import SupervisorSpec
from csp.supervision.events import ChildEnded, ChildStarted
from csp.supervision.intensity import Intensity
from csp.supervision.state import initial_state
from csp.supervision.strategy import Strategy

from .simulated_driver import CRASH, Branch, SimulatedDriver, reports, starts, stops, up, worker


class TestBoot:
    """Things that happen while the supervisor starts."""

    def test_next_start_waits_for_the_one_before(self) -> None:
        """A child is started when the one before it is up, and Started follows the last."""
        sim = SimulatedDriver(worker("a"), worker("b"), auto=False)
        assert starts(sim.start()) == ["a"]
        assert starts(sim.started("a")) == ["b"]
        assert sim.started("b")[-1] == Started()

    def test_stop_abandons_a_start(self) -> None:
        """A stop tells a starting child at once, and a success that comes late is ignored."""
        sim = SimulatedDriver(worker("a"), worker("b"), worker("c"), auto=False)
        sim.start()
        sim.started("a")
        assert stops(sim.stop()) == ["b"]
        assert sim.started("b") == []
        assert stops(sim.ended("b", SHUTDOWN)) == ["a"]
        assert sim.ended("a", SHUTDOWN) == [Ended(SHUTDOWN, "stopped")]
        assert "c" not in starts(sim.commands)

    def test_stop_wins_over_a_failed_start(self) -> None:
        """A child that fails to start after the stop is simply gone: the supervisor was stopped."""
        sim = SimulatedDriver(worker("a"), auto=False)
        sim.start()
        sim.stop()
        assert sim.start_failed("a", SHUTDOWN) == [Ended(SHUTDOWN, "stopped")]

    def test_stop_before_start(self) -> None:
        """A supervisor stopped before it was started ends at once and starts nothing any more."""
        sim = SimulatedDriver(worker("a"))
        assert sim.stop() == [Ended(SHUTDOWN, "stopped")]
        assert sim.start() == []

    def test_requests_wait_for_the_start(self) -> None:
        """A request during the start is carried out, in order, after Started."""
        sim = SimulatedDriver(worker("a"), auto=False)
        sim.start()
        assert sim.start_child(worker("b")) is None
        assert sim.delete_child("a") is None
        given = sim.started("a")
        assert given[-3:] == [Started(), Answer(2, "running", "a", 1), StartChild("b", 1, worker("b"))]
        assert sim.started("b")[0] == Answer(1, "ok", "b", 1)

    def test_requests_of_a_failed_start(self) -> None:
        """A request that waited for a start that failed is answered that the supervisor is stopping."""
        sim = SimulatedDriver(worker("a"), auto=False)
        sim.start()
        sim.start_child(worker("b"))
        assert Answer(1, "stopping") in sim.start_failed("a")

    def test_death_during_boot(self) -> None:
        """A child that dies while a later one starts is restarted and counted; Started waits for it."""
        sim = SimulatedDriver(worker("a"), worker("b"), worker("c"), auto=False)
        sim.start()
        sim.started("a")
        assert starts(sim.ended("a")) == ["a"]
        assert starts(sim.started("b")) == []
        assert starts(sim.started("a")) == ["c"]
        assert sim.started("c")[-1] == Started()

    def test_failed_restart_during_boot_is_retried(self) -> None:
        """A child that had been up is restarted like any other while the supervisor still starts."""
        sim = SimulatedDriver(worker("a"), worker("b"), auto=False)
        sim.start()
        sim.started("a")
        sim.ended("a")
        assert ScheduleRetry(0.0, 1) in sim.start_failed("a")
        assert sim.end is None

    def test_giving_up_during_boot_fails_the_start(self) -> None:
        """A supervisor that gives up before it has started tells its starter, with the cause."""
        sim = SimulatedDriver(worker("a"), worker("b"), intensity=Intensity(0), auto=False)
        sim.start()
        sim.started("a")
        sim.ended("a")
        sim.ended("b", SHUTDOWN)
        assert isinstance(sim.end, StartFailed)
        assert (sim.end.reason.kind, sim.end.reason.cause) == ("failed", CRASH)

    def test_auto_shutdown_during_boot(self) -> None:
        """A significant child that is done early ends the supervisor as one that had started."""
        first = worker("a", restart="transient", significant=True)
        sim = SimulatedDriver(first, worker("b"), auto_shutdown="any_significant", auto=False)
        sim.start()
        sim.started("a")
        assert Started() in sim.ended("a", NORMAL)
        sim.ended("b", SHUTDOWN)
        assert isinstance(sim.end, Ended)
        assert sim.end.why == "auto_shutdown"

    def test_temporary_child_not_yet_started_keeps_its_turn(self) -> None:
        """A group restart during the start forgets temporary children that lived, not those still to come."""
        sim = SimulatedDriver(
            worker("a"),
            worker("t", restart="temporary"),
            worker("b"),
            worker("u", restart="temporary"),
            strategy="one_for_all",
            auto=False,
        )
        sim.start()
        sim.started("a")
        sim.started("t")
        assert stops(sim.ended("a")) == ["b"]
        sim.auto = True
        sim.ended("b", SHUTDOWN)
        assert sim.up == ["a", "b", "u"]
        assert sim.commands.count(Started()) == 1


class TestIndependence:
    """Under one_for_one nobody waits for anybody."""

    def test_restarts_overlap(self) -> None:
        """Two children that die are restarted side by side, whichever is the older."""
        for first, second in (("a", "b"), ("b", "a")):
            sim = up("a", "b")
            assert starts(sim.ended(first)) == [first]
            assert starts(sim.ended(second)) == [second]
            sim.started(second)
            assert sim.up == [second]

    def test_a_slow_stop_holds_up_nobody(self) -> None:
        """A child that does not stop, as asked by request, delays neither restarts nor other requests."""
        for slow, other in (("a", "c"), ("c", "a")):
            sim = up("a", "b", "c")
            sim.terminate_child(slow)
            assert starts(sim.ended("b")) == ["b"]
            sim.terminate_child(other)
            assert stops(sim.last) == [other]

    def test_terminate_twice(self) -> None:
        """Two requests to terminate one child are one stop and two answers."""
        sim = up("a")
        sim.terminate_child("a")
        sim.terminate_child("a")
        assert sim.last == []
        assert sim.ended("a", SHUTDOWN) == [Answer(1, "ok", "a"), Answer(2, "ok", "a")]

    def test_terminate_a_starting_child(self) -> None:
        """Terminating a starting child refuses who asked for its start and serves who asked for its end."""
        sim = up()
        sim.start_child(worker("a"))
        sim.terminate_child("a")
        assert sim.last == [Answer(1, "start_failed", "a", reason=SHUTDOWN), StopChild("a", 1, 5.0)]
        assert sim.start_failed("a", SHUTDOWN) == [Answer(2, "ok", "a")]
        assert sim.status("a") == "down"


class TestEnd:
    """The end of the supervisor itself."""

    def test_cause_climbs_through_levels(self) -> None:
        """Each level that gives up keeps the cause below, so that the root still names the first crash."""
        inner = SimulatedDriver(worker("w"), intensity=Intensity(0))
        inner.start()
        inner.ended("w", CRASH)
        assert isinstance(inner.end, Ended)
        outer = SimulatedDriver(child(Branch).options(name="inner"), intensity=Intensity(0))
        outer.start()
        outer.ended("inner", inner.end.reason)
        assert isinstance(outer.end, Ended)
        assert outer.end.reason.root == CRASH
        assert "'inner'" in outer.end.reason.text
        assert outer.end.reason.cause is not None
        assert "'w'" in outer.end.reason.cause.text

    def test_first_decision_stands(self) -> None:
        """A stop that arrives while the supervisor gives up does not hide that it gave up."""
        sim = up("a", "b", restarts=0)
        sim.ended("a")
        assert sim.stop() == []
        sim.ended("b", SHUTDOWN)
        assert isinstance(sim.end, Ended)
        assert sim.end.why == "gave_up"

    def test_kill_while_stopping(self) -> None:
        """A kill ends the waiting: all that live are killed at once, and the supervisor ends as killed."""
        sim = up("a", "b", "c")
        assert stops(sim.stop()) == ["c"]
        assert sim.kill() == [KillChild("c", 1), KillChild("b", 1), KillChild("a", 1)]
        sim.ended("a", KILLED)
        sim.ended("c", KILLED)
        assert sim.ended("b", KILLED) == [Ended(KILLED, "killed")]

    def test_kill_at_once(self) -> None:
        """A kill needs no stop before it, and its killed children are no errors."""
        sim = up("a", "b")
        sim.auto = True
        given = sim.kill()
        assert reports(given) == []
        assert sim.end == Ended(KILLED, "killed")

    def test_nothing_happens_after_the_end(self) -> None:
        """A supervisor that has ended is not changed by a stop, a kill, a start or late news."""
        sim = up("a", restarts=0)
        sim.ended("a")
        ended = sim.state
        assert sim.stop() == sim.kill() == sim.start() == []
        assert sim.feed(ChildEnded("a", 1, CRASH, now=0.0)) == []
        assert sim.state == ended

    def test_kill_of_a_failed_start(self) -> None:
        """A supervisor killed while it tears down a failed start still answers that the start failed."""
        sim = SimulatedDriver(worker("a"), worker("b"), auto=False)
        sim.start()
        sim.started("a")
        sim.start_failed("b")
        assert sim.kill() == [KillChild("a", 1)]
        sim.ended("a", KILLED)
        assert isinstance(sim.end, StartFailed)

    def test_requests_while_ending(self) -> None:
        """Whoever asks, or still waits for a start, while the supervisor ends is told that it stops."""
        sim = up("a")
        sim.start_child(worker("b"))
        assert sim.stop()[0] == Answer(1, "stopping", "b")
        for request in (sim.terminate_child, sim.restart_child, sim.delete_child):
            answer = request("a")
            assert answer is not None
            assert answer.outcome == "stopping"

    def test_terminate_is_answered_while_ending(self) -> None:
        """A child that was being terminated when the end began is answered as terminated."""
        sim = up("a")
        sim.terminate_child("a")
        sim.stop()
        assert sim.ended("a", SHUTDOWN) == [Answer(1, "ok", "a"), Ended(SHUTDOWN, "stopped")]


class TestNews:
    """News of lives: late, early and out of order."""

    def test_news_of_an_old_life(self) -> None:
        """A late event about a life that is over does nothing to the present one."""
        sim = up("a")
        sim.ended("a")
        sim.started("a")
        assert sim.feed(ChildEnded("a", 1, CRASH, now=0.0)) == []
        assert sim.up == ["a"]

    def test_name_used_again(self) -> None:
        """The lives of a new child go on counting where a forgotten namesake left off."""
        sim = up()
        sim.auto = True
        sim.start_child(worker("t", restart="temporary"))
        sim.ended("t")
        answer = sim.start_child(worker("t"))
        assert answer is not None
        assert answer.incarnation == 2
        assert sim.feed(ChildEnded("t", 1, CRASH, now=0.0)) == []
        assert sim.up == ["t"]

    def test_next_life_of_the_supervisor(self) -> None:
        """Incarnations and tokens go on over the lives of the supervisor; nothing else of the old life is left."""
        old = up("a", "b", restarts=9)
        old.ended("b")
        old.start_failed("b")
        old.start_child(worker("c"))
        old.auto = True
        old.stop()
        definition = SupervisorSpec("Sup", children=(worker("a"), worker("b"), worker("d")))
        state = initial_state(definition, old.state)
        assert [(c.name, c.incarnation) for c in state.children] == [("a", 1), ("b", 2), ("d", 0)]
        assert (state.used_incarnations, state.next_token) == (1, 2)
        fresh = initial_state(definition)
        assert attrs.evolve(state, children=(), next_token=1, used_incarnations=0) == attrs.evolve(fresh, children=())
        assert [attrs.evolve(c, incarnation=0) for c in state.children] == list(fresh.children)

    def test_end_without_a_beginning(self) -> None:
        """A child that ends before it was announced has failed to start."""
        sim = SimulatedDriver(worker("a"), auto=False)
        sim.start()
        sim.ended("a", NORMAL)
        assert isinstance(sim.end, StartFailed)

    def test_announced_twice(self) -> None:
        """A second announcement of the same life changes nothing."""
        sim = up("a")
        assert sim.feed(ChildStarted("a", 1, now=9.0)) == []


@pytest.mark.parametrize("strategy", ["one_for_one", "one_for_all", "rest_for_one"])
def test_failed_restart_lets_others_in(strategy: Strategy) -> None:
    """A failed restart is never tried again in the same step, so that a stop can get in between."""
    sim = up("a", strategy=strategy)
    sim.ended("a")
    given = sim.start_failed("a", ExitReason("failed", "no port"))
    assert ScheduleRetry(0.0, 1) in given
    assert starts(given) == []
    assert sim.stop() == [Ended(SHUTDOWN, "stopped")]
    assert sim.retry() == []
