"""Messages that go from one channel to another unopened, and where the dead letters of an actor can go."""

import threading

import pytest
import unreadable

import csp
from csp._native import forward, tally_new, tally_read
from csp.actors.recipe import recipe_of
from csp.kernel.slot import Slot


def test_in_order_and_what_does_not_fit_stays():
    """Up to so many go over; the rest is received where it was."""
    tx, rx = csp.channel(8)
    to, out = csp.channel(2)
    for n in range(4):
        tx.send([n])
    assert forward(rx, to, 9) == 2
    assert forward(rx, to, 9) == 0
    assert out.recv_many(9) == [[0], [1]]
    assert rx.recv_many(9) == [[2], [3]]


def test_what_it_raises():
    """What is over or closed raises when nothing was moved; two ends of one channel are a mistake."""
    tx, rx = csp.channel(2)
    to, out = csp.channel(2)
    with pytest.raises(ValueError, match="two different"):
        forward(rx, tx, 1)
    with pytest.raises(TypeError):
        forward(to, rx, 1)
    tx.send(1)
    out.close()
    with pytest.raises(csp.BrokenChannel):
        forward(rx, to, 1)
    assert rx.recv() == 1
    tx.close()
    other, _ = csp.channel(2)
    with pytest.raises(csp.EndOfChannel):
        forward(rx, other, 1)
    rx.close()
    with pytest.raises(csp.ClosedEnd):
        forward(rx, other, 1)


def test_what_cannot_be_read_here():
    """A message that nobody could open on the way arrives, and is opened where it can be."""
    tx, rx = csp.channel(2)
    to, out = csp.channel(2)
    tx.send(unreadable.Touchy(1))
    unreadable.readable = False
    try:
        assert forward(rx, to, 1) == 1
        assert forward(out, tx, 1) == 1
        assert forward(rx, to, 1) == 1
    finally:
        unreadable.readable = True
    assert out.recv().value == 1


def test_the_letters_of_an_actor_that_has_ended(wait_until):
    """All that waits in its mailbox, calls and senders too, goes where it can be read; the count is the same."""
    letters = tally_new()
    slot = Slot(1, "gone", recipe_of(unreadable.Idle), None, 1.0, letters)
    dead, leftovers = csp.channel(100)
    mailbox = slot.sender.clone()
    answers = []
    for n in range(mailbox.capacity):
        mailbox.send(("note", n))
    waiting = [
        threading.Thread(target=mailbox.send, args=(("late", 1),)),
        threading.Thread(target=lambda: answers.append(mailbox.call("asked"))),
    ]
    for n, thread in enumerate(waiting, 1):
        thread.start()
        wait_until(lambda n=n: mailbox.statistics().waiting_senders == n, "it waits")
    count = mailbox.capacity + 2
    assert slot.close("gone", dead) == count
    assert tally_read(letters) == count
    assert leftovers.recv_many(mailbox.capacity) == [("note", n) for n in range(mailbox.capacity)]
    assert leftovers.recv() == ("late", 1)
    reply, *asked = leftovers.recv()
    assert asked == ["asked"]
    reply.answer("nobody there")
    for thread in waiting:
        thread.join(20)
    assert answers == ["nobody there"]
    with pytest.raises(csp.BrokenChannel):
        mailbox.send(1)


def test_letters_without_a_place():
    """By default, and where nobody reads them, they are dropped and counted, and who waits is told."""
    dead, leftovers = csp.channel(1)
    leftovers.close()
    for to in (None, dead):
        letters = tally_new()
        slot = Slot(1, "gone", recipe_of(unreadable.Idle), None, 1.0, letters)
        slot.sender.send(1)
        assert slot.close("gone", to) == 1
        assert tally_read(letters) == 1
