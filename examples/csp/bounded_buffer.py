"""A bounded buffer: a process between two others, which receives while it has room and sends while it has something.

Hoare 1978, 5.1. There the consumer had to ask for ``more()``, because only receiving could be guarded; here sending is
a guard as well. A guard that is None is off: the preconditions of Dijkstra's guarded commands.
Run it: ``python bounded_buffer.py [numbers] [room]``.
"""

import time
from collections import deque

from command import Outcome, Wrong, run

import csp


def produce(count: int, out: csp.Sender[int]) -> None:
    for number in range(count):
        out.send(number)


def buffer(source: csp.Receiver[int], sink: csp.Sender[int], room: int) -> tuple[int, int, float]:
    """Hold up to *room* numbers. How many it held at most, how often it chose, and the seconds that it took."""
    held: deque[int] = deque()
    most, choices, over = 0, 0, False
    began = time.perf_counter()
    while held or not over:
        receive = source if len(held) < room and not over else None
        send = sink.offer(held[0]) if held else None
        try:
            guard, number = csp.select(receive, send)
        except csp.EndOfChannel:
            over = True
            continue
        choices += 1
        if guard is receive:
            held.append(number)
            most = max(most, len(held))
        else:
            held.popleft()
    return most, choices, time.perf_counter() - began


def check(numbers: list[int], count: int, most: int, choices: int, room: int) -> None:
    """First in, first out; all of them; never more than there is room for; one choice in and one out for each."""
    for wanted, number in enumerate(numbers):
        if number != wanted:
            raise Wrong(f"number {wanted} came out as {number}")
    if len(numbers) != count:
        raise Wrong(f"{len(numbers)} numbers came out of {count}")
    if not 0 < most <= room:
        raise Wrong(f"the buffer held {most} numbers and has room for {room}")
    if choices != 2 * count:
        raise Wrong(f"{choices} choices for {count} numbers")


def main(count: int = 5000, room: int = 10) -> Outcome:
    with csp.parallel() as par:
        into, source = csp.channel()
        sink, out = csp.channel()
        par.start(produce, count, into)
        middle = par.start(buffer, source, sink, room)
        consumer = par.start(list, out)
    numbers = consumer.result()
    most, choices, seconds = middle.result()
    check(numbers, count, most, choices, room)
    return Outcome(
        f"{count} numbers in order through a buffer that held {most} of {room} at most", choices, "select", seconds
    )


if __name__ == "__main__":
    run(main)
