"""The classical programs in examples/csp run, quickly, and each finds fault with a result that is wrong."""

import importlib
import json
import re
import shutil
import time

import pytest
from doc_pages import ROOT
from doc_programs import run

FOLDER = ROOT / "examples" / "csp"
PROGRAMS = sorted(file.stem for file in FOLDER.glob("*.py") if file.stem != "command")

# The arguments of a short run, and what its first line is.
RUNS = {
    "bounded_buffer": (["300", "4"], r"300 numbers in order through a buffer that held [1-4] of 4 at most"),
    "commstime": (["200"], r"300 numbers in order, the last is 299"),
    "dining_philosophers": (["20"], r"5 philosophers ate 20 times each"),
    "mandelbrot": (["48", "{folder}/set.pgm"], r" +\S.*"),
    "monte_carlo_pi": (["4", "3"], r"pi is about 3\.1\d+, of 4 pieces of work: \d and \d and \d"),
    "prime_sieve": (["30"], r"10 primes below 30, the last is 29, each a process"),
    "readers_writers": (["3", "2"], r"3 readers and 2 writers were inside 200 times each, up to [1-3] readers at once"),
    "santa_claus": (["5"], r"toys were delivered 5 times by 9 reindeer, \d+ groups of 3 elves were helped"),
    "sleeping_barber": (["30", "2"], r"180 visits: \d+ haircuts, \d+ found no chair; the barber slept \d+ times"),
    "stressed_alt": (["3", "2"], r"1200 messages of 6 writers in order, no channel waited for more than \d+ selects"),
    "token_ring": (["4", "3"], r"3 tokens made 2000 laps around 4 processes"),
}

LONGEST = 15.0  # seconds, on a machine that does other things as well; alone none takes more than 1


@pytest.fixture
def program(monkeypatch):
    """Gives the module of a program by its name; what it raises when it finds fault is ``command.Wrong``."""
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_gives_its_checked_result_and_the_time_per_operation(name, tmp_path):
    """Each program ends well within its time, and its two lines are the result and the time; there are no others."""
    arguments, result = RUNS[name]
    began = time.monotonic()

    status, out, err = run(FOLDER / f"{name}.py", *(text.format(folder=tmp_path) for text in arguments))

    assert (status, err) == (0, ""), f"{out}\n{err}"
    assert time.monotonic() - began < LONGEST
    lines = out.splitlines()
    assert re.fullmatch(result, lines[0]), out
    assert re.fullmatch(r"\d+\.\d\d us per .+, of which there were \d+", lines[-1]), out
    assert len(lines) == 2 or name == "mandelbrot"


def test_naive_philosophers_deadlock_and_say_so():
    """Without the butler all five wait for ever for their second fork; their timeouts end it."""
    status, out, err = run(FOLDER / "dining_philosophers.py", "--naive")
    assert (status, err) == (0, "")
    assert out.startswith("deadlock: 5 philosophers hold their left forks, and starve\n")


def test_mandelbrot_writes_a_picture(tmp_path):
    """The file is a grey map of the size asked for, white at its corners and black inside the set."""
    file = tmp_path / "set.pgm"
    status, _, err = run(FOLDER / "mandelbrot.py", "48", str(file))
    assert status == 0, err
    header, _, points = file.read_bytes().partition(b"\n")
    assert header == b"P5 48 32 255"
    assert len(points) == 48 * 32
    assert points[0] > 200  # the point -2.25 - i is far outside
    assert points[16 * 48 + 36] == 0  # and 0 is inside


def test_json_is_one_line_and_only_when_asked_for():
    """With --json there is one line, with the result and the figures."""
    status, out, err = run(FOLDER / "commstime.py", "100", "--json")
    assert status == 0, err
    outcome = json.loads(out)
    assert outcome.keys() == {"result", "count", "operation", "seconds", "microseconds"}
    assert outcome["count"] == 400
    assert outcome["microseconds"] == pytest.approx(outcome["seconds"] / 400 * 1e6)


def test_a_wrong_result_is_said_and_is_the_status(tmp_path):
    """A program whose check complains ends with status 1, and with what is wrong instead of a traceback."""
    shutil.copy(FOLDER / "command.py", tmp_path)
    (tmp_path / "sums.py").write_text(
        '"""Sums."""\n'
        "from command import Wrong, run\n"
        "def main(numbers: int = 2):\n"
        '    raise Wrong(f"the sum of {numbers} numbers is 5")\n'
        "run(main)\n"
    )
    status, out, err = run(tmp_path / "sums.py", "3")
    assert (status, out, err) == (1, "", "sums.py: wrong: the sum of 3 numbers is 5\n")


# ---- each check finds fault ------------------------------------------------------------------------------------------

MEAL = [(seat, what) for seat in range(5) for what in ("eats", "has eaten")]
STARVED = [(seat, what) for what in ("toasts", "starves") for seat in range(5)]
VISIT = [(0, "read", 1), (1, "read", 1), (0, "read", -1), (1, "read", -1)]
HERD, TRIO = list(range(9)), [4, 7, 1]

# (program, its check, what is right: the arguments, [(what is wrong: the arguments, what must be said about it)])
CHECKS = [
    (
        "bounded_buffer",
        "check",
        ([0, 1, 2], 3, 2, 6, 2),
        [
            (([0, 2, 1], 3, 2, 6, 2), "number 1 came out as 2"),
            (([0, 1], 3, 2, 6, 2), "2 numbers came out of 3"),
            (([0, 1, 2], 3, 3, 6, 2), "held 3 numbers and has room for 2"),
            (([0, 1, 2], 3, 2, 7, 2), "7 choices for 3 numbers"),
        ],
    ),
    (
        "commstime",
        "check",
        ([0, 1, 2, 3], 4),
        [
            (([0, 2, 1, 3], 4), "number 1 of the ring is 2"),
            (([0, 1, 1, 2], 4), "number 2 of the ring is 1"),
            (([0, 1, 2], 4), "3 numbers came, not 4"),
        ],
    ),
    (
        "dining_philosophers",
        "check",
        (MEAL, 1),
        [
            (([(0, "eats"), (4, "eats"), *MEAL], 1), "philosophers 4 and 0 are neighbours and eat at once"),
            (([(0, "eats"), (1, "eats"), *MEAL], 1), "philosophers 1 and 0 are neighbours and eat at once"),
            ((MEAL[:-1], 1), "philosopher 4 ate 0 times, not 1"),
            ((MEAL + MEAL[:2], 1), "philosopher 0 ate 2 times, not 1"),
        ],
    ),
    (
        "dining_philosophers",
        "check_deadlock",
        (STARVED,),
        [
            ((STARVED[:-1],), "philosopher 4 did not starve"),
            (([*STARVED[:-1], (4, "eats")],), "philosopher 4 did not starve"),
        ],
    ),
    (
        "prime_sieve",
        "check",
        ([2, 3, 5, 7], 10),
        [
            (([2, 3, 7, 5], 10), "7 came where the prime 5 was to come"),
            (([2, 3, 5], 10), "3 primes came, there are 4 below 10"),
            (([2, 3, 5, 7, 9], 10), "5 primes came, there are 4 below 10"),
        ],
    ),
    (
        "santa_claus",
        "check",
        ([("reindeer", True, HERD), ("elves", False, TRIO)], 1, [0, 1, 0, 0, 1, 0, 0, 1, 0, 0]),
        [
            (([("reindeer", True, HERD[1:])], 1, []), "is no group of reindeer"),
            (([("reindeer", True, [*HERD[1:], 1])], 1, []), "is no group of reindeer"),
            (([("elves", False, [4, 7])], 0, []), "is no group of elves"),
            (([("elves", False, [4, 7, 7])], 0, []), "is no group of elves"),
            (([("elves", True, TRIO)], 0, []), "let in while the reindeer stood at their door"),
            (([("reindeer", True, HERD)], 2, []), "delivered 1 times in 2 years"),
            (([("elves", False, TRIO)], 0, [0, 2]), "elf 1 says Santa helped 2 times, Santa 1"),
        ],
    ),
    (
        "sleeping_barber",
        "check",
        ([1, 0, 1], [(1, 1), (2, 0)], 2),
        [
            (([1, 0, 1], [(1, 0), (2, 0)], 2), "customer 0 came 2 times: 1 haircuts, 0 times it was full"),
            (([1, 0], [(1, 1), (2, 0)], 2), "customer 1 had 2 haircuts, the barber says 1"),
            (([1, 0, 1, 7], [(1, 1), (2, 0)], 2), "somebody who is no customer"),
        ],
    ),
    (
        "readers_writers",
        "check",
        (VISIT * 200, 2),
        [
            (([(0, "read", 1), (2, "write", 1)], 3), "2 went in to write while inside were {0: 'read'}"),
            (([(2, "write", 1), (0, "read", 1)], 3), "0 went in to read while inside were {2: 'write'}"),
            (([(1, "write", 1), (2, "write", 1)], 3), "2 went in to write while inside were {1: 'write'}"),
            ((VISIT * 199, 2), "0 was inside 199 times, not 200"),
        ],
    ),
    (
        "token_ring",
        "check",
        ([(0, 8000), (1, 8000)], 4, 2),
        [
            (([(1, 8000), (0, 8000)], 4, 2), "the tokens came home as [1, 0]"),
            (([(0, 8000)], 4, 2), "the tokens came home as [0]"),
            (([(0, 8000), (1, 7999)], 4, 2), "token 1 made 7999 hops, not 8000"),
        ],
    ),
    (
        "stressed_alt",
        "check",
        ([(writer, number) for number in range(200) for writer in (0, 1)], 2),
        [
            (([(0, 0), (1, 0), (0, 2)], 2), "writer 0: number 2 came where 1 was to come"),
            (([(1, 0), (1, 0)], 2), "writer 1: number 0 came where 1 was to come"),
            (([(0, number) for number in range(200)], 2), "writer 1: 0 numbers came of 200"),
        ],
    ),
]


@pytest.mark.parametrize(("name", "check", "right", "wrongs"), CHECKS, ids=[f"{case[0]}-{case[1]}" for case in CHECKS])
def test_check_takes_what_is_right_and_complains_about_what_is_not(program, name, check, right, wrongs):
    """The check of a program is quiet about a right result, and names what is wrong with each wrong one."""
    judge = getattr(program(name), check)
    judge(*right)
    for wrong, said in wrongs:
        with pytest.raises(program("command").Wrong) as raised:
            judge(*wrong)
        assert said in str(raised.value)


def test_check_of_monte_carlo_pi(program):
    """A piece that is missing, comes twice, or has other hits than it has here, and a pi that is none, are found."""
    pi = program("monte_carlo_pi")
    hits = [(seed, pi.throw(seed)) for seed in range(3)]
    pi.check(hits, 3)
    for wrong, said in [
        (hits[:2], "not each of 3 once"),
        ([*hits, hits[0]], "not each of 3 once"),
        ([(0, hits[0][1] + 1), *hits[1:]], "when it is done here"),
        ([hits[0], (1, 1000), hits[2]], "pi is not"),
    ]:
        with pytest.raises(program("command").Wrong, match=said):
            pi.check(wrong, 3)


def test_check_of_mandelbrot(program):
    """A row that is missing, in another's place or computed wrongly is found; the rows may come in any order."""
    mandelbrot = program("mandelbrot")
    rows = [(y, mandelbrot.row_of(y, 24)) for y in range(16)]
    assert mandelbrot.check(rows[::-1], 24) == [row for _, row in rows]
    blank = bytes(24)
    for wrong, said in [
        (rows[1:], "not each of 16 once"),
        ([*rows, rows[3]], "not each of 16 once"),
        ([(0, rows[1][1]), *rows[1:]], "row 0 is not the mirror of row 15"),
        ([*rows[:7], (7, blank), (8, blank), *rows[9:]], "row 8 is another when it is computed here"),
    ]:
        with pytest.raises(program("command").Wrong, match=said):
            mandelbrot.check(wrong, 24)


def test_every_check_was_tried_and_every_program_is_in_the_table():
    """No program is without a short run, a test of its check, and a line in the README; and none is listed twice."""
    assert sorted(RUNS) == PROGRAMS
    assert {case[0] for case in CHECKS} | {"monte_carlo_pi", "mandelbrot"} == set(PROGRAMS)
    table = re.findall(
        r"^\| \[(\w+)\]\((\w+)\.py\) \|", (FOLDER / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert sorted(name for name, _ in table) == PROGRAMS
    assert all(name == file for name, file in table)


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_is_guarded_and_names_its_source(name):
    """Every program does nothing when it is imported, for its processes import it, and says where it comes from."""
    source = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    assert 'if __name__ == "__main__":' in source
    assert re.search(r"\b(19|20)\d\d\b|JCSP|kroc", source.split('"""')[1]), "it names no source"
