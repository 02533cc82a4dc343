"""Readers and writers: many may read at once, who writes is alone, and nobody waits for ever.

Courtois, Heymans and Parnas 1971; the process that minds the door is Crew of the JCSP distribution (Welch). All come
through one channel, in the order in which they asked: once a writer has asked, nobody is let in before he is done, and
he is let in when those inside have left. Run it: ``python readers_writers.py [readers] [writers]``.
"""

import time

from command import Outcome, Wrong, run

import csp

READ, WRITE = "read", "write"
VISITS = 200  # of each

type Event = tuple[int, str, int]  # (who, what for, 1 for in and -1 for out)


def crew(enter: csp.Receiver[str], leave: csp.Receiver[None], alone: csp.Sender[None]) -> tuple[int, float]:
    """Mind the door until nobody can come any more. How many came, and the seconds that they took."""
    came = inside = 0
    began = time.perf_counter()
    while True:
        try:
            door, what = csp.select(enter, leave)
        except csp.EndOfChannel:
            return came, time.perf_counter() - began  # who has left for good has left everything: all have
        if door is leave:
            inside -= 1
            continue
        came += 1
        if what == READ:
            inside += 1
        else:
            for _ in range(inside):
                leave.recv()
            inside = 0
            alone.send(None)
            leave.recv()


def reader(who: int, enter: csp.Sender[str], leave: csp.Sender[None], book: csp.Sender[Event]) -> None:
    """Read, and tell what is going on inside."""
    for _ in range(VISITS):
        enter.send(READ)
        book.send((who, READ, 1))
        book.send((who, READ, -1))
        leave.send(None)


def writer(
    who: int, enter: csp.Sender[str], alone: csp.Receiver[None], leave: csp.Sender[None], book: csp.Sender[Event]
) -> None:
    """Ask, wait to be alone, write, and tell what is going on inside."""
    for _ in range(VISITS):
        enter.send(WRITE)
        alone.recv()
        book.send((who, WRITE, 1))
        book.send((who, WRITE, -1))
        leave.send(None)


def check(events: list[Event], people: int) -> int:
    """Nobody is inside together with a writer, and everybody was there so many times. The most readers at once."""
    inside: dict[int, str] = {}
    visits = dict.fromkeys(range(people), 0)
    most = 0
    for who, what, step in events:
        if step > 0:
            if inside and WRITE in {what, *inside.values()}:
                raise Wrong(f"{who} went in to {what} while inside were {inside}")
            inside[who] = what
            visits[who] += 1
            most = max(most, len(inside))
        else:
            del inside[who]
    for who, times in visits.items():
        if times != VISITS:
            raise Wrong(f"{who} was inside {times} times, not {VISITS}")
    return most


def main(readers: int = 5, writers: int = 2) -> Outcome:
    with csp.parallel() as par:
        (enter, door), (leave, exit), (alone, admitted) = csp.channel(), csp.channel(), csp.channel()
        book, events = csp.channel()
        minding = par.start(crew, door, exit, alone)
        watcher = par.start(list, events)
        for who in range(readers):
            par.start(reader, who, enter, leave, book)
        for who in range(readers, readers + writers):
            par.start(writer, who, enter, admitted, leave, book)
    came, seconds = minding.result()
    most = check(watcher.result(), readers + writers)
    return Outcome(
        f"{readers} readers and {writers} writers were inside {VISITS} times each, up to {most} readers at once",
        came,
        "visit",
        seconds,
    )


if __name__ == "__main__":
    run(main)
