"""Santa Claus sleeps until nine reindeer, or three of ten elves, are at his door; and the reindeer go first.

Trono 1994, whose own solution was wrong; Ben-Ari 1998. A group gathers in a room, whose keeper knocks at Santa's door
when it is full, and lets nobody in before the group is back. Santa opens the doors by an alternative with priority, and
goes home after so many years; then the elves are told so by their channels. Run it: ``python santa_claus.py [years]``.
"""

import time
from contextlib import suppress

from command import Outcome, Wrong, run

import csp

REINDEER, ELVES = "reindeer", "elves"
HERD, GROUP, ALL_ELVES = 9, 3, 10

type Opening = tuple[str, bool, list[int]]  # (who came in, were the reindeer at their door, the group)


def reindeer(number: int, years: int, room: csp.Sender[int], back: csp.Receiver[None]) -> int:
    """Come home from the holidays, deliver toys. How often."""
    for _ in range(years):
        room.send(number)
        back.recv()
    return years


def elf(number: int, room: csp.Sender[int], back: csp.Receiver[None]) -> int:
    """Make toys, ask Santa, and again, until nobody lets you in. How often Santa was asked."""
    asked = 0
    with suppress(csp.BrokenChannel, csp.EndOfChannel):
        while True:
            room.send(number)
            back.recv()
            asked += 1
    return asked


def keep(
    size: int,
    room: csp.Receiver[int],
    door: csp.Sender[list[int]],
    done: csp.Receiver[None],
    back: csp.Sender[None],
) -> None:
    """Gather a group, knock, and when Santa is done with it let all of it go; until nobody comes, or he has gone."""
    with suppress(csp.EndOfChannel, csp.BrokenChannel):
        while True:
            door.send([room.recv() for _ in range(size)])
            done.recv()
            for _ in range(size):
                back.send(None)


def santa(
    years: int,
    reindeer_door: csp.Receiver[list[int]],
    elves_door: csp.Receiver[list[int]],
    harness: csp.Sender[None],
    advice: csp.Sender[None],
) -> tuple[list[Opening], float]:
    """Sleep, open, help, sleep. Every opening of a door, and the seconds of all the years."""
    openings: list[Opening] = []
    began = time.perf_counter()
    while years:
        waiting = reindeer_door.statistics().waiting_senders > 0  # those who were at the door before he chose
        door, group = csp.select(reindeer_door, elves_door, priority=True)
        if door is reindeer_door:
            years -= 1
            openings.append((REINDEER, waiting, group))
            harness.send(None)
        else:
            openings.append((ELVES, waiting, group))
            advice.send(None)
    return openings, time.perf_counter() - began


def check(openings: list[Opening], years: int, asked: list[int]) -> None:
    """Whole groups; all reindeer each year; no elves while the reindeer stood there; all advice was had by somebody."""
    for number, (who, waiting, group) in enumerate(openings):
        if len(set(group)) != len(group) or len(group) != (HERD if who == REINDEER else GROUP):
            raise Wrong(f"opening {number}: {group} is no group of {who}")
        if who == ELVES and waiting:
            raise Wrong(f"opening {number}: the elves were let in while the reindeer stood at their door")
    delivered = sum(who == REINDEER for who, _, _ in openings)
    if delivered != years:
        raise Wrong(f"toys were delivered {delivered} times in {years} years")
    for number, times in enumerate(asked):
        helped = sum(number in group for who, _, group in openings if who == ELVES)
        if helped != times:
            raise Wrong(f"elf {number} says Santa helped {times} times, Santa {helped}")


def main(years: int = 50) -> Outcome:
    with csp.parallel() as par:
        rooms = {}
        for who, size in ((REINDEER, HERD), (ELVES, GROUP)):
            (enter, room), (knock, door) = csp.channel(), csp.channel()
            (finish, done), (release, back) = csp.channel(), csp.channel()
            par.start(keep, size, room, knock, done, release)
            rooms[who] = (enter, back, door, finish)
        stable, stable_back, reindeer_door, harness = rooms[REINDEER]
        porch, porch_back, elves_door, advice = rooms[ELVES]
        claus = par.start(santa, years, reindeer_door, elves_door, harness, advice)
        herd = [par.start(reindeer, number, years, stable, stable_back) for number in range(HERD)]
        elves = [par.start(elf, number, porch, porch_back) for number in range(ALL_ELVES)]
    openings, seconds = claus.result()
    check(openings, years, [one.result() for one in elves])
    helped = len(openings) - years
    return Outcome(
        f"toys were delivered {years} times by {len(herd)} reindeer, {helped} groups of {GROUP} elves were helped",
        len(openings),
        "opening of a door",
        seconds,
    )


if __name__ == "__main__":
    run(main)
