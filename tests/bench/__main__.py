"""``python -m tests.bench [--only NAME[,NAME]] [--json FILE] [--quick] [--cpus free|pinned|both]``."""

import argparse
import json
import os
import platform
import sys
from pathlib import Path

from tests.bench import measure, table
from tests.bench.workloads import NAMES, load


def main() -> int:
    """Run what was asked for; 1 when a peer failed (one that cannot run here is only left out)."""
    options = _options()
    workloads = [load(name) for name in options.only]
    rows: list[measure.Row] = []
    left: list[measure.Left] = []
    for workload in workloads:
        for cpus in measure.places(options.cpus, workload.cpus):
            more, without = measure.run(workload, cpus, quick=options.quick, peers=options.peers)
            rows += more
            left += without
    if options.json is not None:
        options.json.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    print(machine())
    print()
    print(table.render(rows, left, workloads), end="")
    return 1 if any(one["failed"] for one in left) else 0


def machine() -> str:
    """What the figures were measured on, in one line."""
    model = platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    except OSError:
        pass
    return (
        f"{platform.python_implementation()} {platform.python_version()}, {platform.system()} {platform.release()}, "
        f"{model}, {len(os.sched_getaffinity(0))} CPUs, load {os.getloadavg()[0]:.1f}"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="csp against its peers.")
    parser.add_argument(
        "--only", type=_names, action="extend", metavar="NAME[,NAME]", help=f"of {', '.join(NAMES)}; may be repeated"
    )
    parser.add_argument(
        "--peers", default="", metavar="TEXT[,TEXT]", help="only peers whose names contain one of these"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there, a line of JSON each")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds: does it work at all?")
    parser.add_argument("--cpus", choices=("free", "pinned", "both"), default="both")
    options = parser.parse_args()
    options.only = options.only or NAMES
    parts = [part for part in options.peers.split(",") if part]
    options.peers = lambda name: not parts or any(part in name for part in parts)
    return options


def _names(text: str) -> list[str]:
    names = [name for name in text.split(",") if name]
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        raise argparse.ArgumentTypeError(f"no workload {', '.join(unknown)}; there are {', '.join(NAMES)}")
    return names


if __name__ == "__main__":
    sys.exit(main())
