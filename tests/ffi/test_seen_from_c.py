"""What becomes of a channel on one side is a status on the other: seen through cffi."""

import threading
import time

import pytest

import csp
from csp.ffi import ffi, from_receiver, from_sender, lib, to_receiver


def name(status):
    """The status's name in C."""
    return ffi.string(lib.csp_status_name(status)).decode()


def send(end, value, deadline=0):
    """Send an integer from C; gives the status's name."""
    message = ffi.new("csp_message *", lib.csp_message_integer(value))
    status = name(lib.csp_send(end, message, deadline, ffi.NULL))
    assert (message.kind == 0) == (status == "OK")  # moved, or still ours
    return status


def recv(end, deadline=0):
    """Receive in C and drop; gives the status's name."""
    message = ffi.new("csp_message *")
    status = name(lib.csp_recv(end, message, deadline, ffi.NULL))
    if status == "OK":
        lib.csp_message_drop(message)
    return status


@pytest.fixture
def sending():
    """(an end in C that sends, the Receiver, its buffer of one)."""
    tx, rx = csp.channel(1)
    end = from_sender(tx)
    yield end, rx
    lib.csp_end_free(end)
    rx.close()


@pytest.fixture
def receiving():
    """(an end in C that receives, the Sender, its buffer of one)."""
    tx, rx = csp.channel(1)
    end = from_receiver(rx)
    yield end, tx
    lib.csp_end_free(end)
    tx.close()


def test_polling(sending, receiving):
    """A poll that would have to wait says so, and nothing was moved."""
    end, rx = sending
    assert [send(end, 1), send(end, 2)] == ["OK", "WOULD_BLOCK"]
    assert rx.recv() == 1
    assert recv(receiving[0]) == "WOULD_BLOCK"


def test_deadlines(sending, receiving):
    """A deadline is kept: not before it, and with TIMEOUT."""
    end, _ = sending
    assert send(end, 1) == "OK"
    for operation in (lambda deadline: send(end, 2, deadline), lambda deadline: recv(receiving[0], deadline)):
        began = time.monotonic()
        assert operation(lib.csp_deadline_after(20_000_000)) == "TIMEOUT"
        assert time.monotonic() - began >= 0.02
    assert sending[1].statistics().length == 1


def test_python_closes(sending, receiving):
    """A Receiver that is closed is BROKEN to who sends; a Sender that is closed lets drain and then is the end."""
    sending[1].close()
    assert send(sending[0], 1) == "BROKEN"
    end, tx = receiving
    tx.send(1)
    tx.close()
    assert [recv(end), recv(end)] == ["OK", "END_OF_CHANNEL"]


def test_c_closes(sending, receiving):
    """The same the other way: EndOfChannel after what is buffered, and BrokenChannel with what was not sent."""
    end, rx = sending
    assert send(end, 1) == "OK"
    lib.csp_end_close(end)
    assert send(end, 2) == "CLOSED_END"
    assert list(rx) == [1]
    end, tx = receiving
    lib.csp_end_close(end)
    assert recv(end) == "CLOSED_END"
    with pytest.raises(csp.BrokenChannel) as broken:
        tx.send(5)
    assert broken.value.unsent == 5


def test_python_aborts(sending):
    """C finds the cause that Python gave, as a message."""
    end, rx = sending
    rx.abort("no more")
    assert send(end, 1) == "BROKEN"
    cause = ffi.new("csp_message *")
    assert lib.csp_end_cause(end, cause)
    text, size = ffi.new("char **"), ffi.new("size_t *")
    assert lib.csp_message_as_text(cause, ffi.cast("const char **", text), size)
    assert ffi.unpack(text[0], size[0]) == b"no more"
    lib.csp_message_drop(cause)


def test_c_aborts(receiving):
    """Python finds the cause that C gave, as an object."""
    end, tx = receiving
    lib.csp_end_abort(end, ffi.new("csp_message *", lib.csp_message_text(b"unplugged", 9)))
    with pytest.raises(csp.BrokenChannel) as broken:
        tx.send(1)
    assert broken.value.cause == "unplugged"


def test_cancelling_a_native_program(wait_until):
    """csp_holder_cancel releases the program's threads that wait, with CANCELLED, and not for ever if it resumes."""
    holder = lib.csp_holder_new(b"native")
    tx, rx = csp.channel()
    end = from_receiver(rx, holder)
    seen = []
    thread = threading.Thread(target=lambda: seen.append(recv(end, lib.CSP_FOREVER)))
    thread.start()
    wait_until(lambda: tx.statistics().waiting_receivers == 1, "C waits")
    lib.csp_holder_cancel(holder)
    thread.join(10)
    assert seen == ["CANCELLED"]
    lib.csp_holder_resume(holder)
    assert recv(end) == "WOULD_BLOCK"
    to_receiver(end).close()
    tx.close()
    lib.csp_holder_release(holder)


def test_waiting_in_c_lets_the_gil_go(receiving, wait_until):
    """While one Python thread waits in C without a deadline, the others run: this one sends what it waits for."""
    end, tx = receiving
    seen = []
    thread = threading.Thread(target=lambda: seen.append(recv(end, lib.CSP_FOREVER)))
    thread.start()
    wait_until(lambda: tx.statistics().waiting_receivers == 1, "C waits")
    tx.send(1)
    thread.join(10)
    assert seen == ["OK"]


def test_select_in_c(receiving):
    """An alternative made in C chooses among ends that came from Python."""
    other_tx, other_rx = csp.channel(1)
    other = from_receiver(other_rx)
    messages, chosen = ffi.new("csp_message[2]"), ffi.new("uint32_t *")
    guards = ffi.new("csp_guard[2]")
    for guard, message, end in zip(guards, (messages + 0, messages + 1), (receiving[0], other), strict=True):
        guard.kind, guard.end, guard.message = lib.CSP_GUARD_RECV, end, message
    assert name(lib.csp_select(guards, 2, lib.CSP_SELECT_FAIR, lib.CSP_POLL, ffi.NULL, chosen)) == "WOULD_BLOCK"
    other_tx.send(9)
    assert name(lib.csp_select(guards, 2, lib.CSP_SELECT_FAIR, lib.CSP_FOREVER, ffi.NULL, chosen)) == "OK"
    assert (chosen[0], guards[1].status, getattr(messages[1], "as").integer) == (1, lib.CSP_OK, 9)
    other_tx.close()
    lib.csp_end_free(other)
