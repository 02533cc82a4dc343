"""payload: bytes go over and come back; microseconds per round trip, of 1 KiB, 64 KiB, 1 MiB and 64 MiB.

Two workers that own nothing but the two directions. Whoever receives the bytes sends them back at once, and lets go of
them. How they go is the peer: ours are copied. The floor is what one copy costs here, in Python: ``bytes(bytearray)``,
which of a large size is mostly the page faults of fresh memory.
"""

import time

from tests.bench.workload import FREE, LESS, PINNED, Measure, Scale, Workload, each_us

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection
    from typing import Any

    import csp
    from tests.bench.workload import Figure

SIZES = {"1KiB": 1 << 10, "64KiB": 1 << 16, "1MiB": 1 << 20, "64MiB": 1 << 26}
WORKLOAD = Workload("payload", *(Measure(f"payload-{name}", "us", LESS) for name in SIZES), cpus=(FREE, PINNED))


def _rounds(run: Callable[[int, int], float], scale: Scale) -> Iterator[Figure]:
    """Yield a round's figures, one for each size, which share its time."""
    part = Scale(quick=scale.quick)
    part.seconds /= len(SIZES)
    columns = [each_us(lambda count, size=size: run(size, count), part, first=1) for size in SIZES.values()]
    yield from zip(*columns, strict=True)


def exchange(send: Callable[[bytes], object], recv: Callable[[], bytes], size: int, count: int) -> float:
    """Seconds for so many round trips of so many bytes."""
    data = b"x" * size
    begin = time.perf_counter()
    for _ in range(count):
        send(data)
        back = recv()
    elapsed = time.perf_counter() - begin
    assert back == data
    return elapsed


# ---- ours ------------------------------------------------------------------------------------------------------------


def echo(control: object, rx: csp.Receiver[bytes], tx: csp.Sender[bytes]) -> None:
    """Send back what comes."""
    for data in rx:
        tx.send(data)


def ask(
    control: object,
    jobs: csp.Receiver[tuple[int, int]],
    results: csp.Sender[float],
    tx: csp.Sender[bytes],
    rx: csp.Receiver[bytes],
) -> None:
    """Exchange as much and as often as told."""
    for size, count in jobs:
        results.send(exchange(tx.send, rx.recv, size, count))


@WORKLOAD.peer("csp")
def copied(scale: Scale) -> Iterator[Figure]:
    """Rendezvous channels between two interpreters; the bytes are copied. Main sleeps."""
    import csp
    from tests.bench.crew import Crew

    with Crew() as crew:
        there, at_echo = csp.channel()
        back, at_ask = csp.channel()
        jobs, orders = csp.channel()
        answers, results = csp.channel()
        crew.run(echo, at_echo, back)
        crew.run(ask, orders, answers, there, at_ask)

        def run(size: int, count: int) -> float:
            jobs.send((size, count))
            return float(results.recv())

        try:
            yield from _rounds(run, scale)
        finally:
            jobs.close()


# ---- processes -------------------------------------------------------------------------------------------------------


def echo_pipe(connection: Connection) -> None:
    """Send back what comes, until there is nothing in it."""
    while data := connection.recv_bytes():
        connection.send_bytes(data)


def echo_queue(there: Any, back: Any) -> None:
    """Put back what comes, until None."""
    while (data := there.get()) is not None:
        back.put(data)


def echo_memory(connection: Connection, name: str) -> None:
    """Copy what lies in the shared memory out and in again, as many bytes as told, until told None."""
    from multiprocessing.shared_memory import SharedMemory

    shared = SharedMemory(name=name, track=False)
    while (size := connection.recv()) is not None:
        data = bytes(shared.buf[:size])
        shared.buf[:size] = data
        connection.send(size)
    shared.close()


@WORKLOAD.peer("multiprocessing Pipe")
def pipe(scale: Scale) -> Iterator[Figure]:
    """send_bytes and recv_bytes of a multiprocessing.Pipe between two processes (spawn)."""
    from multiprocessing import get_context

    context = get_context("spawn")
    mine, theirs = context.Pipe()
    process = context.Process(target=echo_pipe, args=(theirs,))
    process.start()
    try:
        yield from _rounds(lambda size, count: exchange(mine.send_bytes, mine.recv_bytes, size, count), scale)
    finally:
        mine.send_bytes(b"")
        process.join()


@WORKLOAD.peer("multiprocessing Queue")
def process_queue(scale: Scale) -> Iterator[Figure]:
    """multiprocessing.Queue between two processes (spawn)."""
    from multiprocessing import get_context

    context = get_context("spawn")
    there, back = context.Queue(), context.Queue()
    process = context.Process(target=echo_queue, args=(there, back))
    process.start()
    try:
        yield from _rounds(lambda size, count: exchange(there.put, back.get, size, count), scale)
    finally:
        there.put(None)
        process.join()


@WORKLOAD.peer("shared_memory")
def memory(scale: Scale) -> Iterator[Figure]:
    """Copied into one block that both have open, and out of it, twice; told by a multiprocessing.Pipe (spawn)."""
    from multiprocessing import get_context
    from multiprocessing.shared_memory import SharedMemory

    context = get_context("spawn")
    shared = SharedMemory(create=True, size=max(SIZES.values()))
    mine, theirs = context.Pipe()
    process = context.Process(target=echo_memory, args=(theirs, shared.name))
    process.start()

    def send(data: bytes) -> None:
        shared.buf[: len(data)] = data
        mine.send(len(data))

    def recv() -> bytes:
        return bytes(shared.buf[: mine.recv()])

    try:
        yield from _rounds(lambda size, count: exchange(send, recv, size, count), scale)
    finally:
        mine.send(None)
        process.join()
        shared.close()
        shared.unlink()


# ---- the standard library's interpreters -----------------------------------------------------------------------------


@WORKLOAD.peer("interpreters.Queue")
def interpreters_queue(scale: Scale) -> Iterator[Figure]:
    """concurrent.interpreters.Queue, main and an interpreter. It polls every 10 ms, so it is up only in its turn."""
    from concurrent import interpreters

    def run(size: int, count: int) -> float:
        interpreter = interpreters.create()
        there, back = interpreters.create_queue(), interpreters.create_queue()
        thread = interpreter.call_in_thread(echo_queue, there, back)
        exchange(there.put, back.get, 1, 1)
        elapsed = exchange(there.put, back.get, size, count)
        there.put(None)
        thread.join()
        interpreter.close()
        return elapsed

    yield from _rounds(run, scale)


# ---- floors ----------------------------------------------------------------------------------------------------------


@WORKLOAD.peer("one copy")
def copy(scale: Scale) -> Iterator[Figure]:
    """``bytes(bytearray)``, in one thread: no way there, and none back."""

    def run(size: int, count: int) -> float:
        data = bytearray(b"x" * size)
        begin = time.perf_counter()
        for _ in range(count):
            bytes(data)
        return time.perf_counter() - begin

    return _rounds(run, scale)
