"""The C programs in ``native``: what the machine can do at best, without Python and without us."""

import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.workload import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SOURCES = Path(__file__).parent / "native"


@contextmanager
def floor(name: str) -> Iterator[Callable[[int], float]]:
    """Compile a program into a temporary folder and give a function that runs it for so many rounds, in seconds.

    The program takes the number of rounds and prints nanoseconds per round. Raises Unavailable without a C compiler.
    """
    compiler = shutil.which("cc")
    if compiler is None:
        raise Unavailable("there is no C compiler (cc) to build it with")
    with tempfile.TemporaryDirectory(prefix="csp-bench-") as folder:
        program = str(Path(folder) / name)
        built = subprocess.run(
            [compiler, "-O2", "-pthread", "-D_GNU_SOURCE", str(_SOURCES / f"{name}.c"), "-o", program],
            capture_output=True,
            text=True,
            check=False,
        )
        if built.returncode != 0:
            raise Unavailable(f"cc could not build it: {built.stderr.strip()}")

        def run(rounds: int) -> float:
            done = subprocess.run([program, str(rounds)], capture_output=True, text=True, check=True)
            return float(done.stdout) * rounds / 1e9

        yield run
