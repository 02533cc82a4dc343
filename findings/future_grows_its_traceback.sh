#!/usr/bin/env bash
# Each result() of a failed concurrent.futures.Future makes the traceback of its exception longer, and keeps frames alive.
#
# One would think that asking a future again gives the same exception with the same traceback. But result() raises the one
# stored exception object (concurrent/futures/_base.py, __get_result), and what is raised again keeps the entries that it
# has and gets new ones in front: two of concurrent.futures and one for each frame of the caller that it passes. So whoever
# polls a failed future, or shares one among many, sees the frames of all who asked before in one traceback, and all their
# local variables stay alive as long as the future.
#
# Needs a Python 3.14 or newer as python3.14 (or PYTHON=...). Installs nothing: the subject is the standard library.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >probe.py <<'PROBE'
import gc
import sys
import weakref
from concurrent.futures import ThreadPoolExecutor


class Large:
    """Stands for what a caller has in its hands."""


def fail():
    raise LookupError("nothing there")


def entries(error):
    count, entry = 0, error.__traceback__
    while entry is not None:
        count, entry = count + 1, entry.tb_next
    return count


def ask(future):
    """Ask, and be content with the failure; what was at hand should be gone afterwards."""
    at_hand = Large()
    left = weakref.ref(at_hand)
    try:
        future.result()
    except LookupError:
        pass
    return left


with ThreadPoolExecutor(1) as pool:
    future = pool.submit(fail)
    error = future.exception()
    lengths, left = [entries(error)], []
    for _ in range(4):
        left.append(ask(future))
        lengths.append(entries(error))
gc.collect()
alive = sum(reference() is not None for reference in left)
print("Python", sys.version.split()[0])
print("entries in the traceback, before and after each result():", lengths)
print("callers that have returned, and whose variables are alive:", alive)
steps = {after - before for before, after in zip(lengths, lengths[1:])}
sys.exit(0 if steps == {3} and alive == 4 else 1)
PROBE
if "${PYTHON:-python3.14}" -I probe.py; then
    echo "as seen: it grows by three entries each time"
else
    echo "no longer as seen" >&2
    exit 1
fi
