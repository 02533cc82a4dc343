"""What the processes of tests use of csp, over the C functions: an end is a ``csp_end *``, and an operation a call.

It has the names of csp, so that what members of a crew do runs over it unchanged: see import_over_c. Messages are made
and read by csp.ffi.encode and decode; the ends inside are wrapped and unwrapped here, in tuples, lists and dicts.
"""

import importlib.util
import sys
import threading
from functools import cache

import csp
from csp.errors import BrokenChannel, Cancelled, ChannelError, ClosedEnd, EndOfChannel, Stopped, WouldBlock
from csp.ffi import decode, encode, ffi, from_receiver, from_sender, lib, to_receiver, to_sender
from csp.messages.failure import pack, unpack

__all__ = ["BrokenChannel", "Cancelled", "ChannelError", "ClosedEnd", "EndOfChannel", "Stopped", "WouldBlock"]

_own = threading.local()
_OVERFLOWS = ("block", "drop_oldest", "drop_newest", "error")
_MISSING = object()


@cache
def import_over_c(name):
    """A private copy of the module of that name, whose ``csp`` is this module."""
    spec = importlib.util.find_spec(name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.csp = sys.modules[__name__]
    return module


def _holder():
    """The holder of what this thread has: each is a process of its own to the wait graph."""
    if not hasattr(_own, "holder"):
        _own.holder = ffi.gc(lib.csp_holder_new(b"C API"), lib.csp_holder_release)
    return _own.holder


# ---- the border ------------------------------------------------------------------------------------------------------


def _deadline(timeout):
    """As csp reads a timeout in seconds; what is too far for the clock is for ever."""
    return lib.CSP_FOREVER if timeout is None or timeout >= 9e9 else lib.csp_deadline_after(int(timeout * 1e9))


def _map_ends(value, kinds, change):
    """The value with ``change(end)`` for every end of these kinds inside."""
    if type(value) in kinds:
        return change(value)
    if type(value) is dict:
        return {key: _map_ends(item, kinds, change) for key, item in value.items()}
    if type(value) in {tuple, list}:
        return type(value)(_map_ends(item, kinds, change) for item in value)
    return value


def _encode(value):
    """A csp_message of a value; the ends inside lend it handles of Python for that long."""
    return encode(_map_ends(value, (Sender, Receiver), _End.lend))


def _decode(message):
    """The value of a csp_message; the ends inside move to C."""
    return _map_ends(decode(message), (csp.Sender, csp.Receiver), wrap)


def _drop(messages):
    """Drop what is left in an array of csp_message; those that were moved or decoded are empty."""
    for i in range(len(messages)):
        lib.csp_message_drop(messages + i)


def wrap(end):
    """Move an end of Python to C."""
    if isinstance(end, csp.Sender):
        return Sender(from_sender(end, _holder()))
    return Receiver(from_receiver(end, _holder()))


def _error(status, end=None, unsent=None, nowait=False):
    """The exception that says in Python what the status means."""
    text = ffi.string(lib.csp_status_text(status)).decode()
    if status == lib.CSP_BROKEN:
        cause = ffi.new("csp_message *")
        return BrokenChannel(text, unsent, _decode(cause) if lib.csp_end_cause(end, cause) else None)
    if status in {lib.CSP_WOULD_BLOCK, lib.CSP_TIMEOUT}:
        return WouldBlock(text) if nowait else TimeoutError(text)
    kinds = {
        lib.CSP_OVERFLOW: WouldBlock,
        lib.CSP_END_OF_CHANNEL: EndOfChannel,
        lib.CSP_CLOSED_END: ClosedEnd,
        lib.CSP_CANCELLED: Stopped,
        lib.CSP_SCOPE_CANCELLED: Cancelled,
        lib.CSP_INVALID: ValueError,
        lib.CSP_NO_MEMORY: MemoryError,
    }
    return kinds[status](text)


def _unsent(status, end, held, message, nowait=False):
    """The exception of a send that gave this status, with what it left in *held*."""
    if status != lib.CSP_FAILED:
        lib.csp_message_drop(held)
        return _error(status, end, message, nowait)
    if held.kind == 0:
        return BrokenChannel("the receiver ended while it held this sender", message)
    return unpack(_decode(held))


# ---- ends ------------------------------------------------------------------------------------------------------------


def channel(capacity=0, overflow="block"):
    """csp_channel_new."""
    sending, receiving = ffi.new("csp_end **"), ffi.new("csp_end **")
    status = lib.csp_channel_new(capacity, _OVERFLOWS.index(overflow), _holder(), sending, receiving)
    if status != lib.CSP_OK:
        raise _error(status)
    return Sender(sending[0]), Receiver(receiving[0])


class _End:
    """A ``csp_end *``, which is freed with this object."""

    __slots__ = ("end",)

    def __init__(self, end):
        self.end = ffi.gc(end, lib.csp_end_free)

    def _clone(self):
        made = lib.csp_end_clone(self.end, _holder())
        if made == ffi.NULL:
            raise _error(lib.CSP_CLOSED_END if lib.csp_end_is_closed(self.end) else lib.CSP_NO_MEMORY)
        return made

    def clone(self):
        """csp_end_clone."""
        return type(self)(self._clone())

    def close(self):
        """csp_end_close."""
        lib.csp_end_close(self.end)

    def abort(self, cause=None):
        """csp_end_abort."""
        lib.csp_end_abort(self.end, ffi.NULL if cause is None else _encode(cause))

    def statistics(self):
        """csp_end_statistics."""
        seen = ffi.new("csp_statistics *")
        lib.csp_end_statistics(self.end, seen)
        fields = [getattr(seen, name) for name, _ in ffi.typeof("csp_statistics").fields]
        return csp.Statistics([*fields[:2], _OVERFLOWS[seen.overflow], *fields[3:]])

    def lend(self):
        """A handle of Python on the same direction."""
        return (to_sender if isinstance(self, Sender) else to_receiver)(self._clone())

    def _key(self):
        return lib.csp_end_channel(self.end), lib.csp_end_direction(self.end)

    def __len__(self):
        return self.statistics().length

    def __bool__(self):
        return True

    def __eq__(self, other):
        return isinstance(other, _End) and self._key() == other._key()

    def __hash__(self):
        return hash(self._key())

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


class Sender(_End):
    """A sending end."""

    __slots__ = ()

    def _send(self, message, deadline, nowait=False):
        held = _encode(message)
        status = lib.csp_send(self.end, held, deadline, ffi.NULL)
        if status != lib.CSP_OK:
            raise _unsent(status, self.end, held, message, nowait)

    def send(self, message, timeout=None):
        """csp_send."""
        self._send(message, _deadline(timeout))

    def send_nowait(self, message):
        """csp_send with CSP_POLL."""
        self._send(message, lib.CSP_POLL, nowait=True)

    def send_many(self, messages, timeout=None):
        """csp_send_many."""
        messages = tuple(messages)
        held, done = ffi.new("csp_message[]", len(messages)), ffi.new("size_t *")
        try:
            for i, message in enumerate(messages):
                held[i] = _encode(message)[0]
            status = lib.csp_send_many(self.end, held, len(messages), done, _deadline(timeout), ffi.NULL)
        finally:
            _drop(held)
        if status != lib.CSP_OK:
            raise _error(status, self.end, messages[done[0] :])

    def offer(self, message):
        """A send guard."""
        return Offer(self, message)


class Receiver(_End):
    """A receiving end."""

    __slots__ = ()

    def _recv(self, deadline, nowait=False):
        held = ffi.new("csp_message *")
        status = lib.csp_recv(self.end, held, deadline, ffi.NULL)
        if status != lib.CSP_OK:
            raise _error(status, self.end, None, nowait)
        return _decode(held)

    def recv(self, timeout=None):
        """csp_recv."""
        return self._recv(_deadline(timeout))

    def recv_nowait(self, default=_MISSING):
        """csp_recv with CSP_POLL."""
        try:
            return self._recv(lib.CSP_POLL, nowait=True)
        except WouldBlock:
            if default is _MISSING:
                raise
            return default

    def recv_many(self, most, timeout=None):
        """csp_recv_many."""
        held, done = ffi.new("csp_message[]", most), ffi.new("size_t *")
        status = lib.csp_recv_many(self.end, held, most, done, _deadline(timeout), ffi.NULL)
        if status != lib.CSP_OK:
            raise _error(status, self.end)
        try:
            return [_decode(held + i) for i in range(done[0])]
        finally:
            _drop(held)

    def extended(self, timeout=None):
        """csp_recv_extended, as a context manager."""
        return Extended(self, _deadline(timeout))

    def __iter__(self):
        return self

    def __next__(self):
        try:
            return self.recv()
        except EndOfChannel:
            raise StopIteration from None


class Extended:
    """A csp_recv_extended whose sender is let go at the end of the block."""

    def __init__(self, receiver, deadline):
        self._receiver = receiver
        self._deadline = deadline

    def __enter__(self):
        held, reply = ffi.new("csp_message *"), ffi.new("csp_reply **")
        status = lib.csp_recv_extended(self._receiver.end, held, reply, self._deadline, ffi.NULL)
        if status != lib.CSP_OK:
            raise _error(status, self._receiver.end)
        self._reply = reply[0]
        return _decode(held)

    def __exit__(self, kind, error, trace):
        if self._reply == ffi.NULL:  # the message was an undone receive's
            return
        if error is None:
            lib.csp_reply_complete(self._reply, _encode(None), 0)
        elif isinstance(error, Exception):
            lib.csp_reply_complete(self._reply, _encode(pack(error)), lib.CSP_REPLY_FAILED)
        else:
            lib.csp_reply_break(self._reply, True)


# ---- alternatives ----------------------------------------------------------------------------------------------------


class Offer:
    """A CSP_GUARD_SEND."""

    def __init__(self, sender, message):
        self.sender = sender
        self.message = message


class Timer:
    """A CSP_GUARD_TIMER; with an interval it is due again and again."""

    def __init__(self, deadline, interval=0):
        self.deadline = deadline
        self.interval = interval

    def taken(self):
        """Be due next at the first instant of the rhythm that is still to come."""
        if self.interval:
            late = max(lib.csp_now() - self.deadline, 0)
            self.deadline += (late // self.interval + 1) * self.interval


class Skip:
    """A CSP_GUARD_SKIP."""


_SKIP = Skip()


def skip():
    """The one skip guard."""
    return _SKIP


def after(seconds):
    """A timer that is due in so many seconds."""
    return Timer(_deadline(seconds))


def at(instant):
    """A timer that is due at this instant of time.monotonic(), which is the core's clock."""
    return Timer(int(instant * 1e9))


def tick(seconds):
    """A timer that is due every so many seconds."""
    return Timer(_deadline(seconds), int(seconds * 1e9))


def never():
    """A timer that is never due."""
    return Timer(lib.CSP_FOREVER)


def _arm(guard, given, message):
    """Fill in a csp_guard."""
    guard.message = message
    if given is None:
        guard.kind = lib.CSP_GUARD_OFF
    elif isinstance(given, Skip):
        guard.kind = lib.CSP_GUARD_SKIP
    elif isinstance(given, Timer):
        guard.kind, guard.deadline = lib.CSP_GUARD_TIMER, given.deadline
    elif isinstance(given, Offer):
        guard.kind, guard.end = lib.CSP_GUARD_SEND, given.sender.end
        message[0] = _encode(given.message)[0]
    else:
        guard.kind, guard.end = lib.CSP_GUARD_RECV, given.end


def select(*given, priority=False, timeout=None):
    """csp_select: (guard, value) of the one that was carried out."""
    count = len(given)
    guards, messages = ffi.new("csp_guard[]", count), ffi.new("csp_message[]", count)
    chosen = ffi.new("uint32_t *")
    try:
        for i, one in enumerate(given):
            _arm(guards[i], one, messages + i)
        flags = lib.CSP_SELECT_PRIORITY if priority else lib.CSP_SELECT_FAIR
        status = lib.csp_select(guards, count, flags, _deadline(timeout), ffi.NULL, chosen)
        if status != lib.CSP_OK:
            raise _error(status)
        one, guard = given[chosen[0]], guards[chosen[0]]
        if guard.status != lib.CSP_OK:
            raise _unsent(guard.status, guard.end, guard.message, getattr(one, "message", None))
        if isinstance(one, Timer):
            one.taken()
        return one, _decode(guard.message) if isinstance(one, Receiver) else None
    finally:
        _drop(messages)


class Alternative:
    """csp_alternative, of receiving ends and timers: that is all that it takes."""

    def __init__(self, *guards):
        self._alternative = ffi.gc(lib.csp_alternative_new(_holder()), lib.csp_alternative_free)
        self._places = {}
        for guard in guards:
            self.add(guard)

    def add(self, guard, when=None):
        """csp_alternative_add, or _add_timer."""
        place = ffi.new("uint32_t *")
        if isinstance(guard, Timer):
            status = lib.csp_alternative_add_timer(self._alternative, place)
        else:
            end = guard.sender.end if isinstance(guard, Offer) else guard.end
            status = lib.csp_alternative_add(self._alternative, end, place)
        if status != lib.CSP_OK:
            raise _error(status)
        self._places[place[0]] = guard, when

    def remove(self, guard):
        """csp_alternative_remove."""
        place = next(place for place, (one, _) in self._places.items() if one is guard)
        lib.csp_alternative_remove(self._alternative, place)
        del self._places[place]

    @property
    def guards(self):
        """The guards that are there."""
        return tuple(guard for guard, _ in self._places.values())

    def select(self, *, priority=False, timeout=None):
        """csp_alternative_select: (guard, value) of the one that was carried out."""
        for place, (guard, when) in self._places.items():
            if when is not None:
                lib.csp_alternative_enable(self._alternative, place, bool(when()))
            if isinstance(guard, Timer):
                lib.csp_alternative_set_timer(self._alternative, place, guard.deadline)
        held, place, outcome = ffi.new("csp_message *"), ffi.new("uint32_t *"), ffi.new("csp_status *")
        flags = lib.CSP_SELECT_PRIORITY if priority else lib.CSP_SELECT_FAIR
        status = lib.csp_alternative_select(
            self._alternative, flags, _deadline(timeout), ffi.NULL, held, place, outcome
        )
        if status != lib.CSP_OK:
            raise _error(status)
        one, _ = self._places[place[0]]
        if outcome[0] != lib.CSP_OK:
            error = _error(outcome[0], one.end)
            error.guard = one
            raise error
        if isinstance(one, Timer):
            one.taken()
        return one, _decode(held) if isinstance(one, Receiver) else None
