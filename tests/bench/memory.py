"""How much memory this process and its children take, by the kernel's account (Linux)."""

import os
from pathlib import Path

from tests.bench.workload import Unavailable


def kib() -> tuple[float, float]:
    """KiB of PSS (pages shared by n count 1/n) and of RSS (they count fully), of this process and its descendants."""
    _trim()
    pss = rss = 0.0
    for pid in [os.getpid(), *_descendants(os.getpid())]:
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
        except ProcessLookupError:
            continue  # it has ended
        except OSError as error:
            raise Unavailable(f"memory cannot be read here: {error}") from error
        for line in text.splitlines():
            key, _, rest = line.partition(":")
            if key == "Pss":
                pss += float(rest.split()[0])
            elif key == "Rss":
                rss += float(rest.split()[0])
    return pss, rss


def _descendants(root: int) -> list[int]:
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found[1:]


def _trim() -> None:
    """Give back what the allocator of this process keeps for later: it is nobody's that lives."""
    import ctypes

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
