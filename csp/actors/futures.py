"""Futures of calls: one thread per holder, an interpreter or a guest in one, receives all answers and completes them.

There is no lock here. A signal handler, or a finaliser that the collector runs, may ask for a future in the middle of
any code, even of this. So shared data is changed only by single operations of dicts and lists, which the GIL makes
atomic.
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
    end_holder,
    guest_id,
    in_scope,
    join_holder,
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
from csp.hosts.own import PerHolder
from csp.messages.shapes import set_traceback, traceback_of

# Seconds. If a signal arrives just before the program's main thread sleeps in a lock, the thread sees it only when
# something else wakes it. So it sleeps no longer than this: as in native/python/waiting/hooks.c.
_MAIN_SLICE = 0.04
# The same for waits in csp, which hear scopes: so that the wait graph takes nobody who waits for a future for stuck.
_SCOPED_SLICE = 1.0

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_tokens = count(1)
_receiving = PerHolder(None)  # a _Receiving, or None


def ask_future(
    sender: Sender[object], actor: str, name: str, message: tuple[object, ...], timeout: float | None = None
) -> Future[Any]:
    """Send the call; the future completes with its answer or its error. Never waits, not even for the mailbox.

    A call that the mailbox does not accept at once queues with those who wait to send to it. If the other side is dead
    or full, the future says so. Raises only what the caller did wrong.
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
    """The future of one call. One thread completes all futures of a holder: see _Receiving."""

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
        self.paused = limits_paused()  # how long limits had stood still before it began
        self.posting: object | None = None  # while it waits for the mailbox; of no use afterwards
        self.asking: object | None = None  # with a limit: when this is dropped, the call is given up and need not run
        self.withdrawing = False  # while True, cancel() handles the news that it will not run
        self.missed: tuple[int, Any] | None = None  # such news, if it came meanwhile
        self.raised: Any = None  # the exception's traceback, before anybody got the exception

    def cancel(self) -> bool:
        """Withdraw the call if the actor's mailbox has not accepted it yet. True: it will not run."""
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
            # Else it would show, and keep alive, the frames of everybody who got it before.
            set_traceback(error, self.raised)
            raise error
        return super().result(0)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        self._wait(timeout)
        return super().exception(0)

    def _wait(self, timeout: float | None) -> None:
        """Wait until it is done, at most *timeout* seconds; the main thread hears signals, and a scope is heard."""
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
        """Return an event that is set when it is done."""
        seen = Event()
        super().add_done_callback(lambda _: seen.set())
        return seen

    def add_done_callback(self, fn: Callable[[Future[object]], object]) -> None:
        """Call *fn* with the future when it is done: in the receiving thread, or at once if it is done already.

        What *fn* raises in the receiving thread is logged, as concurrent.futures logs an Exception. That includes
        SystemExit and its like: they end neither that thread nor the program. It must not wait for another future
        there.
        """

        def guarded(future: Future[object]) -> None:
            try:
                fn(future)
            except Exception:
                raise  # concurrent.futures logs it
            except BaseException as error:
                if threading.get_ident() not in self.receiving.threads:
                    raise
                if not isinstance(error, Stopped):  # the thread will be told itself
                    logging.getLogger("concurrent.futures").exception("exception calling callback for %r", future)

        super().add_done_callback(guarded)


class _Receiving:
    """A thread that completes futures, and the futures that it has to complete."""

    def __init__(self) -> None:
        self.replies, self._incoming = unbounded_channel()
        self.pending: dict[int, Answer] = {}
        self.over = False  # set before `pending` is emptied, and read after something was added to it: none is missed
        self.started = False
        self.threads: set[int] = set()
        self._guest = guest_id()
        self._limits: list[tuple[float, int]] = []  # a heap: at which instant which call is given up
        self._waits_until = -math.inf

    def start(self) -> None:
        """Start the thread. If a signal handler does the same in the middle of it, two threads share the work."""
        daemon = bool(self._guest)  # the guest's end closes the channel, and nobody else waits for us
        try:
            # The thread ends with the channel, which is closed before Python waits for this interpreter's threads.
            if not daemon:
                threading._register_atexit(self.replies.close)  # type: ignore[attr-defined]  # private; there is no other way
        except RuntimeError:
            daemon = True  # the program's main thread has returned, and only other threads run: nobody waits for us
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
            if not self._guest or join_holder(self._guest):
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
            if guest_id():
                end_holder()

    def _serve(self) -> None:
        while True:
            self._waits_until = self._limits[0][0] if self._limits else math.inf
            if self._limits and self._limits[0][0] < self._waits_until:
                continue  # a limit came in between, for which nobody woke us
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
            answer = future = value = None  # they must not stay alive until the next answer comes

    def _give_up(self) -> None:
        """Give up the calls whose time is up."""
        instant = now()
        while self._limits and self._limits[0][0] <= instant:
            until, token = heapq.heappop(self._limits)
            future = self.pending.get(token)
            if future is None or future.done():
                continue
            paused = limits_paused()
            if future.timeout and paused > future.paused:  # somebody debugged: the limit stood still
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
        if len(self._limits) > 2 * len(self.pending) + 64:  # most were answered before their limit
            self._limits = [entry for entry in self._limits if entry[1] in self.pending]
            heapq.heapify(self._limits)

    def complete(self, future: Answer, code: int, value: Any) -> None:
        """Complete a future, once: with the answer, or with why there is none."""
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
            pass  # the user completed it


def _fail(future: Answer, error: BaseException) -> None:
    try:
        future.set_exception(error)
    except InvalidStateError:
        pass  # the same


def renew() -> None:
    """Let another thread receive what is asked from now on: the present one was stopped, and may be about to end."""
    receiving: _Receiving | None = _receiving.get()
    if receiving is not None:
        receiving.over = True


def _receiver() -> _Receiving:
    """Return the receiving thread, started; a new one if the last is gone. If two make one at once, both work."""
    receiving: _Receiving | None = _receiving.get()
    if receiving is None or receiving.over or receiving.replies.closed:
        receiving = _Receiving()
        _receiving.set(receiving)
    if not receiving.started:
        receiving.start()
    return receiving
