"""Every combination of strategy, restart type, exit, position and sibling, against a table written apart.

The oracle below shares no code with the reducer: it writes down, from OTP's documentation and from the
deliberate differences, what must come out.
"""

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

import pytest

from csp.exits import ExitReason, Kind
from csp.supervision.commands import Ended
from csp.supervision.intensity import Intensity
from csp.supervision.strategy import AutoShutdown, Restart, Strategy

from .simulated_driver import SimulatedDriver, reports, starts, stops, worker

STRATEGIES: tuple[Strategy, ...] = ("one_for_one", "one_for_all", "rest_for_one")
RESTARTS: tuple[Restart, ...] = ("permanent", "transient", "temporary")
EXITS: tuple[Kind, ...] = ("normal", "shutdown", "failed", "killed")
SIBLINGS = ("up", "ended", "terminated", "restarting")
NAMES = ("a", "b", "c")

# (restart type, clean exit) -> (is restarted, is reported, spec is kept)
DECISIONS = {
    ("permanent", True): (True, True, True),
    ("permanent", False): (True, True, True),
    ("transient", True): (False, False, True),
    ("transient", False): (True, True, True),
    ("temporary", True): (False, False, False),
    ("temporary", False): (False, True, False),
}


class Case(NamedTuple):
    """The child at *position* ends with *kind* while the child at *other* is in the state *sibling*."""

    strategy: Strategy
    restart: Restart
    kind: Kind
    position: int
    other: int
    sibling: str
    sibling_restart: Restart

    def __str__(self) -> str:
        return "-".join(map(str, self))


def is_possible(case: Case) -> bool:
    """Leave out a sibling that would be forgotten, be restarted at once, or take the subject down with it."""
    if case.position == case.other:
        return False
    match case.sibling:
        case "up":
            return True
        case "ended":
            return case.sibling_restart == "transient"
        case "terminated":
            return case.sibling_restart != "temporary"
        case "restarting":
            group = case.strategy == "one_for_all"
            rest = case.strategy == "rest_for_one" and case.other < case.position
            return case.sibling_restart != "temporary" and not group and not rest
    raise AssertionError(case.sibling)


CASES = [
    case
    for case in (
        Case(*values) for values in product(STRATEGIES, RESTARTS, EXITS, range(3), range(3), SIBLINGS, RESTARTS)
    )
    if is_possible(case)
]


def prepare(case: Case) -> SimulatedDriver:
    """Start the three children and bring the sibling into its state."""
    children = [
        worker(name, restart=case.restart if index == case.position else case.sibling_restart)
        for index, name in enumerate(NAMES)
    ]
    sim = SimulatedDriver(*children, strategy=case.strategy, intensity=Intensity(10, 60.0))
    sim.start()
    other = NAMES[case.other]
    match case.sibling:
        case "ended":
            sim.ended(other, ExitReason("normal"))
        case "terminated":
            sim.terminate_child(other)
        case "restarting":
            sim.start_fails = {other}
            sim.ended(other)
            sim.start_fails = set()
            assert sim.status(other) == "restarting"
    return sim


def covered(case: Case) -> list[int]:
    """Which positions a restart of the subject covers."""
    return {
        "one_for_one": [case.position],
        "one_for_all": [0, 1, 2],
        "rest_for_one": list(range(case.position, 3)),
    }[case.strategy]


def expected_stops(case: Case) -> list[str]:
    """Say which siblings stop, in order: all covered ones that were up, the youngest first."""
    if not DECISIONS[case.restart, case.kind in ("normal", "shutdown")][0]:
        return []
    return [NAMES[i] for i in sorted(covered(case), reverse=True) if i != case.position and was_up(case, i)]


def was_up(case: Case, index: int) -> bool:
    """Say whether the child at *index* was up when the subject ended."""
    if index == case.other:
        return case.sibling == "up"
    # Under rest_for_one the children younger than a restarting one wait for it.
    waits = case.sibling == "restarting" and case.strategy == "rest_for_one" and index > case.other
    return not waits


def expected_starts(case: Case) -> Iterator[str]:
    """Say which children are started once all retries are through, in order."""
    restarted = DECISIONS[case.restart, case.kind in ("normal", "shutdown")][0]
    moved = covered(case) if restarted else []

    def starts_again(index: int) -> bool:
        if index == case.position:
            return restarted
        if index == case.other and case.sibling != "up":
            retried = case.sibling == "restarting"
            return retried or (index in moved and case.sibling_restart == "permanent")
        if not was_up(case, index):
            return True  # It waited for the restarting one and never lost its place.
        return index in moved and case.sibling_restart != "temporary"

    return (NAMES[index] for index in range(3) if starts_again(index))


def expected_names(case: Case) -> list[str]:
    """Say whose specs are left."""
    restarted, _, kept = DECISIONS[case.restart, case.kind in ("normal", "shutdown")]
    moved = covered(case) if restarted else []

    def stays(index: int) -> bool:
        if index == case.position:
            return kept
        return not (case.sibling_restart == "temporary" and index in moved)

    return [NAMES[index] for index in range(3) if stays(index)]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_decision(case: Case) -> None:
    """Who stops, who starts, who stays, the orders and the reports are those of the table."""
    sim = prepare(case)
    before = len(sim.commands)
    sim.ended(NAMES[case.position], ExitReason(case.kind))
    while sim.retries:
        sim.retry()
    given = sim.commands[before:]

    restarted, reported, _ = DECISIONS[case.restart, case.kind in ("normal", "shutdown")]
    subject = NAMES[case.position]
    expected_reports = [("child_ended", subject)] * reported + [("child_restarting", subject)] * restarted
    assert reports(given) == expected_reports
    assert stops(given) == expected_stops(case)
    if case.strategy == "one_for_one":
        # Nobody waits for anybody: the order is that of the events.
        assert sorted(starts(given)) == sorted(expected_starts(case))
    else:
        assert starts(given) == list(expected_starts(case))
    assert sim.names == expected_names(case)
    assert sim.end is None
    down = {"ended", "terminated"}
    if case.sibling in down and NAMES[case.other] not in expected_starts(case):
        assert sim.status(NAMES[case.other]) == "down"


AUTO_MODES: tuple[AutoShutdown, ...] = ("never", "any_significant", "all_significant")


@pytest.mark.parametrize("mode", AUTO_MODES)
@pytest.mark.parametrize("restart", ["transient", "temporary"])
@pytest.mark.parametrize("kind", EXITS)
@pytest.mark.parametrize("significant", [True, False])
@pytest.mark.parametrize("other", ["none", "plain", "significant"])
def test_auto_shutdown(mode: AutoShutdown, restart: Restart, kind: Kind, significant: bool, other: str) -> None:
    """A supervisor ends by itself exactly when a significant child ended for good and its mode says so."""
    children = [worker("a", restart=restart, significant=significant)]
    if other != "none":
        children.append(worker("b", restart="transient", significant=other == "significant"))
    sim = SimulatedDriver(*children, auto_shutdown=mode)
    sim.start()
    sim.ended("a", ExitReason(kind))
    for_good = restart == "temporary" or kind in ("normal", "shutdown")
    last = other != "significant"
    ends = significant and for_good and (mode == "any_significant" or (mode == "all_significant" and last))
    assert isinstance(sim.end, Ended) is ends
