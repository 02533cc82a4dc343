"""The members of a crew are of the kind that they are said to be: the core is asked who waits."""

import pytest
import roles
from crew import KINDS

import csp
from csp._native import wait_graph

WAITS_AS = {"threads": "main", "interpreters": "crew", "C API": "C API"}


def holders(end, kind):
    """The names of those that wait on the channel, or hold an end of it."""
    return {name for what, _, name, _, channel, *_ in wait_graph() if what == kind and channel == end.channel_id}


def test_every_kind_is_told_apart():
    """No two kinds wait in the name of the same holder."""
    assert WAITS_AS.keys() == KINDS.keys()
    assert len({*WAITS_AS.values()}) == len(KINDS)


@pytest.mark.parametrize("operation", ["recv", "send", "select"])
def test_a_member_waits_as_its_kind(crew, operation, wait_until):
    """Whoever waits in send, recv and select does so with an end that its kind holds: main, an interpreter, or C."""
    tx, rx = csp.channel()
    task = crew.start(getattr(roles, operation), *((tx, "m") if operation == "send" else (rx,)))
    assert wait_until(lambda: holders(tx, "waits"), "it waits") == {WAITS_AS[crew.kind]}
    if operation == "send":
        assert rx.recv() == "m"
        assert task.result() is None
    else:
        tx.send("m")
        assert task.result() == ("m" if operation == "recv" else (0, "m"))


def test_ends_in_messages_are_held_by_their_kind(crew, wait_until):
    """An end that a member finds in a message belongs to its kind as those do that it was started with."""
    tx, rx = csp.channel()
    inner_tx, inner_rx = csp.channel()
    task = crew.start(roles.follow, rx)
    tx.send(inner_rx)
    inner_rx.close()
    assert wait_until(lambda: holders(inner_tx, "waits"), "it waits on the inner one") == {WAITS_AS[crew.kind]}
    assert WAITS_AS[crew.kind] in holders(inner_tx, "holds")
    inner_tx.send("inside")
    assert task.result() == (1, "inside")
