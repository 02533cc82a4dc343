"""stream: small ints one by one in one direction, through a buffer of 1024 where one can be set; messages per second.

The clock runs from the first message sent until the receiver has all of them and has said so.
"""

import time

from tests.bench.workload import FREE, MORE, PINNED, Measure, Scale, Workload, per_second

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection
    from typing import Any

    import csp

CAPACITY = 1024
BATCH = 64
WORKLOAD = Workload("stream", Measure("stream", "1/s", MORE), cpus=(FREE, PINNED))


# ---- ours ------------------------------------------------------------------------------------------------------------


def drain(control: object, jobs: csp.Receiver[int], rx: csp.Receiver[int], done: csp.Sender[None]) -> None:
    """Receive as many as told, then say so."""
    recv = rx.recv
    for count in jobs:
        for _ in range(count):
            recv()
        done.send(None)


def feed(
    control: object,
    jobs: csp.Receiver[int],
    results: csp.Sender[float],
    drains: csp.Sender[int],
    tx: csp.Sender[int],
    done: csp.Receiver[None],
) -> None:
    """Send as many as told; give the seconds until the other side had them all."""
    send = tx.send
    for count in jobs:
        drains.send(count)
        begin = time.perf_counter()
        for number in range(count):
            send(number)
        done.recv()
        results.send(time.perf_counter() - begin)


def drain_batches(control: object, jobs: csp.Receiver[int], rx: csp.Receiver[int], done: csp.Sender[None]) -> None:
    """As drain, up to BATCH at once."""
    for count in jobs:
        left = count
        while left > 0:
            left -= len(rx.recv_many(BATCH))
        done.send(None)


def feed_batches(
    control: object,
    jobs: csp.Receiver[int],
    results: csp.Sender[float],
    drains: csp.Sender[int],
    tx: csp.Sender[int],
    done: csp.Receiver[None],
) -> None:
    """As feed, BATCH at once."""
    for count in jobs:
        drains.send(count)
        begin = time.perf_counter()
        for start in range(0, count, BATCH):
            tx.send_many(range(start, min(start + BATCH, count)))
        done.recv()
        results.send(time.perf_counter() - begin)


def _between_interpreters(
    capacity: int, scale: Scale, feed: Callable[..., None] = feed, drain: Callable[..., None] = drain
) -> Iterator[float]:
    import csp
    from tests.bench.crew import Crew

    with Crew() as crew:
        tx, rx = csp.channel(capacity)
        drains, drain_orders = csp.channel()
        said, done = csp.channel()
        jobs, orders = csp.channel()
        answers, results = csp.channel()
        crew.run(drain, drain_orders, rx, said)
        crew.run(feed, orders, answers, drains, tx, done)

        def run(count: int) -> float:
            jobs.send(count)
            return float(results.recv())

        try:
            yield from per_second(run, scale, first=100)
        finally:
            jobs.close()


@WORKLOAD.peer("csp")
def buffered(scale: Scale) -> Iterator[float]:
    """A buffered channel between two interpreters."""
    return _between_interpreters(CAPACITY, scale)


@WORKLOAD.peer("csp, capacity 1")
def capacity_1(scale: Scale) -> Iterator[float]:
    """A buffer for one message."""
    return _between_interpreters(1, scale)


@WORKLOAD.peer("csp, capacity 16")
def capacity_16(scale: Scale) -> Iterator[float]:
    """A buffer for 16 messages."""
    return _between_interpreters(16, scale)


@WORKLOAD.peer("csp, batches of 64")
def batches(scale: Scale) -> Iterator[float]:
    """send_many and recv_many of 64 messages at once."""
    return _between_interpreters(CAPACITY, scale, feed=feed_batches, drain=drain_batches)


@WORKLOAD.peer("csp (rendezvous)")
def rendezvous(scale: Scale) -> Iterator[float]:
    """A channel without a buffer: each message is handed over."""
    return _between_interpreters(0, scale)


# ---- threads ---------------------------------------------------------------------------------------------------------


@WORKLOAD.peer("SimpleQueue, threads")
def simple_queue(scale: Scale) -> Iterator[float]:
    """queue.SimpleQueue (unbounded, there is no other) between two threads."""
    import threading
    from queue import SimpleQueue

    jobs: SimpleQueue[int | None] = SimpleQueue()
    items: SimpleQueue[int] = SimpleQueue()
    done: SimpleQueue[None] = SimpleQueue()

    def receive() -> None:
        while (count := jobs.get()) is not None:
            for _ in range(count):
                items.get()
            done.put(None)

    def run(count: int) -> float:
        jobs.put(count)
        begin = time.perf_counter()
        for number in range(count):
            items.put(number)
        done.get()
        return time.perf_counter() - begin

    thread = threading.Thread(target=receive)
    thread.start()
    try:
        yield from per_second(run, scale, first=100)
    finally:
        jobs.put(None)
        thread.join()


# ---- processes -------------------------------------------------------------------------------------------------------


def drain_pipe(connection: Connection) -> None:
    """Receive as many as told, then say so; until told None."""
    while (count := connection.recv()) is not None:
        for _ in range(count):
            connection.recv()
        connection.send(None)


def drain_queue(jobs: Any, items: Any, done: Any) -> None:
    """Receive as many as told, then say so; until told None."""
    while (count := jobs.get()) is not None:
        for _ in range(count):
            items.get()
        done.put(None)


@WORKLOAD.peer("multiprocessing Pipe")
def pipe(scale: Scale) -> Iterator[float]:
    """multiprocessing.Pipe between two processes; its buffer is the kernel's."""
    from multiprocessing import get_context

    context = get_context("spawn")
    mine, theirs = context.Pipe()
    process = context.Process(target=drain_pipe, args=(theirs,))
    process.start()

    def run(count: int) -> float:
        mine.send(count)
        begin = time.perf_counter()
        for number in range(count):
            mine.send(number)
        mine.recv()
        return time.perf_counter() - begin

    try:
        yield from per_second(run, scale, first=100)
    finally:
        mine.send(None)
        process.join()


@WORKLOAD.peer("multiprocessing Queue")
def process_queue(scale: Scale) -> Iterator[float]:
    """multiprocessing.Queue with a bound between two processes."""
    from multiprocessing import get_context

    context = get_context("spawn")
    jobs, items, done = context.Queue(), context.Queue(CAPACITY), context.Queue()
    process = context.Process(target=drain_queue, args=(jobs, items, done))
    process.start()

    def run(count: int) -> float:
        jobs.put(count)
        begin = time.perf_counter()
        for number in range(count):
            items.put(number)
        done.get()
        return time.perf_counter() - begin

    try:
        yield from per_second(run, scale, first=100)
    finally:
        jobs.put(None)
        process.join()


# ---- the standard library's interpreters -----------------------------------------------------------------------------


@WORKLOAD.peer("interpreters.Queue")
def interpreters_queue(scale: Scale) -> Iterator[float]:
    """concurrent.interpreters.Queue with a bound, main to an interpreter. It polls, so it is up only in its turn."""
    from concurrent import interpreters

    def run(count: int) -> float:
        interpreter = interpreters.create()
        jobs, done = interpreters.create_queue(), interpreters.create_queue()
        items = interpreters.create_queue(maxsize=CAPACITY)
        thread = interpreter.call_in_thread(drain_queue, jobs, items, done)
        jobs.put(0)
        done.get()
        jobs.put(count)
        begin = time.perf_counter()
        for number in range(count):
            items.put(number)
        done.get()
        elapsed = time.perf_counter() - begin
        jobs.put(None)
        thread.join()
        interpreter.close()
        return elapsed

    yield from per_second(run, scale, first=100)
