"""Ctrl-C and SIGTERM end every example within a second, or what it waits for is named at once."""

import shutil
import signal

import pytest
from doc_pages import ROOT
from doc_programs import run
from stopped_programs import Printed, Threads, Victim

from observed import slowness

FOLDER = ROOT / "examples"
WITHIN = 1.0  # seconds

INT, TERM = signal.SIGINT, signal.SIGTERM
# What SIGINT and SIGTERM make of a program of Python that does nothing about them.
AS_ANY = {INT: -INT, TERM: -TERM}
# What nobody should have to read.
FAULTS = ("had to be killed", "cannot be stopped", "Exception ignored", "did not stop")

# How each example is brought into the middle of its work: the arguments that make it long, how that is seen, and the
# exit statuses.
EXAMPLES = {
    "bank_service.py": ((), Printed("customer: refused"), {INT: 0, TERM: 0}),
    "crash_and_restart.py": ((), Threads(3, None), AS_ANY),
    "csp_parallel.py": ((), Threads(6, 0.0), AS_ANY),
    "hello_actor.py": ((), Threads(3, None), AS_ANY),
    "pipeline_primes.py": (("2000000000",), Threads(3), AS_ANY),
    "select_timeout.py": ((), Threads(2, None), AS_ANY),
    "csp/bounded_buffer.py": (("10000000",), Threads(4), AS_ANY),
    "csp/commstime.py": (("10000000",), Threads(5), AS_ANY),
    "csp/dining_philosophers.py": (("1000000",), Threads(13), AS_ANY),
    "csp/mandelbrot.py": (("6000", "set.pgm"), Threads(5), AS_ANY),
    "csp/monte_carlo_pi.py": (("1000000",), Threads(5), AS_ANY),
    "csp/prime_sieve.py": (("100000",), Threads(10), AS_ANY),
    "csp/readers_writers.py": (("8", "3"), Threads(14, 0.0), AS_ANY),
    "csp/santa_claus.py": (("1000000",), Threads(23), AS_ANY),
    "csp/sleeping_barber.py": (("1000000",), Threads(8), AS_ANY),
    "csp/stressed_alt.py": (("4", "3"), Threads(14, 0.0), AS_ANY),
    "csp/token_ring.py": (("12", "3"), Threads(13), AS_ANY),
    "native_producer/build_producer.py": ((), Threads(1, None), AS_ANY),  # its compiler takes its time
    "native_producer/native_producer.py": (("--seconds", "600"), Printed("listening"), {INT: 0, TERM: -TERM}),
}


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    """The examples, copied elsewhere, with a compiler that does not come to its end; and the producer already built."""
    made = tmp_path_factory.mktemp("examples")
    shutil.copytree(FOLDER, made, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    status, _, err = run(made / "native_producer" / "build_producer.py")
    assert status == 0, err
    compiler = made / "slow-cc"
    compiler.write_text("#!/bin/sh\nexec sleep 600\n")
    compiler.chmod(0o755)
    return made


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_signal_in_the_middle_ends_an_example_within_a_second(examples, name):
    """Each example, in the middle of its work, is over within a second of Ctrl-C, and of SIGTERM, with the status that
    the signal has for any program, or that the example says; or it has named what it waits for within that time.
    Nothing had to be killed, and nothing was left behind.
    """
    arguments, middle, statuses = EXAMPLES[name]
    for number, status in statuses.items():
        victim = Victim(examples / name, arguments, held=middle.held, variables={"CC": str(examples / "slow-cc")})
        try:
            assert victim.reach(middle), f"{name} did not get into its middle: {victim.text('out')}{victim.text('err')}"
            stopped = victim.stop(number)
        finally:
            victim.end()
        told = f"{name}, {number.name}: {stopped.took:.2f} s\n--- stdout\n{stopped.out}--- stderr\n{stopped.err}"
        print(told.partition("\n")[0])
        quick = stopped.took if stopped.named is None else min(stopped.took, stopped.named)
        assert quick < WITHIN * slowness(), told
        assert stopped.status == status, told
        assert not any(word in stopped.err for word in FAULTS), told
        if (number, status) == (INT, -INT):
            assert "KeyboardInterrupt" in stopped.err, told
        elif status != -TERM:
            assert "Traceback" not in stopped.err, told


def test_every_example_is_in_the_table():
    """No program among the examples is without its row, and no row without its program."""
    programs = [file for file in FOLDER.rglob("*.py") if 'if __name__ == "__main__":' in file.read_text("utf-8")]
    assert sorted(EXAMPLES) == sorted(str(file.relative_to(FOLDER)) for file in programs)
