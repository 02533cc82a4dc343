"""payload: bytes go over and come back; microseconds per round trip, of 1 KiB, 64 KiB, 1 MiB and 64 MiB.

How they go is the peer (round_trips.py): ours are copied. The floor is what one copy costs here, in Python:
``bytes(bytearray)``, which of a large size is mostly the page faults of fresh memory.
"""

import time

from tests.bench import round_trips
from tests.bench.round_trips import exchange
from tests.bench.workload import FREE, LESS, PINNED, Measure, Scale, Workload

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

    from tests.bench.workload import Figure

SIZES = {"1KiB": 1 << 10, "64KiB": 1 << 16, "1MiB": 1 << 20, "64MiB": 1 << 26}
WORKLOAD = Workload("payload", *(Measure(f"payload-{name}", "us", LESS) for name in SIZES), cpus=(FREE, PINNED))
_FIRST = 1  # trips of the first try


def _values() -> dict[str, bytes]:
    return {name: b"x" * size for name, size in SIZES.items()}


# ---- ours ------------------------------------------------------------------------------------------------------------


@WORKLOAD.peer("csp")
def copied(scale: Scale) -> Iterator[Figure]:
    """Rendezvous channels between two interpreters; the bytes are copied. Main sleeps."""
    return round_trips.channels(_values(), scale, _FIRST)


# ---- processes -------------------------------------------------------------------------------------------------------


def echo_pipe(connection: Connection) -> None:
    """Send back what comes, until there is nothing in it."""
    while data := connection.recv_bytes():
        connection.send_bytes(data)


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

    def run(data: bytes, count: int) -> float:
        return exchange(mine.send_bytes, mine.recv_bytes, data, count)

    try:
        yield from round_trips.rounds(run, _values(), scale, _FIRST)
    finally:
        mine.send_bytes(b"")
        process.join()


@WORKLOAD.peer("multiprocessing Queue")
def process_queue(scale: Scale) -> Iterator[Figure]:
    """multiprocessing.Queue between two processes (spawn)."""
    return round_trips.process_queues(_values(), scale, _FIRST)


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

    def run(data: bytes, count: int) -> float:
        return exchange(send, recv, data, count)

    try:
        yield from round_trips.rounds(run, _values(), scale, _FIRST)
    finally:
        mine.send(None)
        process.join()
        shared.close()
        shared.unlink()


# ---- the standard library's interpreters -----------------------------------------------------------------------------


@WORKLOAD.peer("interpreters.Queue")
def interpreters_queue(scale: Scale) -> Iterator[Figure]:
    """concurrent.interpreters.Queue, main and an interpreter. It polls every 10 ms, so it is up only in its turn."""
    return round_trips.interpreter_queues(_values(), scale, _FIRST)


# ---- floors ----------------------------------------------------------------------------------------------------------


@WORKLOAD.peer("one copy")
def copy(scale: Scale) -> Iterator[Figure]:
    """``bytes(bytearray)``, in one thread: no way there, and none back."""

    def run(data: bytes, count: int) -> float:
        source = bytearray(data)
        begin = time.perf_counter()
        for _ in range(count):
            bytes(source)
        return time.perf_counter() - begin

    return round_trips.rounds(run, _values(), scale, _FIRST)
