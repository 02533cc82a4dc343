"""supervise: what a supervisor does when a child starts, is restarted, is terminated; microseconds per step.

With 50 children and with 5,000: both should cost the same. Nothing is started: five thousand interpreters would measure
this machine's memory. So it is what deciding and book-keeping add to a start (spawn), in the one thread that does it
for all trees of a system.
"""

import time

from tests.bench.workload import LESS, PINNED, Measure, Scale, Workload

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    type Figures = tuple[float, ...]
    type Steps = tuple[Callable[[int], None], Callable[[int], None]]

STEPS = ("start", "restart", "terminate")
SIZES = (50, 5000)
WORKLOAD = Workload(
    "supervise",
    *(Measure(f"supervise-{step}-{size}", "us", LESS) for step in STEPS for size in SIZES),
    cpus=(PINNED,),
)
# Of each kind in a round. Those that are terminated are gone, so the small tree is made so often that it has as many.
RESTARTS, TERMINATIONS, TREES = 100, 20, {50: 10, 5000: 1}


def _rounds(up: Callable[[int], Steps], scale: Scale) -> Iterator[Figures]:
    """*up* makes a supervisor of so many children that are up, and gives what restarts and what terminates one."""
    sizes = {size: scale.pick(size, size // 10) for size in SIZES}
    while True:
        seconds = {size: _one(up, sizes[size], scale.pick(TREES[size], 1)) for size in SIZES}
        yield tuple(seconds[size][step] * 1e6 for step in range(len(STEPS)) for size in SIZES)


def _one(up: Callable[[int], Steps], children: int, trees: int) -> tuple[float, float, float]:
    """Seconds of a start, a restart and a termination."""
    started = restarted = terminated = 0.0
    terminations = min(TERMINATIONS, children // 5)
    for _ in range(trees):
        begin = time.perf_counter()
        restart, terminate = up(children)
        started += time.perf_counter() - begin
        begin = time.perf_counter()
        for number in range(RESTARTS):
            restart(number % children)
        restarted += time.perf_counter() - begin
        begin = time.perf_counter()
        for number in range(terminations):
            terminate(number)
        terminated += time.perf_counter() - begin
    return started / children / trees, restarted / RESTARTS / trees, terminated / terminations / trees


@WORKLOAD.peer("csp")
def driver(scale: Scale) -> Iterator[Figures]:
    """The tree as a system's kernel keeps it: events in, decisions, places and names and answers kept."""
    from functools import partial

    from tests.system import lifeless

    def up(children: int) -> Steps:
        kernel, tree = lifeless.up(children)
        return partial(lifeless.restart, kernel, tree), partial(lifeless.terminate, kernel, tree)

    return _rounds(up, scale)


@WORKLOAD.peer("csp, decisions alone")
def reducer(scale: Scale) -> Iterator[Figures]:
    """The pure function from state and event to state and commands."""
    from csp.exits import ExitReason
    from csp.supervision import events
    from csp.supervision.definition import definition
    from csp.supervision.reducer import reduce
    from csp.supervision.state import initial_state
    from tests.system import lifeless

    def up(children: int) -> Steps:
        state, _ = reduce(initial_state(definition(lifeless.Many(children))), events.Start(now=0.0))
        for number in range(children):
            state, _ = reduce(state, events.ChildStarted(f"w{number}", 1, now=0.0))

        def incarnation(name: str) -> int:
            child = state.child(name)
            assert child is not None
            return child.incarnation

        def restart(number: int) -> None:
            nonlocal state
            name = f"w{number}"
            life = incarnation(name)
            state, _ = reduce(state, events.ChildEnded(name, life, ExitReason("failed", "x"), now=0.0))
            state, _ = reduce(state, events.ChildStarted(name, life + 1, now=0.0))

        def terminate(number: int) -> None:
            nonlocal state
            name = f"w{number}"
            state, _ = reduce(state, events.TerminateChildRequest(number, name, now=0.0))
            state, _ = reduce(state, events.ChildEnded(name, incarnation(name), ExitReason("shutdown"), now=0.0))

        return restart, terminate

    return _rounds(up, scale)
