"""Futures of calls: one thread per interpreter receives all answers and completes them."""

import threading
from concurrent.futures import Future

from csp._native import Receiver, Sender, ask, recv_reply, unbounded_channel
from csp.actors.ref import DEFAULT_TIMEOUT, _died, remote_error
from csp.errors import BrokenChannel, CallTimeout, MailboxFull, Stopped, WouldBlock

# See recv_reply in native/python/calls.c
_UNREADABLE = 4

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_lock = threading.Lock()
_replies: Sender[object] | None = None
_pending: dict[int, tuple[Future[Any], str, Sender[object]]] = {}
_next_token = 1


def ask_future(
    sender: Sender[object], actor: str, name: str, message: tuple[object, ...], timeout: float | None = DEFAULT_TIMEOUT
) -> Future[Any]:
    """Send the call; the future completes with its answer or its error. Waits until the mailbox accepts the message."""
    global _next_token
    future: Future[Any] = Future()
    with _lock:
        replies = _start_receiving()
        token = _next_token
        _next_token += 1
        _pending[token] = (future, actor, sender)
    future.set_running_or_notify_cancel()  # it is on its way: a call cannot be taken back
    try:
        ask(sender, message, timeout, replies, token)
    except BaseException as error:
        with _lock:
            _pending.pop(token, None)
        if isinstance(error, TimeoutError):
            raise CallTimeout(f"{actor} did not take {name} within {timeout} s; it will not run") from None
        if isinstance(error, BrokenChannel):
            raise _died(actor, error.cause, maybe_ran=False) from None
        if isinstance(error, WouldBlock):
            raise MailboxFull(f"the mailbox of {actor} is full; {name} will not run") from None
        raise
    return future


def _start_receiving() -> Sender[object]:
    global _replies
    if _replies is None or _replies.closed:
        sender, receiver = unbounded_channel()
        thread = threading.Thread(target=_receive, args=(receiver,), name="csp-futures")
        # Ends with the channel, which is closed before Python waits for the threads of this interpreter.
        threading._register_atexit(sender.close)  # type: ignore[attr-defined]  # private, and there is no other way
        thread.start()
        _replies = sender
    return _replies


def _receive(replies: Receiver[Any]) -> None:
    while True:
        try:
            answer = recv_reply(replies)
        except Stopped:
            return
        if answer is None:
            return
        _complete(answer)
        answer = None  # what it holds must not stay until the next one comes


def _complete(answer: tuple[int, int, Any]) -> None:
    token, code, value = answer
    with _lock:
        entry = _pending.pop(token, None)
    if entry is None:
        return
    future, actor, sender = entry
    if code == 0:
        future.set_result(value)
    elif code == _UNREADABLE:
        future.set_exception(value)
    else:
        future.set_exception(remote_error(actor, sender, code, value))
