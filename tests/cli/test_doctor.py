"""``csp doctor`` finds what is wrong, and says what to do about it."""

import importlib.metadata
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import csp
from csp.cli import diagnosis
from csp.cli.diagnosis import FAIL, OK, WARN, Finding
from csp.cli.main import main

CHECKOUT = Path(csp.__file__).parents[1]


def run(tmp_path: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run csp doctor as a program."""
    return subprocess.run(
        [sys.executable, *options, "-m", "csp.cli.main", "doctor"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**{k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}, **environment},
        timeout=60,
        check=False,
    )


def only(findings: object) -> Finding:
    """There is one finding; it."""
    (finding,) = findings  # type: ignore[misc]
    assert isinstance(finding, Finding)
    return finding


def test_here(tmp_path: Path) -> None:
    """On a machine where the tests run nothing fails, every line has its mark, and an actor has answered."""
    done = run(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    *lines, empty, verdict = done.stdout.splitlines()
    assert all(re.match(r"(ok    |warn  |      -> )\S", line) for line in lines)
    assert empty == ""
    assert verdict in {"All is well.", "csp works here; see the warnings."}
    assert re.search(r"ok    an actor in another interpreter answers: \d[\d,]*\.\d us for a round trip", done.stdout)
    if sys.platform == "linux":
        assert re.search(r"ok    each actor takes \d+\.\d MiB of memory\n", done.stdout)
    assert re.search(r"ok    the native core loads \(.*_native.*\)\n", done.stdout)


def test_without_byte_code(tmp_path: Path) -> None:
    """Byte code that is not written is warned of, with what to do, and is no failure."""
    done = run(tmp_path, PYTHONDONTWRITEBYTECODE="1")
    assert done.returncode == 0
    assert "warn  byte code is not written" in done.stdout
    assert "      -> unset PYTHONDONTWRITEBYTECODE\n" in done.stdout
    assert "      -> run Python without -B\n" in run(tmp_path, "-B").stdout


def test_watched(tmp_path: Path) -> None:
    """Development mode and coverage are warned of."""
    said = run(tmp_path, "-X", "dev", COVERAGE_PROCESS_START="x").stdout
    assert "warn  Python's development mode is on" in said
    assert "warn  coverage is set up for child processes" in said
    assert "ok    an actor in another interpreter answers" in said


def test_memory_tracing(tmp_path: Path) -> None:
    """With tracemalloc, which makes CPython hang or crash, it fails at once and starts no interpreter."""
    for done in (run(tmp_path, "-X", "tracemalloc"), run(tmp_path, PYTHONTRACEMALLOC="1")):
        assert done.returncode == 1
        assert "fail  tracemalloc is on" in done.stdout
        assert "answers" not in done.stdout


def test_watchers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever watches what runs is warned of by name, and advice is given."""
    before = sys.gettrace(), sys.getprofile()
    monkeypatch.setattr(sys, "gettrace", lambda: None)
    monkeypatch.setattr(sys, "getprofile", lambda: None)
    monkeypatch.setattr(sys.monitoring, "get_tool", lambda tool: None)
    monkeypatch.delitem(sys.modules, "coverage", raising=False)
    for name in ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG", "PYTHONMALLOC"):
        monkeypatch.delenv(name, raising=False)
    if not sys.flags.dev_mode:
        assert only(diagnosis.watchers()).status == OK
    monkeypatch.setattr(sys, "gettrace", lambda: before)
    monkeypatch.setattr(sys, "getprofile", lambda: before)
    monkeypatch.setattr(sys.monitoring, "get_tool", lambda tool: "snoopy" if tool == 2 else None)
    monkeypatch.setitem(sys.modules, "coverage", diagnosis)
    monkeypatch.setenv("PYTHONMALLOC", "pymalloc_debug")
    found = list(diagnosis.watchers())
    assert {finding.status for finding in found} == {WARN}
    assert all(finding.advice for finding in found)
    said = "\n".join(finding.text for finding in found)
    for what in ("coverage is loaded", "a trace function", "a profile function", "snoopy monitors", "PYTHONMALLOC"):
        assert what in said


def test_failure(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A check that fails makes the status 1, and its advice stands below it, line by line."""
    findings = [Finding(OK, "good"), Finding(FAIL, "bad", "do this\nthen that"), Finding(WARN, "so so", "or this")]
    monkeypatch.setattr(diagnosis, "CHECKS", (lambda: iter(findings),))
    assert main(["doctor"]) == 1
    said = "ok    good\nfail  bad\n      -> do this\n      -> then that\nwarn  so so\n      -> or this\n"
    assert capsys.readouterr().out == f"{said}\ncsp does not work here.\n"


def test_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another Python, one that is too old, and one without a GIL fail."""
    assert only(diagnosis.python()).status == OK
    with monkeypatch.context() as patch:
        patch.setattr(sys, "version_info", (3, 14, 0, "final", 0))
        found = only(diagnosis.python())
        assert (found.status, found.advice) == (FAIL, "use Python 3.14.1 or newer")
        assert "3.14.0 leaks" in found.text
        patch.setattr(sys, "version_info", (3, 13, 9, "final", 0))
        assert "too old" in only(diagnosis.python()).text
    with monkeypatch.context() as patch:
        patch.setattr("platform.python_implementation", lambda: "PyPy")
        assert only(diagnosis.python()).status == FAIL
    with monkeypatch.context() as patch:
        patch.setattr("sysconfig.get_config_var", lambda name: 1 if name == "Py_GIL_DISABLED" else None)
        found = only(diagnosis.python())
        assert found.status == FAIL
        assert "free-threaded" in found.text


def test_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another distribution with our import name fails, and which it is is told; none at all is a warning."""
    for owners, status in (
        (["subcsp"], OK),
        (["SubCSP", "subcsp"], OK),
        ([], WARN),
        (["csp"], FAIL),
        (["subcsp", "csp", "other"], FAIL),
    ):
        monkeypatch.setattr(importlib.metadata, "packages_distributions", lambda owners=owners: {"csp": owners})
        found = only(diagnosis.name())
        assert found.status == status
    assert "csp, other" in found.text
    assert "pip uninstall csp other\n" in found.advice


def test_byte_code(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A cache that cannot be written is warned of, one that can be or is there is not."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "cache"))
    assert only(diagnosis.byte_code()).status == OK
    monkeypatch.setattr(os, "access", lambda *_: False)
    found = only(diagnosis.byte_code())
    assert found.status == WARN
    assert "PYTHONPYCACHEPREFIX" in found.advice


@pytest.mark.parametrize(
    ("present", "allowed", "quota", "status", "said"),
    [
        (8, 8, None, OK, "8 CPUs, all of them"),
        (8, 4, 4.0, OK, "4 of 8 CPUs may be used"),
        (8, 1, None, WARN, "actors take turns"),
        (1, 1, None, WARN, "actors take turns"),
        (8, 8, 1.5, WARN, "only 1.5 CPUs' worth"),
    ],
)
def test_cpus(
    monkeypatch: pytest.MonkeyPatch, present: int, allowed: int, quota: float | None, status: str, said: str
) -> None:
    """One CPU, and less time than CPUs, are warned of; fewer than there are is only told."""
    monkeypatch.setattr(os, "cpu_count", lambda: present)
    monkeypatch.setattr(os, "process_cpu_count", lambda: allowed)
    monkeypatch.setattr(diagnosis, "_cpu_quota", lambda: quota)
    found = only(diagnosis.cpus())
    assert found.status == status
    assert said in found.text
    assert bool(found.advice) == (status == WARN)


def test_native_core(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A native core that does not load fails, and nothing else is tried; an actor that does not start fails too."""
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "csp._native", None)
        patch.delattr("csp._native", raising=False)
        found = only(diagnosis.native_core())
        assert found.status == FAIL
        assert "does not load" in found.text
        assert f"in {CHECKOUT}: make setup" in found.advice
        assert "or run it in another folder" in found.advice
        patch.setattr(csp, "__file__", str(tmp_path / "csp" / "__init__.py"))
        assert "pip install --force-reinstall CHECKOUT" in only(diagnosis.native_core()).advice
    with monkeypatch.context() as patch:
        patch.setattr("csp.cli.echo.Echo", type("Echo", (csp.Actor,), {}))
        loads, fails = diagnosis.native_core()
    assert (loads.status, fails.status) == (OK, FAIL)
    assert "NotImportable" in fails.text


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&- <&-"])
def test_closed_streams(tmp_path: Path, closed: str) -> None:
    """With standard streams that are closed the doctor does its work, and its status says how it ended."""
    done = subprocess.run(
        ["sh", "-c", f'"{sys.executable}" -m csp.cli.main doctor {closed}'],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
