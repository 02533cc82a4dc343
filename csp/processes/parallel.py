"""Parallel blocks: functions that start in a block and have all ended when it is left. (occam's PAR; CSP, Hoare 1978.)"""

from _thread import get_ident
from time import monotonic

from csp._native import Receiver, Sender, channel
from csp.errors import BrokenChannel, ClosedEnd, EndOfChannel, ProcessFailed, Stopped
from csp.interpreters.importing import path_of
from csp.processes.generic import Generic, R_co
from csp.processes.group import GRACE, Group, exit_of
from csp.processes.probe import why_it_cannot_travel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType
    from typing import Self

    from csp.interpreters.start import Exit
    from csp.messages.failure import Failure
    from csp.processes.process import Given

_RUN = ("csp.processes.process", "run")


def parallel(*, grace: float = GRACE) -> Parallel:
    """A block whose processes run side by side, each in an interpreter of its own, and have all ended when it is left.

    .. code-block:: python

        with csp.parallel() as par:
            tx, rx = csp.channel()
            par.start(produce, tx)
            par.start_many(2, consume, rx)

    **Ends given to processes belong to them.** They get handles of their own; the caller's handles of all ends among the
    arguments are closed when the block is left, before it waits, so that a channel ends when the processes that use it end. A
    body that receives from its processes closes its own sending handle first (``tx.close()``), else it waits for itself for
    ever. To keep a handle, give away ``tx.clone()``.

    **The first failure stops the others**: csp.Stopped comes out of their channel operations; what has not ended after *grace*
    seconds is killed, and what cannot be killed (C code that does not return) is cut off after as long again. Then
    ProcessFailed is raised, with the process's own exception as its cause. Other failures are attached as notes. (A process
    that fails because a peer's channel ended is never the one that is raised while that peer failed, too.) A failure is
    noticed when the block is left, and whenever the block or a process's result is used before.

    An exception in the body, Ctrl-C while the block waits, or being stopped oneself, stops them likewise and then
    propagates; a second Ctrl-C shortens the grace.

    A block may be used once, by one thread; in any interpreter, so also inside a process.

    Raises:
        ValueError: *grace* is negative.
        ProcessFailed: a process raised, or was killed. Stopped is no failure.
    """
    if not isinstance(grace, (int, float)) or isinstance(grace, bool):
        raise TypeError(f"grace must be a number of seconds, not {grace!r}")
    if not grace >= 0:
        raise ValueError(f"grace must be at least 0 seconds, not {grace!r}")
    return Parallel(float(grace))


class Process(Generic[R_co]):
    """A function that runs, or ran, in an interpreter of its own. Made by ``par.start``.

    Attributes:
        name: what reports call it: the function's name, and its number if several were started together.
        id: its interpreter's number, as in ``csp top``; never used again.
    """

    __slots__ = ("_block", "_box", "_ending", "_error", "_failure", "_value", "id", "name")

    def __init__(self, block: Parallel, name: str, box: Receiver[object]) -> None:
        self._block = block
        self.name = name
        self.id = 0
        self._box = box  # where its result arrives
        self._ending = ""  # "": it runs; else returned, stopped, raised, killed, failed or abandoned
        self._error: ProcessFailed | None = None
        self._failure: Failure | str | None = None
        self._value: list[object] = []  # the result, once it was fetched

    @property
    def done(self) -> bool:
        """Whether it has ended, and its interpreter with it. Does not wait."""
        self._block._look()  # noqa: SLF001
        return self._ending != ""

    def result(self, timeout: float | None = None) -> R_co:
        """What the function returned. Blocks until the process has ended, at most *timeout* seconds (None: no limit).

        Every call gives the same object. The result travels as a message does.

        Raises:
            TimeoutError: it still runs.
            ProcessFailed: it raised (its exception is the cause), was stopped or killed before it returned, its result
                cannot be read here, or another process of the block failed meanwhile.
            RuntimeError: it still runs, and this is not the thread of its block.
        """
        if self._ending == "":
            self._block._wait_for(self, timeout)  # noqa: SLF001
        if self._ending != "returned":
            raise self._as_error()
        if not self._value:
            try:
                self._value.append(self._box.recv_nowait())
            except Exception as error:
                raise ProcessFailed(f"the result of process {self.name} cannot be read here: {error}") from error
            self._box.close()
        return self._value[0]  # type: ignore[return-value]

    def __repr__(self) -> str:
        return f"<csp.Process {self.name} ({self.id}), {self._ending or 'running'}>"

    def _ends(self, ending: str, detail: object) -> None:
        """Take note of the exit message: *ending* is the interpreter's, *detail* what process.run returned."""
        if ending == "ended" and isinstance(detail, tuple):
            self._ending = detail[0]
            self._failure = detail[1] if len(detail) > 1 else None
        else:
            self._ending = "failed" if ending == "ended" else ending
            self._failure = str(detail)

    def _as_error(self) -> ProcessFailed:
        """Why there is no result; always the same object."""
        if self._error is None:
            if isinstance(self._failure, tuple):
                from csp.messages.failure import unpack

                _, _, kind, text, _ = self._failure
                self._error = ProcessFailed(f"process {self.name} raised {kind}{': ' if text else ''}{text}")
                self._error.__cause__ = unpack(self._failure)
            else:
                what = {
                    "stopped": "was stopped before it returned",
                    "killed": "was killed before it returned",
                    "abandoned": "could not be stopped and was cut off",
                }.get(self._ending, f"could not run: {self._failure}")
                self._error = ProcessFailed(f"process {self.name} {what}")
        return self._error


class Parallel:
    """The block of csp.parallel(), which see."""

    __slots__ = ("_failed", "_given", "_grace", "_group", "_open", "_processes", "_stopping", "_thread")

    def __init__(self, grace: float) -> None:
        self._grace = grace
        self._group = Group()
        self._processes: dict[int, Process[object]] = {}  # those that run, by tag
        self._failed: list[Process[object]] = []
        self._given: list[Sender[object] | Receiver[object]] = []
        self._thread = 0
        self._open = False
        self._stopping = False

    def __enter__(self) -> Self:
        if self._thread:
            raise RuntimeError("a parallel block is used once: make another with csp.parallel()")
        self._thread = get_ident()
        self._open = True
        return self

    def start[**P, R](self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Process[R]:
        """Start ``fn(*args, **kwargs)`` in an interpreter of its own. Does not wait for it.

        *fn* is imported there by its name, so it must be defined at module level; the arguments travel as a message does.
        Ends among them, directly or inside tuples, lists and dict values, are cloned, so that the same end may be given to
        several processes; the caller's handle is closed when the block is left.

        Raises:
            NotImportable: *fn* cannot be imported by name (a lambda, a nested function, a bound method).
            ClosedEnd: an end among the arguments is already closed.
            NotShareable: an argument cannot travel; the text names the path to it.
            StartFailed: the system gives no more threads.
            ProcessFailed: a process of the block has failed meanwhile, so the block is about to stop.
            RuntimeError: the block was not entered, or was left.
        """
        return self._start(fn, getattr(fn, "__qualname__", "?"), args, kwargs)

    def start_many[**P, R](self, n: int, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> list[Process[R]]:
        """Start *n* processes with the same function and arguments; see start. The names are numbered from 0."""
        if not isinstance(n, int) or isinstance(n, bool):
            raise TypeError(f"start_many takes how many processes to start, then the function; {n!r} is no number")
        if n < 0:
            raise ValueError(f"start_many cannot start {n} processes")
        name = getattr(fn, "__qualname__", "?")
        return [self._start(fn, f"{name}/{i}", args, kwargs) for i in range(n)]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = False
        reason = error
        try:
            for end in self._given:
                end.close()
            while self._group.alive and reason is None and not self._failed:
                self._receive(self._group.inbox.recv())
        except BaseException as interruption:  # noqa: BLE001  (Ctrl-C, or this process is stopped: raised below)
            reason = interruption
        self._stopping = True
        notes = self._group.stop(self._grace, stopped=isinstance(reason, Stopped), take=self._take)
        for process in self._processes.values():
            process._ends("abandoned", None)  # noqa: SLF001
        # A peer's channel ended is what a failure looks like to others; it is not why the block failed.
        failures = [process._as_error() for process in self._failed]  # noqa: SLF001
        failures.sort(key=lambda failure: isinstance(failure.__cause__, (EndOfChannel, BrokenChannel)))
        if failures and (reason is None or reason in failures):
            reason = failures.pop(0)
        if reason is None:
            return
        for failure in failures:
            reason.add_note(f"csp: also, {failure}{_trace_of(failure)}")
        for note in notes:
            reason.add_note(note)
        if reason is not error:
            raise reason

    # ---- inside -----------------------------------------------------------------------------------------------------

    def _start[R](
        self, fn: Callable[..., R], name: str, args: tuple[object, ...], kwargs: dict[str, object]
    ) -> Process[R]:
        if not self._open:
            raise RuntimeError("processes are started inside the block: with csp.parallel() as par: par.start(...)")
        self._look()
        if self._failed:
            raise self._failed[0]._as_error()  # noqa: SLF001
        module, path = path_of(fn, "a process's function")
        ends = list(_ends_among(name, args, kwargs))
        result, box = channel(1)
        process: Process[R] = Process(self, name, box)
        with result, _given(name, args, kwargs) as given:
            tag, process.id = self._group.start(name, *_RUN, (module, path, given, result))
        self._processes[tag] = process
        self._given.extend(ends)
        return process

    def _take(self, exit: Exit) -> None:
        """Take note of how a process ended."""
        tag, ending, detail = exit
        process = self._processes.pop(tag, None)
        if process is None:
            return
        process._ends(ending, detail)  # noqa: SLF001
        # One that never got as far as its function, or had to be killed, because we stopped it, has not failed.
        expected = {"returned", "stopped", "killed", "failed"} if self._stopping else {"returned", "stopped"}
        if process._ending not in expected:  # noqa: SLF001
            self._failed.append(process)

    def _receive(self, message: object) -> None:
        exit = exit_of(message)
        assert exit is not None, "only exits arrive here"
        self._group.ended(exit[0])
        self._take(exit)

    def _look(self) -> None:
        if get_ident() == self._thread and not self._stopping:
            while (message := self._group.inbox.recv_nowait(None)) is not None:
                self._receive(message)

    def _wait_for(self, process: Process[object], timeout: float | None) -> None:
        if get_ident() != self._thread:
            raise RuntimeError(f"process {process.name} still runs, and only the thread of its block may wait for it")
        deadline = None if timeout is None else monotonic() + timeout
        while process._ending == "":  # noqa: SLF001
            try:
                message = self._group.inbox.recv(None if deadline is None else max(0.0, deadline - monotonic()))
            except TimeoutError:
                raise TimeoutError(f"process {process.name} still runs after {timeout} s") from None
            self._receive(message)
            if self._failed and process._ending == "":  # noqa: SLF001
                raise self._failed[0]._as_error()  # noqa: SLF001


def _given(name: str, args: tuple[object, ...], kwargs: dict[str, object]) -> Receiver[Given]:
    """The arguments in a channel of their own, encoded."""
    flat: list[object] = []
    for pair in kwargs.items():
        flat.extend(pair)
    sender, receiver = channel(1)
    with sender:
        try:
            sender.send((args, tuple(flat)))
        except Exception:
            for place, value in (*enumerate(args), *kwargs.items()):
                refusal = why_it_cannot_travel(value)
                if refusal is not None:
                    raise type(refusal)(f"argument {place!r} of {name} cannot be sent: {refusal}") from refusal.__cause__
            raise
    return receiver


def _ends_among(name: str, args: tuple[object, ...], kwargs: dict[str, object]) -> Iterator[Sender[object] | Receiver[object]]:
    """The ends among the arguments, also those inside tuples, lists and the values of dicts."""
    left: list[tuple[object, object]] = [*enumerate(args), *kwargs.items()]
    seen: set[int] = set()
    while left:
        place, value = left.pop()
        if isinstance(value, (Sender, Receiver)):
            if value.closed:
                raise ClosedEnd(f"argument {place!r} of {name} is, or holds, an end that is closed: {value!r}")
            yield value
        elif isinstance(value, (tuple, list, dict)) and id(value) not in seen:
            seen.add(id(value))
            left.extend((place, part) for part in (value.values() if isinstance(value, dict) else value))


def _trace_of(failure: ProcessFailed) -> str:
    cause = failure.__cause__
    return str(cause.__cause__) if cause is not None and cause.__cause__ is not None else ""
