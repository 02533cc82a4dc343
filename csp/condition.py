"""A condition for threads of any interpreter, made of a lock and a queue that both travel inside messages."""

from csp._native import ConditionQueue, Lock, RLock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

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

    def __init__(self, lock: Lock | RLock | None = None) -> None:
        given: object = lock  # for the checkers: who has none may give anything
        if given is not None and not isinstance(given, (Lock, RLock)):
            raise TypeError(f"a Condition's lock is a csp.Lock or a csp.RLock, not {type(lock).__name__}")
        self.lock: Lock | RLock = RLock() if lock is None else lock
        self._queue = ConditionQueue()

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        """Take the lock; see csp.Lock.acquire."""
        return self.lock.acquire(blocking, timeout)

    def release(self) -> None:
        """Release the lock."""
        self.lock.release()

    def __enter__(self) -> bool:
        return self.lock.__enter__()

    def __exit__(self, *exit: object) -> None:
        self.lock.release()

    def wait(self, timeout: float | None = None) -> bool:
        """Release the lock, block until notified, take the lock again. False when *timeout* seconds passed first.

        Raises RuntimeError when the lock is not held; Stopped, Abandoned (by the lock's last holder) and ClosedEnd:
        then the lock may not be held, and leaving ``with`` is right all the same.
        """
        return self._queue.wait(self.lock, timeout)

    def wait_for[T](self, predicate: Callable[[], T], timeout: float | None = None) -> T:
        """Wait until *predicate* gives something true, and give that; or what it gave last when the time is up."""
        from time import monotonic

        deadline = None if timeout is None else monotonic() + timeout
        result = predicate()
        while not result:
            left = None if deadline is None else deadline - monotonic()
            if left is not None and left <= 0:
                break
            self.wait(left)
            result = predicate()
        return result

    def notify(self, n: int = 1) -> None:
        """Let up to *n* go on that wait now; they take the lock one after the other.

        Raises RuntimeError when nobody holds the lock.
        """
        if not self.lock.locked():
            raise RuntimeError("notify on a Condition whose lock is not held: enter it with `with` first")
        self._queue.notify(n)

    def notify_all(self) -> None:
        """Let all go on that wait now."""
        self.notify(_ALL)

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
