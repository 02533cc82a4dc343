"""cpu: a fixed piece of pure Python, done twice: by one worker in a row, then by two at once; how many times as fast.

2 is perfect. With one GIL, or one CPU, it is 1.
"""

import time

from tests.bench.workload import FREE, MORE, Measure, Scale, Workload

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor, Future

    type Submit = Callable[[int], Future[int]]

WORKLOAD = Workload("cpu", Measure("cpu", "x", MORE), cpus=(FREE,))


def _speed_up(one: Submit, other: Submit, scale: Scale) -> Iterator[float]:
    """Two functions that each hand a number of steps to a worker, the second to another worker if the first is busy."""
    steps = scale.pick(1_500_000, 150_000)
    for future in (one(1000), other(1000)):  # both are up
        future.result()
    while True:
        begin = time.perf_counter()
        one(steps).result()
        one(steps).result()
        middle = time.perf_counter()
        for future in [one(steps), other(steps)]:
            future.result()
        end = time.perf_counter()
        yield (middle - begin) / (end - middle)


@WORKLOAD.peer("csp")
def actors(scale: Scale) -> Iterator[float]:
    """Two actors; main waits for futures of their calls."""
    import csp
    from tests.bench.actors import Burner

    with csp.System(warm=0) as system:
        one, other = system.spawn(Burner), system.spawn(Burner)
        yield from _speed_up(one.burn.future, other.burn.future, scale)


def _executor(executor: Executor, scale: Scale) -> Iterator[float]:
    from tests.bench.work import burn

    with executor:

        def submit(steps: int) -> Future[int]:
            return executor.submit(burn, steps)

        yield from _speed_up(submit, submit, scale)


@WORKLOAD.peer("ThreadPoolExecutor")
def threads(scale: Scale) -> Iterator[float]:
    """Two threads."""
    from concurrent.futures import ThreadPoolExecutor

    return _executor(ThreadPoolExecutor(2), scale)


@WORKLOAD.peer("InterpreterPoolExecutor")
def interpreters(scale: Scale) -> Iterator[float]:
    """Two interpreters of the standard library."""
    from concurrent.futures import InterpreterPoolExecutor

    return _executor(InterpreterPoolExecutor(2), scale)


@WORKLOAD.peer("ProcessPoolExecutor")
def processes(scale: Scale) -> Iterator[float]:
    """Two processes (spawn)."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    return _executor(ProcessPoolExecutor(2, mp_context=get_context("spawn")), scale)
