"""Where a pipeline's items come from: a collection, an iterator, or a channel."""

from collections import deque
from itertools import islice

from csp._native import Receiver
from csp.errors import EndOfChannel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

_EMPTY: dict[str, str] = {}
# What is all there already, so that asking for the next item neither waits nor does anything that could be noticed. An
# iterator is none of these: who made it may see how far it was taken.
_STORED: frozenset[type[Any]] = frozenset({
    list, tuple, range, str, bytes, bytearray, dict, set, frozenset, deque,
    type(_EMPTY.keys()), type(_EMPTY.values()), type(_EMPTY.items()),
})  # fmt: skip
_NOTHING = object()


class Source:
    """The items, to be drawn in the caller's thread.

    Attributes:
        stored: whether they are all there already.
        length: how many there are, if that is known.
        channel: the channel they come from, if they do; then drawing never waits, and a select can.
        over: whether all were drawn.
    """

    __slots__ = ("_items", "channel", "length", "over", "stored")

    def __init__(self, source: Iterable[object]) -> None:
        self.stored = type(source) in _STORED
        self.channel = source if isinstance(source, Receiver) else None
        self.length: int | None = None
        if self.channel is None and hasattr(source, "__len__"):
            self.length = len(source)  # type: ignore[arg-type]  # it has one
        self.over = False
        self._items: Iterator[object] = iter(source)

    def draw(self, count: int) -> tuple[object, ...]:
        """Up to *count* items; fewer when it is over, or when no more are there in the channel now."""
        if self.over:
            return ()
        if self.channel is not None:
            return self._take(count)
        items = tuple(islice(self._items, count))
        self.over = len(items) < count
        return items

    def _take(self, count: int) -> tuple[object, ...]:
        assert self.channel is not None
        taken: list[object] = []
        try:
            while len(taken) < count:
                item = self.channel.recv_nowait(_NOTHING)
                if item is _NOTHING:
                    break
                taken.append(item)
        except EndOfChannel:
            self.over = True
        return tuple(taken)
