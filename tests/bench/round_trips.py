"""Values that go over and come back: what the workloads of such trips share. Workers import this file.

Two workers own nothing but the two directions. Whoever receives a value sends it back at once, and lets go of it.
"""

import time

from tests.bench.workload import Scale, each_us

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from multiprocessing.connection import Connection
    from typing import Any

    import csp
    from tests.bench.workload import Figure

    type Values = Mapping[str, object]


def rounds(run: Callable[[Any, int], float], values: Values, scale: Scale, first: int) -> Iterator[Figure]:
    """Yield a round's figures, one for each value, which share its time. *run* gives seconds for so many trips."""
    part = Scale(quick=scale.quick)
    part.seconds /= len(values)
    columns = [each_us(lambda count, value=value: run(value, count), part, first) for value in values.values()]
    yield from zip(*columns, strict=True)


def exchange[T](send: Callable[[T], object], recv: Callable[[], T], value: T, count: int) -> float:
    """Seconds for so many round trips of a value."""
    begin = time.perf_counter()
    for _ in range(count):
        send(value)
        back = recv()
    elapsed = time.perf_counter() - begin
    assert back == value
    return elapsed


# ---- ours ------------------------------------------------------------------------------------------------------------


def echo(control: object, rx: csp.Receiver[Any], tx: csp.Sender[Any]) -> None:
    """Send back what comes."""
    for value in rx:
        tx.send(value)


def ask(
    control: object,
    jobs: csp.Receiver[tuple[Any, int]],
    results: csp.Sender[float],
    tx: csp.Sender[Any],
    rx: csp.Receiver[Any],
) -> None:
    """Exchange what, and as often as, told."""
    for value, count in jobs:
        results.send(exchange(tx.send, rx.recv, value, count))


def channels(values: Values, scale: Scale, first: int) -> Iterator[Figure]:
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

        def run(value: object, count: int) -> float:
            jobs.send((value, count))
            return float(results.recv())

        try:
            yield from rounds(run, values, scale, first)
        finally:
            jobs.close()


# ---- processes and the standard library's interpreters ---------------------------------------------------------------


def echo_pipe(connection: Connection) -> None:
    """Send back what comes, until None."""
    while (value := connection.recv()) is not None:
        connection.send(value)


def echo_queue(there: Any, back: Any) -> None:
    """Put back what comes, until None."""
    while (value := there.get()) is not None:
        back.put(value)


def process_queues(values: Values, scale: Scale, first: int) -> Iterator[Figure]:
    """Two multiprocessing.Queue between two processes (spawn)."""
    from multiprocessing import get_context

    context = get_context("spawn")
    there, back = context.Queue(), context.Queue()
    process = context.Process(target=echo_queue, args=(there, back))
    process.start()
    try:
        yield from rounds(lambda value, count: exchange(there.put, back.get, value, count), values, scale, first)
    finally:
        there.put(None)
        process.join()


def interpreter_queues(values: Values, scale: Scale, first: int) -> Iterator[Figure]:
    """Two concurrent.interpreters.Queue, of main and an interpreter. They poll every 10 ms: up only in their turn."""
    from concurrent import interpreters

    def run(value: object, count: int) -> float:
        interpreter = interpreters.create()
        there, back = interpreters.create_queue(), interpreters.create_queue()
        thread = interpreter.call_in_thread(echo_queue, there, back)
        exchange(there.put, back.get, value, 1)
        elapsed = exchange(there.put, back.get, value, count)
        there.put(None)
        thread.join()
        interpreter.close()
        return elapsed

    yield from rounds(run, values, scale, first)
