"""The stressed alternative: many writers on many channels, and one reader that is always offered too much.

After StressedAlt of the JCSP distribution (Welch). Every channel is shared by several writers, so that one is nearly
always ready on each of them, and the reader takes them with a fair ``select``: none of them may starve, nothing may be
lost, and what one writer sends must arrive in its order. Run it: ``python stressed_alt.py [channels] [writers]``.
"""

import time

from command import Outcome, Wrong, run

import csp

MESSAGES = 200  # of each writer

type Message = tuple[int, int]  # (writer, number)


def write(writer: int, out: csp.Sender[Message]) -> None:
    """Send as fast as the reader takes it."""
    for number in range(MESSAGES):
        out.send((writer, number))


def read(channels: list[csp.Receiver[Message]], each: int) -> tuple[list[Message], list[int], float]:
    """Everything from all channels, *each* from one; the longest that every channel had to wait, in selects; seconds.

    A channel that has given all is a guard that is off (None).
    """
    guards: list[csp.Receiver[Message] | None] = [*channels]
    places: dict[object, int] = {channel: place for place, channel in enumerate(channels)}
    left, served, longest = [each] * len(channels), [0] * len(channels), [0] * len(channels)
    messages: list[Message] = []
    began = time.perf_counter()
    for turn in range(1, each * len(channels) + 1):
        channel, message = csp.select(*guards)
        messages.append(message)
        place = places[channel]
        longest[place] = max(longest[place], turn - served[place])
        served[place] = turn
        left[place] -= 1
        if not left[place]:
            guards[place] = None
    return messages, longest, time.perf_counter() - began


def check(messages: list[Message], writers: int) -> None:
    """From every writer all numbers, in order."""
    expected = [0] * writers
    for writer, number in messages:
        if number != expected[writer]:
            raise Wrong(f"writer {writer}: number {number} came where {expected[writer]} was to come")
        expected[writer] += 1
    for writer, came in enumerate(expected):
        if came != MESSAGES:
            raise Wrong(f"writer {writer}: {came} numbers came of {MESSAGES}")


def main(channels: int = 4, writers: int = 2) -> Outcome:
    with csp.parallel() as par:
        ends = [csp.channel() for _ in range(channels)]
        for writer in range(channels * writers):
            par.start(write, writer, ends[writer % channels][0])
        reader = par.start(read, [rx for _, rx in ends], writers * MESSAGES)
    messages, longest, seconds = reader.result()
    check(messages, channels * writers)
    return Outcome(
        f"{len(messages)} messages of {channels * writers} writers in order, no channel waited for more than "
        f"{max(longest)} selects",
        len(messages),
        "select",
        seconds,
    )


if __name__ == "__main__":
    run(main)
