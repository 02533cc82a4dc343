"""What the processes of a history do, and write down: imported by every member of a crew."""

import random
import sys
from time import monotonic_ns

from specifications import BROKEN, END, NOT_NOW, OK, RECEIVE

import csp

MEETING = 10.0  # seconds in which the others come to the next round, or something is wrong


def play(process, processes, seed, rounds, operations, meeting):
    """Play one part in each of *rounds*; gives for each a list of (begun, ended, name, argument, result).

    A round is a tuple of channels, each (sender, receiver): this process's own handles, which it closes as the last
    thing that it does. Every value is sent once.
    """
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # threads of one interpreter shall come in each other's way, too
    try:
        return [
            _round(process, processes, random.Random(f"{seed} {number} {process}"), channels, operations, meeting)
            for number, channels in enumerate(rounds)
        ]
    finally:
        sys.setswitchinterval(interval)


def _round(process, processes, chance, channels, operations, meeting):
    notes = []
    plan = [_plan(chance, channels, process + processes * i) for i in range(operations)]
    meeting.wait(MEETING)
    for name, argument, timeout in plan:
        for _ in range(chance.choice((0, 0, 0, 30, 300))):
            pass
        begun = monotonic_ns()
        try:
            result = _do(name, argument, timeout, channels)
        except TimeoutError, csp.WouldBlock:
            result = NOT_NOW
        except csp.BrokenChannel:
            result = BROKEN
        except csp.EndOfChannel:
            result = END
        notes.append((begun, monotonic_ns(), name, argument, result))
    for number, (sender, receiver) in enumerate(channels):
        for name, end in (("close_sender", sender), ("close_receiver", receiver)):
            begun = monotonic_ns()
            end.close()
            notes.append((begun, monotonic_ns(), name, (number,), None))
    return notes


def _plan(chance, channels, value):
    """An operation: its name, its argument, and for how long it waits (None: it is one that does not)."""
    number = chance.randrange(len(channels))
    timeout = chance.choice((None, 0, 0.0001, 0.0005))
    name = chance.choice(("send", "send", "recv", "recv", "select"))
    if chance.random() < 0.01:
        return "abort", (number,), None
    if name == "send":
        return name, (number, value), timeout
    if name == "recv":
        return name, (number,), timeout
    guards = [(number, chance.choice((value, RECEIVE))) for number in range(len(channels))]
    if len(channels) == 1:
        guards = [(0, value), (0, RECEIVE)]
    chance.shuffle(guards)
    return name, tuple(guards), timeout or 0


def _do(name, argument, timeout, channels):
    if name == "select":
        guards = [
            channels[number][1] if value == RECEIVE else channels[number][0].offer(value) for number, value in argument
        ]
        chosen, value = csp.select(*guards, timeout=timeout)
        guard = next(i for i, one in enumerate(guards) if one is chosen)
        return (guard, value if argument[guard][1] == RECEIVE else OK)
    sender, receiver = channels[argument[0]]
    if name == "abort":
        sender.abort()
        return None
    if name == "send":
        if timeout is None:
            sender.send_nowait(argument[1])
        else:
            sender.send(argument[1], timeout=timeout)
        return OK
    return receiver.recv_nowait() if timeout is None else receiver.recv(timeout=timeout)
