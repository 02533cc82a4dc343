"""Pi by throwing darts: a farm whose result does not depend on who did which part of the work.

Metropolis and Ulam 1949; the farm of independent workers is in every course (JCSP and PyCSP have this one). A farmer
hands out pieces of work, which are seeds, to whoever asks; each piece is a stream of random numbers of its own, so
the sum is the same with any number of workers. Run it: ``python monte_carlo_pi.py [pieces] [workers]``.
"""

import math
import random
import time

from command import Outcome, Wrong, run

import csp

DARTS = 20_000  # of each piece


def throw(seed: int) -> int:
    """How many of the darts hit the quarter of the disc."""
    dice = random.Random(seed).random  # noqa: S311  (nobody must be unable to guess them)
    return sum(dice() ** 2 + dice() ** 2 < 1.0 for _ in range(DARTS))


def farm(pieces: int, work: csp.Sender[int]) -> None:
    """Hand out the seeds; who is done early gets more of them."""
    for seed in range(pieces):
        work.send(seed)


def worker(work: csp.Receiver[int], results: csp.Sender[tuple[int, int]]) -> int:
    """Throw until there is no more to do. How many pieces."""
    done = 0
    for seed in work:
        results.send((seed, throw(seed)))
        done += 1
    return done


def check(results: list[tuple[int, int]], pieces: int) -> float:
    """Each piece came once, the first one is what we get ourselves, and pi is nearer than five deviations. Gives pi."""
    if sorted(seed for seed, _ in results) != list(range(pieces)):
        raise Wrong(f"the pieces {sorted(seed for seed, _ in results)} came, not each of {pieces} once")
    if (here := throw(0)) != dict(results)[0]:
        raise Wrong(f"piece 0 has {dict(results)[0]} hits, and {here} when it is done here")
    darts = pieces * DARTS
    pi = 4 * sum(hits for _, hits in results) / darts
    if abs(pi - math.pi) > 5 * math.sqrt(math.pi * (4 - math.pi) / darts):
        raise Wrong(f"pi is not {pi}")
    return pi


def main(pieces: int = 50, workers: int = 2) -> Outcome:
    began = time.perf_counter()
    with csp.parallel() as par:
        work, seeds = csp.channel()
        results, hits = csp.channel()
        par.start(farm, pieces, work)
        team = par.start_many(workers, worker, seeds, results)
        collector = par.start(list, hits)
    seconds = time.perf_counter() - began
    pi = check(collector.result(), pieces)
    shares = " and ".join(str(one.result()) for one in team)
    return Outcome(f"pi is about {pi:.5f}, of {pieces} pieces of work: {shares}", pieces * DARTS, "dart", seconds)


if __name__ == "__main__":
    run(main)
