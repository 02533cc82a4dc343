"""The example of a native producer builds, loses nothing, and stops cleanly from both sides."""

import re
import shutil
import signal
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "native_producer"
METER = re.compile(r"meter: +(\d+) samples, (\d+) missing, (\d+) a second, the loudest ([\d.]+)")
PRODUCER = re.compile(r"producer: (\d+) blocks sent, (\d+) lost, stopped by (\w+)")


@pytest.fixture
def example(program):
    """The example, copied elsewhere and built as its README says."""
    shutil.copytree(EXAMPLE, program.folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    status, out, err = program.run("build_producer.py", timeout=60)
    assert status == 0, err
    assert out.splitlines()[-1].startswith("built _producer.")
    return program


def test_the_reader_stops_the_producer(example):
    """In a second 48,000 samples arrive, none is missing, and the receiver's close ends the thread of C."""
    status, out, err = example.run("native_producer.py", "--seconds", "1")
    assert (status, err) == (0, "")
    received, missing, rate, loudest = METER.search(out).groups()
    assert (received, missing, loudest) == ("48000", "0", "0.99")
    assert 40_000 < int(rate) < 56_000
    sent, lost, stopped = PRODUCER.search(out).groups()
    assert int(sent) >= 100
    assert (lost, stopped) == ("0", "BROKEN")


def test_ctrl_c_stops_the_producer(example):
    """Ctrl-C in the middle: the thread of C ends, the actor reports all that was sent, the exit status is 0."""
    process = example.start("native_producer.py", "--seconds", "600")
    assert process.stdout.readline() == "listening\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    received, missing, _, _ = METER.search(out).groups()
    sent, lost, stopped = PRODUCER.search(out).groups()
    assert (missing, lost, stopped) == ("0", "0", "OK")
    assert int(received) == int(sent) * 480
