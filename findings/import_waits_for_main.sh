#!/usr/bin/env bash
# The first import of an extension module in an interpreter with a GIL of its own waits for the main interpreter's GIL.
#
# One would think that nothing in such an interpreter ever waits for main. But since 3.13 CPython runs the init function
# of an extension module, be it one that is built in, in the main interpreter first (import.c, import_run_extension), and
# for that the importing thread takes main's GIL. So while main is inside one long C call, an `import bisect` elsewhere
# takes as long as that call, and so does making an interpreter. A module in Python is imported at once.
#
# Needs a Python 3.14 or newer as python3.14 (or PYTHON=...). Installs nothing: the subject is the standard library.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >probe.py <<'PROBE'
import os
import sys
import threading
import time
from concurrent import interpreters

THERE = """
import os
from time import monotonic

os.read(go, 1)
begun = monotonic()
import {module}
os.write(done, str(monotonic() - begun).encode())
"""


def shares(module):
    """(seconds that the import took there, seconds that main was busy)"""
    go, start = os.pipe()
    result, done = os.pipe()
    there = interpreters.create()
    there.prepare_main(go=go, done=done)
    thread = threading.Thread(target=there.exec, args=(THERE.format(module=module),))
    thread.start()
    time.sleep(0.5)  # it waits for the word, or reads it a moment later: main is busy for longer than that
    begun = time.monotonic()
    os.write(start, b"!")
    sum(range(10**8))  # one C call: main's GIL is not let go
    busy = time.monotonic() - begun
    took = float(os.read(result, 100))
    thread.join()
    return took, busy


seen = {}
for module in ("colorsys", "_bisect"):
    took, busy = shares(module)
    seen[module] = took > busy / 2
    print(f"import {module}: {took:.3f} s while main was busy for {busy:.3f} s")
print("Python", sys.version.split()[0], "the import waits for main's GIL:", seen)
sys.exit(seen != {"colorsys": False, "_bisect": True})
PROBE
"${PYTHON:-python3.14}" -I probe.py
