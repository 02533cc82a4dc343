"""The census counts every file exactly once, whoever dies, and finds what a script without csp finds."""

import json
import random
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from census_workers import BusyWorker, FailingWorker, Watched, WatchedWorker

import csp
from csp.cli.census.aggregator import Aggregator
from csp.cli.census.census import SPARE_LIVES, Census, CensusFailed, take_census
from csp.cli.census.measure import find_files
from csp.cli.census.target import NoTarget, folder, standard_library
from csp.cli.census.totals import Totals

REFERENCE = Path(__file__).with_name("census_reference.py")
STDLIB = Path(sysconfig.get_path("stdlib"))


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Workers that die here are expected to."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of 80 files of many sizes, some of which do not parse."""
    root = tmp_path_factory.mktemp("tree")
    chance = random.Random(5)
    for number in range(80):
        folder = root / f"package_{number % 7}"
        folder.mkdir(exist_ok=True)
        lines = []
        for part in range(chance.randrange(60)):
            lines += [f"class C{part}:", "    def method(self, x):", "        if x:", "            return [x]"]
            lines += ["    async def other(self):", "        pass"] * chance.randrange(3)
        if number % 10 == 0:
            lines.append("def broken(:")
        (folder / f"{number}.py").write_text("\n".join(lines))
    (root / "bytes.py").write_bytes(b"x = '\xff'\n")
    (root / "nothing.py").touch()
    (root / "nowhere.py").symlink_to("missing.py")
    (root / "notes.txt").write_text("not counted")
    return root


def reference(root: Path) -> dict[str, object]:
    """What the independent script finds."""
    found: dict[str, object] = json.loads(begin_reference(root).communicate()[0])
    return found


def begin_reference(root: Path) -> subprocess.Popen[bytes]:
    """Let the independent script begin."""
    return subprocess.Popen([sys.executable, str(REFERENCE), str(root)], stdout=subprocess.PIPE)


def agrees(totals: Totals, expected: dict[str, object]) -> bool:
    """Whether the totals are those of the script."""
    return expected == {
        "files": totals.files,
        "lines": totals.lines,
        "functions": totals.functions,
        "classes": totals.classes,
        "longest": [list(row) for row in totals.longest()],
        "deepest": [list(row) for row in totals.deepest()],
        "failed": [list(row) for row in totals.failed()],
    }


def census(root: Path, **options: object) -> Census:
    """Take a census of all files."""
    return take_census(find_files(str(root)), str(root), **{"workers": 2} | options)  # type: ignore[arg-type]


def test_as_a_plain_script_finds_it(tree: Path) -> None:
    """Without deaths the totals are those of a script that shares no code with csp, and nothing is restarted."""
    found = census(tree)
    assert agrees(found.totals, reference(tree))
    assert found.totals.files == 83
    assert (found.workers, found.restarts, found.deaths, found.kills) == (2, 0, (0, 0, 0), 0)
    assert found.seconds > 0


@pytest.mark.parametrize("seed", range(10))
def test_twenty_deaths(tree: Path, seed: int) -> None:
    """With 20 deaths, each time others, exactly 20 workers are restarted and the totals are the same."""
    found = census(tree, crashes=20, seed=seed)
    assert agrees(found.totals, reference(tree))
    assert sum(found.deaths) == found.restarts == 20
    assert found.hand_outs > found.totals.files


@pytest.mark.parametrize("workers", [1, 3, 16])
def test_any_number_of_workers(tree: Path, workers: int) -> None:
    """One worker and many come to the same totals, with deaths and without."""
    plain = census(tree, workers=workers)
    assert plain.workers == workers
    found = census(tree, workers=workers, crashes=8)
    assert found.totals.digest() == plain.totals.digest() == census(tree).totals.digest()
    assert sum(found.deaths) == found.restarts == 8


def test_fewer_files_than_deaths(tmp_path: Path) -> None:
    """Two files are enough to die of twenty times, and no more workers are started than there are files."""
    for number in range(2):
        (tmp_path / f"{number}.py").write_text("def f(): pass\n" * number)
    found = census(tmp_path, workers=5, crashes=20)
    assert agrees(found.totals, reference(tmp_path))
    assert (found.workers, sum(found.deaths), found.restarts) == (2, 20, 20)


def test_slice_of_the_standard_library(tree: Path) -> None:
    """Of a part of the standard library with 20 deaths the totals are those of the script."""
    root = STDLIB / "asyncio"
    found = census(root, crashes=20)
    assert agrees(found.totals, reference(root))
    assert found.totals.files > 20
    assert sum(found.deaths) == found.restarts == 20


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_standard_library() -> None:
    """Of the whole standard library with 20 deaths the totals are those of the script."""
    target = folder(str(STDLIB))
    with begin_reference(STDLIB) as script:
        found = take_census(target.files, target.root, workers=2, crashes=20)
        assert agrees(found.totals, json.loads(script.communicate()[0]))
    assert found.totals.files > 1_000
    assert sum(found.deaths) == found.restarts == 20


def test_progress(tree: Path) -> None:
    """Progress never goes back, ends with all files, and comes from the thread of the caller."""
    told: list[int] = []
    census(tree, on_progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 83


def test_kills_are_announced(tree: Path) -> None:
    """Each kill that is ordered is told before it is done, and there are some."""
    killed: list[str] = []
    found = census(tree, crashes=30, seed=1, on_kill=killed.append)
    assert len(killed) == found.kills > 0
    assert set(killed) <= {"census/worker-1", "census/worker-2"}


def watched(
    root: Path, kind: type[WatchedWorker | BusyWorker], kills: int, wait_until: Callable[..., object]
) -> tuple[Totals, int, int]:
    """Take a census in which workers are killed from outside in the middle of a file.

    Returns the totals, the number of restarts and that of reports that came twice. The census may be over before the
    last death is heard of: another worker has then done that file, too. Each death has its restart all the same.
    """
    ordered = kills
    files = find_files(str(root))
    with csp.System() as system:
        progress_in, _progress = csp.channel(1, overflow="drop_oldest")
        events_in, events = csp.channel(3)
        begun_in, begun = csp.channel()
        leave, leave_out = csp.channel()
        aggregator = system.spawn(
            Aggregator, files, [path.stat().st_size for path in map(Path, files)], 2, 0, None, progress_in, events_in
        )
        system.supervise(Watched(aggregator, str(root), 2, kills, kind, begun_in, leave_out), name="census")
        waiting = 0  # workers that wait to be let
        while True:
            guards = (events, begun, leave.offer(None) if waiting and not kills else None)
            guard, message = csp.select(*guards)
            if guard is events:
                break
            if guard is begun:
                waiting += 1
                if kills:
                    kills -= 1
                    waiting -= 1
                    system.kill(system.lookup(message))
            else:
                waiting -= 1
        reports, _, duplicates, _, _ = aggregator.books()
        wait_until(lambda: system.statistics()["restarts"] >= ordered, f"{ordered} deaths were heard of")
        return Totals(reports), system.statistics()["restarts"], duplicates


@pytest.mark.parametrize("kind", [WatchedWorker, BusyWorker])
def test_killed_in_the_middle_of_a_file(
    tmp_path: Path, kind: type[WatchedWorker | BusyWorker], wait_until: Callable[..., object]
) -> None:
    """A worker that is killed from outside while it has a file, waiting or busy, loses nothing."""
    for number in range(12):
        (tmp_path / f"{number}.py").write_text("def f():\n    return 1\n" * (number + 1))
    totals, restarts, _ = watched(tmp_path, kind, 6, wait_until)
    assert agrees(totals, reference(tmp_path))
    assert restarts == 6


def test_killed_at_any_instant(tree: Path) -> None:
    """Workers that are killed whenever progress is made, wherever they are, lose nothing and double nothing."""
    files = find_files(str(tree))
    chance = random.Random(3)
    with csp.System() as system:
        progress_in, progress = csp.channel(1, overflow="drop_oldest")
        events_in, events = csp.channel(3)
        aggregator = system.spawn(Aggregator, files, [1] * len(files), 2, 10, 7, progress_in, events_in)
        system.supervise(Watched(aggregator, str(tree), 2, 1000, csp.cli.census.worker.Worker), name="census")
        kills = 0
        while True:
            guard, message = csp.select(events, progress, priority=True)
            if guard is events and message is None:
                break
            victim = f"census/worker-{chance.randint(1, 2)}" if message is None or guard is progress else message
            try:
                kills += system.kill(system.lookup(victim))
            except csp.NoSuchActor:
                pass  # it has ended, having nothing left to do
        reports = aggregator.books()[0]
    assert kills > 0
    assert agrees(Totals(reports), reference(tree))


def test_workers_that_cannot_do_it(tree: Path) -> None:
    """A file that kills every worker fails the census after the spare lives, and the error tells of what."""
    with pytest.raises(CensusFailed, match="RuntimeError: this one is too much for me"):
        census(tree, kind=FailingWorker)
    assert SPARE_LIVES > 0


def test_aggregator_counts_once(tree: Path) -> None:
    """A report that comes twice, and one of another worker for the same file, count once."""
    with csp.System(warm=0) as system:
        progress_in, progress = csp.channel(1, overflow="drop_oldest")
        events_in, events = csp.channel(1)
        aggregator = system.spawn(Aggregator, ["/t/a.py"], [1], 1, 0, None, progress_in, events_in)
        report = ("a.py", 1, 0, 0, (0, "", 0), (0, 0), None)
        assert aggregator.take("w") == (((0, "/t/a.py"),), None)
        for worker in ("w", "w", "v"):
            aggregator.put(worker, 0, report)
        assert events.recv() is None
        assert progress.recv() == 1
        assert aggregator.take("w") is None
        assert aggregator.books() == ((report,), 1, 2, (0, 0, 0), 0)


def test_nothing_is_left_behind(tree: Path) -> None:
    """After a census, and after one that failed, no interpreter is left."""
    from csp._native import interpreters

    census(tree, crashes=5)
    with pytest.raises(CensusFailed):
        census(tree, kind=FailingWorker)
    assert interpreters() == []


def test_workers_load_little() -> None:
    """A worker imports neither attrs nor structlog, nor what else is heavy, and the aggregator no ast."""
    code = "import sys, csp.cli.census.worker; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"attr", "attrs", "structlog", "logging", "typing", "dataclasses", "inspect", "random"} & set(loaded)
    code = "import sys, csp.cli.census.aggregator; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"attr", "attrs", "structlog", "logging", "typing", "ast", "random"} & set(loaded)


# ---- what is counted ------------------------------------------------------------------------------------------------


def test_standard_library_without_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Packages installed within the standard library are left out, and how many files that are is told."""
    for name in ("a.py", "site-packages/b.py", "dist-packages/x/c.py", "json/site-packages/d.py", "site-packages.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path))
    target = standard_library()
    counted = [str(Path(file).relative_to(tmp_path)) for file in target.files]
    assert counted == ["a.py", "json/site-packages/d.py", "site-packages.py"]
    assert target.left_out == [("site-packages", 1), ("dist-packages", 1)]
    assert len(folder(str(tmp_path)).files) == 5
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path / "python314.zip"))
    with pytest.raises(NoTarget, match="--path DIR"):
        standard_library()


def test_this_standard_library() -> None:
    """Of the Python that runs, the standard library is found."""
    target = standard_library()
    assert Path(target.root) == STDLIB
    assert str(STDLIB / "ast.py") in target.files
    assert len(target.files) > 1_000
    assert not any("site-packages" in file for file in target.files)


def test_no_target(tmp_path: Path) -> None:
    """What is no folder of Python files is refused in words that tell why."""
    (tmp_path / "file.py").touch()
    (tmp_path / "link").symlink_to("missing")
    (tmp_path / "empty").mkdir()
    for name, why in (
        ("none", "there is no"),
        ("file.py", "is a file"),
        ("link", "leads nowhere"),
        ("empty", "holds no .py file"),
    ):
        with pytest.raises(NoTarget, match=why):
            folder(str(tmp_path / name))
