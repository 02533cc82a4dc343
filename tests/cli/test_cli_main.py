"""The command csp finds its commands, and says what is wrong with what it was given."""

import json
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import csp
from csp.cli.main import main


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run csp as a program."""
    command = [sys.executable, "-m", "csp", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=60, check=False)


def test_installed_as_csp() -> None:
    """The console script csp is this main."""
    (script,) = entry_points(group="console_scripts", name="csp")
    assert script.load() is main


@pytest.mark.parametrize("arguments", [["--help"], [], ["demo", "--help"], ["doctor", "--help"], ["dcotor"]], ids=str)
def test_run_as_a_module(arguments: list[str], tmp_path: Path) -> None:
    """What ``python -m csp`` says, and its status, are those of the console script."""
    script = [str(Path(sys.executable).with_name("csp")), *arguments]
    typed = subprocess.run(script, capture_output=True, text=True, cwd=tmp_path, timeout=60, check=False)
    done = run(*arguments, cwd=tmp_path)
    assert done.stdout + done.stderr
    assert (done.returncode, done.stdout, done.stderr) == (typed.returncode, typed.stdout, typed.stderr)


def test_commands_work_in_a_module(tmp_path: Path) -> None:
    """``python -m csp`` starts actors as the script does: the demonstration counts, and the doctor is answered."""
    (tmp_path / "one.py").write_text("def f():\n    return 1\n")
    counted = run("demo", "--path", str(tmp_path), "--json", cwd=tmp_path)
    assert (counted.returncode, counted.stderr) == (0, "")
    assert json.loads(counted.stdout)["functions"] == 1
    seen = run("doctor", cwd=tmp_path)
    assert (seen.returncode, seen.stderr) == (0, "")
    assert "ok    an actor in another interpreter answers" in seen.stdout


def test_version(tmp_path: Path) -> None:
    """Csp --version prints the version and nothing else."""
    done = run("--version", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"csp {csp.__version__}\n", "")


def test_help(tmp_path: Path) -> None:
    """Csp --help names every command, with what it does."""
    done = run("--help", cwd=tmp_path)
    assert done.returncode == 0
    assert "demo      count and measure" in done.stdout
    assert "doctor    check that" in done.stdout


def test_no_command(tmp_path: Path) -> None:
    """Without a command the help goes to stderr and the exit status is 2."""
    done = run(cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "doctor" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["dmo"], "invalid choice: 'dmo', maybe you meant 'demo'?"),
        (["top"], "invalid choice: 'top' (choose from"),
        (["demo", "--carsh", "3"], "there is no --carsh; did you mean --crash?"),
        (["demo", "--carsh=3"], "there is no --carsh; did you mean --crash?"),
        (["demo", "xyzzy"], "there is no xyzzy"),
        (["doctor", "--fast"], "there is no --fast"),
    ],
)
def test_unknown(arguments: list[str], said: str, tmp_path: Path) -> None:
    """A command or option that does not exist is refused with the nearest, status 2 and no traceback."""
    done = run(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_loads_little(tmp_path: Path) -> None:
    """The help, and the refusal of a wrong command, need neither structlog nor the native core."""
    code = "import sys, csp.cli.main; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert not {"csp._native", "structlog", "attrs", "ast"} & set(done.stdout.split())
