"""The process in which one peer is measured: ``python -m tests.bench.child WORKLOAD PEER CPUS SCALE``.

It reads a line for every round that is wanted and answers with a line of JSON: ``{"figure": [...]}``,
``{"unavailable": reason}`` or ``{"error": traceback}``. At the end of its input it takes the peer down and ends.
"""

import json
import os
import sys
import traceback
from typing import TYPE_CHECKING

from tests.bench.workload import PINNED, Scale, Unavailable
from tests.bench.workloads import load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.workload import Figure


def main(workload: str, peer: str, cpus: str, scale: str) -> None:
    """Serve rounds of one peer until the input ends."""
    if cpus == PINNED:  # before anything makes a thread, so that all of them inherit it
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what workers print must not get between the answers
    rounds = load(workload).peers[peer](Scale(quick=scale == "quick"))
    for _ in sys.stdin:
        answers.write(json.dumps(_next(rounds)) + "\n")
        answers.flush()
    close = getattr(rounds, "close", None)
    if close is not None:
        close()


def _next(rounds: Iterator[Figure]) -> dict[str, object]:
    try:
        figure = next(rounds)
    except Unavailable as reason:
        return {"unavailable": str(reason)}
    except Exception:
        return {"error": traceback.format_exc()}
    return {"figure": figure if isinstance(figure, tuple) else (figure,)}


if __name__ == "__main__":
    main(*sys.argv[1:])
