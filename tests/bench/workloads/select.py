"""select: k receivers of which one is ready; microseconds to receive from that one.

One thread puts a message into the middle one's buffer and selects over all; so the figure includes one send. With
``idle-2000`` the two are a plain send and receive while 2,000 other channels exist, against the same without them.
"""

import time

from tests.bench.workload import FREE, LESS, Measure, Scale, Unavailable, Workload, each_us

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

SIZES = (2, 8, 64, 128, 512, 1024)
IDLE = 2000
WORKLOAD = Workload(
    "select",
    *(Measure(f"select-{size}", "us", LESS) for size in SIZES),
    Measure("pair", "us", LESS),
    Measure("pair-idle-2000", "us", LESS),
    cpus=(FREE,),
)


def _timed(once: Callable[[], object]) -> Callable[[int], float]:
    def run(count: int) -> float:
        begin = time.perf_counter()
        for _ in range(count):
            once()
        return time.perf_counter() - begin

    return run


def _figures(makers: list[Callable[[], object]], scale: Scale) -> Iterator[Any]:
    yield from zip(*(each_us(_timed(once), scale, first=20) for once in makers), strict=True)


def _channels(count: int) -> list[tuple[Any, Any]]:
    import csp

    return [csp.channel(1) for _ in range(count)]


def _pair(others: int = 0) -> Callable[[], object]:
    """A send and a receive in one thread, while so many other channels exist."""
    kept, (tx, rx) = _channels(others), _channels(1)[0]
    send, recv = tx.send, rx.recv

    def once(kept: object = kept) -> None:
        send(1)
        recv()

    return once


@WORKLOAD.peer("csp")
def reusable(scale: Scale) -> Iterator[Any]:
    """csp.Alternative."""
    import csp

    def make(size: int) -> Callable[[], object]:
        pairs = _channels(size)
        send, select = pairs[size // 2][0].send, csp.Alternative(*[rx for _, rx in pairs]).select

        def once(kept: object = pairs) -> None:
            send(1)
            select()

        return once

    return _figures([*map(make, SIZES), _pair(), _pair(IDLE)], scale)


@WORKLOAD.peer("csp (one-shot)")
def one_shot(scale: Scale) -> Iterator[Any]:
    """csp.select."""
    import csp

    def make(size: int) -> Callable[[], object]:
        pairs = _channels(size)
        send, receivers, select = pairs[size // 2][0].send, [rx for _, rx in pairs], csp.select

        def once(kept: object = pairs) -> None:
            send(1)
            select(*receivers)

        return once

    return _figures([*map(make, SIZES), _pair(), _pair(IDLE)], scale)


@WORKLOAD.peer("asyncio queues")
def asyncio_queues(scale: Scale) -> Iterator[Any]:
    """asyncio.wait for the first of k queue reads: what one writes without a select; the pair is put_nowait and get."""
    import asyncio

    def make(size: int) -> Callable[[], object]:
        loop = asyncio.new_event_loop()
        queues: list[asyncio.Queue[int]] = [asyncio.Queue() for _ in range(size)]

        async def first() -> None:
            queues[size // 2].put_nowait(1)
            reads = [asyncio.ensure_future(queue.get()) for queue in queues]
            _, pending = await asyncio.wait(reads, return_when=asyncio.FIRST_COMPLETED)
            for read in pending:
                read.cancel()
            await asyncio.sleep(0)

        return lambda: loop.run_until_complete(first())

    def make_pair() -> Callable[[], object]:
        loop = asyncio.new_event_loop()
        queue: asyncio.Queue[int] = asyncio.Queue()

        async def one() -> None:
            queue.put_nowait(1)
            await queue.get()

        return lambda: loop.run_until_complete(one())

    return _figures([*map(make, SIZES), make_pair(), make_pair()], scale)


@WORKLOAD.peer("selectors, pipes")
def pipes(scale: Scale) -> Iterator[Any]:
    """selectors.DefaultSelector (epoll) over k pipes; the pair is a write and a read of one."""
    import os
    import resource
    import selectors

    def pipe_pair() -> tuple[int, int]:
        reading, writing = os.pipe()
        return reading, writing

    def make(size: int) -> Callable[[], object]:
        ends = [pipe_pair() for _ in range(size)]
        selector = selectors.DefaultSelector()
        for reading, _ in ends:
            selector.register(reading, selectors.EVENT_READ)
        writing = ends[size // 2][1]

        def once() -> None:
            os.write(writing, b"x")
            for key, _ in selector.select():
                os.read(key.fd, 1)

        return once

    def make_pair() -> Callable[[], object]:
        reading, writing = pipe_pair()

        def once() -> None:
            os.write(writing, b"x")
            os.read(reading, 1)

        return once

    descriptors, most = 2 * sum(SIZES) + 200, resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if descriptors > most:
        raise Unavailable(f"needs {descriptors} descriptors, and {most} are allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, most))
    return _figures([*map(make, SIZES), make_pair(), make_pair()], scale)
