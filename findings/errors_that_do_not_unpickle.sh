#!/usr/bin/env bash
# Errors of well-kept packages do not survive pickle, and one of them in a worker takes a whole ProcessPoolExecutor down.
#
# One would think that the frozen class of attrs that a worker assigns to gives its caller a FrozenInstanceError. But
# BaseException pickles as "call the class with args", and whoever gives an exception a constructor that takes something else
# than what went into args (or, as attrs does, hides args behind an attribute of the class) makes one that dumps, and does
# not load, or loads with another text. concurrent.futures loads it in the thread that manages the pool: that breaks, the
# caller sees BrokenProcessPool, and so does everybody else who has work in there.
#
# Needs a Python 3.14 as python3.14 (or PYTHON=...), and pip to install four packages into a folder that is deleted.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python=${PYTHON:-python3.14}
"$python" -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check attrs==26.1.0 urllib3==2.8.0 tomlkit==0.15.2 tornado==6.6.1 2>pip.log ||
    { cat pip.log >&2; exit 2; }
cat >probe.py <<'PROBE'
import pickle
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context


def frozen():
    import attrs

    @attrs.frozen
    class Point:
        x: int

    Point(1).x = 2


def timed_out():
    from urllib3 import HTTPConnectionPool
    from urllib3.exceptions import ReadTimeoutError

    raise ReadTimeoutError(HTTPConnectionPool("example.org"), "/", "Read timed out.")


def no_key():
    import tomlkit

    tomlkit.parse("a = 1")["b"]


def no_page():
    from tornado.web import HTTPError

    raise HTTPError(404, "no %s", "page")


def after_pickle(function):
    try:
        function()
    except Exception as error:
        try:
            return str(error), str(pickle.loads(pickle.dumps(error)))
        except Exception as refusal:
            return str(error), type(refusal)


if __name__ == "__main__":
    print("Python", sys.version.split()[0])
    seen = {}
    for function in (frozen, timed_out, no_key, no_page):
        before, after = seen[function.__name__] = after_pickle(function)
        print(f"{function.__name__}: {before!r}, after pickle: {after!r}")
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        failed, waiting = pool.submit(frozen), pool.submit(len, "abc")
        broken = [type(future.exception()).__name__ for future in (failed, waiting)]
    print("a pool in which one worker has raised it, and what its neighbour gets:", broken)
    as_seen = seen["frozen"][1] is TypeError and all(before != after for before, after in seen.values())
    sys.exit(0 if as_seen and broken == ["BrokenProcessPool"] * 2 else 1)
PROBE
if venv/bin/python -W ignore probe.py; then
    echo "as seen: none arrives as it was"
else
    echo "no longer as seen" >&2
    exit 1
fi
