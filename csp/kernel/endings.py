"""Interpreters whose actors have ended, while they clean up: who waits for them, and which of them are stuck."""

from functools import partial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from csp.hosts.patience import Patience
    from csp.kernel.life import Life

# Seconds for what an interpreter does about threads and exit handlers whose time is over: told, killed, left.
LEFT_FOR = 2.0
# The number of no limit.
_NO_LIMIT = 0


class Endings:
    """The lives that are over and whose interpreters have not ended yet.

    Args:
        patience: the kernel's.
        stuck: gets the number of a life whose interpreter has had its closing time, and LEFT_FOR, and does not end.
    """

    def __init__(self, patience: Patience, stuck: Callable[[int], None]) -> None:
        self._patience = patience
        self._stuck = stuck
        # Their limits, by their numbers, by name: a new slot may have the name of an old one.
        self._limits: dict[str, dict[int, int]] = {}
        self._waiting: dict[str, list[Callable[[], None]]] = {}

    def add(self, life: Life) -> None:
        """Add a life that is over, and whose interpreter begins to clean up."""
        limit, granted = _NO_LIMIT, life.wind_up()
        if granted is not None:
            limit = self._patience.give(life.host_id, granted + LEFT_FOR, partial(self._stuck, life.id))
        self._limits.setdefault(life.name, {})[life.id] = limit

    def gone(self, life: Life) -> None:
        """Its interpreter has ended, or is not waited for any more."""
        name = life.name
        limits = self._limits.get(name)
        if limits is None or life.id not in limits:
            return
        self._patience.take_back(limits.pop(life.id))
        if not limits:
            del self._limits[name]
            for action in self._waiting.pop(name, ()):
                action()

    def ids(self) -> list[int]:
        """Give the numbers of all these lives."""
        return [id for limits in self._limits.values() for id in limits]

    def any_of(self, name: str) -> bool:
        """Whether the interpreter of an earlier life of that name still cleans up."""
        return name in self._limits

    def after(self, name: str, action: Callable[[], None]) -> None:
        """Do *action* once no interpreter of that name cleans up any more. Some does."""
        self._waiting.setdefault(name, []).append(action)
