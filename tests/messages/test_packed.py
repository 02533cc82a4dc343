"""csp.pack: encoded once, sent by reference, opened where it is read, as often as wanted."""

import copy
import pickle

import pytest
from deep import nest
from openers import Keeper, Letters, Refuses, WithLetter, opened

import csp
from csp.ffi import decode, encode
from observed import alive

VALUES = [None, True, 7, 1.5, "short", "x" * 100, b"b" * 100, "ä" * 20, [1, [2, {"k": (3,)}]], {1, 2}, 1 << 200, object]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_each_opening_gives_a_fresh_copy(value):
    """Opened twice it gives equal values, which are not the same where they could be changed."""
    packed = csp.pack(value)
    one, two = packed.open(), packed.open()
    assert one == two == value
    if isinstance(value, (list, set)):
        assert one is not two


def test_it_is_what_was_packed():
    """Later changes of the value are not seen."""
    value = [1]
    packed = csp.pack(value)
    value.append(2)
    assert packed.open() == [1]


def test_size_and_repr():
    """It says how many bytes are shared; small values share none."""
    packed = csp.pack(b"x" * 1000)
    assert packed.nbytes == 1000
    assert repr(packed) == "<csp.Packed of 1000 bytes>"
    assert csp.pack(5).nbytes == 0
    assert csp.Packed[int]


def test_it_travels_by_reference():
    """Sent, and sent inside other things, it is the same payload: no more bytes are there than before."""
    packed = csp.pack(b"x" * 10_000)
    tx, rx = csp.channel(8)
    for _ in range(3):
        tx.send(packed)
        tx.send({"deep": [packed, packed]})
    alone, inside = rx.recv(), rx.recv()
    assert alone.open() == b"x" * 10_000
    first, second = inside["deep"]
    assert first is second
    assert first.open() == b"x" * 10_000
    assert csp.pack((packed, packed)).nbytes < 100
    assert csp.pack(packed).open().open() == b"x" * 10_000


def test_nothing_is_left_of_it():
    """With the last one its payload goes, also the payloads of those that are packed in it."""
    before = alive()
    tx, rx = csp.channel(4)
    packed = csp.pack([tx, "x" * 100])
    for _ in range(50):
        packed = csp.pack([packed, tx])
    tx.send(packed)
    rx.recv().open()
    del packed
    tx.close()
    rx.close()
    del tx, rx
    assert alive() == before


def test_very_deep():
    """A hundred thousand packed in each other are let go of without a stack."""
    before = alive()
    packed = csp.pack([0])
    for _ in range(100_000):
        packed = csp.pack(packed)
    del packed
    assert alive() == before


def test_what_is_in_it_may_be_deep():
    """It is encoded and decoded as any message."""
    assert csp.pack(nest("list", 1000)).open() == nest("list", 1000)


def test_closed_it_keeps_nothing_open():
    """Others keep theirs, and what was opened stays; through the closed one nothing goes any more."""
    tx, rx = csp.channel(4)
    packed, another = csp.pack(tx), csp.pack(1)
    other = csp.pack(packed).open()
    tx.close()
    with packed.open() as mine:
        packed.close()
        packed.close()
        mine.send(1)
        assert rx.recv() == 1
        with other.open() as theirs:
            theirs.send(2)
        assert rx.recv() == 2
    assert rx.statistics().senders == 1
    other.close()
    with pytest.raises(csp.EndOfChannel):
        rx.recv(timeout=10)
    for use in (packed.open, lambda: csp.pack(packed), lambda: csp.pack([another, packed])):
        with pytest.raises(csp.ClosedEnd, match="closed"):
            use()
    assert (packed.nbytes, repr(packed)) == (0, "<csp.Packed, closed>")


def test_ends_stay_open_while_it_lives():
    """Every opening gives handles of its own; the last Packed closes what it held."""
    tx, rx = csp.channel(4)
    packed = csp.pack(tx)
    tx.close()
    for n in range(3):
        with packed.open() as mine:
            mine.send(n)
    assert rx.recv_many(4) == [0, 1, 2]
    assert rx.statistics().senders == 1
    del packed
    with pytest.raises(csp.EndOfChannel):
        rx.recv(timeout=10)


def test_every_sort_of_handle():
    """Locks and their like are cloned as ends are."""
    lock, event = csp.Lock(), csp.Event()
    packed = csp.pack((lock, event))
    first, second = packed.open()
    assert (first, second) == (lock, event)
    again, _ = packed.open()
    with lock:
        assert not again.acquire(blocking=False)


def test_what_cannot_travel_is_refused_as_send_refuses_it():
    """NotShareable names the way; a closed end is ClosedEnd."""
    with pytest.raises(csp.NotShareable, match=r"message\[1\]\['f'\]"):
        csp.pack([1, {"f": lambda: 1}])
    tx, _rx = csp.channel()
    tx.close()
    with pytest.raises(csp.ClosedEnd):
        csp.pack([tx])


@pytest.mark.parametrize("how", [pickle.dumps, copy.copy, copy.deepcopy])
def test_elsewhere_it_cannot_travel(how):
    """Pickle and copy hear that it is nothing without csp."""
    with pytest.raises(csp.NotShareable, match="open"):
        how(csp.pack([1]))


def test_nobody_makes_one_otherwise():
    """There is no constructor, and no subclass."""
    with pytest.raises(TypeError):
        csp.Packed(1)
    with pytest.raises(TypeError):
        type("Mine", (csp.Packed,), {})


def test_no_abort_keeps_one_with_ends():
    """What a channel was aborted with it keeps for as long as it lives: so nothing that stays open by that."""
    tx, rx = csp.channel()
    with pytest.raises(csp.NotShareable, match="everybody"):
        tx.abort(csp.pack(rx))
    tx.abort(csp.pack({"why": 1}))
    assert rx.cause.open() == {"why": 1}
    assert rx.cause.open() == {"why": 1}


def test_by_the_c_interface():
    """A message of C carries it, too."""
    packed = csp.pack([1, 2])
    assert decode(encode((packed, 3)))[0].open() == [1, 2]


def test_to_several_interpreters():
    """Packed once, sent to many, opened by each, and handed on unopened."""
    packed = csp.pack({"document": list(range(1000))})
    with csp.parallel() as par:
        first = [par.start(opened, packed) for _ in range(3)]
    assert [one.result() for one in first] == [(1000, packed.nbytes)] * 3


def test_as_arguments_and_answers():
    """Arguments of spawn, of a call, and its answer."""
    answers, inbox = csp.channel(4)
    with csp.System() as system:
        keeper = system.spawn(Keeper, csp.pack({"n": 1}), answers)
        assert inbox.recv(timeout=20) == 1
        assert keeper.read() == 1
        old = keeper.swap(csp.pack({"n": 2}))
        assert old.open() == {"n": 1}
        assert keeper.read() == 2


def test_in_a_broadcast():
    """Subscribers share the payload that was packed once."""
    tx, first = csp.broadcast(1)
    second = tx.subscribe(1)
    packed = csp.pack(b"x" * 5000)
    assert tx.send([packed]) == 2
    assert [one.recv()[0].open() for one in (first, second)] == [b"x" * 5000] * 2


@pytest.mark.parametrize("at_once", [True, False])
def test_in_an_exception(at_once):
    """It comes along with what a constructor or a handler raises."""
    with csp.System() as system, pytest.raises(WithLetter) as caught:
        system.spawn(Refuses, csp.pack(["letter"]), at_once).fail()
    assert caught.value.args[1].open() == ["letter"]


def test_lives_open_their_arguments_anew():
    """Every life of an actor opens what it was started with, with handles of its own."""
    tx, rx = csp.channel(8)
    with csp.System() as system:
        system.supervise(Letters(csp.pack({"n": 5}), tx), name="letters")
        tx.close()
        assert rx.recv(timeout=20) == 5
        for _ in range(2):
            assert system.kill(system.lookup("letters/keeper"))
            assert rx.recv(timeout=20) == 5
    with pytest.raises(csp.EndOfChannel):
        rx.recv(timeout=20)
