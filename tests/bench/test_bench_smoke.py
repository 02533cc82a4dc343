"""The benchmarks run and give whole rows. What they measure is not judged here."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
KEYS = {"workload", "peer", "value", "unit", "min", "max", "cpus", "runs"}


def bench(*arguments: str, timeout: float = 100.0) -> subprocess.CompletedProcess[str]:
    """Run the command as users do, from the top of the checkout."""
    return subprocess.run(
        [sys.executable, "-m", "tests.bench", *arguments],
        cwd=TOP,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


@pytest.mark.parametrize(
    ("workload", "unit", "peers"),
    [
        ("pingpong", "us", {"csp", "csp (main)", "SimpleQueue, threads"}),
        ("stream", "1/s", {"csp", "csp (rendezvous)", "SimpleQueue, threads"}),
    ],
)
def test_a_quick_run_gives_whole_rows(tmp_path: Path, workload: str, unit: str, peers: set[str]) -> None:
    file = tmp_path / "rows.json"
    done = bench("--quick", "--only", workload, "--peers", "csp,SimpleQueue", "--json", str(file))
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    places = {"free", "pinned"} if len(os.sched_getaffinity(0)) > 1 else {"pinned"}
    assert {(row["peer"], row["cpus"]) for row in rows} == {(peer, place) for peer in peers for place in places}
    assert len(rows) == len(peers) * len(places)
    for row in rows:
        assert row.keys() == KEYS
        assert row["workload"] == workload
        assert row["unit"] == unit
        assert len(row["runs"]) >= 3
        assert row["min"] == min(row["runs"])
        assert row["max"] == max(row["runs"])
        assert 0 < row["min"] <= row["value"] <= row["max"]
        assert row["peer"] in done.stdout
    assert "round 3 of 3" in done.stderr


def test_only_one_place_when_asked(tmp_path: Path) -> None:
    file = tmp_path / "rows.json"
    done = bench("--quick", "--only", "stream", "--peers", "SimpleQueue", "--cpus", "pinned", "--json", str(file))
    assert done.returncode == 0, done.stderr
    (row,) = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert row["cpus"] == "pinned"


def test_an_unknown_workload_is_refused_by_name() -> None:
    done = bench("--only", "pingpong,warp")
    assert done.returncode == 2
    assert "warp" in done.stderr
    assert "stream" in done.stderr
