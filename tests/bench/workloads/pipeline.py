"""pipeline: ``increment`` over many items with two workers, in order; microseconds per item.

From asking for the results to having the last; for csp.pipeline, which starts its workers then, from having the first
(it sends only a few items ahead of that). The peers' workers are running already.
"""

import time

from tests.bench.workload import FREE, LESS, Measure, Scale, Workload, each_us

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

WORKLOAD = Workload("pipeline", Measure("pipeline", "us", LESS), cpus=(FREE,))


def _consume(results: Callable[[int], Iterable[int]], scale: Scale) -> Iterator[float]:
    """For workers that run already."""

    def run(count: int) -> float:
        begin = time.perf_counter()
        total = sum(results(count))
        seconds = time.perf_counter() - begin
        assert total == count * (count + 1) // 2
        return seconds

    return each_us(run, scale, first=100)


def _consume_from_first(results: Callable[[int], Iterable[int]], scale: Scale) -> Iterator[float]:
    """For workers that are started by asking for the results."""

    def run(count: int) -> float:
        iterator = iter(results(count + 1))
        total = next(iterator)
        begin = time.perf_counter()
        total += sum(iterator)
        seconds = time.perf_counter() - begin
        assert total == (count + 1) * (count + 2) // 2
        return seconds

    return each_us(run, scale, first=10_000)


@WORKLOAD.peer("csp")
def pipeline(scale: Scale) -> Iterator[float]:
    """csp.pipeline over a range, whose items may travel in chunks."""
    import csp
    from tests.bench.work import increment

    return _consume_from_first(lambda count: csp.pipeline(range(count)).map(increment, workers=2), scale)


@WORKLOAD.peer("csp (iterator)")
def pipeline_of_iterator(scale: Scale) -> Iterator[float]:
    """csp.pipeline over an iterator, of which no more is taken than the window."""
    import csp
    from tests.bench.work import increment

    return _consume_from_first(lambda count: csp.pipeline(iter(range(count))).map(increment, workers=2), scale)


@WORKLOAD.peer("ThreadPoolExecutor.map")
def threads(scale: Scale) -> Iterator[float]:
    """Two threads."""
    from concurrent.futures import ThreadPoolExecutor

    from tests.bench.work import increment

    with ThreadPoolExecutor(2) as executor:
        yield from _consume(lambda count: executor.map(increment, range(count)), scale)


@WORKLOAD.peer("InterpreterPoolExecutor.map")
def interpreters(scale: Scale) -> Iterator[float]:
    """Two interpreters of the standard library."""
    from concurrent.futures import InterpreterPoolExecutor

    from tests.bench.work import increment

    with InterpreterPoolExecutor(2) as executor:
        yield from _consume(lambda count: executor.map(increment, range(count)), scale)


def _pool(chunk: int, scale: Scale) -> Iterator[float]:
    from multiprocessing import get_context

    from tests.bench.work import increment

    with get_context("spawn").Pool(2) as workers:
        yield from _consume(lambda count: workers.imap(increment, range(count), chunk), scale)


@WORKLOAD.peer("multiprocessing.Pool.imap")
def pool(scale: Scale) -> Iterator[float]:
    """Two processes, item by item."""
    return _pool(1, scale)


@WORKLOAD.peer("multiprocessing.Pool.imap, chunks of 64")
def pool_of_chunks(scale: Scale) -> Iterator[float]:
    """Two processes, 64 items at a time: a chunk size that somebody has to choose."""
    return _pool(64, scale)
