"""A message that was changed on the way is a value or an error of Python's, never a crash; nothing is left of it."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
CORPUS = sorted((HERE / "corpus").glob("*.bin"))
# In CI always the same; otherwise others each time, which the failing test names.
SEED = 1 if os.environ.get("CI") else int.from_bytes(os.urandom(3))


def program(*arguments):
    """Run mutated.py, which a crash takes with it and not us."""
    return subprocess.run(
        [sys.executable, "-X", "faulthandler", str(HERE / "mutated.py"), *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parent)])},
        cwd=arguments[-1],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_changed_messages(tmp_path):
    """Flipped, cut, spliced, with numbers beyond measure: more than half are errors, and the process lives."""
    done = program(SEED, 1000, tmp_path)
    culprit = tmp_path / "last.bin"
    assert done.returncode == 0, (SEED, culprit.read_bytes() if culprit.exists() else None, done.stderr[-2000:])
    assert "Error" in done.stdout
    assert "'list'" in done.stdout


def test_those_that_were_found(tmp_path):
    """Each in the corpus once killed a process, or is one of a kind."""
    done = program("read", *CORPUS, tmp_path)
    assert done.returncode == 0, (done.stdout[-300:], done.stderr[-2000:])
    assert len(done.stdout.splitlines()) == len(CORPUS) > 0
