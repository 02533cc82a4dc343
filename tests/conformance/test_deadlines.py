"""Timers and deadlines in processes of every kind."""

import alone

import csp


def test_timers_come_in_their_time(crew, capacity):
    """After, at and tick win against a quiet channel and never(), not before their instant."""
    assert crew.run(alone.first_of_timers, capacity) == [(True, None, True)] * 3


def test_a_timer_with_priority_comes_under_load(crew, buffered):
    """A timer that stands first is taken when it is due, though the channel behind it is ready all the time."""
    assert crew.run(alone.timer_beside_a_busy_channel, buffered) >= 0


def test_huge_times_are_endless(crew, capacity):
    """Timeouts and timers beyond the clock's range neither overflow nor expire."""
    tx, rx = csp.channel(capacity)
    task = crew.start(alone.huge_times, rx)
    for n in range(8):
        tx.send(n)
    assert task.result() == [*range(8)]


def test_ticks_come_on_their_rhythm(crew):
    """Several processes tick at once, each on a rhythm of its own: no tick comes early."""
    tasks = crew.start_many(4, alone.ticks, 0.002, 5)
    assert min(task.result() for task in tasks) >= 0.01


def test_deadlines_may_be_shorter_than_a_millisecond(crew, capacity):
    """A timeout of 0.2 ms is one: at its best it neither comes early nor is rounded up to a scheduler's tick."""
    _tx, rx = csp.channel(capacity)
    assert 0.0002 <= crew.run(alone.sub_millisecond, rx, 50) < 0.01
