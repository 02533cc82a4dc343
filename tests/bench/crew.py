"""Functions in own-GIL interpreters of csp's, on raw channels, below the actor layer."""

import csp
from csp._native import unbounded_channel
from csp.hosts.interpreter import order, start

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

# Seconds for an interpreter to end after its channels were closed.
PATIENCE = 30.0


class Crew:
    """The interpreters of one peer. Leaving it waits until all have ended, so close their channels first."""

    def __init__(self) -> None:
        self._exits, self._ended = unbounded_channel()
        self._running = 0

    def run(self, function: Callable[..., object], *arguments: object) -> None:
        """Start an interpreter that runs ``function(control, *arguments)``; ends among the arguments are given away."""
        self._running += 1
        started = start(function.__name__, self._exits, self._running)
        order(started, function.__module__, function.__qualname__, arguments)
        for argument in arguments:
            if isinstance(argument, (csp.Sender, csp.Receiver)):
                argument.close()

    def join(self) -> None:
        """Wait until all have ended. Raises RuntimeError for one that failed."""
        while self._running:
            _, ending, detail = self._ended.recv(timeout=PATIENCE)
            self._running -= 1
            if ending != "ended":
                raise RuntimeError(f"a worker {ending}: {detail}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or kind is GeneratorExit:
            self.join()
