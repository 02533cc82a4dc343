"""Timers are deadlines: guards that cost no thread, do not drift and do not pile up."""

import time

import pytest

import csp
from csp._native import totals


def test_after_is_ready_at_its_time_and_stays_ready() -> None:
    """after() counts from when it was made, and once due it is ready again and again."""
    begun = time.monotonic()
    timer = csp.after(0.02)
    assert csp.select(timer) == (timer, None)
    assert time.monotonic() - begun >= 0.02
    assert csp.select(timer, timeout=0) == (timer, None)


def test_at_takes_an_instant_of_the_monotonic_clock() -> None:
    """at() is ready at an instant; one that is past is ready at once."""
    past = csp.at(time.monotonic() - 1)
    assert csp.select(past, timeout=0)[0] is past
    instant = time.monotonic() + 0.02
    csp.select(csp.at(instant))
    assert time.monotonic() >= instant - 1e-6


def test_the_earliest_timer_wins() -> None:
    """Of several timers the one that is due first is chosen, wherever it stands."""
    late, early = csp.after(30), csp.after(0.01)
    assert csp.select(late, early)[0] is early


def test_tick_does_not_drift() -> None:
    """A tick taken late does not delay the next: that one comes on the rhythm of the start, not an interval after the
    taking.
    """
    interval = 0.02
    for _ in range(50):  # a busy machine may stop us for a whole interval; it will not do so every time
        ticker = csp.tick(interval)
        begun = time.monotonic()
        csp.select(csp.at(begun + 1.5 * interval))
        csp.select(ticker)  # due at 1, taken at 1.5 intervals
        csp.select(ticker)
        beats = (time.monotonic() - begun) / interval
        assert beats >= 1.99
        if beats < 2.4:
            return
    pytest.fail(f"the second tick never came before {beats:.2f} intervals")


def test_ticks_do_not_pile_up() -> None:
    """Ticks that nobody took are left out: after a pause there is one, and the next keeps the old rhythm."""
    interval = 0.01
    begun = time.monotonic()
    ticker = csp.tick(interval)
    csp.select(csp.at(begun + 4.5 * interval))
    assert csp.select(ticker, timeout=0)[0] is ticker
    csp.select(ticker)
    beats = (time.monotonic() - begun) / interval
    assert beats >= 4.99  # the tick after the pause is a whole one, on the rhythm of the start


def test_never_is_never_ready() -> None:
    """never() loses against everything, and alone it would wait for ever, which is said at once."""
    with pytest.raises(TimeoutError):
        csp.select(csp.never(), timeout=0.005)
    assert csp.select(csp.never(), csp.skip())[0] is not None
    with pytest.raises(ValueError, match="wait for ever"):
        csp.select(csp.never())


@pytest.mark.parametrize("bad", [0, -1, float("nan"), float("inf")])
def test_tick_refuses_an_interval_that_is_none(bad: float) -> None:
    """An interval must be a positive number of seconds."""
    with pytest.raises(ValueError, match="interval"):
        csp.tick(bad)


def test_timers_cost_no_threads() -> None:
    """A thousand timers in one select wait on one thread."""
    before = totals()["threads"]
    timers = [csp.after(60) for _ in range(1000)]
    first = csp.after(0.005)
    assert csp.select(*timers, first)[0] is first
    assert totals()["threads"] <= before + 1  # the calling thread, if this was its first wait
