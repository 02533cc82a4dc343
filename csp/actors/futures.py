"""Futures of calls: one thread per interpreter receives all answers and completes them."""

import logging
import os
import threading
import time
from concurrent.futures import Future, InvalidStateError

from csp._native import Receiver, Sender, ask, recv_reply, unbounded_channel
from csp.actors.bound import DEFAULT_TIMEOUT, died, remote_error
from csp.errors import BrokenChannel, CallTimeout, ClosedEnd, MailboxFull, Stopped, WouldBlock

# Seconds. A signal that arrives in the instant before the program's main thread sleeps in a lock would be seen only
# when something else wakes it, so that thread sleeps no longer than this: as in native/python/waiting.c.
_MAIN_SLICE = 0.04

# See recv_reply in native/python/calls.c
_ANSWERED, _UNREADABLE = 0, 4

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_lock = threading.Lock()
_receiving: _Receiving | None = None
_next_token = 1


def ask_future(
    sender: Sender[object], actor: str, name: str, message: tuple[object, ...], timeout: float | None = DEFAULT_TIMEOUT
) -> Future[Any]:
    """Send the call; the future completes with its answer or its error. Waits until the mailbox accepts the message."""
    global _next_token
    with _lock:
        receiving = _start_receiving()
        future = Answer(receiving.thread)
        token = _next_token
        _next_token += 1
        receiving.pending[token] = (future, actor, sender)
    future.set_running_or_notify_cancel()  # it is on its way: a call cannot be taken back
    try:
        ask(sender, message, timeout, receiving.replies, token)
    except BaseException as error:
        with _lock:
            lost = receiving.pending.pop(token, None) is None
        if lost and isinstance(error, ClosedEnd):
            return future  # the receiving thread ended meanwhile, and has told the future why
        if isinstance(error, TimeoutError):
            raise CallTimeout(f"{actor} did not take {name} within {timeout} s; it will not run") from None
        if isinstance(error, BrokenChannel):
            raise died(actor, error.cause, maybe_ran=False) from None
        if isinstance(error, WouldBlock):
            raise MailboxFull(f"the mailbox of {actor} is full; {name} will not run") from None
        raise
    return future


class Answer(Future[object]):
    """A future that *thread* completes, and with it all others of the interpreter: no callback may end that thread."""

    def __init__(self, thread: threading.Thread) -> None:
        super().__init__()
        self._thread = thread

    def result(self, timeout: float | None = None) -> object:
        self._wait(timeout)
        return super().result(0)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        self._wait(timeout)
        return super().exception(0)

    def _wait(self, timeout: float | None) -> None:
        """Wait until it is done, or for *timeout* seconds; in the main thread also for signals."""
        until = None if timeout is None else time.monotonic() + timeout
        in_main = threading.get_native_id() == os.getpid()
        while not self.done():
            left = None if until is None else until - time.monotonic()
            if left is not None and left <= 0:
                return
            try:
                super().exception(_MAIN_SLICE if in_main and (left is None or left > _MAIN_SLICE) else left)
            except TimeoutError:
                pass

    def add_done_callback(self, fn: Callable[[Future[object]], object]) -> None:
        """Call *fn* with the future when it is done: in the receiving thread, or at once if it is done already.

        What *fn* raises in the receiving thread is logged as concurrent.futures logs an Exception, SystemExit and its
        like included: they end neither that thread nor the program.
        """

        def guarded(future: Future[object]) -> None:
            try:
                fn(future)
            except Exception:
                raise  # concurrent.futures logs it
            except BaseException as error:
                if threading.current_thread() is not self._thread:
                    raise
                if not isinstance(error, Stopped):  # the thread will hear of that itself
                    logging.getLogger("concurrent.futures").exception("exception calling callback for %r", future)

        super().add_done_callback(guarded)


class _Receiving:
    """A thread that completes futures, and those that it has to complete."""

    def __init__(self) -> None:
        self.replies, replies = unbounded_channel()
        self.pending: dict[int, tuple[Answer, str, Sender[object]]] = {}
        self.over = False  # guarded by _lock; nothing is added from then on
        self.thread = threading.Thread(target=self._run, args=(replies,), name="csp-futures")

    def _run(self, replies: Receiver[Any]) -> None:
        why: BaseException | None = None
        try:
            while (answer := recv_reply(replies)) is not None:
                self._complete(*answer)
                answer = None  # what it holds must not stay until the next one comes
        except Stopped as error:
            why = error
        except BaseException as error:
            why = error
            raise
        finally:
            with _lock:
                self.over = True
                left = list(self.pending.values())
                self.pending.clear()
            replies.close()
            self.replies.close()
            for future, actor, _ in left:
                _fail(future, why or Stopped(f"this interpreter ended before {actor} answered"))

    def _complete(self, token: int, code: int, value: Any) -> None:
        with _lock:
            entry = self.pending.pop(token, None)
        if entry is None:
            return
        future, actor, sender = entry
        if code == _UNREADABLE:
            _fail(future, value)
            return
        if code != _ANSWERED:
            try:
                error = remote_error(actor, sender, code, value)
            except BaseException as unreadable:  # noqa: BLE001  (whoever waits for the future gets it)
                error = unreadable
            _fail(future, error)
            return
        try:
            future.set_result(value)
        except InvalidStateError:
            pass  # completed by somebody else, who must know why


def _fail(future: Answer, error: BaseException) -> None:
    try:
        future.set_exception(error)
    except InvalidStateError:
        pass  # the same


def renew() -> None:
    """What is asked from now on, another thread receives: the one so far may be about to end of having been stopped."""
    with _lock:
        if _receiving is not None:
            _receiving.over = True


def _start_receiving() -> _Receiving:
    """The thread that receives, a new one where the last is gone."""
    global _receiving
    if _receiving is None or _receiving.over or _receiving.replies.closed:
        made = _Receiving()
        # Ends with the channel, which is closed before Python waits for the threads of this interpreter.
        threading._register_atexit(made.replies.close)  # type: ignore[attr-defined]  # private, and there is no other way
        made.thread.start()
        _receiving = made
    return _receiving
