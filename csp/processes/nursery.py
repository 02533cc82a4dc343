"""What stands behind a parallel block: it starts processes, notes how they end, and leaves none behind.

The word is trio's. A scope is something else in csp: see csp.CancelScope.
"""

from _thread import get_ident

from csp._native import Receiver, Sender, channel, now
from csp.arguments import seconds
from csp.errors import BrokenChannel, ClosedEnd, EndOfChannel, Stopped
from csp.hosts.crew import Crew
from csp.hosts.importing import path_of
from csp.hosts.interpreter import exit_of
from csp.messages.probe import refuse_by_name
from csp.processes.task import ABANDONED, FAILED, KILLED, RETURNED, STOPPED, Task

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from csp.hosts.interpreter import Exit
    from csp.processes.entry import Given

type End = Sender[object] | Receiver[object]

_RUN = ("csp.processes.entry", "run")


class Nursery:
    """The processes of one parallel block. All of it belongs to the thread that entered the block."""

    def __init__(self, grace: float) -> None:
        self._grace = grace
        self._crew = Crew()
        self._running: dict[int, Task] = {}  # by tag
        self._failed: list[Task] = []  # in the order in which they ended
        self._given: list[End] = []  # our handles of what processes were given
        self._thread = 0
        self._open = False
        self._stopping = False

    def enter(self) -> None:
        """Begin the block."""
        if self._thread:
            raise RuntimeError("a parallel block is used once: make another with csp.parallel()")
        self._thread = get_ident()
        self._open = True

    def start(self, fn: Callable[..., object], name: str, args: tuple[object, ...], kwargs: dict[str, object]) -> Task:
        """Start one process."""
        if not self._open:
            raise RuntimeError("processes are started inside the block: with csp.parallel() as par: par.start(...)")
        self.look()
        if self._failed:
            raise self._failed[0].error().with_traceback(None)
        module, path = path_of(fn, "a process's function")
        ends = list(_ends_among(name, args, kwargs))
        result, box = channel(1)
        task = Task(name, box)
        with result, _sealed(name, args, kwargs) as given:
            tag, task.id = self._crew.start(name, *_RUN, (self._grace, module, path, given, result))
        self._running[tag] = task
        self._given.extend(ends)
        return task

    def give(self, name: str, args: tuple[object, ...], kwargs: dict[str, object]) -> None:
        """Give the ends among the arguments to no process at all: they are closed when the block is left."""
        self._given.extend(_ends_among(name, args, kwargs))

    def look(self) -> None:
        """Take note of those that have ended meanwhile. Does not wait; does nothing in another thread."""
        if get_ident() == self._thread and not self._stopping:
            while (message := self._crew.inbox.recv_nowait(None)) is not None:
                self._receive(message)

    def wait_for(self, task: Task, timeout: float | None) -> None:
        """Wait until it has ended. Raises TimeoutError, and ProcessFailed when another process fails meanwhile."""
        if get_ident() != self._thread:
            raise RuntimeError(f"process {task.name} still runs, and only the thread of its block may wait for it")
        self.look()
        deadline = None if timeout is None else now() + seconds(timeout, "timeout")
        while not task.ending:
            if self._failed:
                raise self._failed[0].error().with_traceback(None)
            try:
                message = self._crew.inbox.recv(deadline=deadline)
            except TimeoutError:
                raise TimeoutError(f"process {task.name} still runs after {timeout} s") from None
            self._receive(message)

    def leave(self, error: BaseException | None) -> None:
        """End the block, with *error* from its body. Raises what has to be raised instead of it."""
        self._open = False
        reason = error
        try:
            while self._given:
                self._given.pop().close()
            while self._crew.alive and reason is None and not self._failed:
                self._receive(self._crew.inbox.recv())
        except BaseException as interruption:  # noqa: BLE001  (Ctrl-C, or we are stopped: raised below)
            reason = interruption
        self._stopping = True
        notes = self._crew.stop(self._grace, stopped=isinstance(reason, Stopped), take=self._take)
        for task in self._running.values():
            task.ends(ABANDONED, "")
        # That a peer's channel is over is what a failure looks like to others; it is not why the block failed.
        failed = sorted(
            self._failed, key=lambda task: isinstance(task.error().__cause__, (EndOfChannel, BrokenChannel))
        )
        if failed and (reason is None or any(reason is task.error() for task in failed)):
            reason = failed.pop(0).error()
        if reason is not None:
            for note in [*(f"csp: also, {task.report()}" for task in failed), *notes]:
                reason.add_note(note)
            if reason is not error:
                raise reason

    def _receive(self, message: object) -> None:
        end = exit_of(message)  # nothing else arrives here
        self._crew.ended(end[0])
        self._take(end)

    def _take(self, end: Exit) -> None:
        tag, ending, detail = end
        task = self._running.pop(tag, None)
        if task is None:
            return
        task.ends(ending, detail)
        # One that we stopped before it got as far as its function, or had to kill, has not failed.
        harmless = {RETURNED, STOPPED, KILLED, FAILED} if self._stopping else {RETURNED, STOPPED}
        if task.ending not in harmless:
            self._failed.append(task)


def _sealed(name: str, args: tuple[object, ...], kwargs: dict[str, object]) -> Receiver[Given]:
    """Encode the arguments into a channel of their own. Raises what sending them raises, and says which one it is."""
    sender, receiver = channel(1)
    with sender:
        try:
            sender.send((args, kwargs))
        except Exception:
            refuse_by_name(name, args, kwargs)
            raise
    return receiver


def _ends_among(name: str, args: tuple[object, ...], kwargs: dict[str, object]) -> Iterator[End]:
    """Find the ends among the arguments, also those inside tuples, lists and the values of dicts."""
    left: list[tuple[object, object]] = [*enumerate(args), *kwargs.items()]
    seen: set[int] = set()
    while left:
        argument, value = left.pop()
        if isinstance(value, (Sender, Receiver)):
            if value.closed:
                raise ClosedEnd(f"argument {argument!r} of {name} is, or holds, an end that is closed: {value!r}")
            yield value
        elif id(value) not in seen:
            seen.add(id(value))
            left.extend((argument, part) for part in _parts(value))


def _parts(value: Any) -> Iterable[object]:
    """Give what is inside a tuple or list, or the values of a dict; of anything else, nothing."""
    kinds: tuple[object, ...] = type(value).__mro__
    parts: Iterable[object] = value.values() if dict in kinds else value if tuple in kinds or list in kinds else ()
    return parts
