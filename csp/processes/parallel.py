"""Parallel blocks: functions that start in a block and have all ended when it is left.

It is occam's PAR, over the processes of CSP (Hoare 1978), and what others now call structured concurrency.
"""

from csp._native import unseen
from csp.arguments import seconds, whole
from csp.generic import Generic, T_co
from csp.hosts.crew import GRACE
from csp.processes.nursery import Nursery

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from csp.processes.task import Task


@unseen
def parallel(*, grace: float = GRACE) -> Parallel:
    """Make a block whose processes run side by side, each in its own interpreter, and have ended when it is left.

    .. code-block:: python

        with csp.parallel() as par:
            tx, rx = csp.channel()
            par.start(produce, tx)
            par.start_many(2, consume, rx)

    **Ends given to processes belong to them.** Each process gets a handle of its own; the caller's handles of all
    ends among the arguments are closed when the block is left, before it waits, so that a channel ends when the
    processes that use it have ended. A body that itself receives from its processes first closes the sending handle
    that it gave away (``tx.close()``), or it waits for itself for ever. To keep a handle, give away ``tx.clone()``.

    **The first failure stops the others.** csp.Stopped comes out of their channel operations; those that have not
    ended *grace* seconds later are killed, and those that cannot be killed (C code that does not return) are cut off
    after as long again. Then ProcessFailed is raised, with the process's own exception as its cause and other
    failures as notes. (A process that failed because a peer's channel was over is never the one that is raised when
    that peer failed, too.) A failure is noticed when the block is left, and before that whenever a process is started
    or a result is waited for.

    An exception in the body, Ctrl-C while the block waits, or being stopped oneself, stops them in the same way and
    then propagates, with failures as notes. A second Ctrl-C shortens the grace.

    A block is used once, by one thread; in any interpreter, so also inside a process. There, when it is stopped, it
    gives its own processes at most a third of the outer block's grace: they are gone before it is killed itself.

    Args:
        grace: seconds, see above.

    Raises:
        ValueError: *grace* is negative.
        ProcessFailed: when the block is left: a process raised, or was killed. (Stopped is no failure.)
    """
    return Parallel(seconds(grace, "grace"))


class Process(Generic[T_co]):
    """A function that runs, or ran, in an interpreter of its own. Made by ``par.start``."""

    __slots__ = ("_nursery", "_task")

    def __init__(self, nursery: Nursery, task: Task) -> None:
        self._nursery = nursery
        self._task = task

    @property
    def name(self) -> str:
        """What reports call it: the function's name, and a number if several were started together."""
        return self._task.name

    @property
    def id(self) -> int:
        """Its interpreter's number, in this operating system process; never used again."""
        return self._task.id

    @property
    def done(self) -> bool:
        """Whether it has ended, and its interpreter with it. Does not wait."""
        self._nursery.look()
        return self._task.ending != ""

    @unseen
    def result(self, timeout: float | None = None) -> T_co:
        """Give what the function returned. Blocks until the process has ended, for *timeout* seconds (None: no limit).

        The result travels as a message does. Every call gives the same object.

        Raises:
            TimeoutError: it still runs.
            ProcessFailed: it raised (its exception is the cause), was stopped or killed before it returned, its
                result cannot be read here, or another process of the block failed meanwhile.
            RuntimeError: it still runs, and this is not the thread of its block.
        """
        if not self._task.ending:
            self._nursery.wait_for(self._task, timeout)
        return self._task.value()  # type: ignore[return-value]  # what the function returned, copied

    def __repr__(self) -> str:
        return f"<csp.Process {self.name} ({self.id}), {self._task.ending or 'running'}>"


class Parallel:
    """The block of csp.parallel(), which see."""

    __slots__ = ("_nursery",)

    def __init__(self, grace: float) -> None:
        self._nursery = Nursery(grace)

    @unseen
    def start[**P, R](self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Process[R]:
        """Start ``fn(*args, **kwargs)`` in an interpreter of its own. Does not wait for it.

        *fn* is imported there by its name, so it must be defined at module level; the arguments travel as a message
        does. Ends among them, directly or inside tuples, lists and values of dicts, are cloned, so that one end may be
        given to several processes; the caller's handles are closed when the block is left.

        Raises:
            NotImportable: *fn* cannot be imported by name (a lambda, a nested function, a method of an object).
            ClosedEnd: an end among the arguments is closed.
            NotShareable: an argument cannot travel; the text names it, and the path inside it.
            StartFailed: the system gives no more threads.
            ProcessFailed: a process of the block has failed meanwhile, so the block is about to stop.
            RuntimeError: the block was not entered, or was left.
        """
        return Process(self._nursery, self._nursery.start(fn, _name_of(fn), args, kwargs))

    @unseen
    def start_many[**P, R](self, n: int, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> list[Process[R]]:
        """Start *n* processes with the same function and arguments, numbered from 0 in their names. Else as start.

        With *n* = 0 nothing is started, and ends among the arguments are closed when the block is left all the same.
        """
        whole(n, 0, "the number of processes to start, which comes before the function,")
        if n == 0:
            self._nursery.give(_name_of(fn), args, kwargs)
        names = [f"{_name_of(fn)}/{i}" for i in range(n)]
        return [Process(self._nursery, self._nursery.start(fn, name, args, kwargs)) for name in names]

    def __enter__(self) -> Self:
        self._nursery.enter()
        return self

    @unseen
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._nursery.leave(error)


def _name_of(fn: object) -> str:
    name = getattr(fn, "__qualname__", None)
    return name if isinstance(name, str) else repr(fn)
