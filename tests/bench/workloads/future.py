"""future: ask for ``increment(n)`` 64 times without waiting, then take the 64 answers; microseconds per call."""

import time

from tests.bench.workload import FREE, LESS, PINNED, Measure, Scale, Workload, each_us

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor
    from typing import Any

WORKLOAD = Workload("future", Measure("future", "us", LESS), cpus=(FREE, PINNED))
WINDOW = 64  # calls on their way at once


def _fan_out(submit: Callable[[int], Any]) -> Callable[[int], float]:
    def run(count: int) -> float:
        begin = time.perf_counter()
        for first in range(0, count, WINDOW):
            for future in [submit(number) for number in range(first, min(first + WINDOW, count))]:
                future.result()
        return time.perf_counter() - begin

    return run


def _posts(adder: Any) -> Callable[[int], Any]:
    def post(number: int) -> Any:
        return adder.increment.future(number)  # as users write it: the handler is looked up each time

    return post


@WORKLOAD.peer("csp")
def posted(scale: Scale) -> Iterator[float]:
    """``ref.increment.future(n)`` to an actor with the default mailbox: what it has not taken yet stays in line."""
    import csp
    from tests.bench.actors import Adder

    with csp.System(warm=0) as system:
        adder = system.spawn(Adder)
        yield from each_us(_fan_out(_posts(adder)), scale, WINDOW)


@WORKLOAD.peer("csp (buffered mailbox)")
def buffered(scale: Scale) -> Iterator[float]:
    """The same to one whose mailbox has room for all of them."""
    import csp
    from tests.bench.actors import BufferedAdder

    with csp.System(warm=0) as system:
        adder = system.spawn(BufferedAdder)
        yield from each_us(_fan_out(_posts(adder)), scale, WINDOW)


def _executor(executor: Executor, scale: Scale) -> Iterator[float]:
    from tests.bench.work import increment

    with executor:
        yield from each_us(_fan_out(lambda number: executor.submit(increment, number)), scale, WINDOW)


@WORKLOAD.peer("ThreadPoolExecutor")
def threads(scale: Scale) -> Iterator[float]:
    """submit() with one thread."""
    from concurrent.futures import ThreadPoolExecutor

    return _executor(ThreadPoolExecutor(1), scale)


@WORKLOAD.peer("InterpreterPoolExecutor")
def interpreters(scale: Scale) -> Iterator[float]:
    """submit() with one interpreter."""
    from concurrent.futures import InterpreterPoolExecutor

    return _executor(InterpreterPoolExecutor(1), scale)


@WORKLOAD.peer("ProcessPoolExecutor")
def processes(scale: Scale) -> Iterator[float]:
    """submit() with one process (spawn)."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    return _executor(ProcessPoolExecutor(1, mp_context=get_context("spawn")), scale)
