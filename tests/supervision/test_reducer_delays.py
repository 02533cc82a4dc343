"""Restarts that wait, and children with a limit of their own: what OTP does not have."""

from csp.supervision.commands import Ended, ScheduleRetry
from csp.supervision.intensity import Backoff, Intensity

from .simulated_driver import SimulatedDriver, starts, stops, worker


class TestBackoff:
    """Restarts that wait."""

    def test_waits_and_doubles(self) -> None:
        """Each restart in a row waits twice as long, and the start comes with the event, not before."""
        sim = self._supervised(Backoff(1.0, 8.0))
        for delay in (1.0, 2.0, 4.0, 8.0, 8.0):
            given = sim.ended("a")
            assert [c.delay for c in given if isinstance(c, ScheduleRetry)] == [delay]
            assert starts(given) == []
            assert sim.status("a") == "restarting"
            assert starts(sim.retry()) == ["a"]

    def test_failed_starts_are_in_the_row(self) -> None:
        """A restart that fails makes the next one wait longer."""
        sim = self._supervised(Backoff(1.0, 8.0))
        sim.ended("a")
        sim.start_fails = {"a"}
        assert ScheduleRetry(2.0, 2) in sim.retry()
        assert ScheduleRetry(4.0, 3) in sim.retry()

    def test_a_long_life_ends_the_row(self) -> None:
        """After a life of the maximum the next delay is the first again."""
        sim = self._supervised(Backoff(1.0, 8.0))
        for _ in range(3):
            sim.ended("a")
            sim.retry()
        sim.now += 8.0
        assert ScheduleRetry(1.0, 4) in sim.ended("a")

    def test_jitter_is_the_events(self) -> None:
        """The random part comes from the event."""
        sim = self._supervised(Backoff(1.0, 8.0, jitter=0.5))
        assert ScheduleRetry(1.25, 1) in sim.ended("a", random=0.5)

    def test_counts_when_decided(self) -> None:
        """Waiting does not spare the intensity: one restart too many gives up without a last delay."""
        sim = self._supervised(Backoff(1.0, 1.0), restarts=1)
        sim.ended("a")
        sim.retry()
        assert not [c for c in sim.ended("a") if isinstance(c, ScheduleRetry)]
        assert isinstance(sim.end, Ended)

    def test_group_stops_at_once_and_starts_together(self) -> None:
        """Under one_for_all the siblings stop at the death, and all wait for its delay."""
        sim = SimulatedDriver(worker("a"), worker("b", backoff=Backoff(1.0, 1.0)), strategy="one_for_all")
        sim.start()
        given = sim.ended("b")
        assert (stops(given), starts(given)) == (["a"], [])
        assert starts(sim.retry()) == ["a", "b"]

    def test_terminate_ends_the_waiting(self) -> None:
        """A child terminated while it waits is answered at once, and its retry comes to nothing."""
        sim = self._supervised(Backoff(1.0, 8.0))
        sim.ended("a")
        answer = sim.terminate_child("a")
        assert answer is not None
        assert answer.outcome == "ok"
        # Somebody who starts it again waits for nothing, and what was a row of failures is forgotten.
        sim.restart_child("a")
        assert starts(sim.last) == ["a"]
        assert sim.retry() == []
        assert [c.delay for c in sim.ended("a") if isinstance(c, ScheduleRetry)] == [1.0]

    def test_each_waits_for_its_own(self) -> None:
        """Of two children that wait, only the one whose delay is over starts."""
        sim = SimulatedDriver(worker("a", backoff=Backoff(1.0, 1.0)), worker("b", backoff=Backoff(2.0, 2.0)))
        sim.start()
        sim.ended("b")
        sim.ended("a")
        assert starts(sim.retry()) == ["a"]
        assert starts(sim.retry()) == ["b"]

    @staticmethod
    def _supervised(backoff: Backoff, restarts: int = 1000) -> SimulatedDriver:
        sim = SimulatedDriver(worker("a", backoff=backoff), intensity=Intensity(restarts, 60.0))
        sim.start()
        return sim


class TestOwnIntensity:
    """A child with an intensity of its own."""

    def test_does_not_use_up_the_supervisors(self) -> None:
        """Its restarts count for itself only, within a limit that may be wider."""
        sim = SimulatedDriver(worker("a", intensity=Intensity(5, 60.0)), worker("b"), intensity=Intensity(1, 60.0))
        sim.start()
        for _ in range(5):
            sim.ended("a")
        sim.ended("b")
        assert sim.up == ["a", "b"]
        sim.ended("a")
        assert isinstance(sim.end, Ended)
        assert "'a'" in sim.end.reason.text

    def test_may_be_narrower(self) -> None:
        """Its own limit holds even where the supervisor's would allow more."""
        sim = SimulatedDriver(worker("a", intensity=Intensity(0)), intensity=Intensity(9, 60.0))
        sim.start()
        sim.ended("a")
        assert isinstance(sim.end, Ended)
