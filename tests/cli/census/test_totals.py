"""The totals depend on which files were counted, and on nothing else."""

import random
import subprocess
import sys
import warnings
from pathlib import Path
from time import sleep

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csp.cli.census.baselines import one_interpreter, threads
from csp.cli.census.measure import Report, find_files, measure
from csp.cli.census.totals import Totals

ROOT = Path(__file__).parents[3]

small = st.integers(0, 3)
names = st.text(st.sampled_from("ab.<>\xe9\udc80\n'"), max_size=3)
measured = st.tuples(
    small,
    small,
    small,
    st.tuples(st.integers(1, 3), names, st.integers(1, 3)) | st.just((0, "", 0)),
    st.tuples(st.integers(1, 3), st.integers(1, 3)) | st.just((0, 0)),
    st.none() | names,
)
reports = st.dictionaries(names, measured, max_size=12).map(
    lambda found: [(path, *rest) for path, rest in found.items()]
)

A: Report = ("a.py", 10, 2, 1, (5, "f", 1), (2, 3), None)
B: Report = ("b.py", 20, 1, 0, (5, "e", 9), (3, 4), None)
C: Report = ("c.py", 7, 0, 0, (0, "", 0), (0, 0), "SyntaxError: invalid syntax (line 2)")


def everything(totals: Totals) -> tuple[object, ...]:
    """Return all that totals tell."""
    return (
        totals.files,
        totals.lines,
        totals.functions,
        totals.classes,
        totals.longest(),
        totals.deepest(),
        totals.failed(),
        totals.as_tuple(),
        totals.digest(),
    )


def test_adds_up() -> None:
    """The counts are the sums over the files, and files with errors count as files with lines."""
    totals = Totals([A, B, C])
    assert (totals.files, totals.lines, totals.functions, totals.classes) == (3, 37, 3, 1)
    assert totals.failed() == [("c.py", "SyntaxError: invalid syntax (line 2)")]


def test_empty() -> None:
    """Totals of nothing are zeros and empty lists."""
    assert everything(Totals())[:-1] == (0, 0, 0, 0, [], [], [], ())


def test_ties() -> None:
    """Of equally long functions and equally deep nestings the path that sorts first comes first."""
    assert Totals([B, A, C]).longest() == [(5, "a.py", "f", 1), (5, "b.py", "e", 9)]
    assert Totals([B, A, C]).deepest() == [(3, "b.py", 4), (2, "a.py", 3)]
    assert Totals([B, A, C]).longest(1) == [(5, "a.py", "f", 1)]


@given(reports, st.randoms(use_true_random=False), st.integers(1, 5))
def test_merge_is_order_independent(rows: list[Report], chance: random.Random, count: int) -> None:
    """However the files are spread, and in whichever order the parts are merged, all is the same."""
    expected = everything(Totals(rows))
    chance.shuffle(rows)
    parts = [Totals() for _ in range(count)]
    for row in rows:
        chance.choice(parts).add(row)
    while len(parts) > 1:
        one = parts.pop(chance.randrange(len(parts)))
        other = parts.pop(chance.randrange(len(parts)))
        parts.append(one.merge(other))
    assert everything(parts[0]) == expected
    assert parts[0] == Totals(rows)


@given(reports)
def test_travels(rows: list[Report]) -> None:
    """As a tuple and back again, all is the same."""
    totals = Totals(rows)
    assert everything(Totals.from_tuple(totals.as_tuple())) == everything(totals)


@given(reports, reports)
def test_digest_tells_apart(one: list[Report], other: list[Report]) -> None:
    """Two digests are equal exactly if every report and the set of counted files are."""
    same = sorted(map(repr, one)) == sorted(map(repr, other))
    assert (Totals(one).digest() == Totals(other).digest()) == same
    assert (Totals(one) == Totals(other)) == same


def test_digest_sees_files_that_add_nothing() -> None:
    """An empty file changes no sum but the number of files, and still its very name changes the digest."""
    empty = (0, 0, 0, (0, "", 0), (0, 0), None)
    assert Totals([("a.py", *empty)]).digest() != Totals([("b.py", *empty)]).digest()


def test_digest_is_the_same_in_every_process() -> None:
    """The digest does not depend on hash randomization."""
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r})\nfrom csp.cli.census.totals import Totals\n"
    code += f"print(Totals({[A, B, C]!r}).digest())"
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == Totals([C, B, A]).digest()


def test_counting_twice_raises() -> None:
    """A file that is added twice raises, names the file, and changes nothing."""
    totals = Totals([A])
    before = totals.as_tuple()
    with pytest.raises(ValueError, match=r"counted twice: 'a\.py'"):
        totals.add(("a.py", *B[1:]))
    assert totals.as_tuple() == before


def test_merging_twice_raises() -> None:
    """Merging totals that share a file raises, names every such file, and changes neither."""
    one, other = Totals([A, B]), Totals([B, A, C])
    with pytest.raises(ValueError, match=r"counted twice: 'a\.py', 'b\.py'"):
        one.merge(other)
    assert (one, other) == (Totals([A, B]), Totals([A, B, C]))


def test_merge_leaves_both_as_they_were() -> None:
    """Merging makes new totals; what is added to them later is not in the old ones."""
    one, other = Totals([A]), Totals([B])
    merged = one.merge(other)
    merged.add(C)
    assert (one, other, merged) == (Totals([A]), Totals([B]), Totals([A, B, C]))


def test_contains() -> None:
    """One can ask whether a file was counted, which is how an answer that comes twice is told."""
    assert "a.py" in Totals([A])
    assert "b.py" not in Totals([A])


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a folder with files that parse, that warn and that do not parse."""
    for number in range(60):
        source = "x = '\\d'\n" * number + "def f():\n  if x:\n    pass\n" + ("(" if number % 7 == 0 else "")
        (tmp_path / f"{number}.py").write_text(source)
    return tmp_path


def test_baselines_agree(tree: Path) -> None:
    """One interpreter, one thread and many come to the same totals and tell their progress by file."""
    files = find_files(str(tree))
    expected = Totals(measure(path, str(tree)) for path in files)
    told: list[tuple[int, int]] = []

    def on_progress(done: int, count: int) -> None:
        told.append((done, count))

    results = [one_interpreter(files, str(tree), on_progress)]
    results += [threads(files, str(tree), n, on_progress) for n in (1, 8)]
    for totals, seconds in results:
        assert totals == expected
        assert 0 < seconds < 60
    assert told == [(done, 60) for done in range(1, 61)] * 3
    assert one_interpreter([], str(tree))[0] == threads([], str(tree), 2)[0] == Totals()


def test_threads_do_not_disturb_warnings(tree: Path) -> None:
    """While threads parse nothing is printed, and afterwards the warning filters are the very same."""
    files = find_files(str(tree))
    interval = sys.getswitchinterval()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        before, content = warnings.filters, list(warnings.filters)
        sys.setswitchinterval(1e-6)  # so that they meet between saving and restoring the filters
        try:
            for _ in range(20):
                threads(files, str(tree), 8)
        finally:
            sys.setswitchinterval(interval)
        assert warnings.filters is before
        assert list(warnings.filters) == content
    assert caught == []


def test_stops_when_progress_raises(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error from on_progress, as from ctrl-C, ends the work instead of waiting for all of it."""
    files = find_files(str(tree))
    begun: list[str] = []

    def slowly(path: str, root: str) -> Report:
        begun.append(path)
        sleep(0.02)
        return measure(path, root)

    def on_progress(done: int, count: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("csp.cli.census.baselines.measure", slowly)
    with pytest.raises(KeyboardInterrupt):
        one_interpreter(files, str(tree), on_progress)
    assert len(begun) == 1
    with pytest.raises(KeyboardInterrupt):
        threads(files, str(tree), 2, on_progress)
    assert len(begun) < 50
