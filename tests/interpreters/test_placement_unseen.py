"""Placement is nobody's business: an actor that was moved to one CPU sees, and shows, those of the process. And it uses
all of these.
"""

import json
import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest
import surroundings

pytestmark = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="with one CPU nobody is moved")

BEGIN = f"""\
import json, os, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])  # as taskset would
import surroundings
"""

PROGRAM = f"""\
{BEGIN}
if __name__ == "__main__":
    acts = json.loads(sys.argv[1])
    print(json.dumps([surroundings.ACTS[act]() for act in acts if act not in ("choose the first", "choose the last")]))
    print(json.dumps(surroundings.watched_talk(acts, float(sys.argv[2]))))
"""


def run(program, acts, patience):
    """(what main got for each act, [whether the actor was moved, what it got] for each)."""
    status, out, err = program.run(program.write(PROGRAM), json.dumps(acts), str(patience), timeout=100.0)
    assert status == 0, err
    mains, actors = map(json.loads, out.splitlines())
    return mains, actors


LOOKS = ["proc", "affinity", "count", "workers"]


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "acts", [list(surroundings.STARTERS), ["interpreters"] * 3, LOOKS], ids=["starts", "csp", "looks"]
)
def test_what_a_moved_actor_starts_and_sees(program, acts):
    """Programs, threads and interpreters that a moved actor starts may use the CPUs of the process, and it sees no
    others itself.
    """
    mains, actors = run(program, acts, 20.0)
    assert [moved for moved, _ in actors[:1]] == [True]
    assert [seen for _, seen in actors] == mains


@pytest.mark.parametrize("which", ["choose the first", "choose the last"])
def test_a_choice_of_the_actor_stands(program, which):
    """An actor that chooses a CPU keeps it, also when it is the one to which it had been moved."""
    _, ((moved, chosen), (_, later)) = run(program, [which, "affinity"], 1.0)
    assert moved
    assert later == chosen
    assert len(chosen) == 1


@pytest.mark.parametrize("act", ["door", "foreign"])
def test_who_runs_the_code_of_others_is_not_moved(program, act):
    """After ctypes, or an extension module that is not CPython's, nothing tells when a thread is started: it stays."""
    module = find_spec("_uuid")
    if act == "foreign":
        if module is None or not module.has_location:
            pytest.skip("this Python has no module to be copied from its folder")
        shutil.copy(module.origin, program.folder)
    _, ((moved, where), (moved_later, later)) = run(program, [act, "affinity"], 1.0)
    assert moved
    assert not moved_later, later
    assert act != "foreign" or Path(where).parent == program.folder


PAIRS = f"""\
{BEGIN}
if __name__ == "__main__":
    print(json.dumps(surroundings.watched_pairs(8, 600, 60.0)))
"""


@pytest.mark.timeout(120)
def test_who_hears_of_everybody_does_not_hold_all_on_one_cpu(program):
    """Pairs that work a little between hand-overs live together, and on all CPUs, although one logger hears of all."""
    status, out, err = program.script(PAIRS, timeout=100.0)
    assert status == 0, err
    on_all, homes = json.loads(out)
    assert on_all == 50, homes
