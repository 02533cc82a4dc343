"""Rounds, medians and spread. Each peer is measured in a child process of its own, pinned or not.

All peers of a workload are up at the same time, asleep, and take turns round by round, so that what drifts (other
work on the machine, the host's mood, the clock of the processor) hits all of them alike.
"""

import json
import os
import select
import signal
import subprocess
import sys
import time
from statistics import median
from typing import TYPE_CHECKING, TypedDict

from tests.bench.workload import FREE, PINNED

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from tests.bench.workload import Workload

# Seconds for one answer of a child; the first one includes starting it, setting up and finding out how much to do.
FIRST_PATIENCE = 180.0
PATIENCE = 90.0
QUICK_ROUNDS = 3
# Seconds that a child may take to end after its last round.
END_PATIENCE = 20.0


class Row(TypedDict):
    """One line of the result: the median of a peer's rounds, with all of them."""

    workload: str
    peer: str
    value: float
    unit: str
    min: float
    max: float
    cpus: str
    runs: list[float]


class Left(TypedDict):
    """A peer that gave no figures: ``failed`` if that was its fault, otherwise it cannot run here."""

    workload: str
    peer: str
    cpus: str
    reason: str
    failed: bool


class NoFigureError(Exception):
    """A child that did not answer with a figure; ``failed`` as in Left."""

    def __init__(self, reason: str, *, failed: bool) -> None:
        super().__init__(reason)
        self.failed = failed


class Child:
    """The process that measures one peer."""

    def __init__(self, workload: str, peer: str, cpus: str, *, quick: bool) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.child", workload, peer, cpus, "quick" if quick else "normal"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # so that _kill reaches the processes that the peer started
        )
        self._patience = FIRST_PATIENCE

    def round(self) -> list[float | None]:
        """The figures of one round; None for what the peer does not do. Raises NoFigureError."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(b"round\n")
            process.stdin.flush()
        except BrokenPipeError:
            raise NoFigureError(self._ended(), failed=True) from None
        if not select.select([process.stdout], [], [], self._patience)[0]:
            self._kill()
            raise NoFigureError(f"no answer within {self._patience:g} s; killed", failed=True)
        self._patience = PATIENCE
        line = process.stdout.readline()
        if not line:
            raise NoFigureError(self._ended(), failed=True)
        answer = json.loads(line)
        if "unavailable" in answer:
            raise NoFigureError(answer["unavailable"], failed=False)
        if "error" in answer:
            raise NoFigureError(answer["error"], failed=True)
        return [None if value is None else float(value) for value in answer["figure"]]

    def _ended(self) -> str:
        return f"the measuring process ended with status {self._process.wait(END_PATIENCE)}"

    def _kill(self) -> None:
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait(END_PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process = self._process
        assert process.stdin is not None
        try:
            process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            process.wait(END_PATIENCE)
        except subprocess.TimeoutExpired:
            self._kill()
        if process.stdout is not None:
            process.stdout.close()


def places(wanted: str, offered: tuple[str, ...]) -> list[str]:
    """FREE and PINNED, as far as *wanted* ("free", "pinned", "both"), *offered* by the workload, and possible."""
    cpus = [place for place in offered if wanted in {place, "both"}]
    if len(os.sched_getaffinity(0)) < 2 and FREE in cpus:
        cpus.remove(FREE)
        _say("free: left out, there is only one CPU here")
    assert set(cpus) <= {FREE, PINNED}
    return cpus


def run(
    workload: Workload, cpus: str, *, quick: bool, peers: Callable[[str], bool] = lambda _: True
) -> tuple[list[Row], list[Left]]:
    """Measure the peers of one workload in one place. Returns the rows, and who is not among them."""
    from contextlib import ExitStack

    rounds = min(QUICK_ROUNDS, workload.rounds) if quick else workload.rounds
    figures: dict[str, list[list[float | None]]] = {}
    left: list[Left] = []
    begin = time.monotonic()
    with ExitStack() as stack:
        children: dict[str, Child] = {}
        for name in filter(peers, workload.peers):
            children[name] = stack.enter_context(Child(workload.name, name, cpus, quick=quick))
            figures[name] = []
        for number in range(rounds):
            # Each round begins with another peer: none always runs behind the same neighbour's leftovers.
            names = list(children)
            for name in names[number % len(names) :] + names[: number % len(names)] if names else []:
                try:
                    figures[name].append(children[name].round())
                except NoFigureError as none:
                    del children[name], figures[name]
                    left.append(
                        Left(workload=workload.name, peer=name, cpus=cpus, reason=str(none), failed=none.failed)
                    )
                    _say(f"{workload.name} {cpus}: {name}: {none}")
            _say(f"{workload.name} {cpus}: round {number + 1} of {rounds}, {time.monotonic() - begin:.0f} s")
    rows = []
    for name, values in figures.items():
        for place, measure in enumerate(workload.measures):
            runs = [figure for value in values if (figure := value[place]) is not None]
            if not runs:
                continue
            rows.append(
                Row(
                    workload=measure.name,
                    peer=name,
                    value=median(runs),
                    unit=measure.unit,
                    min=min(runs),
                    max=max(runs),
                    cpus=cpus,
                    runs=runs,
                )
            )
    rows.sort(key=lambda row: [measure.name for measure in workload.measures].index(row["workload"]))
    return rows, left


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
