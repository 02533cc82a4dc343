"""Values that C has no words for become messages and back: csp.ffi.encode and decode."""

import pytest

import csp
from csp._native import totals
from csp.errors import NotShareable
from csp.ffi import decode, encode, ffi, from_receiver, from_sender, lib

VALUES = [None, True, -1, 2**70, 1.5, "short", "more than 16 bytes", "ü" * 20, b"", b"x" * 100, (1, ("a",)), [{}], {1}]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_there_and_back(value):
    """What decode gives is what encode was given, of the same type, and the message is empty afterwards."""
    message = encode(value)
    assert message.kind != 0
    found = decode(message)
    assert found == value
    assert type(found) is type(value)
    assert message.kind == 0


def test_what_c_sends_python_receives():
    """An encoded tuple goes through csp_send, which moves it, and is received as itself."""
    tx, rx = csp.channel(1)
    end = from_sender(tx)
    message = encode((1, ["two"]))
    assert lib.csp_send(end, message, lib.CSP_POLL, ffi.NULL) == lib.CSP_OK
    assert message.kind == 0
    assert rx.recv() == (1, ["two"])
    lib.csp_end_free(end)


def test_what_python_sends_c_receives():
    """A tuple that csp_recv gave is decoded where it lies, also in an array."""
    tx, rx = csp.channel(2)
    end = from_receiver(rx)
    tx.send_many([("a", 1), ["b"]])
    messages, done = ffi.new("csp_message[2]"), ffi.new("size_t *")
    assert lib.csp_recv_many(end, messages, 2, done, lib.CSP_POLL, ffi.NULL) == lib.CSP_OK
    assert [decode(messages + n) for n in range(done[0])] == [("a", 1), ["b"]]
    lib.csp_end_free(end)
    tx.close()


def test_what_c_made_is_decoded():
    """Messages of message_kinds.h are values, too; text that is no UTF-8 is an error, and gone."""
    assert decode(ffi.new("csp_message *", lib.csp_message_text("schön".encode(), 6))) == "schön"
    broken = ffi.new("csp_message *", lib.csp_message_text(b"\xff\xff", 2))
    with pytest.raises(UnicodeDecodeError):
        decode(broken)
    assert broken.kind == 0


def test_ends_inside_have_handles_of_their_own():
    """An end in a value is cloned into the message: dropped, the message closes its own handle and no other."""
    tx, rx = csp.channel(1)
    message = encode([tx])
    assert rx.statistics().senders == 2
    lib.csp_message_drop(message)
    assert rx.statistics().senders == 1
    [other] = decode(encode([tx]))
    tx.close()
    other.send("over the other handle")
    other.close()
    assert list(rx) == ["over the other handle"]


def test_what_cannot_travel_leaves_nothing():
    """A value without a way, and one with a closed end behind an open one: an error, and no block or end is left."""
    tx, rx = csp.channel()
    before = totals()
    with pytest.raises(NotShareable):
        encode([rx, lambda: None])
    tx.close()
    with pytest.raises(csp.ClosedEnd):
        encode((rx, tx))
    after = totals()
    assert [after[kind] for kind in ("ends", "payloads")] == [before[kind] for kind in ("ends", "payloads")]


def test_wrong_messages():
    """What is no message, NULL, and a message that is empty already are refused."""
    for wrong in (None, 0, ffi.new("int *"), ffi.new("csp_message[1]")):
        with pytest.raises(TypeError, match="csp_message"):
            decode(wrong)
    with pytest.raises(ValueError, match="NULL"):
        decode(ffi.cast("csp_message *", 0))
    message = encode(1)
    assert decode(message) == 1
    with pytest.raises(ValueError, match="empty"):
        decode(message)
    unknown = ffi.new("csp_message *", {"kind": 31})
    with pytest.raises(SystemError, match="unknown kind 31"):
        decode(unknown)
    assert unknown.kind == 0
