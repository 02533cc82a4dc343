"""Restart intensity and back-off are arithmetic on what they are given."""

import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csp.errors import ChildSpecError
from csp.supervision.intensity import Backoff, Intensity, may_restart


def count(intensity: Intensity, *instants: float) -> list[bool]:
    """Count attempts at these instants; return whether each was allowed."""
    stamps: tuple[float, ...] = ()
    allowed = []
    for now in instants:
        may, stamps = may_restart(stamps, now, intensity)
        allowed.append(may)
    return allowed


class TestIntensity:
    """The window of counted restarts."""

    def test_default(self) -> None:
        """The default is three restarts in five seconds."""
        assert Intensity() == Intensity(restarts=3, seconds=5.0)

    def test_limit_is_allowed_and_one_more_is_not(self) -> None:
        """As many as the limit are allowed, and the next one is refused."""
        assert count(Intensity(2, 10.0), 0.0, 1.0, 2.0) == [True, True, False]

    def test_zero_refuses_the_first(self) -> None:
        """With no restarts allowed the first attempt is refused."""
        assert count(Intensity(0), 0.0) == [False]

    def test_period_is_inclusive(self) -> None:
        """An attempt exactly as old as the period still counts, a little older does not."""
        assert count(Intensity(1, 5.0), 10.0, 15.0) == [True, False]
        assert count(Intensity(1, 5.0), 10.0, 15.001) == [True, True]

    def test_refused_attempts_stay_counted(self) -> None:
        """An attempt is counted before it is judged, so that a refused one weighs on the next."""
        assert count(Intensity(1, 5.0), 0.0, 4.0, 8.0) == [True, False, False]

    @settings(deadline=None)
    @given(
        st.integers(0, 5),
        st.floats(0.1, 10.0),
        st.lists(st.floats(0.0, 3.0), max_size=40),
    )
    def test_agrees_with_counting_by_hand(self, restarts: int, seconds: float, gaps: list[float]) -> None:
        """Each verdict is what counting the attempts of the period by hand gives; old stamps are let go."""
        instants: list[float] = []
        stamps: tuple[float, ...] = ()
        for gap in gaps:
            now = (instants[-1] if instants else 100.0) + gap
            instants.append(now)
            recent = [instant for instant in instants if now - instant <= seconds]
            allowed, stamps = may_restart(stamps, now, Intensity(restarts, seconds))
            assert allowed == (len(recent) <= restarts)
            assert list(stamps) == recent

    @pytest.mark.parametrize("restarts", [-1, 1.5, True, "3", None])
    def test_restarts_must_be_a_count(self, restarts: Any) -> None:
        """Whatever is no whole number from 0 up is refused by name."""
        with pytest.raises(ChildSpecError, match=r"Intensity: restarts=.* use a whole number"):
            Intensity(restarts=restarts)

    @pytest.mark.parametrize("seconds", [0, -1.0, float("inf"), float("nan"), True, "5", None])
    def test_seconds_must_be_a_period(self, seconds: Any) -> None:
        """Whatever is no finite number above 0 is refused by name."""
        with pytest.raises(ChildSpecError, match=r"Intensity: seconds=.* use a number of seconds above 0"):
            Intensity(seconds=seconds)

    def test_is_a_value(self) -> None:
        """It is equal by content, hashable, frozen, and survives a pickle."""
        assert pickle.loads(pickle.dumps(Intensity(1, 2.0))) == Intensity(1, 2.0)
        assert len({Intensity(), Intensity()}) == 1
        with pytest.raises(AttributeError):
            Intensity().restarts = 4  # type: ignore[misc]


class TestBackoff:
    """The delay before a restart."""

    def test_doubles_up_to_the_maximum(self) -> None:
        """Each delay is twice the one before until the maximum, and stays there however long the row."""
        backoff = Backoff(0.1, 1.0)
        delays = [backoff.delay(failures, 0.5) for failures in (0, 1, 2, 3, 4, 5, 10_000)]
        assert delays == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0, 1.0]

    def test_jitter_adds_a_random_fraction(self) -> None:
        """The delay grows with the random number, by the jitter at most, on top of the maximum too."""
        backoff = Backoff(1.0, 2.0, jitter=0.5)
        assert [backoff.delay(0, random) for random in (0.0, 0.5)] == [1.0, 1.25]
        assert backoff.delay(9, 0.5) == 2.5

    @settings(deadline=None)
    @given(st.floats(1e-3, 1e3), st.floats(1.0, 1e6), st.floats(0.0, 2.0), st.integers(0, 10**9), st.floats(0, 1))
    def test_stays_within_bounds(
        self, initial: float, factor: float, jitter: float, failures: int, random: float
    ) -> None:
        """No delay is below the initial one or above the maximum with its jitter, and a row never shrinks."""
        backoff = Backoff(initial, initial * factor, jitter)
        delay = backoff.delay(failures, random)
        assert initial <= delay <= initial * factor * (1.0 + jitter)
        assert delay <= backoff.delay(failures + 1, random)

    def test_a_long_life_ends_the_row(self) -> None:
        """A life of the maximum ends the row, or of what is said instead."""
        assert [Backoff(0.1, 10.0).ends_row(lived) for lived in (9.9, 10.0)] == [False, True]
        assert [Backoff(0.1, 10.0, reset_after=60.0).ends_row(lived) for lived in (10.0, 60.0)] == [
            False,
            True,
        ]

    @pytest.mark.parametrize(
        ("field", "values"),
        [
            ("initial", {"initial": 0.0, "maximum": 1.0}),
            ("initial", {"initial": "1", "maximum": 1.0}),
            ("maximum", {"initial": 2.0, "maximum": 1.0}),
            ("maximum", {"initial": 2.0, "maximum": float("inf")}),
            ("jitter", {"initial": 1.0, "maximum": 1.0, "jitter": -0.1}),
            ("reset_after", {"initial": 1.0, "maximum": 1.0, "reset_after": -1}),
        ],
    )
    def test_refuses_by_name(self, field: str, values: dict[str, Any]) -> None:
        """A value that is not legal is refused with the name of its field."""
        with pytest.raises(ChildSpecError, match=rf"Backoff: {field}="):
            Backoff(**values)
