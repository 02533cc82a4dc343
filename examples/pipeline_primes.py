"""Count primes on all cores: a pipeline over the pieces of a range.

Each worker is an interpreter with its own GIL. Run it: ``python examples/pipeline_primes.py [limit]``.
"""

import sys
import time
from collections.abc import Iterable

import csp

PIECE = 20_000


def primes_in(first: int) -> tuple[int, int, int]:
    """(primes, pairs of twins, the largest prime) among the PIECE numbers from *first* on, by a sieve of their own."""
    last = first + PIECE
    sieve = bytearray([1]) * (PIECE + 2)  # twins may reach over the edge
    for divisor in range(2, int((last + 2) ** 0.5) + 1):
        start = max(divisor * divisor, -(-first // divisor) * divisor)
        sieve[start - first :: divisor] = bytes(len(range(start - first, PIECE + 2, divisor)))
    if first == 0:
        sieve[0] = sieve[1] = 0
    twins = sum(sieve[i] and sieve[i + 2] for i in range(PIECE))
    return sum(sieve[:PIECE]), twins, first + sieve.rfind(1, 0, PIECE)


def any_twins(found: tuple[int, int, int]) -> bool:
    """Keep a piece that has twins: a filter, fused into the same workers, so that no item travels for it."""
    return found[1] > 0


def merge(total: tuple[int, int, int], batch: Iterable[tuple[int, int, int]]) -> tuple[int, int, int]:
    """Fold a batch in, in the caller; results come in the order of the pieces."""
    for primes, twins, largest in batch:
        total = (total[0] + primes, total[1] + twins, largest)
    return total


def main(limit: int = 2_000_000) -> None:
    began = time.perf_counter()
    primes, twins, largest = (
        csp.pipeline(range(0, limit, PIECE))
        .map(primes_in)
        .filter(any_twins)
        .batch(16)
        .reduce(merge, (0, 0, 0), progress="sieving")
    )
    print(f"{primes} primes below {limit}, {twins} pairs of twins, the largest prime is {largest}")
    print(f"{time.perf_counter() - began:.2f} s", file=sys.stderr)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
