"""The sieve of Eratosthenes as a pipeline that grows: each prime is a process, which starts the next one.

Hoare 1978, 6.1 (from McIlroy), where the processes are an array of a fixed length; here there are as many as there are
primes. A sieve keeps the first number that comes, a prime, and of all others passes on those that it does not divide.
Run it: ``python prime_sieve.py [limit]``.
"""

import time

from command import Outcome, Wrong, run

import csp


def sieve(numbers: csp.Receiver[int], primes: csp.Sender[int]) -> None:
    """Say the first number, and give what it does not divide to the next sieve, which is started when there is some."""
    prime = numbers.recv()
    primes.send(prime)
    passed = (number for number in numbers if number % prime)
    for number in passed:
        with csp.parallel() as par:
            tx, rx = csp.channel()
            par.start(sieve, rx, primes)
            tx.send(number)
            for other in passed:
                tx.send(other)
            tx.close()


def count_up(limit: int, out: csp.Sender[int]) -> None:
    """2, 3, 4 and so on, below *limit*."""
    for number in range(2, limit):
        out.send(number)


def check(primes: list[int], limit: int) -> int:
    """All primes below *limit* in order, as a plain sieve finds them. How often a number went to a sieve."""
    smallest: dict[int, int] = {}  # the smallest prime that divides the number
    for number in range(2, limit):
        if number not in smallest:
            for multiple in range(number, limit, number):
                smallest.setdefault(multiple, number)
    plain = [number for number in smallest if smallest[number] == number]
    for wanted, prime in zip(sorted(plain), primes, strict=False):
        if prime != wanted:
            raise Wrong(f"{prime} came where the prime {wanted} was to come")
    if len(primes) != len(plain):
        raise Wrong(f"{len(primes)} primes came, there are {len(plain)} below {limit}")
    place = {prime: i + 1 for i, prime in enumerate(primes)}
    return sum(place[divisor] for divisor in smallest.values())


def main(limit: int = 100) -> Outcome:
    began = time.perf_counter()
    with csp.parallel() as par:
        tx, numbers = csp.channel()
        out, primes = csp.channel()
        par.start(count_up, limit, tx)
        par.start(sieve, numbers, out)
        collector = par.start(list, primes)
    seconds = time.perf_counter() - began
    found = collector.result()
    passed = check(found, limit)
    return Outcome(
        f"{len(found)} primes below {limit}, the last is {found[-1]}, each a process",
        passed,
        "number that a sieve was given, starting the sieves included",
        seconds,
    )


if __name__ == "__main__":
    run(main)
