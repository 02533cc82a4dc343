#!/usr/bin/env bash
# warnings.warn_explicit(..., module=None) says nothing at all, though None is its documented default.
#
# CPython's manual gives the signature warn_explicit(message, category, filename, lineno, module=None, registry=None, ...)
# and says that the module's name is made of the file's where it is not given. Left out, it is; given as None, the call
# returns without a warning: the C version takes None for a late moment of the interpreter's end. Whoever forwards
# warnings, and passes on the None that showwarning and its like leave them with, loses every one.
#
# Needs a Python 3.11 or newer as python3 (or PYTHON=...). Installs nothing: the subject is the standard library.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >probe.py <<'PROBE'
import sys
import warnings


def shown(**more):
    """How many warnings one call shows, with every filter off."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.warn_explicit("the old format", UserWarning, "importer.py", 3, **more)
    return len(caught)


seen = {"left out": shown(), "None": shown(module=None), "a name": shown(module="importer")}
print("Python", sys.version.split()[0], "warn_explicit, warnings shown by module=:", seen)
sys.exit(seen != {"left out": 1, "None": 0, "a name": 1})
PROBE
"${PYTHON:-python3}" -I probe.py
