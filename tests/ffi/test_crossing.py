"""An end crosses from Python to C and back, and is somebody's all the while."""

import gc
import os

import pytest

import csp
from csp._native import totals, wait_graph
from csp.ffi import ffi, from_receiver, from_sender, lib, to_receiver, to_sender


@pytest.fixture
def holder():
    """A native program's own holder."""
    made = lib.csp_holder_new(b"sound card")
    yield made
    lib.csp_holder_release(made)


def test_what_is_moved_out_is_closed_here_and_open_there():
    """The Sender is closed like by its own close, the channel is not: C sends, Python receives."""
    tx, rx = csp.channel(1)
    end = from_sender(tx)
    assert tx.closed
    with pytest.raises(csp.ClosedEnd):
        tx.send(1)
    assert rx.statistics().senders == 1
    message = ffi.new("csp_message *", lib.csp_message_integer(7))
    assert lib.csp_send(end, message, lib.CSP_POLL, ffi.NULL) == lib.CSP_OK
    assert rx.recv() == 7
    lib.csp_end_free(end)
    with pytest.raises(csp.EndOfChannel):
        rx.recv()


def test_there_and_back(holder):
    """Out and in again it is the same channel, and the receiver's buffer was not touched."""
    tx, rx = csp.channel(3)
    tx.send_many([1, 2, 3])
    id = rx.channel_id
    back = to_receiver(from_receiver(rx, holder))
    assert rx.closed
    assert back.channel_id == id
    assert back.recv_many(10) == [1, 2, 3]
    again = to_sender(from_sender(tx, holder))
    again.send(4)
    assert back.recv() == 4
    back.close()
    again.close()


def test_the_holder_stands_in_reports(holder):
    """The wait graph names the native program; by default it is nobody in particular's."""
    tx, rx = csp.channel()
    sending, receiving = from_sender(tx, holder), from_receiver(rx)
    names = {
        (direction, held_by)
        for kind, _, held_by, _, channel, _, direction, *_ in wait_graph()
        if kind == "holds" and channel == lib.csp_end_channel(sending)
    }
    assert names == {("send", "sound card"), ("receive", "native program")}
    lib.csp_end_free(sending)
    lib.csp_end_free(receiving)


def test_a_clone_stays():
    """Only the handle that was given goes; a clone of it is another."""
    tx, rx = csp.channel(2)
    other = tx.clone()
    end = from_sender(tx)
    other.send(1)
    lib.csp_end_free(end)
    assert rx.recv() == 1
    other.close()
    rx.close()


def test_closed_ends_do_not_cross():
    """Neither way: ClosedEnd, and C still owns what it had."""
    tx, rx = csp.channel()
    tx.close()
    with pytest.raises(csp.ClosedEnd):
        from_sender(tx)
    end = from_receiver(rx)
    lib.csp_end_close(end)
    with pytest.raises(csp.ClosedEnd):
        to_receiver(end)
    lib.csp_end_free(end)


def test_wrong_things_are_refused():
    """The other direction, other objects, other pointers and NULL are errors before anything is touched."""
    tx, rx = csp.channel()
    for wrong in (rx, 3, None):
        with pytest.raises(TypeError, match=r"csp\.Sender"):
            from_sender(wrong)
    with pytest.raises(TypeError, match=r"csp\.Receiver"):
        from_receiver(tx)
    with pytest.raises(TypeError, match="csp_holder"):
        from_sender(tx, ffi.new("int *"))
    with pytest.raises(ValueError, match="NULL"):
        from_sender(tx, ffi.cast("csp_holder *", 0))
    assert not tx.closed
    end = from_sender(tx)
    with pytest.raises(TypeError, match="other direction"):
        to_receiver(end)
    for wrong in (1, ffi.new("int *"), tx):
        with pytest.raises(TypeError, match="csp_end"):
            to_sender(wrong)
    with pytest.raises(ValueError, match="NULL"):
        to_sender(ffi.cast("csp_end *", 0))
    to_sender(end).close()
    rx.close()


def test_synchronisation_objects_are_no_channel_ends(holder):
    """Neither way: a lock is not given as a receiver, although its handle is one to the core."""
    lock = csp.Lock()
    with pytest.raises(TypeError, match=r"csp\.Receiver is wanted, not <csp\.Lock"):
        from_receiver(lock)
    made = ffi.new("csp_end **")
    assert lib.csp_sync_new(lib.CSP_SYNC_LOCK, 1, 1, holder, made) == lib.CSP_OK
    with pytest.raises(TypeError, match="synchronisation"):
        to_receiver(made[0])
    assert not lib.csp_end_is_closed(made[0])
    lib.csp_end_free(made[0])


def resident():
    """KiB of this process that are in memory."""
    gc.collect()
    with open(f"/proc/{os.getpid()}/smaps_rollup", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Rss:"))


def rounds(count):
    """Channels whose ends cross, and a block through each."""
    for _ in range(count):
        tx, rx = csp.channel(1)
        end = from_sender(tx)
        message = ffi.new("csp_message *", lib.csp_message_bytes(b"x" * 1000, 1000))
        assert lib.csp_send(end, message, lib.CSP_POLL, ffi.NULL) == lib.CSP_OK
        assert len(rx.recv()) == 1000
        to_sender(end).close()
        to_receiver(from_receiver(rx)).close()


def test_memory_is_flat():
    """Twenty thousand rounds leave no channel, end, holder or block, and less than 1 MiB: 50 bytes a round."""
    rounds(2000)
    before, size = totals(), resident()
    rounds(20_000)
    after = totals()
    kinds = ("channels", "ends", "holders", "payloads", "replies")
    assert {kind: after[kind] - before[kind] for kind in kinds} == dict.fromkeys(kinds, 0)
    grown = resident() - size
    assert grown < 1024, f"{grown} KiB more"


def test_a_name_that_is_cut_within_a_character():
    """Names are cut for reports, and half a character does not spoil these."""
    made = lib.csp_holder_new(("é" * 40).encode())  # a report has 63 bytes
    tx, _rx = csp.channel()
    end = from_sender(tx, made)
    names = [edge[2] for edge in wait_graph() if edge[4] == lib.csp_end_channel(end) and edge[6] == "send"]
    assert names == ["é" * 31 + "\ufffd"]
    lib.csp_end_free(end)
    lib.csp_holder_release(made)
