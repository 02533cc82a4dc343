"""sync: locks, semaphores and barriers of two workers; microseconds per operation.

- sync-lock: one worker acquires and releases a lock that nobody else wants.
- sync-contended: two workers do so at once, on one lock; per acquisition of either.
- sync-semaphore: as sync-lock, with a semaphore of two units.
- sync-barrier: two workers wait for each other at a barrier; per round.

All peers run the very same loops (``work``): their objects have the same methods.
"""

import time

from tests.bench.workload import FREE, LESS, PINNED, Measure, Scale, Workload, each_us

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection
    from typing import Any

    import csp

ALONE = ("lock", "semaphore")
TOGETHER = ("contended", "barrier")
KINDS = ("lock", "contended", "semaphore", "barrier")
WORKLOAD = Workload("sync", *(Measure(f"sync-{kind}", "us", LESS) for kind in KINDS), cpus=(FREE, PINNED))


def work(kind: str, count: int, lock: Any, semaphore: Any, barrier: Any) -> float:
    """Seconds for so many operations of one worker. Those that belong together begin together."""
    if kind in TOGETHER:
        barrier.wait()
    begin = time.perf_counter()
    if kind == "barrier":
        wait = barrier.wait
        for _ in range(count):
            wait()
    else:
        one = semaphore if kind == "semaphore" else lock
        acquire, release = one.acquire, one.release
        for _ in range(count):
            acquire()
            release()
    return time.perf_counter() - begin


def figures(ask: Callable[[int, str, int], None], answer: Callable[[int], float], scale: Scale) -> Iterator[Any]:
    """One figure per kind and round; ``ask(worker, kind, count)`` begins what ``answer(worker)`` waits for."""

    def rounds(kind: str) -> Iterator[float]:
        workers = (0, 1) if kind in TOGETHER else (0,)
        operations = 2 if kind == "contended" else 1  # for each that one worker does

        def run(count: int) -> float:
            for worker in workers:
                ask(worker, kind, count)
            return max([answer(worker) for worker in workers]) / operations

        return each_us(run, scale, first=100)

    yield from zip(*map(rounds, KINDS), strict=True)


# ---- ours ------------------------------------------------------------------------------------------------------------


def serve(
    control: object,
    jobs: csp.Receiver[tuple[str, int]],
    results: csp.Sender[float],
    lock: csp.Lock,
    semaphore: csp.Semaphore,
    barrier: csp.Barrier,
) -> None:
    """Work as often as told."""
    for kind, count in jobs:
        results.send(work(kind, count, lock, semaphore, barrier))


@WORKLOAD.peer("csp")
def between_interpreters(scale: Scale) -> Iterator[Any]:
    """csp's objects between two interpreters; main sleeps."""
    import csp
    from tests.bench.crew import Crew

    with Crew() as crew:
        shared = (csp.Lock(), csp.Semaphore(2), csp.Barrier(2))
        jobs: list[csp.Sender[tuple[str, int]]] = []
        results: list[csp.Receiver[float]] = []
        for _ in range(2):
            job, orders = csp.channel()
            answers, result = csp.channel()
            crew.run(serve, orders, answers, *shared)
            jobs.append(job)
            results.append(result)
        try:
            yield from figures(
                lambda worker, kind, count: jobs[worker].send((kind, count)),
                lambda worker: results[worker].recv(),
                scale,
            )
        finally:
            for job in jobs:
                job.close()


# ---- threads and processes -------------------------------------------------------------------------------------------


@WORKLOAD.peer("threading")
def threads(scale: Scale) -> Iterator[Any]:
    """threading's objects between two threads."""
    import threading
    from queue import SimpleQueue

    shared = (threading.Lock(), threading.Semaphore(2), threading.Barrier(2))
    jobs: list[SimpleQueue[Any]] = [SimpleQueue(), SimpleQueue()]
    results: list[SimpleQueue[float]] = [SimpleQueue(), SimpleQueue()]

    def serve(worker: int) -> None:
        while (job := jobs[worker].get()) is not None:
            results[worker].put(work(*job, *shared))

    running = [threading.Thread(target=serve, args=(worker,)) for worker in (0, 1)]
    for thread in running:
        thread.start()
    try:
        yield from figures(
            lambda worker, kind, count: jobs[worker].put((kind, count)), lambda worker: results[worker].get(), scale
        )
    finally:
        for worker, thread in enumerate(running):
            jobs[worker].put(None)
            thread.join()


def serve_pipe(connection: Connection, *shared: Any) -> None:
    """Work as often as told, until None."""
    while (job := connection.recv()) is not None:
        connection.send(work(*job, *shared))


@WORKLOAD.peer("multiprocessing")
def processes(scale: Scale) -> Iterator[Any]:
    """multiprocessing's objects between two processes (spawn)."""
    from multiprocessing import get_context

    context = get_context("spawn")
    shared = (context.Lock(), context.Semaphore(2), context.Barrier(2))
    mine: list[Any] = []
    running: list[Any] = []
    for _ in range(2):
        here, there = context.Pipe()
        process = context.Process(target=serve_pipe, args=(there, *shared))
        process.start()
        mine.append(here)
        running.append(process)
    try:
        yield from figures(
            lambda worker, kind, count: mine[worker].send((kind, count)), lambda worker: mine[worker].recv(), scale
        )
    finally:
        for connection, process in zip(mine, running, strict=True):
            connection.send(None)
            process.join()
