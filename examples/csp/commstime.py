"""Commstime: four processes in a ring count, and what is timed is communicating alone.

The benchmark of the occam and JCSP people (Welch; it is in the distributions of kroc and JCSP). *Prefix* sends a 0 and
from then on what comes back to it; *delta* sends each number twice, to the consumer and to *successor*, which adds 1.

    prefix ---> delta ---> consumer
       ^          |
       +-- succ --+

Every number takes four communications, each a rendezvous, and there is nothing else to do.
Run it: ``python commstime.py [numbers]``.
"""

import time

from command import Outcome, Wrong, run

import csp

WARM_UP = 100  # numbers before the clock starts: the interpreters are still starting then


def prefix(first: int, source: csp.Receiver[int], sink: csp.Sender[int]) -> None:
    """Say *first*, and then everything that comes."""
    sink.send(first)
    for number in source:
        sink.send(number)


def delta(source: csp.Receiver[int], ring: csp.Sender[int], out: csp.Sender[int]) -> None:
    """Say everything twice, until nobody listens to *out* any more."""
    for number in source:
        try:
            out.send(number)
        except csp.BrokenChannel:
            return  # what we hold is the only number in the ring: succ, and then prefix, find their channels ended
        ring.send(number)


def succ(source: csp.Receiver[int], sink: csp.Sender[int]) -> None:
    """Say one more."""
    for number in source:
        sink.send(number + 1)


def consume(source: csp.Receiver[int], count: int) -> tuple[list[int], float]:
    """Take *count* numbers, and then so many more with an eye on the clock."""
    numbers = [source.recv() for _ in range(WARM_UP)]
    began = time.perf_counter()
    numbers += [source.recv() for _ in range(count)]
    return numbers, time.perf_counter() - began


def check(numbers: list[int], count: int) -> None:
    """All natural numbers, in order, none twice and none left out."""
    for wanted, number in enumerate(numbers):
        if number != wanted:
            raise Wrong(f"number {wanted} of the ring is {number}")
    if len(numbers) != count:
        raise Wrong(f"{len(numbers)} numbers came, not {count}")


def main(count: int = 20_000) -> Outcome:
    with csp.parallel() as par:
        to_delta, from_prefix = csp.channel()
        to_succ, from_delta = csp.channel()
        to_prefix, from_succ = csp.channel()
        to_consumer, out = csp.channel()
        par.start(prefix, 0, from_succ, to_delta)
        par.start(delta, from_prefix, to_succ, to_consumer)
        par.start(succ, from_delta, to_prefix)
        consumer = par.start(consume, out, count)
    numbers, seconds = consumer.result()
    check(numbers, WARM_UP + count)
    return Outcome(f"{len(numbers)} numbers in order, the last is {numbers[-1]}", 4 * count, "communication", seconds)


if __name__ == "__main__":
    run(main)
