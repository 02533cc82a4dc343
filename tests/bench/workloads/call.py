"""call: ask a worker for ``increment(n)`` and wait for the answer, one call after the other; microseconds per call."""

import time

from tests.bench.workload import FREE, LESS, PINNED, Measure, Scale, Workload, each_us

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor

WORKLOAD = Workload("call", Measure("call", "us", LESS), cpus=(FREE, PINNED))


def _repeat(call: Callable[[int], object]) -> Callable[[int], float]:
    def run(count: int) -> float:
        begin = time.perf_counter()
        for number in range(count):
            call(number)
        return time.perf_counter() - begin

    return run


@WORKLOAD.peer("csp")
def from_main(scale: Scale) -> Iterator[float]:
    """``ref.increment(n)`` from the main interpreter."""
    import csp
    from tests.bench.actors import Adder

    with csp.System(warm=0) as system:
        adder = system.spawn(Adder)

        def call(number: int) -> object:
            return adder.increment(number)  # as users write it: the handler is looked up each time

        yield from each_us(_repeat(call), scale)


@WORKLOAD.peer("csp (actor to actor)")
def between_actors(scale: Scale) -> Iterator[float]:
    """The same from another actor."""
    import csp
    from tests.bench.actors import Adder, Caller

    with csp.System(warm=0) as system:
        adder, caller = system.spawn(Adder), system.spawn(Caller)
        yield from each_us(lambda count: caller.drive.options(timeout=60.0)(adder, count), scale)


def _executor(executor: Executor, scale: Scale) -> Iterator[float]:
    from tests.bench.work import increment

    with executor:
        yield from each_us(_repeat(lambda number: executor.submit(increment, number).result()), scale)


@WORKLOAD.peer("ThreadPoolExecutor")
def threads(scale: Scale) -> Iterator[float]:
    """submit().result() with one thread."""
    from concurrent.futures import ThreadPoolExecutor

    return _executor(ThreadPoolExecutor(1), scale)


@WORKLOAD.peer("InterpreterPoolExecutor")
def interpreters(scale: Scale) -> Iterator[float]:
    """submit().result() with one interpreter."""
    from concurrent.futures import InterpreterPoolExecutor

    return _executor(InterpreterPoolExecutor(1), scale)


@WORKLOAD.peer("ProcessPoolExecutor")
def processes(scale: Scale) -> Iterator[float]:
    """submit().result() with one process (spawn)."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    return _executor(ProcessPoolExecutor(1, mp_context=get_context("spawn")), scale)


@WORKLOAD.peer("multiprocessing.Pool")
def pool(scale: Scale) -> Iterator[float]:
    """Pool.apply with one process (spawn)."""
    from multiprocessing import get_context

    from tests.bench.work import increment

    with get_context("spawn").Pool(1) as workers:
        yield from each_us(_repeat(lambda number: workers.apply(increment, (number,))), scale)
