"""A condition for threads of any interpreter, made of a lock and a queue that both travel inside messages."""

from csp._native import ConditionQueue, Lock, RLock, after, at, now, unseen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from csp._native import Statistics

_ALL = 2**62


class Condition:
    """Wait, holding a lock, until another holder says that something has changed; as :class:`threading.Condition`.

    Works between interpreters: send it along like a channel end, and every copy means the same lock and the same queue.

    Args:
        lock: a :class:`csp.Lock` or :class:`csp.RLock`; default a new RLock.

    ``with condition:`` takes the lock and may raise Abandoned. (Monitors: Hoare 1974; a waiter that was notified takes
    the lock again like anybody else, as in Mesa 1980: check what you wait for in a loop, or use wait_for.)

    Unlike threading's: notify is refused only when nobody holds the lock; an exception out of wait may come without
    the lock, where another keeps it, and leaving ``with`` is right all the same; a notification whose receiver leaves
    with an exception goes on to the next.
    """

    __slots__ = ("_queue", "lock")

    @unseen
    def __init__(self, lock: Lock | RLock | None = None) -> None:
        given: object = lock  # for the checkers: who has none may give anything
        if given is not None and not isinstance(given, (Lock, RLock)):
            raise TypeError(f"a Condition's lock is a csp.Lock or a csp.RLock, not {type(lock).__name__}")
        self.lock: Lock | RLock = RLock() if lock is None else lock
        self._queue = ConditionQueue()

    def acquire(self, blocking: bool = True, timeout: float | None = None, *, deadline: float | None = None) -> bool:
        """Take the lock; see csp.Lock.acquire."""
        return self.lock.acquire(blocking, timeout, deadline=deadline)

    def release(self) -> None:
        """Release the lock."""
        self.lock.release()

    def locked(self) -> bool:
        """Whether somebody has the lock now."""
        return self.lock.locked()

    def __enter__(self) -> bool:
        return self.lock.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.lock.__exit__(kind, error, trace)

    @unseen
    def wait(self, timeout: float | None = None, *, deadline: float | None = None) -> bool:
        """Release the lock, block until notified, take the lock again. False when the time was up first.

        The time is *timeout* seconds, or until the instant *deadline* of ``time.monotonic()``.

        Raises RuntimeError when the lock is not held; Stopped, Abandoned (by the lock's last holder) and ClosedEnd:
        then the lock may not be held, and leaving ``with`` is right all the same. Cancelled, by a scope around it: the
        lock is held again.
        """
        __tracebackhide__ = True  # what it passes on is the caller's
        return self._queue.wait(self.lock, timeout, deadline)

    @unseen
    def wait_for[T](
        self, predicate: Callable[[], T], timeout: float | None = None, *, deadline: float | None = None
    ) -> T:
        """Wait until *predicate* gives something true, and give that; or what it gave last when the time is up.

        The time is given and judged as by wait, before the predicate is asked.
        """
        __tracebackhide__ = True  # what it passes on is the caller's
        if timeout is not None and deadline is not None:
            raise TypeError("give a timeout or a deadline, not both")
        if deadline is not None:
            at(deadline)  # refuses what wait refuses, in its words
        if timeout is not None:
            after(timeout)  # likewise
            try:
                deadline = now() + float(timeout)
            except OverflowError:  # an int beyond all floats: for ever
                deadline = None
        result = predicate()
        while not result and (deadline is None or now() < deadline):
            self.wait(deadline=deadline)
            result = predicate()
        return result

    @unseen
    def notify(self, n: int = 1) -> None:
        """Let up to *n* go on that wait now; they take the lock one after the other.

        Raises RuntimeError when nobody holds the lock.
        """
        if not self.lock.locked():
            raise RuntimeError("notify on a Condition whose lock is not held: enter it with `with` first")
        self._queue.notify(n)

    @unseen
    def notify_all(self) -> None:
        """Let all go on that wait now."""
        self.notify(_ALL)

    @property
    def closed(self) -> bool:
        """Whether one of the handles that this object has was closed."""
        return self._queue.closed or self.lock.closed

    def clone(self) -> Condition:
        """Another object on the same lock and queue, with handles of its own. Raises ClosedEnd."""
        made = Condition.__new__(Condition)
        made.__setstate__((self.lock.clone(), self._queue.clone()))
        return made

    def statistics(self) -> Statistics:
        """Count those who wait to be notified: a Statistics snapshot. The lock has its own."""
        return self._queue.statistics()

    def close(self) -> None:
        """Close the handles that this object has; idempotent. What was acquired through them is free."""
        self._queue.close()
        self.lock.close()

    def __getstate__(self) -> tuple[Lock | RLock, ConditionQueue]:
        return self.lock, self._queue

    def __setstate__(self, state: tuple[Lock | RLock, ConditionQueue]) -> None:
        self.lock, self._queue = state

    def __repr__(self) -> str:
        return f"<csp.Condition of {self.lock!r}>"
