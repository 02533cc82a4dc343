"""oversubscribed: eight pairs exchange small ints at once, sixteen workers who all want to run; microseconds.

The time until all pairs are done, over the round trips of all: what one costs when there are more who want to run than
CPUs. Spinning is at its worst here, because whoever spins keeps a CPU from somebody with something to do; with a spin
limit of 0 nobody does.
"""

import time

from tests.bench.workload import FREE, LESS, PINNED, Measure, Scale, Workload, timed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PAIRS = 8
WORKLOAD = Workload("oversubscribed", Measure("oversubscribed", "us", LESS), cpus=(FREE, PINNED))


def _each_us(run: Callable[[int], float], scale: Scale) -> Iterator[float]:
    for count, seconds in timed(run, scale):
        yield seconds / (PAIRS * count) * 1e6


def _interpreters(scale: Scale) -> Iterator[float]:
    import csp
    from tests.bench.crew import Crew
    from tests.bench.workloads.pingpong import echo, ping

    with Crew() as crew:
        answers, results = csp.channel(PAIRS)
        jobs = []
        for _ in range(PAIRS):
            there, at_echo = csp.channel()
            back, at_ping = csp.channel()
            job, orders = csp.channel(1)
            crew.run(echo, at_echo, back)
            crew.run(ping, orders, answers.clone(), there, at_ping)
            jobs.append(job)

        def run(count: int) -> float:
            begin = time.perf_counter()
            for job in jobs:
                job.send(count)
            for _ in range(PAIRS):
                results.recv()
            return time.perf_counter() - begin

        try:
            yield from _each_us(run, scale)
        finally:
            for job in jobs:
                job.close()


@WORKLOAD.peer("csp")
def spinning(scale: Scale) -> Iterator[float]:
    """Sixteen interpreters and rendezvous channels; they spin as they see fit."""
    return _interpreters(scale)


@WORKLOAD.peer("csp (never spins)")
def sleeping(scale: Scale) -> Iterator[float]:
    """The same with a spin limit of 0: every wait sleeps at once."""
    from csp._native import set_spin_limit

    set_spin_limit(0)  # for the whole process, which is this peer's own
    return _interpreters(scale)


@WORKLOAD.peer("SimpleQueue, threads")
def threads(scale: Scale) -> Iterator[float]:
    """Sixteen threads and queue.SimpleQueue."""
    import threading
    from queue import SimpleQueue

    def answer(there: SimpleQueue[int], back: SimpleQueue[int], count: int) -> None:
        for _ in range(count):
            back.put(there.get())

    def ask(there: SimpleQueue[int], back: SimpleQueue[int], count: int) -> None:
        for number in range(count):
            there.put(number)
            back.get()

    def run(count: int) -> float:
        workers = []
        for _ in range(PAIRS):
            ends = (SimpleQueue[int](), SimpleQueue[int](), count)
            workers += [threading.Thread(target=target, args=ends) for target in (answer, ask)]
        begin = time.perf_counter()
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return time.perf_counter() - begin

    return _each_us(run, scale)
