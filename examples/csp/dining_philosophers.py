"""Five philosophers dine with five forks, and need two each; a butler lets no more than four sit down.

Dijkstra's problem (1965, 1971) as Hoare has it (1978, 5.4; 1985, 2.5, where the butler is a footman): philosophers,
forks and the butler are processes. With ``--naive`` there is no butler, and all five toast each other with their left
fork in hand before they reach for the right one: a deadlock, which they only survive because they wait no longer than
their PATIENCE. Run it: ``python dining_philosophers.py [meals] [--naive]``.
"""

import time
from contextlib import suppress

from command import Outcome, Wrong, run

import csp

SEATS = 5
PATIENCE = 0.5  # seconds that a naive philosopher waits for a fork

type Event = tuple[int, str]  # (seat, what the philosopher there does)
type Thing = tuple[csp.Sender[None], csp.Sender[None]]  # to take it, to give it back


def fork(picked_up: csp.Receiver[None], put_down: csp.Receiver[None]) -> None:
    """Be picked up by one neighbour, and then by nobody before it was put down."""
    for _ in picked_up:
        next(put_down, None)  # the end: it was taken along


def butler(sits_down: csp.Receiver[None], gets_up: csp.Receiver[None]) -> None:
    """Let no more than all but one sit at a time."""
    seated = 0
    with suppress(csp.EndOfChannel):  # when all have gone home
        while True:
            guard, _ = csp.select(sits_down if seated < SEATS - 1 else None, gets_up)
            seated += 1 if guard is sits_down else -1


def philosopher(seat: int, meals: int, chair: Thing, left: Thing, right: Thing, table: csp.Sender[Event]) -> None:
    """Sit down, pick up two forks, eat, put them down, get up."""
    for _ in range(meals):
        for take, _ in (chair, left, right):
            take.send(None)
        table.send((seat, "eats"))
        table.send((seat, "has eaten"))
        for _, give_back in (left, right, chair):
            give_back.send(None)


def starving(seat: int, left: Thing, right: Thing, toast: csp.Receiver[None], table: csp.Sender[Event]) -> None:
    """Without a butler. Who does not get the right fork in time starves, with the left one in hand."""
    left[0].send(None)
    table.send((seat, "toasts"))
    toast.recv()
    try:
        right[0].send(None, timeout=PATIENCE)
    except TimeoutError:
        table.send((seat, "starves"))
    else:
        table.send((seat, "eats"))


def watch(events: csp.Receiver[Event], cheers: csp.Sender[None]) -> tuple[list[Event], float]:
    """All that happens at the table, in its order, and the seconds that it took. At the last toast they all drink."""
    seen = [events.recv()]
    began = time.perf_counter()
    for event in events:
        seen.append(event)
        if event[1] == "toasts" and len(seen) == SEATS:
            cheers.send_many([None] * SEATS)
    return seen, time.perf_counter() - began


def check(events: list[Event], meals: int) -> None:
    """Everybody ate so many times, and nobody at the same time as a neighbour."""
    eating: set[int] = set()
    for seat, what in events:
        if what == "eats":
            for neighbour in ((seat - 1) % SEATS, (seat + 1) % SEATS):
                if neighbour in eating:
                    raise Wrong(f"philosophers {seat} and {neighbour} are neighbours and eat at once")
            eating.add(seat)
        else:
            eating.discard(seat)
    for seat in range(SEATS):
        eaten = events.count((seat, "has eaten"))
        if eaten != meals:
            raise Wrong(f"philosopher {seat} ate {eaten} times, not {meals}")


def check_deadlock(events: list[Event]) -> None:
    """All have raised their forks, nobody ate, and all starved."""
    for seat in range(SEATS):
        if [what for who, what in events if who == seat] != ["toasts", "starves"]:
            raise Wrong(f"philosopher {seat} did not starve: {[what for who, what in events if who == seat]}")


def main(meals: int = 100, naive: bool = False) -> Outcome:
    with csp.parallel() as par:
        table, events = csp.channel()
        cheers, toast = csp.channel(SEATS)
        watcher = par.start(watch, events, cheers)
        forks = []
        for _ in range(SEATS):
            (pick_up, picked_up), (put_down, was_put_down) = csp.channel(), csp.channel()
            par.start(fork, picked_up, was_put_down)
            forks.append((pick_up, put_down))
        neighbours = [(seat, forks[seat], forks[(seat + 1) % SEATS]) for seat in range(SEATS)]
        if naive:
            for seat, left, right in neighbours:
                par.start(starving, seat, left, right, toast, table)
        else:
            (sit_down, sits_down), (get_up, gets_up) = csp.channel(), csp.channel()
            par.start(butler, sits_down, gets_up)
            for seat, left, right in neighbours:
                par.start(philosopher, seat, meals, (sit_down, get_up), left, right, table)
    seen, seconds = watcher.result()
    if naive:
        check_deadlock(seen)
        return Outcome(f"deadlock: {SEATS} philosophers hold their left forks, and starve", 1, "deadlock", seconds)
    check(seen, meals)
    return Outcome(f"{SEATS} philosophers ate {meals} times each", SEATS * meals, "meal", seconds)


if __name__ == "__main__":
    run(main)
