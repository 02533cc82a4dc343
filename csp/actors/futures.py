"""Futures of calls: one thread per interpreter receives all answers and completes them.

There is no lock here. A signal handler, or a finaliser that the collector runs, may ask for a future in the middle of
anything, also of this; so what is shared is changed by single operations of dicts and lists, which the GIL makes whole.
"""

import heapq
import logging
import math
import os
import threading
from concurrent.futures import Future, InvalidStateError
from itertools import count

from csp._native import (
    Event,
    Sender,
    in_scope,
    limits_off,
    limits_paused,
    now,
    post,
    recv_reply,
    unbounded_channel,
    unseen,
    withdraw,
)
from csp.actors.answers import ANSWERED, NEVER_RAN, UNREADABLE, delivery_error, remote_error
from csp.errors import BrokenChannel, CallsSelf, CallTimeout, ChannelError, ClosedEnd, Stopped, WouldBlock
from csp.messages.shapes import set_traceback, traceback_of

# Seconds. A signal that arrives in the instant before the program's main thread sleeps in a lock would be seen only
# when something else wakes it, so that thread sleeps no longer than this: as in native/python/waiting/hooks.c.
_MAIN_SLICE = 0.04
# Likewise, in csp, where a scope is heard: so that the wait graph takes nobody for stuck who waits for a future.
_SCOPED_SLICE = 1.0

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_tokens = count(1)
_receiving: _Receiving | None = None


def ask_future(
    sender: Sender[object], actor: str, name: str, message: tuple[object, ...], timeout: float | None = None
) -> Future[Any]:
    """Send the call; the future completes with its answer or its error. Never waits, for the mailbox neither.

    A call that the mailbox does not accept at once stands in line with those who wait to send to it. What the other
    side is like, dead or full, is the future's to tell; raised is what the caller did wrong.
    """
    while True:
        receiving = _receiver()
        future = Answer(receiving, next(_tokens), sender, actor, name, timeout)
        receiving.pending[future.token] = future
        if not receiving.over or receiving.pending.pop(future.token, None) is None:
            break  # in good hands; or that thread has just ended, and has told the future why
    try:
        future.posting, future.asking = post(sender, message, timeout, receiving.replies, future.token)
    except BaseException as error:
        told = receiving.pending.pop(future.token, None) is None
        if isinstance(error, (BrokenChannel, WouldBlock)):
            _fail(future, delivery_error(actor, error, f"{name} will not run"))
        elif not (isinstance(error, ClosedEnd) and told):  # told why by the receiving thread, when it ended
            raise
        return future
    if timeout is not None and not (timeout and limits_off()):
        receiving.limit(now() + float(timeout), future.token)
    return future


class Answer(Future[object]):
    """The future of one call. It is completed by a thread that completes all of its interpreter: see _Receiving."""

    def __init__(
        self, receiving: _Receiving, token: int, sender: Sender[object], actor: str, name: str, timeout: float | None
    ) -> None:
        super().__init__()
        self.receiving = receiving
        self.token = token
        self.sender = sender
        self.actor = actor
        self.name = name
        self.timeout = timeout
        self.paused = limits_paused()  # what its limit has stood still for is counted from then on
        self.posting: object | None = None  # while it stands in line; afterwards of no use
        self.asking: object | None = None  # with a limit: let go of, the call is given up, and need not run any more
        self.withdrawing = False  # then the news that it will not run are ours
        self.missed: tuple[int, Any] | None = None  # such news that came meanwhile
        self.raised: Any = None  # the traceback of the exception, before anybody was given it

    def cancel(self) -> bool:
        """Withdraw the call, if the actor's mailbox has not accepted it yet: True, and it will not run."""
        if self.done():
            return self.cancelled()
        self.withdrawing = True
        if self.posting is not None and withdraw(self.posting):
            self.receiving.pending.pop(self.token, None)
            return super().cancel()
        self.withdrawing = False
        missed, self.missed = self.missed, None
        if missed is not None:
            self.receiving.complete(self, *missed)
        return False

    def running(self) -> bool:
        """Whether the mailbox has accepted it, and it has not been answered."""
        return self.posting is None and not self.done()

    def set_exception(self, exception: BaseException | None) -> None:
        self.raised = traceback_of(exception) if exception is not None else None
        super().set_exception(exception)

    @unseen
    def result(self, timeout: float | None = None) -> object:
        self._wait(timeout)
        error = super().exception(0)
        if error is not None:
            # Else it would show, and keep alive, the frames of all who were given it before.
            set_traceback(error, self.raised)
            raise error
        return super().result(0)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        self._wait(timeout)
        return super().exception(0)

    def _wait(self, timeout: float | None) -> None:
        """Wait until it is done, or for *timeout* seconds; in the main thread also for signals, in a scope for that."""
        until = math.inf if timeout is None else now() + timeout
        seen: Event | None = None
        most = _MAIN_SLICE if threading.get_native_id() == os.getpid() else threading.TIMEOUT_MAX
        while not self.done():
            left = until - now()
            if left <= 0:
                return
            if threading.get_ident() in self.receiving.threads:
                raise CallsSelf(
                    f"the callback of a future waits for another, that of {self.actor}.{self.name}: both are completed "
                    "by the thread that the callback runs in, so it would wait for ever. Add a callback to the other "
                    "one, or wait for it in a thread of your own"
                )
            if in_scope():
                if seen is None:
                    seen = self._seen()
                seen.wait(min(left, _SCOPED_SLICE))
                continue
            try:
                super().exception(min(left, most))
            except TimeoutError:
                pass

    def _seen(self) -> Event:
        """Give an event that is set when it is done."""
        seen = Event()
        super().add_done_callback(lambda _: seen.set())
        return seen

    def add_done_callback(self, fn: Callable[[Future[object]], object]) -> None:
        """Call *fn* with the future when it is done: in the receiving thread, or at once if it is done already.

        What *fn* raises in the receiving thread is logged as concurrent.futures logs an Exception, SystemExit and its
        like included: they end neither that thread nor the program. It must not wait for another future there.
        """

        def guarded(future: Future[object]) -> None:
            try:
                fn(future)
            except Exception:
                raise  # concurrent.futures logs it
            except BaseException as error:
                if threading.get_ident() not in self.receiving.threads:
                    raise
                if not isinstance(error, Stopped):  # the thread will hear of that itself
                    logging.getLogger("concurrent.futures").exception("exception calling callback for %r", future)

        super().add_done_callback(guarded)


class _Receiving:
    """A thread that completes futures, and those that it has to complete."""

    def __init__(self) -> None:
        self.replies, self._incoming = unbounded_channel()
        self.pending: dict[int, Answer] = {}
        self.over = False  # who adds to `pending` looks at this afterwards; who sets it empties `pending` afterwards
        self.started = False
        self.threads: set[int] = set()
        self._limits: list[tuple[float, int]] = []  # a heap of when which call is given up
        self._waits_until = -math.inf

    def start(self) -> None:
        """Start the thread. Interrupted in the middle by who starts it, too, there are two: they share the work."""
        daemon = False
        try:
            # Ends with the channel, which is closed before Python waits for the threads of this interpreter.
            threading._register_atexit(self.replies.close)  # type: ignore[attr-defined]  # private; there is no other way
        except RuntimeError:
            daemon = True  # the program's main thread has returned, and only others keep it going: nobody waits for us
        self.thread = threading.Thread(target=self._run, name="csp-futures", daemon=daemon)
        self.thread.start()
        self.started = True

    def limit(self, until: float, token: int) -> None:
        """Give the call up at that instant."""
        if until == math.inf:
            return
        heapq.heappush(self._limits, (until, token))
        if until < self._waits_until:
            try:
                self.replies.send_nowait(None)  # an answer to nobody: look at the limits again
            except ChannelError:
                pass  # it ends

    def _run(self) -> None:
        why: BaseException | None = None
        self.threads.add(threading.get_ident())
        try:
            self._serve()
        except Stopped as error:
            why = error
        except BaseException as error:
            why = error
            raise
        finally:
            self.over = True
            self._incoming.close()
            self.replies.close()
            while self.pending:
                _, future = self.pending.popitem()
                _fail(future, why or Stopped(f"this interpreter ended before {future.actor} answered"))

    def _serve(self) -> None:
        while True:
            self._waits_until = self._limits[0][0] if self._limits else math.inf
            if self._limits and self._limits[0][0] < self._waits_until:
                continue  # one came in between that nobody woke us for
            try:
                answer = recv_reply(self._incoming, self._waits_until)
            except TimeoutError:
                self._give_up()
                continue
            if answer is None:
                return
            token, code, value = answer
            future = self.pending.get(token)
            if future is not None:
                if code == NEVER_RAN and future.withdrawing:
                    future.missed = code, value
                    if future.withdrawing:
                        continue
                    future.missed = None
                self.complete(future, code, value)
            answer = future = value = None  # what it holds must not stay until the next one comes

    def _give_up(self) -> None:
        """Give up those whose time is up."""
        instant = now()
        while self._limits and self._limits[0][0] <= instant:
            until, token = heapq.heappop(self._limits)
            future = self.pending.get(token)
            if future is None or future.done():
                continue
            paused = limits_paused()
            if future.timeout and paused > future.paused:  # somebody debugs, and nobody loses patience
                heapq.heappush(self._limits, (until + paused - future.paused, token))
                future.paused = paused
                continue
            if self.pending.pop(token, None) is None:
                continue
            actor, name, limit = future.actor, future.name, f"within {future.timeout} s"
            future.asking = None
            if future.posting is not None and withdraw(future.posting):
                _fail(future, CallTimeout(f"{actor} did not take {name} {limit}; it will not run"))
            else:
                _fail(future, CallTimeout(f"{actor}.{name} did not answer {limit}; it may still run"))
        if len(self._limits) > 2 * len(self.pending) + 64:  # most were answered long before
            self._limits = [entry for entry in self._limits if entry[1] in self.pending]
            heapq.heapify(self._limits)

    def complete(self, future: Answer, code: int, value: Any) -> None:
        """With the answer, or with why there is none; once."""
        if self.pending.pop(future.token, None) is None:
            return
        future.posting = future.asking = None
        if code == UNREADABLE:
            _fail(future, value)
            return
        if code != ANSWERED:
            try:
                error = remote_error(future.actor, future.sender, code, value)
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
    """Let another thread receive what is asked from now on: the one so far may be about to end, as it was stopped."""
    if _receiving is not None:
        _receiving.over = True


def _receiver() -> _Receiving:
    """Who receives, started; a new one where the last is gone. Two who make one at once have two, and both work."""
    global _receiving
    receiving = _receiving
    if receiving is None or receiving.over or receiving.replies.closed:
        _receiving = receiving = _Receiving()
    if not receiving.started:
        receiving.start()
    return receiving
