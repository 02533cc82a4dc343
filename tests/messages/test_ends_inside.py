"""Handles inside everything arrive as the same native thing; counts are exact after success, failure and drop."""

import gc
import threading

import pytest
from handles import MAKERS, PLACES
from oracle_classes import Plain

import csp
from csp.ffi import decode, encode, lib
from observed import alive


@pytest.mark.parametrize("kind", MAKERS)
def test_a_handle_in_every_place(kind):
    """Read, dropped in the message, dropped in the channel or refused with it: no handle more than before."""
    handle, _peer = MAKERS[kind]()
    before = alive()
    for place, (put, take) in PLACES.items():
        arrived = take(decode(encode(put(handle))))
        assert type(arrived).__name__ == kind, place
        assert arrived == handle, place
        assert arrived is not handle, place
        del arrived
        lib.csp_message_drop(encode(put(handle)))
        with pytest.raises(csp.NotShareable):
            encode([put(handle), threading.Lock()])
        tx, rx = csp.channel(2)
        tx.send(put(handle))
        rx.close()
        tx.close()
        del tx, rx
        gc.collect()
        assert alive() == before, place


@pytest.mark.parametrize("kind", MAKERS)
def test_handles_come_home(in_other, kind):
    """From another interpreter, out of every place, comes a handle on the same thing."""
    exchange = in_other("handles", "answer")
    handle, _peer = MAKERS[kind]()
    before = alive()["ends"]
    for place, (put, _) in PLACES.items():
        back, _ = exchange((place, put(handle)))
        assert back == handle, place
    del back
    # The last one that it had is closed with the next message.
    exchange(("alone", 1))
    gc.collect()
    assert alive()["ends"] == before


def test_what_arrives_works():
    """Senders, receivers and broadcasters that came out of a message carry messages."""
    tx, rx = csp.channel(2)
    tx2, rx2 = decode(encode({"k": Plain((tx, rx))}))["k"].x
    tx2.send(1)
    assert rx.recv() == 1
    tx.send(2)
    assert rx2.recv() == 2
    handle, subscriber = csp.broadcast(1)
    decode(encode([handle]))[0].send(3)
    assert subscriber.recv() == 3


def test_a_handle_many_times_counts_as_it_is_seen():
    """However often a handle stands in a message, when the message is gone nothing is left of it."""
    tx, _rx = csp.channel(1)
    for message in ([tx] * 10, (tx,) * 10, {"a": tx, "b": [tx, Plain(tx)], (tx, 1): {tx}}):
        back = decode(encode(message))
        assert 2 <= tx.statistics().senders <= 11
        if type(back) is not dict:
            assert set(back) == {tx}
        del back
        gc.collect()
        assert tx.statistics().senders == 1


def test_a_channel_through_itself():
    """A channel's own ends travel through it, both at once, and what is left unread is closed with it."""
    tx, rx = csp.channel(3)
    before = alive()
    tx.send([tx, {"rx": rx}])
    tx2, held = rx.recv()
    tx2.send(("over", held["rx"]))
    assert held["rx"].recv()[0] == "over"
    del tx2, held
    gc.collect()
    assert alive() == before
    other_tx, other_rx = csp.channel(2)
    tx.send([other_rx])
    other_tx.send(Plain(rx))
    for end in (tx, rx, other_tx, other_rx):
        end.close()
