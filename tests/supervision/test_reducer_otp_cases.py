"""OTP's ``supervisor_SUITE``, case by case under its names, as far as it is about decisions.

Left out, because they are about other things: the ``ignore`` cases (no class of ours can decline to start),
``simple`` and ``dynamic`` supervisors, code change, name registration, log formatting, and what the driver
owes (``child_unlink``). Cases about the form of specs are in ``test_child.py`` and
``test_supervisor_definition.py``.
"""

import pytest

from csp.exits import KILLED, NORMAL, SHUTDOWN, ExitReason
from csp.supervision.child import child
from csp.supervision.commands import Ended, KillChild, Started, StartFailed, StopChild
from csp.supervision.intensity import Intensity
from csp.supervision.state import which_children
from csp.supervision.strategy import Restart, Strategy

from .simulated_driver import ABC, CRASH, Branch, SimulatedDriver, reports, started, starts, stops, worker


class TestStart:
    """The cases ``sup_start_*``."""

    def test_sup_start_normal(self) -> None:
        """A supervisor without children starts at once and stops with the reason it was given."""
        sim = SimulatedDriver()
        assert sim.start() == [Started()]
        assert sim.stop() == [Ended(SHUTDOWN, "stopped")]

    def test_sup_start_fail(self) -> None:
        """A child that cannot start stops the earlier ones in reverse and fails the start; no retry."""
        sim = SimulatedDriver(*map(worker, "abcd"))
        sim.start_fails = {"c"}
        given = sim.start()
        assert starts(given) == ["a", "b", "c"]
        assert stops(given) == ["b", "a"]
        assert isinstance(sim.end, StartFailed)
        assert not sim.retries
        assert Started() not in given

    def test_sup_start_fail_is_not_counted(self) -> None:
        """A failed first start is not counted: the report is a start error, not a resignation."""
        sim = SimulatedDriver(worker("a"), intensity=Intensity(0))
        sim.start_fails = {"a"}
        assert reports(sim.start()) == [("child_start_failed", "a")]

    def test_faulty_application_shutdown(self) -> None:
        """The start error surfaces with the child's own reason and traceback inside."""
        sim = SimulatedDriver(worker("a"))
        sim.start_fails = {"a"}
        sim.start()
        assert isinstance(sim.end, StartFailed)
        assert sim.end.reason.cause == CRASH
        assert sim.end.reason.root.traceback == CRASH.traceback
        assert "'a'" in sim.end.reason.text

    def test_sup_start_child_returns_error(self) -> None:
        """A failed start by request is answered with its reason and the spec is discarded."""
        sim = started()
        sim.start_fails = {"a"}
        answer = sim.start_child(worker("a"))
        assert answer is not None
        assert (answer.outcome, answer.reason) == ("start_failed", CRASH)
        assert sim.names == []
        assert not sim.retries

    def test_sup_start_restart_child_returns_error(self) -> None:
        """A failed restart by request is answered with its reason and keeps the spec, stopped."""
        sim = started("a")
        sim.terminate_child("a")
        sim.start_fails = {"a"}
        answer = sim.restart_child("a")
        assert answer is not None
        assert answer.outcome == "start_failed"
        assert sim.status("a") == "down"
        assert not sim.retries

    def test_sup_start_map(self) -> None:
        """Defaults can be read back: permanent, 5 seconds, worker; a supervisor without limit."""
        sim = SimulatedDriver(worker("a"), worker("b", shutdown="kill"), child(Branch))
        sim.start()
        read = [(i.child_id, i.spec.restart, i.spec.shutdown, i.kind) for i in which_children(sim.state)]
        assert read == [
            ("a", "permanent", 5.0, "worker"),
            ("b", "permanent", "kill", "worker"),
            ("branch", "permanent", None, "supervisor"),
        ]

    @pytest.mark.parametrize("spec", ["child4", Branch, None, 3])
    def test_sup_start_map_faulty_specs(self, spec: object) -> None:
        """What is not a child spec is refused by the request and changes nothing."""
        sim = started("a")
        answer = sim.start_child(spec)
        assert answer is not None
        assert answer.outcome == "bad_spec"
        assert "csp.child(" in answer.text
        assert sim.names == ["a"]


class TestStop:
    """The cases ``sup_stop_*``."""

    def test_sup_stop_infinity(self) -> None:
        """Waiting without limit is legal for a worker and a supervisor, and passed on as None."""
        sim = SimulatedDriver(child(Branch).options(name="s"), worker("w", shutdown=None))
        sim.start()
        assert [c.shutdown for c in sim.stop() if isinstance(c, StopChild)] == [None, None]

    def test_sup_stop_timeout(self) -> None:
        """A child that had to be killed after its time is reported; one that stops in time is not."""
        sim = SimulatedDriver(worker("a", shutdown=1.0), worker("b", shutdown=1.0))
        sim.start()
        sim.stop_hangs = {"b"}
        assert sim.stop() == [StopChild("b", 1, 1.0)]
        given = sim.ended("b", KILLED)
        assert reports(given) == [("child_stop_unclean", "b")]
        assert given[-1] == Ended(SHUTDOWN, "stopped")

    def test_sup_stop_brutal_kill(self) -> None:
        """A child with shutdown "kill" is killed and not asked, and its end as killed is no error."""
        sim = SimulatedDriver(worker("a"), worker("b", shutdown="kill"))
        sim.start()
        assert sim.stop() == [KillChild("b", 1), StopChild("a", 1, 5.0), Ended(SHUTDOWN, "stopped")]

    @pytest.mark.parametrize("restart", ["permanent", "transient", "temporary"])
    @pytest.mark.parametrize("reason", [NORMAL, SHUTDOWN, CRASH, KILLED])
    def test_sup_stop_race(self, restart: Restart, reason: ExitReason) -> None:
        """Children that end on their own while the supervisor stops neither disturb it nor come back."""
        sim = SimulatedDriver(*(worker(name, restart=restart) for name in ABC), auto=False)
        sim.start()
        for name in ABC:
            sim.started(name)
        assert stops(sim.stop()) == ["c"]
        # The last in the queue goes first, on its own; then the one that was told; then the one between them.
        assert stops(sim.ended("a", reason)) == []
        assert stops(sim.ended("c", reason)) == ["b"]
        assert sim.ended("b", reason)[-1] == Ended(SHUTDOWN, "stopped")
        unclean = reason in (CRASH, KILLED) or (reason == NORMAL and restart == "permanent")
        told = [kind for kind, _ in reports(sim.commands)]
        assert told == (["child_stop_unclean"] * 3 if unclean else [])
        assert starts(sim.commands) == ["a", "b", "c"]

    def test_order_of_children(self) -> None:
        """Children start in order and stop in exactly the reverse order, under every strategy."""
        for strategy in ("one_for_one", "one_for_all", "rest_for_one"):
            sim = started(*"abcde", strategy=strategy)
            assert starts(sim.commands) == list("abcde")
            assert stops(sim.stop()) == list("edcba")


class TestChildAdm:
    """The case ``child_adm``: children changed at run time."""

    def test_start_child(self) -> None:
        """A start is answered with its incarnation; a second one of the name is already started."""
        sim = started()
        answer = sim.start_child(worker("a"))
        assert answer is not None
        assert (answer.outcome, answer.child_id, answer.incarnation) == ("ok", "a", 1)
        again = sim.start_child(worker("a"))
        assert again is not None
        assert (again.outcome, again.incarnation) == ("already_started", 1)
        assert sim.counts() == [1, 1, 0, 1]

    def test_terminate_child(self) -> None:
        """Terminating keeps the spec, is idempotent, and makes starting the name again already_present."""
        sim = started("a")
        for _ in range(2):
            answer = sim.terminate_child("a")
            assert answer is not None
            assert answer.outcome == "ok"
        assert sim.counts() == [1, 0, 0, 1]
        present = sim.start_child(worker("a"))
        assert present is not None
        assert present.outcome == "already_present"

    def test_terminate_temporary_child(self) -> None:
        """Terminating a temporary child forgets it."""
        sim = started()
        sim.start_child(worker("a", restart="temporary"))
        sim.terminate_child("a")
        assert sim.names == []

    def test_terminate_does_not_restart(self) -> None:
        """Terminating counts as no restart, whatever the restart type and strategy."""
        sim = started(*ABC, strategy="one_for_all", restarts=0)
        sim.terminate_child("b")
        assert sim.up == ["a", "c"]
        assert sim.end is None

    def test_restart_child(self) -> None:
        """Only a child that is down can be restarted by request."""
        sim = started("a")
        running = sim.restart_child("a")
        assert running is not None
        assert running.outcome == "running"
        sim.terminate_child("a")
        answer = sim.restart_child("a")
        assert answer is not None
        assert (answer.outcome, answer.incarnation) == ("ok", 2)
        again = sim.terminate_child("a")
        assert again is not None
        assert again.outcome == "ok"

    def test_delete_child(self) -> None:
        """Only a child that is down can be deleted, and then it is not found."""
        sim = started("a")
        running = sim.delete_child("a")
        assert running is not None
        assert running.outcome == "running"
        sim.terminate_child("a")
        answer = sim.delete_child("a")
        assert answer is not None
        assert answer.outcome == "ok"
        assert sim.names == []
        for request in (sim.delete_child, sim.restart_child, sim.terminate_child):
            missing = request("a")
            assert missing is not None
            assert missing.outcome == "not_found"

    def test_requests_while_restarting(self) -> None:
        """A child between two attempts can be neither restarted nor deleted, nor started a second time."""
        sim = started("a")
        sim.start_fails = {"a"}
        sim.ended("a")
        assert sim.status("a") == "restarting"
        for request in (sim.delete_child, sim.restart_child):
            answer = request("a")
            assert answer is not None
            assert answer.outcome == "restarting"
        present = sim.start_child(worker("a"))
        assert present is not None
        assert present.outcome == "already_present"


class TestMisc:
    """The other cases."""

    def test_tree(self) -> None:
        """An inner escalation has the outer one restart it, with its static children only."""
        outer = SimulatedDriver(child(Branch).options(name="inner"), worker("other"))
        outer.start()
        inner = started("a", "b", restarts=0)
        inner.start_child(worker("dynamic"))
        inner.terminate_child("b")
        inner.ended("a")
        assert isinstance(inner.end, Ended)
        given = outer.ended("inner", inner.end.reason)
        assert starts(given) == ["inner"]
        # The driver makes a new state from the definition for the new life.
        assert started("a", "b").up == ["a", "b"]

    @pytest.mark.parametrize("strategy", ["one_for_all", "rest_for_one"])
    def test_tree_resurrects_stopped_sibling(self, strategy: Strategy) -> None:
        """A group restart starts a permanent sibling that had been stopped by request, too."""
        sim = started("a", "b", strategy=strategy)
        sim.terminate_child("b")
        sim.ended("a")
        assert sim.up == ["a", "b"]

    def test_count_children(self) -> None:
        """Two hundred children started by request are counted, and one stopped is a spec but not active."""
        sim = started()
        for number in range(200):
            sim.start_child(worker(f"w{number}"))
        sim.terminate_child("w7")
        assert sim.counts() == [200, 199, 0, 200]

    def test_count_children_supervisor(self) -> None:
        """Supervisors are counted as such, up or down."""
        sim = SimulatedDriver(child(Branch).options(name="s1"), child(Branch).options(name="s2"), worker("w"))
        sim.start()
        sim.terminate_child("s1")
        assert sim.counts() == [3, 2, 2, 1]

    def test_count_restarting_children(self) -> None:
        """A restarting child is a spec and not active."""
        sim = started("a", "b")
        sim.start_fails = {"a"}
        sim.ended("a")
        assert sim.counts() == [2, 1, 0, 2]

    def test_do_not_save_start_parameters_for_temporary_children(self) -> None:
        """The arguments of a temporary child are let go once it is up; those of others are kept."""
        big = object()
        sim = SimulatedDriver(worker("t", big, restart="temporary"), worker("p", big))
        sim.start()
        assert [info.spec.args for info in which_children(sim.state)] == [(), (big,)]

    def test_do_not_save_child_specs_for_temporary_children(self) -> None:
        """The spec of a temporary child goes with the child, so that its name can be used again."""
        sim = started()
        for _ in range(3):
            answer = sim.start_child(worker("t", restart="temporary"))
            assert answer is not None
            assert answer.outcome == "ok"
            sim.ended("t")
        assert sim.counts() == [0, 0, 0, 0]

    @pytest.mark.parametrize("strategy", ["one_for_one", "one_for_all", "rest_for_one"])
    def test_hanging_restart_loop(self, strategy: Strategy) -> None:
        """Both the child and the supervisor can be stopped in a restart loop (also _rest_for_one)."""
        for stopper in ("child", "supervisor"):
            sim = started("a", "b", strategy=strategy, restarts=1000)
            sim.start_fails = {"a"}
            sim.ended("a")
            for _ in range(20):
                sim.retry()
                assert sim.status("a") == "restarting"
            if stopper == "child":
                answer = sim.terminate_child("a")
                assert answer is not None
                assert answer.outcome == "ok"
                assert sim.status("a") == "down"
                # The retry that is still on its way comes to nothing.
                assert starts(sim.retry()) == []
            sim.stop()
            assert sim.end == Ended(SHUTDOWN, "stopped")

    def test_which_children(self) -> None:
        """Children are listed in start order with their state; an unknown name is not among them."""
        sim = started("a", "b")
        sim.terminate_child("a")
        listed = [(i.child_id, i.status, i.incarnation, i.kind) for i in which_children(sim.state)]
        assert listed == [("a", "down", 0, "worker"), ("b", "up", 1, "worker")]

    def test_which_children_in_between(self) -> None:
        """Between down and up a child is starting, restarting or stopping, and its automatic restarts are counted."""
        sim = SimulatedDriver(worker("a"), worker("b"), strategy="one_for_all", auto=False)
        sim.start()
        assert [sim.status(name) for name in "ab"] == ["starting", "starting"]
        sim.started("a")
        sim.started("b")
        sim.ended("a")
        assert [sim.status(name) for name in "ab"] == ["restarting", "restarting"]
        sim.auto = True
        sim.ended("b", SHUTDOWN)
        assert [(info.status, info.restarts) for info in which_children(sim.state)] == [("up", 1), ("up", 1)]
        sim.auto = False
        sim.terminate_child("b")
        assert sim.status("b") == "stopping"
        assert sim.counts() == [2, 1, 0, 2]
        sim.ended("b", SHUTDOWN)
        sim.restart_child("b")
        sim.started("b")
        info = which_children(sim.state)[1]
        assert (info.incarnation, info.restarts, info.last_reason) == (3, 1, SHUTDOWN)
