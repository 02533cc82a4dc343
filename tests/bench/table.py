"""The rows as a table for people."""

from typing import TYPE_CHECKING

from tests.bench.workload import LESS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.bench.measure import Left, Row
    from tests.bench.workload import Workload

_HEAD = ("peer", "median", "min .. max", "cpus", "to csp")


def render(rows: Sequence[Row], left: Sequence[Left], workloads: Sequence[Workload]) -> str:
    """A block per measure: its peers, and how many times better csp is than each (below 1: worse)."""
    blocks = []
    for workload in workloads:
        for measure in workload.measures:
            mine = [row for row in rows if row["workload"] == measure.name]
            if mine:
                blocks.append(f"{measure.name}  ({measure.unit}, {measure.better} is better)")
                blocks.append(_columns([_HEAD, *_lines(mine, measure.better, next(iter(workload.peers)))]))
    out = [
        f"{one['workload']}, {one['peer']}, {one['cpus']}: {'FAILED' if one['failed'] else 'left out'}: "
        + one["reason"].strip().rpartition("\n")[2]
        for one in left
    ]
    if out:
        blocks.append("\n".join(out) + "\n")
    return "\n".join(blocks)


def _lines(rows: Sequence[Row], better: str, ours: str) -> list[tuple[str, ...]]:
    lines: list[tuple[str, ...]] = []
    for row in rows:
        base = next((r["value"] for r in rows if r["peer"] == ours and r["cpus"] == row["cpus"]), 0.0)
        ratio = ""
        if base > 0 and row["value"] > 0:
            times = row["value"] / base if better == LESS else base / row["value"]
            ratio = f"{_digits(times)} x"
        span = f"{_digits(row['min'])} .. {_digits(row['max'])}"
        lines.append((row["peer"], _digits(row["value"]), span, row["cpus"], ratio))
    return lines


def _digits(value: float) -> str:
    """Three digits that mean something, and no more."""
    size = abs(value)
    if size >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if size >= 10 else f"{value:.2f}" if size >= 1 else f"{value:.3f}"


def _columns(lines: Sequence[tuple[str, ...]]) -> str:
    widths = [max(len(line[i]) for line in lines) for i in range(len(_HEAD))]
    text = ""
    for line in lines:
        cells = [line[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)]
        text += ("  " + "  ".join(cells)).rstrip() + "\n"
    return text
