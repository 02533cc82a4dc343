"""Messages that C makes are objects in Python, and the other way round."""

import math

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import csp
from csp._native import totals
from csp.ffi import ffi, from_receiver, from_sender, lib, to_receiver, to_sender

INT64 = st.integers(-(2**63), 2**63 - 1)


@pytest.fixture
def to_python():
    """Send what C made; gives what Python receives."""
    tx, rx = csp.channel(1)
    end = from_sender(tx)

    def passed(message):
        assert message.kind != 0
        held = ffi.new("csp_message *", message)
        assert lib.csp_send(end, held, lib.CSP_POLL, ffi.NULL) == lib.CSP_OK
        assert held.kind == 0  # moved out
        return rx.recv(timeout=0)

    yield passed
    lib.csp_end_free(end)
    rx.close()


@pytest.fixture
def to_c():
    """Send an object; gives what C receives: the name of the first function that can read it, and the value."""
    tx, rx = csp.channel(1)
    end = from_receiver(rx)

    def read(message):
        truth, integer, real = ffi.new("bool *"), ffi.new("int64_t *"), ffi.new("double *")
        data, text, size = ffi.new("unsigned char **"), ffi.new("char **"), ffi.new("size_t *")
        found = []
        if lib.csp_message_is_none(message):
            found.append(("none", None))
        if lib.csp_message_as_truth(message, truth):
            found.append(("truth", truth[0]))
        if lib.csp_message_as_integer(message, integer):
            found.append(("integer", integer[0]))
        if lib.csp_message_as_real(message, real):
            found.append(("real", real[0]))
        if lib.csp_message_as_bytes(message, ffi.cast("const unsigned char **", data), size):
            found.append(("bytes", bytes(ffi.buffer(data[0], size[0]))))
        if lib.csp_message_as_text(message, ffi.cast("const char **", text), size):
            found.append(("text", bytes(ffi.buffer(text[0], size[0])).decode()))
        return found

    def passed(value):
        tx.send(value, timeout=0)
        message = ffi.new("csp_message *")
        assert lib.csp_recv(end, message, lib.CSP_POLL, ffi.NULL) == lib.CSP_OK
        found = read(message)
        lib.csp_message_drop(message)
        return found

    yield passed
    lib.csp_end_free(end)
    tx.close()


ONCE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)


def test_none_and_truth(to_python, to_c):
    """None, True and False are themselves on both sides, and none of them an integer."""
    assert to_python(lib.csp_message_none()) is None
    assert to_python(lib.csp_message_truth(True)) is True
    assert to_python(lib.csp_message_truth(False)) is False
    assert [to_c(value) for value in (None, True, False)] == [[("none", None)], [("truth", True)], [("truth", False)]]


@ONCE
@given(INT64)
@example(-(2**63))
@example(2**63 - 1)
def test_integers(to_python, to_c, value):
    """Any int of 64 bits goes both ways."""
    assert to_python(lib.csp_message_integer(value)) == value
    assert to_c(value) == [("integer", value)]


@ONCE
@given(st.floats(allow_nan=False))
def test_reals(to_python, to_c, value):
    """Any float goes both ways, the sign of zero included."""
    arrived = to_python(lib.csp_message_real(value))
    assert type(arrived) is float
    assert (arrived, math.copysign(1, arrived)) == (value, math.copysign(1, value))
    assert to_c(value) == [("real", value)]


def test_not_a_number(to_python, to_c):
    """NaN stays NaN."""
    assert math.isnan(to_python(lib.csp_message_real(math.nan)))
    ((kind, value),) = to_c(math.nan)
    assert kind == "real"
    assert math.isnan(value)


@ONCE
@given(st.binary(max_size=70))
@example(b"")
@example(b"x" * 16)
@example(b"x" * 17)
@example(bytes(range(256)) * 4096)
def test_bytes(to_python, to_c, value):
    """Bytes of any length go both ways, in the message or in a block."""
    assert to_python(lib.csp_message_bytes(ffi.from_buffer(value), len(value))) == value
    assert to_c(value) == [("bytes", value)]


def test_no_bytes_from_nowhere(to_python):
    """No bytes may come from NULL."""
    assert to_python(lib.csp_message_bytes(ffi.NULL, 0)) == b""


@ONCE
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
@example("")
@example("a" * 16)
@example("a" * 17)
@example("grün")
@example("\u20ac" * 5)
@example("\u20ac" * 6)
@example("\U0001f40d" * 30)
def test_text_to_python(to_python, value):
    """UTF-8 of any length and any characters arrives as the str that it says."""
    data = value.encode()
    assert to_python(lib.csp_message_text(data, len(data))) == value


@ONCE
@given(st.text(st.characters(max_codepoint=0x7F), max_size=40))
def test_ascii_to_c(to_c, value):
    """ASCII text that Python sends is UTF-8 in C."""
    assert to_c(value) == [("text", value)]


@pytest.mark.parametrize("text", ["grün", "\u20ac", "\U0001f40d"])
def test_other_text_is_not_taken_for_utf8(to_c, text):
    """Other text travels in Python's own width: as_text says no, and sent as bytes it is what it was."""
    assert to_c(text) == []
    assert to_c(text.encode()) == [("bytes", text.encode())]


def test_invalid_utf8_is_the_receivers_error():
    """It is not taken for text: receiving it is a UnicodeDecodeError, and the next message is not touched."""
    tx, rx = csp.channel(2)
    end = from_sender(tx)
    for message in (lib.csp_message_text(b"\xff\xfe", 2), lib.csp_message_integer(1)):
        assert lib.csp_send(end, ffi.new("csp_message *", message), lib.CSP_POLL, ffi.NULL) == lib.CSP_OK
    with pytest.raises(UnicodeDecodeError):
        rx.recv()
    assert rx.recv() == 1
    to_sender(end).close()
    rx.close()


@pytest.mark.parametrize("value", [(1, 2), 2**64, [1], {"a": 1}])
def test_what_c_cannot_read_can_be_passed_on(to_c, value):
    """None of the functions takes it for its own; C may drop it, or send it on to Python, where it is what it was."""
    assert to_c(value) == []
    tx, rx = csp.channel(1)
    end = from_receiver(rx)
    tx.send(value)
    message = ffi.new("csp_message *")
    assert lib.csp_recv(end, message, lib.CSP_POLL, ffi.NULL) == lib.CSP_OK
    back = from_sender(tx)
    assert lib.csp_send(back, message, lib.CSP_POLL, ffi.NULL) == lib.CSP_OK
    with to_receiver(end) as received, to_sender(back):
        assert received.recv(timeout=0) == value


def test_dropped_messages_free_their_blocks():
    """What was made and not sent is freed by csp_message_drop, a second drop does nothing."""
    before = totals()["payloads"]
    message = ffi.new("csp_message *", lib.csp_message_bytes(b"x" * 100, 100))
    assert totals()["payloads"] == before + 1
    lib.csp_message_drop(message)
    lib.csp_message_drop(message)
    assert totals()["payloads"] == before
