"""Running a program of the documentation as a newcomer would: as a script, in a process of its own."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

LIMIT = 30.0  # seconds, for one program


def run(file: Path, *arguments: str, sends: tuple[str, str] | None = None) -> tuple[int, str, str]:
    """Run a file; gives ``(exit status, standard output, standard error)``.

    *sends* is ``(name of a signal, text)``: the program gets the signal when a line of its output holds the text.
    Raises TimeoutError, with what it printed so far, when it does not end in time.
    """
    process = subprocess.Popen(
        [sys.executable, file.name, *arguments],
        cwd=file.parent,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    printed: dict[str, list[str]] = {"stdout": [], "stderr": []}

    def read(name: str) -> None:
        for line in getattr(process, name):
            printed[name].append(line)
            if sends is not None and sends[1] in line:
                process.send_signal(getattr(signal, sends[0]))

    readers = [threading.Thread(target=read, args=(name,)) for name in printed]
    for reader in readers:
        reader.start()
    late = False
    try:
        process.wait(timeout=LIMIT * float(os.environ.get("CSP_TEST_SLOWNESS", "1")))
    except subprocess.TimeoutExpired:
        late = True
        process.kill()
        process.wait()
    for reader in readers:
        reader.join()
    process.stdout.close()
    process.stderr.close()
    out, err = "".join(printed["stdout"]), "".join(printed["stderr"])
    if late:
        raise TimeoutError(f"{file.name} did not end within {LIMIT} s\n--- stdout\n{out}--- stderr\n{err}")
    return process.returncode, out, err


def environment() -> dict[str, str]:
    """What a newcomer has: no settings of ours, byte code on disk, output unbuffered so that a signal can wait
    for it.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "CSP_"))}
    return kept | {"PYTHONUNBUFFERED": "1"}
