"""What happens in the middle of a group restart, while siblings stop or start."""

from csp.exits import NORMAL, SHUTDOWN
from csp.supervision.commands import Answer, Ended, ScheduleRetry, StartChild, StopChild

from .simulated_driver import CRASH, SimulatedDriver, reports, starts, stops, up, worker


class TestGroupRestart:
    """Things that happen while a group restart is under way."""

    def test_sibling_dies_while_it_waits_to_stop(self) -> None:
        """A sibling that dies before its turn to stop is not counted, and is reported with its own reason."""
        sim = up("a", "b", "c", strategy="one_for_all", restarts=1)
        assert stops(sim.ended("a")) == ["c"]
        assert reports(sim.ended("b", CRASH)) == [("child_stop_unclean", "b")]
        assert starts(sim.ended("c", SHUTDOWN)) == ["a"]
        assert starts(sim.started("a")) == ["b"]
        assert starts(sim.started("b")) == ["c"]
        sim.started("c")
        assert sim.end is None
        assert sim.up == ["a", "b", "c"]

    def test_child_dies_while_being_stopped(self) -> None:
        """A child that crashes after it was told to stop is gone, reported and not counted."""
        sim = up("a", "b", strategy="one_for_all", restarts=1)
        sim.ended("a")
        given = sim.ended("b", CRASH)
        assert reports(given) == [("child_stop_unclean", "b")]
        assert starts(given) == ["a"]

    def test_restarted_sibling_dies_during_the_group_start(self) -> None:
        """A sibling that dies after its restart begins the group anew, and counts."""
        sim = up("a", "b", "c", strategy="one_for_all", restarts=2)
        sim.ended("c")
        sim.ended("b", SHUTDOWN)
        assert starts(sim.ended("a", SHUTDOWN)) == ["a"]
        assert starts(sim.started("a")) == ["b"]
        given = sim.ended("a")
        assert (stops(given), starts(given)) == (["b"], [])
        assert starts(sim.start_failed("b", SHUTDOWN)) == ["a"]
        sim.started("a")
        sim.started("b")
        sim.started("c")
        assert sim.ended("a")[-1] == StopChild("c", 2, 5.0)
        assert [kind for kind, _ in reports(sim.commands)].count("supervisor_gave_up") == 1

    def test_older_sibling_dies_during_rest_for_one(self) -> None:
        """A death further up widens the group, and the order is still that of all children."""
        sim = up("a", "b", "c", "d", strategy="rest_for_one", restarts=5)
        assert stops(sim.ended("c")) == ["d"]
        assert stops(sim.ended("a")) == []
        assert stops(sim.ended("d", SHUTDOWN)) == ["b"]
        assert starts(sim.ended("b", SHUTDOWN)) == ["a"]
        sim.auto = True
        assert starts(sim.started("a")) == ["b", "c", "d"]

    def test_stop_during_the_stopping_half(self) -> None:
        """A stop during a group restart goes on stopping in reverse and starts nothing."""
        sim = up("a", "b", "c", strategy="one_for_all")
        sim.ended("b")
        assert sim.stop() == []
        assert stops(sim.ended("c", SHUTDOWN)) == ["a"]
        assert sim.ended("a", SHUTDOWN) == [Ended(SHUTDOWN, "stopped")]

    def test_stop_during_the_starting_half(self) -> None:
        """A stop during the start of a group abandons that start and stops what is up."""
        sim = up("a", "b", strategy="one_for_all")
        sim.ended("b")
        sim.ended("a", SHUTDOWN)
        sim.started("a")
        assert stops(sim.stop()) == ["b"]
        assert stops(sim.start_failed("b", SHUTDOWN)) == ["a"]
        assert sim.ended("a", SHUTDOWN) == [Ended(SHUTDOWN, "stopped")]

    def test_terminate_during_a_group_restart(self) -> None:
        """A sibling terminated while it is bounced stays down; the request is answered when it is gone."""
        sim = up("a", "b", "c", strategy="one_for_all")
        sim.ended("a")
        assert sim.terminate_child("c") is None
        given = sim.ended("c", SHUTDOWN)
        assert Answer(1, "ok", "c") in given
        assert starts(sim.ended("b", SHUTDOWN)) == ["a"]
        sim.auto = True
        sim.started("a")
        assert sim.up == ["a", "b"]

    def test_group_restart_during_a_terminate(self) -> None:
        """A permanent sibling being terminated is stopped, answered, and then resurrected, as in OTP."""
        sim = up("a", "b", strategy="one_for_all")
        sim.terminate_child("b")
        assert starts(sim.ended("a")) == []
        given = sim.ended("b", SHUTDOWN)
        assert given == [Answer(1, "ok", "b"), StartChild("a", 2, worker("a"))]
        sim.auto = True
        sim.started("a")
        assert sim.up == ["a", "b"]

    def test_clean_transient_is_not_resurrected(self) -> None:
        """The deliberate difference: a transient child that ended cleanly stays down in a group restart."""
        sim = SimulatedDriver(worker("a"), worker("t", restart="transient"), strategy="one_for_all")
        sim.start()
        sim.ended("t", NORMAL)
        sim.ended("a")
        assert sim.up == ["a"]
        assert sim.status("t") == "down"

    def test_asked_for_temporary_sibling(self) -> None:
        """A temporary child that is bounced before it was up is forgotten; whoever asked for it is told."""
        sim = up("a", strategy="one_for_all")
        sim.start_child(worker("t", restart="temporary"))
        given = sim.ended("a")
        assert Answer(1, "start_failed", "t", reason=SHUTDOWN) in given
        assert stops(given) == ["t"]
        sim.start_failed("t", SHUTDOWN)
        assert sim.names == ["a"]

    def test_asked_for_sibling_that_waits_its_turn(self) -> None:
        """A temporary child terminated before its turn to start is forgotten; both requests are answered."""
        sim = up("a", "b", strategy="rest_for_one")
        sim.ended("b")
        assert sim.start_child(worker("t", restart="temporary")) is None
        sim.terminate_child("t")
        assert sim.last == [Answer(1, "start_failed", "t", reason=SHUTDOWN), Answer(2, "ok", "t")]
        assert sim.names == ["a", "b"]

    def test_asked_for_permanent_sibling(self) -> None:
        """A permanent child that is bounced before it was up is answered when its second attempt is."""
        sim = up("a", strategy="one_for_all")
        sim.start_child(worker("p"))
        sim.ended("a")
        sim.start_failed("p", SHUTDOWN)
        sim.started("a")
        assert Answer(1, "ok", "p", 2) in sim.started("p")

    def test_failed_sibling_waits_while_the_rest_is_torn_down(self) -> None:
        """Under one_for_all the group starts only when all are down and the retry is due, in either order."""
        for retry_first in (True, False):
            sim = up("a", "b", "c", strategy="one_for_all", restarts=5)
            sim.ended("c")
            sim.ended("b", SHUTDOWN)
            sim.ended("a", SHUTDOWN)
            sim.started("a")
            given = sim.start_failed("b")
            assert stops(given) == ["a"]
            assert ScheduleRetry(0.0, 1) in given
            if retry_first:
                assert starts(sim.retry()) == []
                assert starts(sim.ended("a", SHUTDOWN)) == ["a"]
            else:
                assert starts(sim.ended("a", SHUTDOWN)) == []
                assert starts(sim.retry()) == ["a"]
