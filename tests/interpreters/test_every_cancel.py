"""Whatever waits or polls hears that a scope around it is cancelled, by another thread or by its deadline."""

import threading

import pytest
import waits_to_stop
from waits_to_stop import HELD, POLLS, WAITS

import csp
from csp._native import wait_graph

PATIENCE = 20.0


class InScope:
    """A wait in a scope in a thread of its own."""

    def __init__(self, scope, wait, *, again=False):
        self.began, self.outcome = threading.Event(), None
        self._scope, self._wait, self._again = scope, wait, again
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        try:
            with self._scope:
                self.began.set()
                self._wait()
                while self._again:
                    self._wait()
            self.outcome = "cancelled" if self._scope.cancelled_caught else "returned"
        except BaseException as error:
            self.outcome = f"{type(error).__name__}: {error}"

    def end(self):
        self._thread.join(PATIENCE)
        return self.outcome


@pytest.fixture
def threads():
    """How many threads wait in the core. What the waits made ends with the test."""
    HELD.append(csp.Barrier(2))
    yield lambda: {edge[3] for edge in wait_graph() if edge[0] in {"waits", "asks"}}
    HELD.clear()
    waits_to_stop._made.clear()


@pytest.mark.parametrize("name", WAITS)
def test_a_wait_hears_it(name, threads, wait_until):
    """A wait that has begun is cancelled."""
    before, scope = threads(), csp.CancelScope()
    inside = InScope(scope, WAITS[name])
    assert inside.began.wait(PATIENCE)
    if " of " not in name and name != "sleep":  # those have no channel to be seen by
        wait_until(lambda: threads() - before, "it waits")
    scope.cancel()
    assert inside.end() == "cancelled"


@pytest.mark.parametrize("name", WAITS)
@pytest.mark.usefixtures("threads")
def test_a_wait_that_comes_later_hears_it(name):
    """A wait that begins in a scope that is cancelled already is cancelled, too."""
    scope = csp.CancelScope()
    scope.cancel()
    assert InScope(scope, WAITS[name]).end() == "cancelled"


@pytest.mark.parametrize("name", WAITS)
@pytest.mark.usefixtures("threads")
def test_a_wait_hears_a_deadline(name):
    """A scope's time is up while it waits."""
    assert InScope(csp.move_on_after(0.02), WAITS[name]).end() == "cancelled"


@pytest.mark.parametrize("name", POLLS)
@pytest.mark.usefixtures("threads")
def test_a_poll_hears_it(name):
    """A loop that only looks whether something is there is cut short at its next look that finds nothing."""
    scope = csp.CancelScope()
    inside = InScope(scope, POLLS[name], again=True)
    assert inside.began.wait(PATIENCE)
    scope.cancel()
    assert inside.end() == "cancelled"
    assert InScope(csp.move_on_after(0.01), POLLS[name], again=True).end() == "cancelled"
