"""commstime: prefix, delta, successor and consumer count in a ring; microseconds per communication.

Four workers that do nothing else. Every number makes four communications: prefix to delta, delta to successor and to
the consumer, successor to prefix. The consumer looks at each number, and has the clock.
"""

import time

from tests.bench.workload import FREE, LESS, PINNED, Measure, Scale, Workload, timed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    import csp

WORKLOAD = Workload("commstime", Measure("commstime", "us", LESS), cpus=(FREE, PINNED))


def _each_us(run: Callable[[int], float], scale: Scale, first: int = 100) -> Iterator[float]:
    """Microseconds per communication, where *run* does so many numbers."""
    for numbers, seconds in timed(run, scale, first):
        yield seconds / (4 * numbers) * 1e6


# ---- ours ------------------------------------------------------------------------------------------------------------


def prefix(control: object, source: csp.Receiver[int], sink: csp.Sender[int]) -> None:
    """Say 0, and then what comes."""
    sink.send(0)
    for number in source:
        sink.send(number)


def delta(control: object, source: csp.Receiver[int], ring: csp.Sender[int], out: csp.Sender[int]) -> None:
    """Say everything twice, as long as somebody listens to *out*."""
    from csp import BrokenChannel

    for number in source:
        try:
            out.send(number)
        except BrokenChannel:
            return
        ring.send(number)


def succ(control: object, source: csp.Receiver[int], sink: csp.Sender[int]) -> None:
    """Say one more."""
    for number in source:
        sink.send(number + 1)


def consume(control: object, jobs: csp.Receiver[int], results: csp.Sender[float], source: csp.Receiver[int]) -> None:
    """Take as many as told; give the seconds that they took."""
    recv = source.recv
    first = 0
    for count in jobs:
        begin = time.perf_counter()
        for wanted in range(first, first + count):
            number = recv()
            assert number == wanted, (number, wanted)
        results.send(time.perf_counter() - begin)
        first += count


@WORKLOAD.peer("csp")
def between_interpreters(scale: Scale) -> Iterator[float]:
    """Four interpreters and four rendezvous channels; main sleeps."""
    import csp
    from tests.bench.crew import Crew

    with Crew() as crew:
        to_delta, from_prefix = csp.channel()
        to_succ, from_delta = csp.channel()
        to_prefix, from_succ = csp.channel()
        out, numbers = csp.channel()
        jobs, orders = csp.channel()
        answers, results = csp.channel()
        crew.run(prefix, from_succ, to_delta)
        crew.run(delta, from_prefix, to_succ, out)
        crew.run(succ, from_delta, to_prefix)
        crew.run(consume, orders, answers, numbers)

        def run(count: int) -> float:
            jobs.send(count)
            return float(results.recv())

        try:
            yield from _each_us(run, scale)
        finally:
            jobs.close()


# ---- threads ---------------------------------------------------------------------------------------------------------


def _through_queues(make: Callable[[], Any], scale: Scale) -> Iterator[float]:
    import threading

    def run(count: int) -> float:
        to_delta, to_succ, to_prefix, out = make(), make(), make(), make()

        def prefix() -> None:
            to_delta.put(0)
            for _ in range(count - 1):
                to_delta.put(to_prefix.get())

        def delta() -> None:
            for _ in range(count):
                number = to_delta.get()
                out.put(number)
                to_succ.put(number)

        def succ() -> None:
            for _ in range(count):
                to_prefix.put(to_succ.get() + 1)

        threads = [threading.Thread(target=target) for target in (prefix, delta, succ)]
        begin = time.perf_counter()
        for thread in threads:
            thread.start()
        for wanted in range(count):
            number = out.get()
            assert number == wanted, (number, wanted)
        elapsed = time.perf_counter() - begin
        for thread in threads:
            thread.join()
        return elapsed

    return _each_us(run, scale)


@WORKLOAD.peer("SimpleQueue, threads")
def simple_queue(scale: Scale) -> Iterator[float]:
    """queue.SimpleQueue between four threads: it has no bound, so nobody waits for the consumer."""
    from queue import SimpleQueue

    return _through_queues(SimpleQueue, scale)


@WORKLOAD.peer("Queue(1), threads")
def queue(scale: Scale) -> Iterator[float]:
    """queue.Queue with room for one between four threads: the nearest that it has to a rendezvous."""
    from queue import Queue

    return _through_queues(lambda: Queue(1), scale)


# ---- the floor -------------------------------------------------------------------------------------------------------


@WORKLOAD.peer("C, rendezvous on futexes")
def futexes(scale: Scale) -> Iterator[float]:
    """The same network in C: four threads that sleep."""
    from tests.bench.floors import floor

    with floor("futex_commstime") as run:
        yield from _each_us(run, scale, first=1000)
