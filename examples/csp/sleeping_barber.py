"""The sleeping barber: he sleeps while nobody is there, and who finds no free chair goes away again.

Dijkstra 1965. The waiting room is a buffered channel, with as much room as it has chairs: a customer who would have to
wait for a chair does not, and leaves (``send_nowait``). Who waits has a channel of his own with him, on which the
barber says that the hair is cut. Run it: ``python sleeping_barber.py [visits] [chairs]``.
"""

import time

from command import Outcome, Wrong, run

import csp

CUSTOMERS = 6

type Visit = tuple[int, csp.Sender[None]]  # (which customer, where to say that it is done)


def customer(number: int, visits: int, room: csp.Sender[Visit]) -> tuple[int, int]:
    """Come so many times. How often the hair was cut, and how often the room was full."""
    cut = full = 0
    say_done, done = csp.channel()
    for _ in range(visits):
        try:
            room.send_nowait((number, say_done))
        except csp.WouldBlock:
            full += 1
            time.sleep(0.0005)  # a walk around the block
        else:
            done.recv()
            cut += 1
    return cut, full


def barber(room: csp.Receiver[Visit]) -> tuple[list[int], int, float]:
    """Cut hair until nobody can come any more. Whose he cut, how often he fell asleep, the seconds of it all."""
    served: list[int] = []
    naps = 0
    began = time.perf_counter()
    try:
        while True:
            visit = room.recv_nowait(None)
            if visit is None:
                naps += 1
                visit = room.recv()
            who, done = visit
            served.append(who)
            done.send(None)
    except csp.EndOfChannel:
        pass  # the last customer has gone for good
    return served, naps, time.perf_counter() - began


def check(served: list[int], told: list[tuple[int, int]], visits: int) -> None:
    """Nobody is lost: each visit ended with a haircut or at a full room, and the barber cut whom he is said to have."""
    for number, (cut, full) in enumerate(told):
        if cut + full != visits:
            raise Wrong(f"customer {number} came {visits} times: {cut} haircuts, {full} times it was full")
        if served.count(number) != cut:
            raise Wrong(f"customer {number} had {cut} haircuts, the barber says {served.count(number)}")
    if len(served) != sum(cut for cut, _ in told):
        raise Wrong("the barber cut the hair of somebody who is no customer")


def main(visits: int = 200, chairs: int = 3) -> Outcome:
    with csp.parallel() as par:
        room_in, room = csp.channel(chairs)
        customers = [par.start(customer, number, visits, room_in) for number in range(CUSTOMERS)]
        shop = par.start(barber, room)
    served, naps, seconds = shop.result()
    told = [process.result() for process in customers]
    check(served, told, visits)
    full = sum(times for _, times in told)
    return Outcome(
        f"{CUSTOMERS * visits} visits: {len(served)} haircuts, {full} found no chair; the barber slept {naps} times",
        len(served),
        "haircut",
        seconds,
    )


if __name__ == "__main__":
    run(main)
