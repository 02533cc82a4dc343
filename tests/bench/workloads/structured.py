"""structured: a document goes over and comes back; microseconds per round trip. Four documents (documents.py).

Two workers that own nothing but the two directions. Whoever receives the document sends it back at once: it is encoded
and decoded twice.
"""

import time

from tests.bench.documents import DOCUMENTS
from tests.bench.workload import FREE, LESS, PINNED, Measure, Scale, Workload, each_us

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection
    from typing import Any

    import csp
    from tests.bench.workload import Figure

WORKLOAD = Workload(
    "structured", *(Measure(f"structured-{name}", "us", LESS) for name in DOCUMENTS), cpus=(FREE, PINNED)
)


def _rounds(run: Callable[[str, int], float], scale: Scale, first: int = 8) -> Iterator[Figure]:
    """Yield a round's figures, one for each document, which share its time."""
    part = Scale(quick=scale.quick)
    part.seconds /= len(DOCUMENTS)
    columns = [each_us(lambda count, name=name: run(name, count), part, first) for name in DOCUMENTS]
    yield from zip(*columns, strict=True)


def exchange(send: Callable[[object], object], recv: Callable[[], object], name: str, count: int) -> float:
    """Seconds for so many round trips of that document."""
    document = DOCUMENTS[name]()
    begin = time.perf_counter()
    for _ in range(count):
        send(document)
        back = recv()
    elapsed = time.perf_counter() - begin
    assert back == document
    return elapsed


# ---- ours ------------------------------------------------------------------------------------------------------------


def echo(control: object, rx: csp.Receiver[Any], tx: csp.Sender[Any]) -> None:
    """Send back what comes."""
    for document in rx:
        tx.send(document)


def ask(
    control: object,
    jobs: csp.Receiver[tuple[str, int]],
    results: csp.Sender[float],
    tx: csp.Sender[Any],
    rx: csp.Receiver[Any],
) -> None:
    """Exchange which and as often as told."""
    for name, count in jobs:
        results.send(exchange(tx.send, rx.recv, name, count))


@WORKLOAD.peer("csp")
def between_interpreters(scale: Scale) -> Iterator[Figure]:
    """Rendezvous channels between two interpreters; main sleeps."""
    import csp
    from tests.bench.crew import Crew

    with Crew() as crew:
        there, at_echo = csp.channel()
        back, at_ask = csp.channel()
        jobs, orders = csp.channel()
        answers, results = csp.channel()
        crew.run(echo, at_echo, back)
        crew.run(ask, orders, answers, there, at_ask)

        def run(name: str, count: int) -> float:
            jobs.send((name, count))
            return float(results.recv())

        try:
            yield from _rounds(run, scale)
        finally:
            jobs.close()


# ---- processes -------------------------------------------------------------------------------------------------------


def echo_pipe(connection: Connection) -> None:
    """Send back what comes, until None."""
    while (document := connection.recv()) is not None:
        connection.send(document)


def echo_queue(there: Any, back: Any) -> None:
    """Put back what comes, until None."""
    while (document := there.get()) is not None:
        back.put(document)


@WORKLOAD.peer("multiprocessing Pipe")
def pipe(scale: Scale) -> Iterator[Figure]:
    """multiprocessing.Pipe between two processes (spawn)."""
    from multiprocessing import get_context

    context = get_context("spawn")
    mine, theirs = context.Pipe()
    process = context.Process(target=echo_pipe, args=(theirs,))
    process.start()
    try:
        yield from _rounds(lambda name, count: exchange(mine.send, mine.recv, name, count), scale)
    finally:
        mine.send(None)
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
        yield from _rounds(lambda name, count: exchange(there.put, back.get, name, count), scale)
    finally:
        there.put(None)
        process.join()


# ---- the standard library's interpreters -----------------------------------------------------------------------------


@WORKLOAD.peer("interpreters.Queue")
def interpreters_queue(scale: Scale) -> Iterator[Figure]:
    """concurrent.interpreters.Queue, main and an interpreter. It polls every 10 ms, so it is up only in its turn."""
    from concurrent import interpreters

    def run(name: str, count: int) -> float:
        interpreter = interpreters.create()
        there, back = interpreters.create_queue(), interpreters.create_queue()
        thread = interpreter.call_in_thread(echo_queue, there, back)
        exchange(there.put, back.get, name, 1)
        elapsed = exchange(there.put, back.get, name, count)
        there.put(None)
        thread.join()
        interpreter.close()
        return elapsed

    yield from _rounds(run, scale, first=2)
