"""The search itself: it explains what could be, and rejects what could not."""

import pytest
from search import Operation, explain
from specifications import BROKEN, END, NOT_NOW, OK, RECEIVE, Buffered, Rendezvous


def history(*lines):
    """Operations of (process, begun, ended, name, argument, result)."""
    return [Operation(*line) for line in lines]


def send(process, begun, ended, value, result=OK, channel=0):
    return (process, begun, ended, "send", (channel, value), result)


def recv(process, begun, ended, result, channel=0):
    return (process, begun, ended, "recv", (channel,), result)


def select(process, begun, ended, guards, result):
    return (process, begun, ended, "select", guards, result)


def abort(process, begun, ended):
    return (process, begun, ended, "abort", (0,), None)


def closed(process, begun, ended, name="close_sender"):
    return (process, begun, ended, name, (0,), None)


POSSIBLE = {
    "one after the other": [send(0, 0, 1, 7), recv(1, 2, 3, 7)],
    "a receive that began first": [recv(1, 0, 9, 7), send(0, 3, 4, 7)],
    "two sends at once, either first": [send(0, 0, 5, 1), send(1, 0, 5, 2), recv(0, 6, 7, 2), recv(1, 8, 9, 1)],
    "a full buffer while the receive is under way": [
        send(0, 0, 1, 1),
        send(0, 2, 3, 2),
        send(0, 4, 6, 3, NOT_NOW),
        recv(1, 4, 6, 1),
    ],
    "drained, then the end": [
        send(0, 0, 1, 1),
        closed(0, 2, 3),
        closed(1, 2, 3),
        recv(1, 4, 5, 1),
        recv(1, 6, 7, END),
    ],
    "dropped by the abort": [send(0, 0, 1, 1), abort(1, 2, 5), recv(0, 3, 9, END), send(0, 10, 11, 2, BROKEN)],
    "a select that took what was there": [send(0, 0, 1, 1), select(1, 2, 3, ((0, 5), (0, RECEIVE)), (1, 1))],
}

IMPOSSIBLE = {
    "received before it was sent": [recv(1, 0, 1, 7), send(0, 2, 3, 7)],
    "received twice": [send(0, 0, 1, 7), recv(0, 2, 3, 7), recv(1, 2, 3, 7)],
    "never sent": [recv(0, 0, 1, 7)],
    "last in, first out": [send(0, 0, 1, 1), send(0, 2, 3, 2), recv(1, 4, 5, 2), recv(1, 6, 7, 1)],
    "lost": [send(0, 0, 1, 1), send(0, 2, 3, 2), recv(1, 4, 5, 2)],
    "empty although filled": [send(0, 0, 1, 1), recv(1, 2, 3, NOT_NOW)],
    "full although there is room": [send(0, 0, 1, 1), send(1, 2, 3, 2, NOT_NOW)],
    "more than it holds": [send(0, 0, 1, 1), send(0, 2, 3, 2), send(0, 4, 5, 3)],
    "the end although a sender is open": [closed(0, 0, 1), recv(1, 2, 3, END)],
    "the end before what was left": [send(0, 0, 1, 1), closed(0, 2, 3), closed(1, 2, 3), recv(1, 4, 5, END)],
    "not now although over": [closed(0, 0, 1), closed(1, 0, 1), recv(1, 2, 3, NOT_NOW)],
    "sent to nobody": [
        closed(0, 0, 1, "close_receiver"),
        closed(1, 0, 1, "close_receiver"),
        send(0, 2, 3, 1),
    ],
    "received after the abort": [send(0, 0, 1, 1), abort(1, 2, 3), recv(0, 4, 5, 1)],
    "a select that fails although a guard was ready throughout": [
        send(0, 0, 1, 1),
        select(1, 2, 3, ((0, RECEIVE),), NOT_NOW),
    ],
    "two that contradict each other about one instant": [
        send(0, 0, 1, 1),
        recv(0, 2, 9, 1),
        recv(1, 2, 4, NOT_NOW),
        select(2, 5, 6, ((0, RECEIVE),), (0, 1)),
    ],
}


@pytest.mark.parametrize("lines", POSSIBLE.values(), ids=POSSIBLE.keys())
def test_what_a_buffer_can_do_is_explained(lines):
    """The search finds an order, and the order is one of the given operations, each once."""
    found = explain(history(*lines), Buffered((2,), 2))
    assert sorted(found) == sorted(history(*lines))


@pytest.mark.parametrize("lines", IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_what_a_buffer_cannot_do_is_rejected(lines):
    """No order explains it."""
    assert explain(history(*lines), Buffered((2,), 2)) is None


MEETINGS = {
    "overlapping": [send(0, 0, 5, 1), recv(1, 4, 9, 1)],
    "a chain": [send(0, 0, 5, 1), recv(1, 4, 9, 1), send(1, 10, 20, 2), recv(0, 6, 11, 2)],
    "in vain": [send(0, 0, 5, 1, NOT_NOW), recv(1, 4, 9, NOT_NOW)],
    "two selects": [
        select(0, 0, 5, ((0, 1), (0, RECEIVE)), (0, OK)),
        select(1, 3, 9, ((0, 2), (0, RECEIVE)), (1, 1)),
    ],
}

MISSES = {
    "the send was over before the receive began": [send(0, 0, 3, 1), recv(1, 4, 9, 1)],
    "the receive was over before the send began": [recv(1, 0, 3, 1), send(0, 4, 9, 1)],
    "sent and never received": [send(0, 0, 9, 1)],
    "received in spite of a timeout": [send(0, 0, 5, 1, NOT_NOW), recv(1, 0, 9, 1)],
    "received twice": [send(0, 0, 9, 1), recv(1, 0, 9, 1), recv(2, 0, 9, 1)],
    "a select that met itself": [select(0, 0, 5, ((0, 1), (0, RECEIVE)), (1, 1))],
    "two meetings of which each comes first": [
        send(0, 0, 5, 1),
        send(0, 6, 9, 2),
        recv(1, 0, 7, 2),
        recv(1, 8, 9, 1),
    ],
    "the end although a sender is open": [closed(0, 0, 1), recv(1, 2, 3, END)],
}


@pytest.mark.parametrize("lines", MEETINGS.values(), ids=MEETINGS.keys())
def test_what_a_rendezvous_can_do_is_explained(lines):
    """A send and its receive are taken together."""
    assert explain(history(*lines), Rendezvous(1, 3)) is not None


@pytest.mark.parametrize("lines", MISSES.values(), ids=MISSES.keys())
def test_what_a_rendezvous_cannot_do_is_rejected(lines):
    """What did not overlap did not meet."""
    assert explain(history(*lines), Rendezvous(1, 3)) is None
