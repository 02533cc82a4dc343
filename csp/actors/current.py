"""The call that is being handled here, as its caller sent it."""

from csp._native import handled, now
from csp.value import Value


class CurrentCall(Value):
    """What a handler can know of the call that it handles. It does not change.

    Attributes:
        deadline: until when the caller waits, an instant of ``time.monotonic()`` in seconds; None: without limit, or
            it is a cast, for which nobody waits.
        id: a number that no other call of this process has.
        trace: 32 hexadecimal digits, a trace-id as of W3C's Trace Context; the same in all calls that one led to.
        priority: how urgent it is; 0 by default. (Nothing looks at it yet.)
        is_cast: whether it is a cast or tell.
    """

    __slots__ = ("deadline", "id", "trace", "priority", "is_cast")  # noqa: RUF023  (the constructor's order)

    deadline: float | None
    id: int
    trace: str
    priority: int
    is_cast: bool

    def __init__(self, deadline: float | None, id: int, trace: str, priority: int, is_cast: bool) -> None:
        self._fill(deadline, id, trace, priority, is_cast)

    def remaining(self) -> float | None:
        """Tell for how many seconds from now the caller still waits, 0.0 at least; None: without limit."""
        return None if self.deadline is None else max(0.0, self.deadline - now())


def current_call() -> CurrentCall | None:
    """Give the call or cast that the calling thread is handling; None outside of handlers.

    Also in what a handler calls, and under ``self.handle`` in a free-form ``run``. None in ``receive``, ``__init__``
    and ``on_stop``, in threads that a handler starts and in callbacks of futures. Never waits.
    (gRPC: ``ServicerContext``; Go: ``context.Context``.)
    """
    call = handled()
    return None if call is None else CurrentCall(*call)
