"""Running what a stranger would type."""

import os
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]


def run(step: str, *command: str | Path, cwd: Path, timeout: float, **more: str) -> str:
    """The output of a command; a failure or a time-out says which step it was and what it printed.

    *more* are variables of its environment, besides those of ours.
    """
    # Nothing of the checkout or of this environment may help the installed package along.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON") and k != "VIRTUAL_ENV"}
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env={**environment, **more},
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        output = late.stdout.decode(errors="replace") if isinstance(late.stdout, bytes) else late.stdout
        pytest.fail(f"{step}: not done after {timeout:g} s\n{output or ''}", pytrace=False)
    if done.returncode != 0:
        pytest.fail(f"{step}: exit status {done.returncode}\n{done.stdout}", pytrace=False)
    return done.stdout
