"""A ring of processes that pass tokens: with one token only one of them runs, with more of them as many.

The ring of kroc's comparison with other systems (``ccsp-comparisons``), with several tokens. Every channel is a
rendezvous, a process holds at most one token, and so there must be fewer tokens than processes: with as many, all would
offer a token and none would take one. Run it: ``python token_ring.py [processes] [tokens]``.
"""

import time

from command import Outcome, Wrong, run

import csp

LAPS = 2000

type Token = tuple[int, int]  # (its number, how many hops it has made)


def node(left: csp.Receiver[Token], right: csp.Sender[Token]) -> None:
    """Pass on what comes, one hop older."""
    for token, hops in left:
        right.send((token, hops + 1))


def head(left: csp.Receiver[Token], right: csp.Sender[Token], tokens: int) -> tuple[list[Token], float]:
    """Put the tokens in, as a node, take them out after so many laps, and tell the seconds that those took."""
    right.send((0, 0))  # one lap to see that everybody is there
    left.recv()
    began = time.perf_counter()
    for token in range(tokens):
        right.send((token, 1))
    for _ in range(tokens * (LAPS - 1)):
        token, hops = left.recv()
        right.send((token, hops + 1))
    ended = [left.recv() for _ in range(tokens)]
    return ended, time.perf_counter() - began


def check(ended: list[Token], processes: int, tokens: int) -> None:
    """Each token came home, in the order in which they were put in, after a whole number of laps."""
    if [token for token, _ in ended] != list(range(tokens)):
        raise Wrong(f"the tokens came home as {[token for token, _ in ended]}")
    for token, hops in ended:
        if hops != LAPS * processes:
            raise Wrong(f"token {token} made {hops} hops, not {LAPS * processes}")


def main(processes: int = 4, tokens: int = 1) -> Outcome:
    if not 0 < tokens < processes:
        raise SystemExit("a ring needs a token, and fewer tokens than processes: else none is free to take one")
    with csp.parallel() as par:
        ends = [csp.channel() for _ in range(processes)]
        # Process i receives from channel i and sends to channel i + 1; the last one sends to the first.
        for i in range(1, processes):
            par.start(node, ends[i][1], ends[(i + 1) % processes][0])
        home = par.start(head, ends[0][1], ends[1 % processes][0], tokens)
    ended, seconds = home.result()
    check(ended, processes, tokens)
    return Outcome(
        f"{tokens} tokens made {LAPS} laps around {processes} processes",
        LAPS * processes * tokens,
        "hop",
        seconds,
    )


if __name__ == "__main__":
    run(main)
