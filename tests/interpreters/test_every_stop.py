"""Whatever waits hears that its interpreter is told to stop; whatever polls, too."""

import sys
from pathlib import Path

import pytest
import waits_to_stop
from waits_to_stop import POLLS, WAITS

import csp
from csp._native import cancel_interpreter, wait_graph
from csp.hosts.interpreter import order, start

sys.path.append(str(Path(__file__).parents[1] / "layers"))
from test_every_deadline import WAITS as PUBLIC

PATIENCE = 20.0
# With why nobody stops who waits there.
ELSEWHERE = {
    "System.close": "a System is used in the main interpreter, which is interrupted and not stopped",
    "System.wait": "likewise",
    "Ref.send": "sending through a channel: Sender.send",
}
# Waits that have no channel to be seen by.
UNSEEN = {name for name in WAITS if " of " in name or name == "sleep"} - {"select of an offer"}


@pytest.fixture
def waiting():
    """Starts an interpreter that waits or polls; gives its id, and a function that waits for what came out of it."""

    barrier = csp.Barrier(2)

    def begin(name):
        ready, begun = csp.channel()
        exits, ended = csp.channel(1)
        started = start(name, exits, 1)
        order(started, "waits_to_stop", "run", (name, ready, barrier))
        ready.close()
        begun.recv(PATIENCE)
        return started.id, lambda: ended.recv(PATIENCE)

    return begin


@pytest.mark.parametrize("name", WAITS)
def test_a_wait_hears_it(name, waiting, wait_until):
    """A wait that has begun raises Stopped."""
    number, outcome = waiting(name)
    if name not in UNSEEN:
        wait_until(lambda: any(edge[0] in {"waits", "asks"} and edge[1] == number for edge in wait_graph()), "it waits")
    assert cancel_interpreter(number)
    assert outcome() == (1, "ended", "Stopped")


@pytest.mark.parametrize("name", WAITS)
def test_a_wait_that_comes_later_hears_it(name, waiting):
    """A wait that begins when its interpreter was told already, or in that very instant, raises Stopped."""
    number, outcome = waiting(name)
    assert cancel_interpreter(number)
    assert outcome() == (1, "ended", "Stopped")


@pytest.mark.parametrize("name", POLLS)
def test_a_poll_hears_it(name, waiting):
    """A loop that only looks whether something is there is told to stop at its next look that finds nothing."""
    number, outcome = waiting(name)
    assert cancel_interpreter(number)
    assert outcome() == (1, "ended", "Stopped")


def test_no_public_wait_is_missing():
    """Whatever public call takes a timeout is tried above, or stands in ELSEWHERE with the reason."""
    assert PUBLIC.keys() - waits_to_stop.WAITS.keys() == ELSEWHERE.keys()
