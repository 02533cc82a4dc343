"""The kinds of hosts: what runs the code of an order, and how that is stopped.

A further kind is one file with a class like Interpreter, and one line in the table.
"""

from csp.hosts.interpreter import start

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from csp._native import Sender
    from csp.hosts.interpreter import Exit

    class Host(Protocol):
        """What runs one order. When it has ended, and everything that it held is closed, it sends its exit.

        Nothing here waits. What is asked of one that has ended does nothing, but for ask(), which raises.
        """

        @property
        def id(self) -> int:
            """Its number among the interpreters of this process, for reports and limits; 0: it is none."""
            ...

        def begin(self, module: str, function: str, arguments: tuple[object, ...]) -> None:
            """Run ``module.function(control, *arguments)``; *control* gets what ask() is given."""

        def ask(self, message: object) -> None:
            """Put a message where its code looks between two others. Raises ChannelError when it has ended."""

        def cancel(self) -> None:
            """Raise Stopped out of every channel operation in it, from now on."""

        def kill(self) -> None:
            """Raise in all of its Python code, from now on."""

        def end_within(self, seconds: float | None) -> None:
            """Its code is done: what that has left running may go on for so long (None: no limit)."""

        def fence(self) -> None:
            """Close whatever it holds. It counts as ended, whatever it does."""

        def close(self) -> None:
            """Let go of it."""


# Each starts a host of a name, for people; it sends its one exit message with the tag.
KINDS: dict[str, Callable[[str, Sender[Exit], int], Host]] = {"interpreter": start}
USUAL = "interpreter"
