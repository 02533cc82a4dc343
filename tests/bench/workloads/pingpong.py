"""pingpong: a small int goes over and comes back; microseconds per round trip.

Two workers that own nothing but the two directions. Whoever receives the int sends it back at once.
"""

import time

from tests.bench.workload import FREE, LESS, PINNED, Measure, Scale, Unavailable, Workload, each_us

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection
    from typing import Any

    import csp

WORKLOAD = Workload("pingpong", Measure("pingpong", "us", LESS), cpus=(FREE, PINNED))


# ---- ours ------------------------------------------------------------------------------------------------------------


def echo(control: object, rx: csp.Receiver[int], tx: csp.Sender[int]) -> None:
    """Send back what comes."""
    for number in rx:
        tx.send(number)


def exchange(tx: csp.Sender[int], rx: csp.Receiver[int], count: int) -> float:
    """Seconds for so many round trips."""
    send, recv = tx.send, rx.recv
    begin = time.perf_counter()
    for number in range(count):
        send(number)
        recv()
    return time.perf_counter() - begin


def ping(
    control: object,
    jobs: csp.Receiver[int],
    results: csp.Sender[float],
    tx: csp.Sender[int],
    rx: csp.Receiver[int],
) -> None:
    """Exchange as often as told."""
    for count in jobs:
        results.send(exchange(tx, rx, count))


@WORKLOAD.peer("csp")
def between_interpreters(scale: Scale) -> Iterator[float]:
    """Rendezvous channels between two interpreters; main sleeps."""
    import csp
    from tests.bench.crew import Crew

    with Crew() as crew:
        there, at_echo = csp.channel()
        back, at_ping = csp.channel()
        jobs, orders = csp.channel()
        answers, results = csp.channel()
        crew.run(echo, at_echo, back)
        crew.run(ping, orders, answers, there, at_ping)

        def run(count: int) -> float:
            jobs.send(count)
            return float(results.recv())

        try:
            yield from each_us(run, scale)
        finally:
            jobs.close()


@WORKLOAD.peer("csp (main)")
def from_main(scale: Scale) -> Iterator[float]:
    """The same between the main interpreter and another; main can have signals, and never spins with its GIL."""
    import csp
    from tests.bench.crew import Crew

    with Crew() as crew:
        there, at_echo = csp.channel()
        back, at_main = csp.channel()
        crew.run(echo, at_echo, back)
        try:
            yield from each_us(lambda count: exchange(there, at_main, count), scale)
        finally:
            there.close()


# ---- threads ---------------------------------------------------------------------------------------------------------


def _through_queues(there: Any, back: Any, scale: Scale) -> Iterator[float]:
    import threading

    def answer() -> None:
        while (number := there.get()) is not None:
            back.put(number)

    def run(count: int) -> float:
        begin = time.perf_counter()
        for number in range(count):
            there.put(number)
            back.get()
        return time.perf_counter() - begin

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        yield from each_us(run, scale)
    finally:
        there.put(None)
        thread.join()


@WORKLOAD.peer("SimpleQueue, threads")
def simple_queue(scale: Scale) -> Iterator[float]:
    """queue.SimpleQueue between two threads."""
    from queue import SimpleQueue

    return _through_queues(SimpleQueue(), SimpleQueue(), scale)


@WORKLOAD.peer("Queue, threads")
def queue(scale: Scale) -> Iterator[float]:
    """queue.Queue between two threads."""
    from queue import Queue

    return _through_queues(Queue(), Queue(), scale)


# ---- processes -------------------------------------------------------------------------------------------------------


def echo_pipe(connection: Connection) -> None:
    """Send back what comes, until None."""
    while (number := connection.recv()) is not None:
        connection.send(number)


def echo_queue(there: Any, back: Any) -> None:
    """Put back what comes, until None."""
    while (number := there.get()) is not None:
        back.put(number)


@WORKLOAD.peer("multiprocessing Pipe")
def pipe(scale: Scale) -> Iterator[float]:
    """multiprocessing.Pipe between two processes (spawn)."""
    from multiprocessing import get_context

    context = get_context("spawn")
    mine, theirs = context.Pipe()
    process = context.Process(target=echo_pipe, args=(theirs,))
    process.start()

    def run(count: int) -> float:
        begin = time.perf_counter()
        for number in range(count):
            mine.send(number)
            mine.recv()
        return time.perf_counter() - begin

    try:
        yield from each_us(run, scale)
    finally:
        mine.send(None)
        process.join()


@WORKLOAD.peer("multiprocessing Queue")
def process_queue(scale: Scale) -> Iterator[float]:
    """multiprocessing.Queue between two processes (spawn)."""
    from multiprocessing import get_context

    context = get_context("spawn")
    there, back = context.Queue(), context.Queue()
    process = context.Process(target=echo_queue, args=(there, back))
    process.start()

    def run(count: int) -> float:
        begin = time.perf_counter()
        for number in range(count):
            there.put(number)
            back.get()
        return time.perf_counter() - begin

    try:
        yield from each_us(run, scale)
    finally:
        there.put(None)
        process.join()


# ---- the standard library's interpreters -----------------------------------------------------------------------------


@WORKLOAD.peer("interpreters.Queue")
def interpreters_queue(scale: Scale) -> Iterator[float]:
    """concurrent.interpreters.Queue, main and an interpreter. It polls every 10 ms, so it is up only in its turn."""
    from concurrent import interpreters

    def run(count: int) -> float:
        interpreter = interpreters.create()
        there, back = interpreters.create_queue(), interpreters.create_queue()
        thread = interpreter.call_in_thread(echo_queue, there, back)
        there.put(0)
        back.get()
        begin = time.perf_counter()
        for number in range(count):
            there.put(number)
            back.get()
        elapsed = time.perf_counter() - begin
        there.put(None)
        thread.join()
        interpreter.close()
        return elapsed

    yield from each_us(run, scale, first=2)


# ---- floors ----------------------------------------------------------------------------------------------------------


def _floor(name: str, *, spins: bool = False) -> Callable[[Scale], Iterator[float]]:
    def rounds(scale: Scale) -> Iterator[float]:
        import os

        from tests.bench.floors import floor

        if spins and len(os.sched_getaffinity(0)) < 2:
            raise Unavailable("it spins, which takes two CPUs")
        with floor(name) as run:
            yield from each_us(run, scale, first=1000)

    return rounds


WORKLOAD.peer("C, two futex words")(_floor("futex_pingpong"))
WORKLOAD.peer("C, rendezvous on futexes")(_floor("futex_rendezvous"))
WORKLOAD.peer("C, cache line, spinning")(_floor("line_pingpong", spins=True))
