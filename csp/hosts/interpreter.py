"""Starting an interpreter, from any interpreter, and what can be done with one."""

import sys

from csp._native import (
    Sender,
    cancel_interpreter,
    end_within,
    fence_interpreter,
    kill_interpreter,
    start_interpreter,
    unbounded_channel,
)
from csp.errors import BrokenChannel, StartFailed
from csp.hosts.guards import install
from csp.hosts.importing import refuse_while_loading
from csp.hosts.program import program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# (tag, "ended" | "killed" | "failed" | "stopped", what it returned, or a text). Stopped: before it began.
type Exit = tuple[int, str, object]


def exit_of(message: Any) -> Exit:
    """Read the exit that a message to *exits* is: a bare one in words."""
    exit: Exit = bare_exit(message) if is_bare(message) else message
    return exit


def is_bare(message: object) -> bool:
    """Whether it is the exit of one that never had an interpreter, and so no words (exit.c): its tag alone."""
    return type(message) is int or type(message) is float


def bare_exit(tag: float) -> Exit:
    """Read a bare exit: an int says that it could not be made, a float that it was told to stop before."""
    if type(tag) is int:
        return tag, "failed", "the system gives no more interpreters (see the limits of memory and of open files)"
    return int(tag), "stopped", "it was told to stop before it began"


class Interpreter:
    """One started interpreter, as the host of an order; see csp.hosts.kinds for what is asked of one.

    Attributes:
        id: its number, under which the extension knows it.
        control: the sending end of its control channel.
    """

    __slots__ = ("control", "id")

    def __init__(self, id: int, control: Sender[object]) -> None:
        self.id = id
        self.control = control

    def begin(self, module: str, function: str, arguments: tuple[object, ...]) -> None:
        """Give it its order; see order()."""
        order(self, module, function, arguments)

    def is_ready(self) -> bool:
        """Whether it has imported what it was to, and waits for its order."""
        return self.control.statistics().waiting_receivers > 0

    def ask(self, message: object) -> None:
        """Put a message where its code looks between two others. Never waits; raises ChannelError when it has ended."""
        self.control.send_nowait(message)

    def cancel(self) -> None:
        """Raise Stopped out of every channel operation in it, from now on."""
        cancel_interpreter(self.id)

    def kill(self) -> None:
        """Raise in all of its Python code, from now on; what still runs at its end gets no more time."""
        kill_interpreter(self.id)

    def end_within(self, seconds: float | None) -> None:
        """Its code is done: what that has left running may go on for so long (None: no limit)."""
        end_within(self.id, seconds)

    def fence(self) -> None:
        """Close whatever it holds, and leave its threads behind."""
        fence_interpreter(self.id)

    def close(self) -> None:
        """Let go of it: it ends when it has no order, and never hears of another message."""
        self.control.close()


def start(name: str, exits: Sender[Exit], tag: int, *, preload: tuple[str, ...] = ()) -> Interpreter:
    """Start an interpreter that waits for an order; returns at once.

    Args:
        name: for people; shown in reports.
        exits: gets ``(tag, ending, detail)``, or what exit_of makes of it, when the interpreter has ended, after
            everything it held was closed.
        tag: the caller's own number for it.
        preload: modules that it imports before the order comes.

    Raises StartFailed when the system gives no more threads, at the end of the program, and while tracemalloc runs.
    """
    refuse_while_loading("an interpreter would be started")
    if sys.implementation.name != "cpython":
        raise StartFailed("own-GIL interpreters need CPython")
    install()  # the first start in the main interpreter brings the guards
    # Unbounded: what may follow the three messages of an order, a stop above all, always finds room.
    sender, receiver = unbounded_channel()
    try:
        id = start_interpreter(name, "csp.hosts.boot", "serve", receiver, exits, tag)
    except OSError as error:
        raise StartFailed(f"cannot start an interpreter for {name!r}: {error}") from error
    except RuntimeError as error:  # something is on that CPython cannot do together with interpreters
        raise StartFailed(str(error)) from None
    finally:
        receiver.close()
    _tell(sender, (program(), preload))
    return Interpreter(id, sender)


def order(started: Interpreter, module: str, function: str, arguments: tuple[object, ...]) -> None:
    """Tell a started interpreter what to run: ``module.function(control, *arguments)``. Does not wait for it."""
    _tell(started.control, (module, function))
    _tell(started.control, arguments)


def _tell(control: Sender[object], message: object) -> None:
    """Send it, if the interpreter has come up. If it has not, its exit message says why."""
    try:
        control.send(message)
    except BrokenChannel:
        pass
