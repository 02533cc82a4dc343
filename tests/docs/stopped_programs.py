"""Programs that get a signal in the middle of their work."""

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from doc_programs import LIMIT, environment

from observed import slowness

QUIET = 10  # looks in a row at which a program has done nothing
PAUSE = 0.01  # seconds between two looks
BUSY = 0.1  # seconds of CPU


class Stopped:
    """A program that was sent a signal: how it ended, and what it said.

    Attributes:
        status: its exit status; None: it did not end within the limit, and was killed.
        took: seconds from the signal to its end.
        out, err: what it printed, before the signal and after it.
        named: seconds from the signal to the first line on stderr that names what is waited for; None: no such line.
    """

    def __init__(self, status: int | None, took: float, out: str, err: list[tuple[float, str]]) -> None:
        self.status = status
        self.took = took
        self.out = out
        self.err = "".join(line for _, line in err)
        self.named = next((when for when, line in err if "; waiting for " in line), None)


class Victim:
    """A Python program in a session of its own, as a terminal's foreground job.

    *held*: its standard output has no room left, so that the first that it prints waits, until the signal was sent.
    """

    def __init__(self, file: Path, arguments: tuple[str, ...], *, held: bool, variables: dict[str, str]) -> None:
        self._out, writing = os.pipe()
        if held:
            os.write(writing, b"\n" * fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096))
        self.process = subprocess.Popen(
            [sys.executable, file.name, *arguments],
            cwd=file.parent,
            stdin=subprocess.DEVNULL,
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            env=environment() | variables,
            start_new_session=True,
        )
        os.close(writing)
        self._lines: dict[str, list[tuple[float, str]]] = {"out": [], "err": []}
        self._readers = {
            name: threading.Thread(target=self._read, args=(name, stream))
            for name, stream in (("out", open(self._out, encoding="utf-8")), ("err", self.process.stderr))  # noqa: SIM115
        }
        self._readers["err"].start()
        if not held:
            self._readers["out"].start()

    def _read(self, name: str, stream: object) -> None:
        with stream:
            for line in stream:
                self._lines[name].append((time.monotonic(), line))

    def text(self, name: str) -> str:
        """What it has printed so far to "out" or "err"."""
        return "".join(line for _, line in self._lines[name])

    def cpu(self) -> float:
        """Seconds that it has had a CPU; 0 when it is gone."""
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def threads(self) -> int:
        """How many threads it has."""
        try:
            return len(os.listdir(f"/proc/{self.process.pid}/task"))
        except OSError:
            return 0

    def state(self) -> str:
        """What its main thread does, by the kernel's letter: S sleeps."""
        try:
            return Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return "X"

    def reach(self, middle: Middle) -> bool:
        """Wait until it is in the middle of its work. False: it ended, or did not get there within the limit."""
        late = time.monotonic() + LIMIT * slowness()
        while not middle.reached(self):
            try:
                self.process.wait(PAUSE)
            except subprocess.TimeoutExpired:
                if time.monotonic() < late:
                    continue
            return False
        return True

    def stop(self, number: signal.Signals) -> Stopped:
        """Send it a signal, Ctrl-C to the whole job, and read what it still says."""
        sent = time.monotonic()
        if number is signal.SIGINT:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)
        if not self._readers["out"].ident:
            self._readers["out"].start()
        try:
            status = self.process.wait(LIMIT * slowness())
        except subprocess.TimeoutExpired:
            status = None
        took = time.monotonic() - sent
        self.end()
        return Stopped(status, took, self.text("out"), [(when - sent, line) for when, line in self._lines["err"]])

    def end(self) -> None:
        """Kill what is left of it, also what it has started. Idempotent."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        for reader in self._readers.values():
            if not reader.ident:
                reader.start()
            reader.join()


class Printed:
    """The middle of a program's work: it has printed *text*."""

    held = False

    def __init__(self, text: str) -> None:
        self.text = text

    def reached(self, victim: Victim) -> bool:
        return self.text in victim.text("out")


class Threads:
    """The middle of a program's work: it has at least so many threads, and has had a CPU for *busy* seconds since then.

    Its standard output is full. So one that is faster than that does not end, but waits to print: that will do, too.
    With *busy* of None that is what is waited for.
    """

    held = True

    def __init__(self, count: int, busy: float | None = BUSY) -> None:
        self._count, self._busy = count, busy
        self._since: dict[Victim, float] = {}
        self._quiet: dict[Victim, tuple[float, int]] = {}

    def reached(self, victim: Victim) -> bool:
        cpu, enough = victim.cpu(), victim.threads() >= self._count
        if enough and self._busy is not None and cpu >= self._since.setdefault(victim, cpu) + self._busy:
            return True
        before, looks = self._quiet.get(victim, (-1.0, 0))
        looks = looks + 1 if victim.state() == "S" and cpu == before else 0
        self._quiet[victim] = cpu, looks
        return looks >= QUIET and (enough or self._busy is not None)


type Middle = Printed | Threads
