"""OTP's ``supervisor_SUITE``, the cases about restart types, strategies and significant children."""

import pytest

from csp.exits import KILLED, NORMAL, SHUTDOWN, ExitReason
from csp.supervision.child import child
from csp.supervision.commands import Ended
from csp.supervision.intensity import Intensity
from csp.supervision.strategy import AutoShutdown, Restart, Strategy

from .simulated_driver import ABC, CRASH, Branch, SimulatedDriver, reports, started, starts, stops, worker


class TestRestartTypes:
    """The nine cases restart type x exit class."""

    @pytest.mark.parametrize("reason", [NORMAL, SHUTDOWN, CRASH, KILLED])
    def test_permanent(self, reason: ExitReason) -> None:
        """permanent_normal, _shutdown, _abnormal: it is restarted and reported whatever the reason."""
        sim = started("a")
        assert reports(sim.ended("a", reason)) == [("child_ended", "a"), ("child_restarting", "a")]
        assert sim.lives["a"].incarnation == 2

    @pytest.mark.parametrize("reason", [NORMAL, SHUTDOWN])
    def test_transient_clean(self, reason: ExitReason) -> None:
        """transient_normal, _shutdown: it stays down, unreported, and its spec is kept."""
        sim = SimulatedDriver(worker("a", restart="transient"))
        sim.start()
        assert sim.ended("a", reason) == []
        assert sim.counts() == [1, 0, 0, 1]

    @pytest.mark.parametrize("reason", [CRASH, KILLED])
    def test_transient_abnormal(self, reason: ExitReason) -> None:
        """transient_abnormal: it is restarted and reported."""
        sim = SimulatedDriver(worker("a", restart="transient"))
        sim.start()
        assert reports(sim.ended("a", reason)) == [("child_ended", "a"), ("child_restarting", "a")]
        assert sim.up == ["a"]

    @pytest.mark.parametrize("reason", [NORMAL, SHUTDOWN, CRASH, KILLED])
    def test_temporary(self, reason: ExitReason) -> None:
        """temporary_normal, _shutdown, _abnormal: it is never restarted, and reported only when abnormal."""
        sim = SimulatedDriver(worker("a", restart="temporary"))
        sim.start()
        assert reports(sim.ended("a", reason)) == ([] if reason.clean else [("child_ended", "a")])
        assert sim.counts() == [0, 0, 0, 0]

    @pytest.mark.parametrize("strategy", ["one_for_all", "rest_for_one"])
    def test_temporary_bystander(self, strategy: Strategy) -> None:
        """A temporary sibling that a group restart stops is forgotten, and the supervisor goes on."""
        sim = SimulatedDriver(worker("a"), worker("t", restart="temporary"), strategy=strategy)
        sim.start()
        given = sim.ended("a")
        assert stops(given) == ["t"]
        assert starts(given) == ["a"]
        assert sim.names == ["a"]


class TestStrategies:
    """The cases of the strategies."""

    def test_multiple_restarts(self) -> None:
        """A child that fails just under the limit, waiting between, is restarted without end."""
        sim = SimulatedDriver(worker("a"), intensity=Intensity(1, 1.0))
        sim.start()
        for _ in range(10):
            sim.now += 1.01
            sim.ended("a")
        assert sim.up == ["a"]
        assert sim.lives["a"].incarnation == 11

    def test_one_for_one(self) -> None:
        """Only the child that ended is restarted; the third failure is one too many: all stop in reverse."""
        sim = started(*ABC, restarts=2)
        for _ in range(2):
            given = sim.ended("b")
            assert (stops(given), starts(given)) == ([], ["b"])
        assert {name: life.incarnation for name, life in sim.lives.items()} == {"a": 1, "b": 3, "c": 1}
        given = sim.ended("b")
        assert reports(given) == [("child_ended", "b"), ("supervisor_gave_up", "b")]
        assert stops(given) == ["c", "a"]
        assert isinstance(sim.end, Ended)

    def test_one_for_all(self) -> None:
        """All others stop in reverse, then all start in order, the failed one at its old place."""
        sim = started(*ABC, strategy="one_for_all", restarts=2)
        given = sim.ended("b")
        assert stops(given) == ["c", "a"]
        assert starts(given) == ["a", "b", "c"]
        assert sim.up == ["a", "b", "c"]

    def test_rest_for_one(self) -> None:
        """The younger ones stop in reverse, then the failed one and they start in order; the older stay."""
        sim = started(*"abcd", strategy="rest_for_one", restarts=2)
        given = sim.ended("b")
        assert stops(given) == ["d", "c"]
        assert starts(given) == ["b", "c", "d"]
        assert sim.lives["a"].incarnation == 1

    @pytest.mark.parametrize("strategy", ["one_for_all", "rest_for_one"])
    def test_group_restart_counts_once(self, strategy: Strategy) -> None:
        """A group restart is one restart, however many children it moves."""
        sim = started(*"abcdef", strategy=strategy, restarts=1)
        sim.ended("a")
        assert sim.up == list("abcdef")

    @pytest.mark.parametrize("strategy", ["one_for_one", "one_for_all", "rest_for_one"])
    def test_escalation(self, strategy: Strategy) -> None:
        """*_escalation: a child whose restart always fails takes the supervisor and the siblings down."""
        sim = started("a", "b", strategy=strategy, restarts=4)
        sim.start_fails = {"a"}
        sim.ended("a")
        attempts = 1
        while sim.end is None:
            sim.retry()
            attempts += 1
        assert attempts == 4
        assert starts(sim.commands).count("a") == 1 + 4
        assert isinstance(sim.end, Ended)
        assert (sim.end.why, sim.end.reason.kind) == ("gave_up", "shutdown")
        # The deliberate difference: the cause is there.
        assert sim.end.reason.cause == CRASH

    def test_intensity_zero(self) -> None:
        """Intensity 0 gives up at the first restart, before any attempt."""
        sim = started("a", "b", restarts=0)
        given = sim.ended("a")
        assert starts(given) == []
        assert isinstance(sim.end, Ended)

    def test_one_for_all_other_child_fails_restart(self) -> None:
        """A sibling that fails in the group start tears down what came up, and all are tried again."""
        sim = started(*ABC, strategy="one_for_all", restarts=5)
        sim.start_fails = {"b"}
        given = sim.ended("a")
        assert starts(given) == ["a", "b"]
        assert stops(given) == ["c", "b", "a"]
        sim.start_fails = set()
        assert starts(sim.retry()) == ["a", "b", "c"]
        assert sim.up == ["a", "b", "c"]

    def test_rest_for_one_other_child_fails_restart(self) -> None:
        """A younger sibling that fails in the group start is tried again alone; those already up stay up."""
        sim = started(*ABC, strategy="rest_for_one", restarts=5)
        sim.start_fails = {"b"}
        given = sim.ended("a")
        assert starts(given) == ["a", "b"]
        sim.start_fails = set()
        given = sim.retry()
        assert (stops(given), starts(given)) == ([], ["b", "c"])
        assert sim.lives["a"].incarnation == 2


class TestSignificant:
    """The cases ``significant_*`` and ``nonsignificant_*``."""

    @pytest.mark.parametrize("mode", ["never", "any_significant", "all_significant"])
    @pytest.mark.parametrize("restart", ["transient", "temporary"])
    @pytest.mark.parametrize("reason", [NORMAL, SHUTDOWN, CRASH])
    def test_nonsignificant(self, mode: AutoShutdown, restart: Restart, reason: ExitReason) -> None:
        """nonsignificant_temporary, _transient: such a child never shuts the supervisor down."""
        sim = SimulatedDriver(worker("a", restart=restart), auto_shutdown=mode)
        sim.start()
        sim.ended("a", reason)
        assert sim.end is None

    @pytest.mark.parametrize("reason", [NORMAL, SHUTDOWN, CRASH, KILLED])
    def test_significant_temporary(self, reason: ExitReason) -> None:
        """Any end of a temporary one triggers: the first under any, the last under all."""
        first = self._pair("temporary", "any_significant")
        first.ended("a", reason)
        last = self._pair("temporary", "all_significant")
        last.ended("a", reason)
        assert last.end is None
        last.ended("b", reason)
        for sim in (first, last):
            assert isinstance(sim.end, Ended)
            assert (sim.end.why, sim.end.reason.kind) == ("auto_shutdown", "shutdown")

    def test_significant_transient(self) -> None:
        """A transient one triggers when it ends cleanly and is restarted when it does not."""
        sim = self._pair("transient", "any_significant")
        sim.ended("a", CRASH)
        assert sim.end is None
        assert sim.up == ["a", "b", "x"]
        given = sim.ended("a", NORMAL)
        assert stops(given) == ["x", "b"]
        assert reports(given) == [("supervisor_auto_shutdown", "a")]
        assert isinstance(sim.end, Ended)

    def test_significant_restarting_counts_as_alive(self) -> None:
        """Under all_significant a significant child between two attempts keeps the supervisor up."""
        sim = self._pair("transient", "all_significant")
        sim.start_fails = {"b"}
        sim.ended("b", CRASH)
        sim.ended("a", NORMAL)
        assert sim.end is None

    @pytest.mark.parametrize("strategy", ["one_for_all", "rest_for_one"])
    @pytest.mark.parametrize("mode", ["any_significant", "all_significant"])
    def test_significant_bystander(self, strategy: Strategy, mode: AutoShutdown) -> None:
        """Significant children that a group restart stops do not shut the supervisor down."""
        sim = SimulatedDriver(
            worker("p"),
            worker("a", restart="temporary", significant=True),
            worker("b", restart="transient", significant=True),
            strategy=strategy,
            auto_shutdown=mode,
        )
        sim.start()
        sim.ended("p")
        assert sim.end is None
        assert sim.up == ["p", "b"]

    def test_terminate_significant(self) -> None:
        """terminate_child of a significant child does not shut the supervisor down."""
        sim = self._pair("transient", "any_significant")
        sim.terminate_child("a")
        assert sim.end is None

    def test_significant_escalation(self) -> None:
        """A supervisor that shut itself down ends cleanly, so a significant one cascades one level up."""
        inner = self._pair("transient", "any_significant")
        inner.ended("a", NORMAL)
        assert isinstance(inner.end, Ended)
        for significant in (True, False):
            branch = child(Branch).options(restart="transient", significant=significant)
            outer = SimulatedDriver(branch, auto_shutdown="any_significant")
            outer.start()
            outer.ended("branch", inner.end.reason)
            assert isinstance(outer.end, Ended) is significant

    @staticmethod
    def _pair(restart: Restart, mode: AutoShutdown) -> SimulatedDriver:
        """Start two significant children and one plain one."""
        sim = SimulatedDriver(
            worker("a", restart=restart, significant=True),
            worker("b", restart=restart, significant=True),
            worker("x"),
            auto_shutdown=mode,
        )
        sim.start()
        return sim
