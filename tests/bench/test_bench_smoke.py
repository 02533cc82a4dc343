"""The benchmarks run and give whole rows. What they measure is not judged here."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.documents import DOCUMENTS

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
    ("workload", "measures", "unit", "peers"),
    [
        ("pingpong", {"pingpong"}, "us", {"csp", "csp (main)", "SimpleQueue, threads"}),
        (
            "stream",
            {"stream"},
            "1/s",
            {
                "csp",
                "csp, capacity 1",
                "csp, capacity 16",
                "csp, batches of 64",
                "csp (rendezvous)",
                "SimpleQueue, threads",
            },
        ),
        ("commstime", {"commstime"}, "us", {"csp", "SimpleQueue, threads"}),
        ("mpmc", {"mpmc-2", "mpmc-4"}, "1/s", {"csp", "csp (rendezvous)"}),
        ("oversubscribed", {"oversubscribed"}, "us", {"csp", "csp (never spins)", "SimpleQueue, threads"}),
    ],
)
def test_a_quick_run_gives_whole_rows(
    tmp_path: Path, workload: str, measures: set[str], unit: str, peers: set[str]
) -> None:
    """The rows of a workload: each measure of each peer in each place once, with its rounds and their median."""
    file = tmp_path / "rows.json"
    done = bench("--quick", "--only", workload, "--peers", "csp,SimpleQueue", "--json", str(file))
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    places = {"free", "pinned"} if len(os.sched_getaffinity(0)) > 1 else {"pinned"}
    assert sorted((row["workload"], row["peer"], row["cpus"]) for row in rows) == sorted(
        (measure, peer, place) for measure in measures for peer in peers for place in places
    )
    for row in rows:
        assert row.keys() == KEYS
        assert row["unit"] == unit
        assert len(row["runs"]) >= 3
        assert row["min"] == min(row["runs"])
        assert row["max"] == max(row["runs"])
        assert 0 < row["min"] <= row["value"] <= row["max"]
        assert row["peer"] in done.stdout
    assert "round 3 of 3" in done.stderr


def test_the_queues_and_the_floor_run_beside_ours(tmp_path: Path) -> None:
    """What commstime and mpmc are compared with gives figures as well, or says what it lacks (a C compiler)."""
    file = tmp_path / "rows.json"
    peers = ("Queue(1), threads", "Queue, threads", "multiprocessing Queue", "C, rendezvous on futexes")
    # A comma separates the peers asked for, so each by a part of its name.
    done = bench("--quick", "--only", "commstime,mpmc", "--peers", "Queue,C", "--cpus", "pinned", "--json", str(file))
    assert done.returncode == 0, done.stderr
    found = {json.loads(line)["peer"] for line in file.read_text(encoding="utf-8").splitlines()}
    for peer in peers:
        assert peer in found or f"{peer}, pinned: left out: there is no C compiler" in done.stdout, peer


def test_steps_of_supervision_and_futures_have_their_rows(tmp_path: Path) -> None:
    """A step of supervision has a row with 50 and with 5,000 children, and a posted call one beside the executors'."""
    file = tmp_path / "rows.json"
    peers = "csp,ThreadPool"
    done = bench("--quick", "--only", "supervise,future", "--peers", peers, "--cpus", "pinned", "--json", str(file))
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    steps = {f"supervise-{step}-{size}" for step in ("start", "restart", "terminate") for size in (50, 5000)}
    assert {(row["workload"], row["peer"]) for row in rows} == {
        *((step, peer) for step in steps for peer in ("csp", "csp, decisions alone")),
        *(("future", peer) for peer in ("csp", "csp (buffered mailbox)", "ThreadPoolExecutor")),
    }
    assert all(row["unit"] == "us" and 0 < row["min"] <= row["value"] <= row["max"] for row in rows)


def test_documents_and_payloads_have_their_rows(tmp_path: Path) -> None:
    """Each document and each size has a row, but none for what a peer does not do; packages that are not there are
    left out.
    """
    file = tmp_path / "rows.json"
    peers = "csp,marshal,copy,msgspec,orjson"
    only = "encode,structured,payload"
    done = bench("--quick", "--only", only, "--peers", peers, "--cpus", "pinned", "--json", str(file))
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    optional = ("msgspec (msgpack)", "orjson")
    assert {(row["workload"], row["peer"]) for row in rows if row["peer"] not in optional} == {
        *((f"{what}-{name}", "csp") for what in ("encode", "encode+decode", "structured") for name in DOCUMENTS),
        *((f"{what}-{name}", "csp, through a channel") for what in ("encode", "encode+decode") for name in DOCUMENTS),
        *(
            (f"{what}-{name}", "marshal")
            for what in ("encode", "encode+decode")
            for name in DOCUMENTS
            if name != "records"
        ),
        *((f"payload-{size}", peer) for size in ("1KiB", "64KiB", "1MiB", "64MiB") for peer in ("csp", "one copy")),
    }
    assert all(row["unit"] == "us" and 0 < row["min"] <= row["value"] <= row["max"] for row in rows)
    for peer in optional:
        assert peer in {row["peer"] for row in rows} or f"encode, {peer}, pinned: left out: " in done.stdout


def test_the_documents_are_what_their_names_say() -> None:
    """Ten fields, with 20 floats and three strings; 1,000 ints; 50 KB; 100 records; the same each time."""
    made = {name: make() for name, make in DOCUMENTS.items()}
    assert made == {name: make() for name, make in DOCUMENTS.items()}
    kinds = [type(value) for value in made["fields"].values()]
    assert (len(kinds), kinds.count(str), len(made["fields"]["values"])) == (10, 3, 20)
    assert (len(made["ints"]), {type(value) for value in made["ints"]}) == (1000, {int})
    assert 49_000 < len(json.dumps(made["nested"])) < 51_000
    assert [type(value).__name__ for value in made["records"]] == ["Small"] * 100


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
