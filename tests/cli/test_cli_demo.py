"""``csp demo`` as people and programs use it: as a process of its own."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import pytest
import structlog

from csp.cli.census.measure import find_files, measure
from csp.cli.census.totals import Totals
from csp.cli.logs import ExpectedDeaths

COMMAND = [sys.executable, "-m", "csp.cli.main", "demo"]
# A process in a terminal may colour and move; one that is not must not.
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
SOON = 1.0


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a folder with 40 files, two of which do not parse."""
    root = tmp_path / "tree"
    root.mkdir()
    for number in range(38):
        (root / f"{number}.py").write_text(f"class C{number}:\n    def f(self): pass\n" * number)
    (root / "bad.py").write_text("def f(:\n")
    (root / "evil\x1b[31m\n.py").write_text("(")
    return root


def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run csp demo, not on a terminal."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd="/",
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
        timeout=100,
        check=False,
    )


def expected(root: Path) -> Totals:
    """Count what is there."""
    return Totals(measure(path, str(root)) for path in find_files(str(root)))


def test_table(tree: Path) -> None:
    """It prints what was counted and how long each way took, says how far it is, and ends with 0."""
    done = run("--path", tree)
    assert done.returncode == 0
    assert f"Python files: 40 files in {tree}\n" in done.stdout
    assert f"digest  {expected(tree).digest()}\n" in done.stdout
    assert re.search(r"restarts survived +0\n", done.stdout)
    assert re.search(r"one interpreter +\d+\.\d\d s\n", done.stdout)
    assert re.search(r"threads? +\d+\.\d\d s +\d+\.\d\d times as fast\n", done.stdout)
    assert re.search(r"csp, \d+ workers? +\d+\.\d\d s +\d+\.\d\d times as fast\n", done.stdout)
    assert "40 of 40 files\n" in done.stderr


def test_no_control_characters(tree: Path) -> None:
    """Where there is no terminal no control character is printed, whatever the names of the files are."""
    done = run("--path", tree, "--crash", "3")
    assert done.returncode == 0
    assert not CONTROL.search(done.stdout)
    assert not CONTROL.search(done.stderr)
    assert r"evil\x1b[31m\n.py" in done.stdout


def test_deaths_on_order_are_survived_in_silence(tree: Path) -> None:
    """With deaths the totals are the same, the restarts are shown, and no log of a death floods the terminal."""
    done = run("--path", tree, "--crash", "12", "--no-compare", "--seed", "3")
    assert done.returncode == 0
    assert f"digest  {expected(tree).digest()}\n" in done.stdout
    assert re.search(r"restarts survived +12\n", done.stdout)
    assert "12 of 12 deaths asked for: " in done.stdout
    assert re.search(r"40 files, handed out \d+ times, each counted once; \d+ reports? came a second time", done.stdout)
    assert "DiesOnOrder" not in done.stdout + done.stderr
    assert all("files" in line for line in done.stderr.splitlines())


def test_more_deaths_than_files(tree: Path, tmp_path: Path) -> None:
    """One file is enough to die of ten times, and how many died is told."""
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "a.py").touch()
    done = run("--path", tmp_path / "one", "--crash", "10", "--no-compare")
    assert done.returncode == 0
    assert "10 of 10 deaths asked for" in done.stdout
    assert "1 file, handed out" in done.stdout


def test_json(tree: Path) -> None:
    """With --json stdout is one JSON object that has everything, and stderr is empty."""
    done = run("--path", tree, "--crash", "5", "--workers", "3", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    totals = expected(tree)
    assert {name: type(value) for name, value in found.items()} == {
        "version": str,
        "python": str,
        "root": str,
        "left_out": dict,
        "unreadable": list,
        "files": int,
        "lines": int,
        "functions": int,
        "classes": int,
        "longest": list,
        "deepest": list,
        "failed": list,
        "digest": dict,
        "seconds": dict,
        "workers": int,
        "crashes": int,
        "deaths": dict,
        "kills": int,
        "restarts": int,
        "hand_outs": int,
        "duplicates": int,
    }
    assert found["digest"] == dict.fromkeys(("csp", "one_interpreter", "threads"), totals.digest())
    assert found["seconds"].keys() == found["digest"].keys()
    assert all(seconds > 0 for seconds in found["seconds"].values())
    assert (found["files"], found["lines"]) == (totals.files, totals.lines)
    assert (found["workers"], found["crashes"], found["restarts"]) == (3, 5, 5)
    assert sum(found["deaths"].values()) == 5
    assert found["failed"][0] == {"path": "bad.py", "error": "SyntaxError: invalid syntax (line 1)"}
    assert found["longest"][0].keys() == {"lines", "path", "function", "line"}
    assert found["deepest"][0].keys() == {"blocks", "path", "line"}


def test_no_compare(tree: Path) -> None:
    """With --no-compare there is only the time of csp."""
    found = json.loads(run("--path", tree, "--no-compare", "--json").stdout)
    assert found["seconds"].keys() == {"csp"}
    assert "one interpreter" not in run("--path", tree, "--no-compare").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--path", "/no/such/folder"), "there is no '/no/such/folder'; --path takes a folder"),
        (("--path", __file__), "is a file; --path takes a folder"),
        (("--crash", "-1"), "how often workers die is a whole number, 0 or more, not '-1'"),
        (("--crash", "many"), "not 'many'"),
        (("--workers", "0"), "how many workers is a whole number from 1 to 1000, not '0'"),
        (("--workers", "1001"), "not '1001'"),
    ],
)
def test_wrong_arguments(arguments: tuple[str, ...], said: str) -> None:
    """What cannot be done is refused at once, in words, with status 2."""
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_no_python_files(tmp_path: Path) -> None:
    """A folder without .py files is refused."""
    (tmp_path / "readme.txt").touch()
    done = run("--path", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "holds no .py file" in done.stderr


def test_unreadable_folder(tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that cannot be read is left out, and that is said."""
    from csp.cli.main import main

    def some_files(root: str, on_unreadable: Callable[[OSError], object]) -> list[str]:
        on_unreadable(PermissionError(13, "Permission denied", f"{root}/closed\x07"))
        return find_files(root)

    monkeypatch.setattr("csp.cli.census.target.find_files", some_files)
    monkeypatch.setattr("csp.cli.logs.ExpectedDeaths.install", lambda self: None)
    assert main(["demo", "--path", str(tree), "--no-compare"]) == 0
    said = capsys.readouterr().err
    assert f"csp: left out, it cannot be read: {tree}/closed\\x07: Permission denied\n" in said


def test_failure(tree: Path) -> None:
    """When the workers cannot do their work the status is 1, and stderr tells why."""
    code = (
        "import sys, csp.cli.census.worker, csp.cli.main\n"
        "csp.cli.census.worker.Worker.__qualname__ = 'Nobody'\n"  # so that no other interpreter finds it
        "csp.cli.census.worker.Nobody = csp.cli.census.worker.Worker\n"
        "sys.exit(csp.cli.main.main(['demo', '--no-compare', '--path', sys.argv[1]]))"
    )
    done = subprocess.run([sys.executable, "-c", code, tree], capture_output=True, text=True, cwd="/", check=False)
    assert done.returncode == 1
    assert "csp: the census failed: " in done.stderr
    assert "has no 'Nobody' in another interpreter" in done.stderr


def test_totals_that_differ(tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """If one way counts what the others do not, that is a failure."""
    from csp.cli.main import main

    monkeypatch.setattr("csp.cli.census.baselines.threads", lambda *_: (Totals(), 1.0))
    monkeypatch.setattr("csp.cli.logs.ExpectedDeaths.install", lambda self: None)
    assert main(["demo", "--path", str(tree)]) == 1
    assert "the totals differ" in capsys.readouterr().err


def test_output_that_nobody_reads(tree: Path) -> None:
    """A reader that goes away ends it without a traceback."""
    with subprocess.Popen(
        [*COMMAND, "--path", str(tree), "--no-compare"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd="/"
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
    assert process.returncode == 1
    assert b"Traceback" not in said
    assert b"BrokenPipe" not in said


@pytest.fixture(scope="module")
def part(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with as much of the standard library as keeps one interpreter busy for more than a second."""
    root = tmp_path_factory.mktemp("part")
    room = 8_000_000
    for number, path in enumerate(find_files(sysconfig.get_path("stdlib"))):
        room -= os.path.getsize(path)
        if room < 0:
            break
        (root / f"{number}.py").symlink_to(path)
    return root


def interrupted(*arguments: str, at: str) -> tuple[int, float, str]:
    """Press Ctrl-C when *at* is printed. Returns the exit status, the seconds it took to end, and what came then."""
    with subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd="/"
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if at in line:
                break
        begin = monotonic()
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        status = process.wait()
        return status, monotonic() - begin, rest


@pytest.mark.parametrize(
    ("arguments", "at"),
    [
        ((), "the standard library of Python"),
        (("--workers", "4"), "4 workers: "),
        (("--workers", "2", "--crash", "50"), "2 workers: "),
        (("--workers", "2", "--path", "PART"), "one interpreter: "),
        (("--workers", "2", "--path", "PART"), "2 threads: "),
    ],
)
def test_ctrl_c(arguments: tuple[str, ...], at: str, part: Path) -> None:
    """Ctrl-C ends it at any stage within a second, with status 130 and one word."""
    arguments = tuple(argument.replace("PART", str(part)) for argument in arguments)
    took = []
    for _ in range(3):  # a machine that is busy with other things gets another chance
        status, seconds, rest = interrupted(*arguments, at=at)
        assert status == 130
        assert rest.endswith("\ncsp: stopped\n")
        assert "Traceback" not in rest
        took.append(seconds)
        if seconds < SOON:
            break
    assert min(took) < SOON


def test_only_expected_deaths_are_kept_out_of_the_log() -> None:
    """Deaths on order, kills on order and kills at the end are not logged; any other death is, and so are others'."""
    deaths = ExpectedDeaths()

    def logged(reason: str, event: str = "child ended", actor: str = "census/worker-1") -> bool:
        news = {"event": event, "actor": actor, "reason": reason}
        try:
            return deaths(None, "error", dict(news)) == news
        except structlog.DropEvent:
            return False

    assert not logged("failed: DiesOnOrder: before measuring a.py")
    assert not logged("failed: DiesOnOrder: before measuring a.py", "child stop unclean")
    assert logged("failed: DiesOnOrder: before measuring a.py", actor="bank/teller")
    assert logged("failed: DiesOnOrder: before measuring a.py", "child start failed")
    assert logged("failed: ValueError: DiesOnOrder:")
    assert logged("killed")
    deaths.expect_kill("census/worker-1")
    assert logged("killed", actor="census/worker-2")
    assert not logged("killed: it did not stop in time and was killed")
    assert logged("killed")
    assert not logged("killed", "child stop unclean")
    assert deaths.count == 4


def test_on_a_terminal(tree: Path) -> None:
    """On a terminal there is a bar, and the table is where it should be."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, "--path", str(tree)],
        stdout=subprocess.PIPE,
        stderr=theirs,
        cwd="/",
        env={**os.environ, "TERM": "xterm"},
    ) as process:
        os.close(theirs)
        table, _ = process.communicate(timeout=100)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # how a terminal says that nobody will write any more
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    assert process.returncode == 0
    assert b"\r" in shown
    assert b"100%" in shown
    assert b"40/40" in shown
    assert b"\x1b" not in table
