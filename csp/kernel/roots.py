"""What was started from outside, actors and supervision trees; and the closing, which stops the youngest first."""

from csp._native import Reply
from csp.errors import SystemClosing
from csp.exits import ExitReason
from csp.kernel.drain import Drain
from csp.kernel.lives import Lives
from csp.kernel.outcome import Outcome
from csp.kernel.slots import Slots

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from csp.kernel.slot import Living

    # The interpreter and the number of a request to start something.
    type Token = tuple[int, int]

    class Root(Protocol):
        """An actor that nobody supervises, or a supervisor that nobody supervises and all below it."""

        token: Token

        def stop(self, reason: ExitReason) -> None: ...
        def give_up(self) -> None: ...
        def kill(self) -> None: ...


_OUTCOMES_KEPT = 1000


class Roots:
    """The roots of a system, and the end of all of them.

    Attributes:
        trees: those of the roots that are supervisors, by name.
        outcomes: of the supervisors that have ended for good, by path.
    """

    def __init__(self, slots: Slots, lives: Lives) -> None:
        self._slots = slots
        self._lives = lives
        self._roots: list[Root] = []  # in start order
        self.trees: dict[str, Root] = {}
        self.outcomes: dict[str, Outcome] = {}
        self._closing: list[Reply] = []
        self._drain: Drain | None = None  # what goes before the stopping when closing
        self._stopping = False

    def add(self, root: Root) -> None:
        """Another root is about to start."""
        self._roots.append(root)

    def remove(self, root: Root) -> None:
        """Record that a root has not begun."""
        self._roots.remove(root)

    def gone(self, root: Root) -> None:
        """Record that a root has ended; while stopping, the next one is told to."""
        if root in self._roots:
            self._roots.remove(root)
        if self._stopping:
            self._stop_last()

    def give_up(self, token: Token) -> None:
        """Whoever asked for a start will not take what it gave."""
        for root in self._roots:
            if root.token == token:
                root.give_up()
                return

    def supervisor_gone(self, path: str, outcome: Outcome) -> None:
        """Remember how a supervisor ended for good, for who asks later; the oldest of many are forgotten."""
        while len(self.outcomes) >= _OUTCOMES_KEPT:
            del self.outcomes[next(iter(self.outcomes))]
        self.trees.pop(path, None)
        self.outcomes[path] = outcome

    # ---- the end ----------------------------------------------------------------------------------------------------

    def refuse_if_closing(self) -> None:
        """Raise SystemClosing when nothing is to be started any more."""
        if self._stopping:
            raise SystemClosing("the system is closing; it starts nothing any more")

    def close(self, reply: Reply, *, drain: bool) -> None:
        """Stop everything, the youngest first; *reply* is answered when it has ended.

        *drain*: before, let what is queued be handled. Meanwhile the system works as ever. Asked again without, that is
        over.
        """
        first = not self._closing
        self._closing.append(reply)
        if first and drain:
            self._drain = Drain(self._lives.loop.later, self._slots.by_id.values, self._stop_all)
        elif first:
            self._stop_all()
        elif self._drain is not None and not drain:
            self._drain.end()

    def hurry(self) -> None:
        """Let nothing more be handled that is queued."""
        if self._drain is not None:
            self._drain.end()

    def kill_all(self) -> None:
        """Kill whatever is left."""
        for root in list(self._roots):
            root.kill()
        self._lives.hurry()

    def ending(self) -> list[Living]:
        """List the lives that a closing waits for: they were told to end, clean up, or handle what is queued."""
        draining = self._drain.left() if self._drain is not None else []
        busy = [slot.life for slot in draining if slot.life is not None]
        return [*busy, *self._lives.ending()]

    def are_over(self) -> bool:
        """Whether all has been stopped, and has ended."""
        return self._stopping and not self._roots and self._lives.are_over()

    def tell_over(self) -> None:
        """Answer those who wait for the end, after a word about what was not handled."""
        self._slots.tell_unhandled()
        for reply in self._closing:
            reply.answer(None)

    def _stop_all(self) -> None:
        self._stopping = self._slots.stopping = True
        self._lives.stop()
        self._stop_last()

    def _stop_last(self) -> None:
        if self._roots:
            self._roots[-1].stop(ExitReason("shutdown", "the system is closing"))
