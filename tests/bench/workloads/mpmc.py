"""mpmc: several workers send small ints into one channel and as many receive from it; messages per second, together.

Two and two (mpmc-2), and four and four (mpmc-4). The clock runs from when all are told to begin until the last receiver
has its share; nothing is lost, because the receivers' sums are what the senders' must be.
"""

import time
from contextlib import closing

from tests.bench.workload import FREE, MORE, PINNED, Measure, Scale, Workload, per_second

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from typing import Any

    import csp

CAPACITY = 1024
WORKLOAD = Workload("mpmc", Measure("mpmc-2", "1/s", MORE), Measure("mpmc-4", "1/s", MORE), cpus=(FREE, PINNED))


def _both(make: Callable[[int], Generator[float]]) -> Iterator[tuple[float, float]]:
    """The figures with two and with four workers on each side."""
    with closing(make(2)) as two, closing(make(4)) as four:
        yield from zip(two, four, strict=True)


def _all_together(each: int, order: Callable[[int], None], answer: Callable[[], int], scale: Scale) -> Iterator[float]:
    """Messages per second of *each* senders and *each* receivers that do what they are ordered, and answer with a sum.

    Receivers answer with the sum of what came, senders with 0.
    """

    def run(count: int) -> float:
        begin = time.perf_counter()
        order(count)
        total = sum(answer() for _ in range(2 * each))
        elapsed = time.perf_counter() - begin
        assert total == each * (count * (count - 1) // 2), total
        return elapsed

    for figure in per_second(run, scale, first=50):
        yield figure * each


# ---- ours ------------------------------------------------------------------------------------------------------------


def feed(control: object, jobs: csp.Receiver[int], done: csp.Sender[int], tx: csp.Sender[int]) -> None:
    """Send as many as told."""
    send = tx.send
    for count in jobs:
        for number in range(count):
            send(number)
        done.send(0)


def drain(control: object, jobs: csp.Receiver[int], done: csp.Sender[int], rx: csp.Receiver[int]) -> None:
    """Receive as many as told; say what they are together."""
    recv = rx.recv
    for count in jobs:
        total = 0
        for _ in range(count):
            total += recv()
        done.send(total)


def _interpreters(capacity: int, each: int, scale: Scale) -> Generator[float]:
    import csp
    from tests.bench.crew import Crew

    with Crew() as crew:
        tx, rx = csp.channel(capacity)
        done, sums = csp.channel()
        jobs = []
        for _ in range(each):
            for function, end in ((drain, rx.clone()), (feed, tx.clone())):
                job, orders = csp.channel(1)
                crew.run(function, orders, done.clone(), end)
                jobs.append(job)

        def order(count: int) -> None:
            for job in jobs:
                job.send(count)

        try:
            yield from _all_together(each, order, sums.recv, scale)
        finally:
            for job in jobs:
                job.close()


@WORKLOAD.peer("csp")
def buffered(scale: Scale) -> Iterator[tuple[float, float]]:
    """A channel with room for 1024, between interpreters."""
    return _both(lambda each: _interpreters(CAPACITY, each, scale))


@WORKLOAD.peer("csp (rendezvous)")
def rendezvous(scale: Scale) -> Iterator[tuple[float, float]]:
    """A channel without a buffer, between interpreters."""
    return _both(lambda each: _interpreters(0, each, scale))


# ---- queues ----------------------------------------------------------------------------------------------------------


def put(jobs: Any, done: Any, items: Any) -> None:
    """Put as many as told, until told None."""
    while (count := jobs.get()) is not None:
        for number in range(count):
            items.put(number)
        done.put(0)


def get(jobs: Any, done: Any, items: Any) -> None:
    """Get as many as told, and say what they are together; until told None."""
    while (count := jobs.get()) is not None:
        total = 0
        for _ in range(count):
            total += items.get()
        done.put(total)


def _queues(worker: Callable[..., Any], make: Callable[[int], Any], each: int, scale: Scale) -> Generator[float]:
    """Threads or processes, as *worker* makes them, with queues as *make* makes them."""
    items, done = make(CAPACITY), make(0)
    jobs, workers = [], []
    for _ in range(each):
        for function in (get, put):
            job = make(0)
            one = worker(target=function, args=(job, done, items))
            one.start()
            jobs.append(job)
            workers.append(one)

    def order(count: int | None) -> None:
        for job in jobs:
            job.put(count)

    try:
        yield from _all_together(each, order, done.get, scale)
    finally:
        order(None)
        for one in workers:
            one.join()


@WORKLOAD.peer("Queue, threads")
def threads(scale: Scale) -> Iterator[tuple[float, float]]:
    """queue.Queue with room for 1024, between threads."""
    from queue import Queue
    from threading import Thread

    return _both(lambda each: _queues(Thread, Queue, each, scale))


@WORKLOAD.peer("multiprocessing Queue")
def processes(scale: Scale) -> Iterator[tuple[float, float]]:
    """multiprocessing.Queue with room for 1024, between processes (spawn)."""
    from multiprocessing import get_context

    context = get_context("spawn")
    return _both(lambda each: _queues(context.Process, context.Queue, each, scale))
