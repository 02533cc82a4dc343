"""What processes see of channels at the same time could have happened one operation after the other."""

import pytest
from players import play
from search import Operation, explain
from specifications import Buffered, Rendezvous

import csp

pytestmark = pytest.mark.timeout(60)

HISTORIES = 60  # of each sort
BUFFERED = [(1,), (2,), (10,), (3, 1), (1, 1, 1)]
RENDEZVOUS = [(0,), (0, 0), (0, 0, 0)]


def histories(crew, processes, capacities, overflow="block", *, operations=8, seed=0):
    """Let *processes* of the crew play HISTORIES rounds over fresh channels; gives what happened in each."""
    parts = [[] for _ in range(processes)]
    opened = []
    for _ in range(HISTORIES):
        channels = [csp.channel(capacity, overflow) for capacity in capacities]
        opened.extend(end for pair in channels for end in pair)
        for part in parts:
            part.append(tuple((tx.clone(), rx.clone()) for tx, rx in channels))
            opened.extend(end for pair in part[-1] for end in pair)
    meeting = csp.Barrier(processes)
    tasks = [
        crew.start(play, number, processes, seed, tuple(part), operations, meeting) for number, part in enumerate(parts)
    ]
    del parts
    for end in opened:
        end.close()
    played = [task.result() for task in tasks]
    return [
        sorted(
            (Operation(process, *note) for process, notes in enumerate(parts) for note in notes),
            key=lambda operation: (operation.begun, operation.process),
        )
        for parts in zip(*played, strict=True)
    ]


def hold(found, specification):
    """Every history has an explanation."""
    for history in found:
        if explain(history, specification) is None:
            start = history[0].begun
            pytest.fail(
                "no order explains this history:\n"
                + "\n".join(
                    f"{one.process}: {one.begun - start:>9} .. {one.ended - start:>9}"
                    f" {one.name}{one.argument} -> {one.result}"
                    for one in history
                )
            )


@pytest.mark.parametrize("processes", [2, 3, 4])
@pytest.mark.parametrize("capacities", BUFFERED, ids=str)
def test_buffered_channels_are_linearizable(crew, processes, capacities):
    """Sends, receives, tries, timeouts, selects over several channels, closes and aborts on buffers are those of
    bounded queues, first in, first out; a select that fails saw one instant at which no guard was ready.
    """
    found = histories(crew, processes, capacities, seed="buffered")
    hold(found, Buffered(capacities, processes))
    assert overlaps(found) > HISTORIES  # else nothing happened at the same time, and this test shows nothing


@pytest.mark.parametrize("processes", [2, 3, 4])
@pytest.mark.parametrize("overflow", ["drop_oldest", "drop_newest"])
def test_dropping_channels_are_linearizable(crew, processes, overflow):
    """What the overflow policies drop is decided at one instant, too."""
    found = histories(crew, processes, (2,), overflow, seed="dropping")
    hold(found, Buffered((2,), processes, overflow))


@pytest.mark.parametrize("processes", [2, 3, 4])
@pytest.mark.parametrize("capacities", RENDEZVOUS, ids=str)
def test_a_rendezvous_is_one_event(crew, processes, capacities):
    """Without a buffer a send and its receive take effect together, so both are under way then; every value that was
    sent was received, also through selects and with short deadlines.
    """
    found = histories(crew, processes, capacities, seed="rendezvous")
    hold(found, Rendezvous(len(capacities), processes))
    assert overlaps(found) > HISTORIES


@pytest.mark.parametrize(
    "wrong", [Buffered((1,), 3), Buffered((3,), 3), Buffered((2,), 3, "drop_oldest")], ids=["less", "more", "drops"]
)
def test_another_specification_does_not_explain_them(crew, wrong):
    """What a channel of capacity 2 does is not what one of capacity 1 or 3, or one that drops, would do."""
    found = histories(crew, 3, (2,), seed="teeth")
    hold(found, Buffered((2,), 3))
    assert any(explain(history, wrong) is None for history in found)


def overlaps(found):
    """How many pairs of operations of different processes were under way at the same time."""
    return sum(
        1
        for history in found
        for i, one in enumerate(history)
        for earlier in history[:i]
        if earlier.process != one.process and earlier.ended >= one.begun
    )
