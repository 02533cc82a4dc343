"""The ledger counts each file exactly once, however its workers die, and orders exactly the deaths asked for."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csp.cli.census.ledger import BEFORE, DELIVERED, MEASURED, Death, Ledger
from csp.cli.census.measure import Report

sizes_lists = st.lists(st.integers(0, 400_000) | st.sampled_from([0, 7]), min_size=1, max_size=60)


def report(index: int) -> Report:
    """Make up a report of a file."""
    return (f"{index}.py", index, 0, 0, (0, "", 0), (0, 0), None)


class Crew:
    """Workers of a ledger, simulated: each step one of them does one thing, or dies.

    Deaths that the ledger orders are died; others happen with a probability. What a dead worker had put on its way
    may arrive before its successor begins, or long after.
    """

    def __init__(self, ledger: Ledger, workers: int, chance: random.Random, mortality: float = 0.0) -> None:
        self.ledger = ledger
        self.chance = chance
        self.mortality = mortality
        self.todo: dict[str, list[int]] = {f"w{number}": [] for number in range(workers)}
        self.death: dict[str, Death | None] = {}
        self.late: list[tuple[str, int]] = []
        self.done: set[str] = set()
        self.died = 0
        self.ordered_deaths: list[Death] = []
        self.counted: Counter[int] = Counter()
        self.puts = 0

    def put(self, worker: str, index: int) -> None:
        self.puts += 1
        self.counted[index] += self.ledger.put(worker, index, report(index))

    def dies(self, worker: str) -> None:
        self.died += 1
        self.todo[worker] = []

    def step(self, worker: str) -> None:
        if self.late and self.chance.random() < 0.1:
            self.put(*self.late.pop(self.chance.randrange(len(self.late))))
        if not self.todo[worker]:
            job = self.ledger.take(worker)
            if job is None:
                self.done.add(worker)
                return
            assert job[0], "a job is never empty"
            self.todo[worker], self.death[worker] = list(job[0]), job[1]
            return
        index = self.todo[worker].pop(0)
        death = self.death[worker]
        moment = death[1] if death is not None and death[0] == index else None
        if moment is None and self.chance.random() < self.mortality:
            if self.chance.random() < 0.5:
                self.late.append((worker, index))
            self.dies(worker)
            return
        if moment in (None, DELIVERED):
            self.put(worker, index)
        if moment is not None:
            assert death is not None
            self.ordered_deaths.append(death)
            self.dies(worker)

    def run(self) -> None:
        while len(self.done) < len(self.todo):
            self.step(self.chance.choice([worker for worker in self.todo if worker not in self.done]))
        for worker, index in self.late:
            self.put(worker, index)


@given(
    sizes_lists,
    st.integers(1, 8),
    st.integers(0, 90),
    st.sampled_from([0.0, 0.1, 0.4]),
    st.randoms(use_true_random=False),
)
def test_each_file_is_counted_once(
    sizes: list[int], workers: int, crashes: int, mortality: float, chance: random.Random
) -> None:
    """Whoever dies when, at the end every file was counted once and every report beyond that was noted."""
    ledger = Ledger(sizes, workers, crashes, seed=chance.getrandbits(32))
    crew = Crew(ledger, workers, chance, mortality)
    crew.run()
    assert crew.counted == dict.fromkeys(range(len(sizes)), 1)
    assert ledger.reports == {index: report(index) for index in range(len(sizes))}
    assert ledger.duplicates == crew.puts - len(sizes)
    assert ledger.finished
    assert ledger.hand_outs >= len(sizes)


@given(sizes_lists, st.integers(1, 8), st.integers(0, 200), st.randoms(use_true_random=False))
def test_exactly_the_deaths_asked_for(sizes: list[int], workers: int, crashes: int, chance: random.Random) -> None:
    """As many deaths are ordered, died and succeeded as were asked for, with fewer files than deaths as well."""
    ledger = Ledger(sizes, workers, crashes, seed=chance.getrandbits(32))
    crew = Crew(ledger, workers, chance)
    crew.run()
    assert crew.died == len(crew.ordered_deaths) == sum(ledger.ordered) == ledger.deaths == crashes
    assert ledger.ordered == [sum(death[1] == moment for death in crew.ordered_deaths) for moment in range(3)]
    assert ledger.kills == sum(death[2] for death in crew.ordered_deaths)


def test_successor_gets_what_was_left() -> None:
    """What a worker took and did not deliver goes to its successor first, and not what it had delivered."""
    ledger = Ledger([10, 10, 10_000_000, 10], 1)
    assert ledger.take("w") == ((2,), None)
    assert ledger.take("w") == ((2,), None)  # it died
    ledger.put("w", 2, report(2))
    first, _ = ledger.take("w") or ((), None)
    assert first == (0,)
    ledger.put("w", 0, report(0))
    assert ledger.take("w") == ((1,), None)
    assert ledger.take("w") == ((1,), None)
    assert ledger.hand_outs == 5
    assert ledger.deaths == 2


def test_backup_of_a_worker_that_does_not_come_back() -> None:
    """When nothing else is left, others get what somebody still has, but only two ever work on one file."""
    ledger = Ledger([50_000, 50_000], 4)
    assert ledger.take("a") == ((0,), None)
    assert ledger.take("b") == ((1,), None)
    assert ledger.take("c") == ((0,), None)
    assert ledger.take("d") == ((1,), None)
    assert ledger.take("e") is None
    ledger.put("c", 0, report(0))
    assert ledger.take("c") is None
    assert not ledger.finished
    ledger.put("d", 1, report(1))
    assert ledger.finished
    assert not ledger.put("a", 0, report(0))
    assert (ledger.done, ledger.duplicates, ledger.deaths) == (2, 1, 0)


def test_not_finished_while_somebody_is_to_die() -> None:
    """With all files counted, the end waits for the successor of a worker that dies after delivering."""
    seed = next(s for s in range(1000) if Ledger([1], 1, 1, s).take("w") == ((0,), (0, DELIVERED, False)))
    ledger = Ledger([1], 1, 1, seed)
    ledger.take("w")
    ledger.put("w", 0, report(0))
    assert ledger.done == ledger.files == 1
    assert not ledger.finished
    assert ledger.take("w") is None
    assert ledger.finished


def test_largest_first_and_less_at_the_end() -> None:
    """Files are handed out from large to small, small ones together, and one by one at the end."""
    sizes = [random.Random(1).randrange(20_000) for _ in range(500)]
    ledger = Ledger(sizes, 2)
    batches = []
    while (job := ledger.take("w")) is not None:
        batches.append([sizes[index] for index in job[0]])
        for index in job[0]:
            ledger.put("w", index, report(index))
    flat = [size for batch in batches for size in batch]
    assert flat == sorted(sizes, reverse=True)
    assert max(map(len, batches)) > 3
    assert all(len(batch) == 1 or sum(batch) <= 64 * 1024 for batch in batches)
    assert len(batches[-1]) == 1


def test_empty_files_are_shared() -> None:
    """Files of no size at all are work, too, and not one worker's alone."""
    ledger = Ledger([0] * 100, 2)
    job = ledger.take("a")
    assert job is not None
    assert len(job[0]) <= 25


def test_same_seed_same_deaths() -> None:
    """The same seed gives the same deaths, another seed others, and every moment and manner occurs."""

    def deaths(seed: int) -> list[Death]:
        crew = Crew(Ledger([1] * 50, 1, 40, seed), 1, random.Random(0))
        crew.run()
        return crew.ordered_deaths

    assert deaths(1) == deaths(1) != deaths(2)
    assert {moment for _, moment, _ in deaths(1)} == {BEFORE, MEASURED, DELIVERED}
    assert {killed for *_, killed in deaths(1)} == {False, True}


def test_no_files() -> None:
    """A census of nothing is finished before it begins, and nobody dies of it."""
    ledger = Ledger([], 2, 5)
    assert ledger.finished
    assert ledger.take("w") is None
    assert sum(ledger.ordered) == 0


@pytest.mark.parametrize("index", [-1, 2])
def test_unknown_file(index: int) -> None:
    """A report of a file that does not exist raises and names the worker."""
    with pytest.raises(ValueError, match=f"w reports file {index}; there are 2"):
        Ledger([1, 1], 1).put("w", index, report(0))
