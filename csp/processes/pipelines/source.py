"""Where a pipeline's items come from: a collection, an iterator, or a channel; alone, or joined into batches."""

from collections import deque
from itertools import batched, islice

from csp._native import Receiver, gather
from csp.errors import EndOfChannel
from csp.processes.pipelines.chunking import MOST

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
# Items that are gathered or received at once, at most: room for them is made before.
_MANY = 1 << 14


class Source:
    """The units that go into a pipeline, to be drawn in the caller's thread. A unit is an item, or a batch of them.

    Batches that follow the iterable are its own affair, so that no item of a batch is touched by Python: of what is
    stored they are made by itertools.batched, and of the others they are gathered in C. A batch of batches is gathered
    as the items that it will hold.

    Args:
        source: the iterable.
        sizes: of the batches that stand right behind it, the innermost first.
        inbox: what makes it stop gathering when something arrives there.

    Attributes:
        stored: whether the items are all there already.
        length: how many items there are, if that is known.
        units: how many units they make, likewise.
        each: items in a unit, unless it is the last.
        taken: items taken so far.
        channel: the channel they come from, if they do; then drawing never waits, and a select can.
        over: whether all were taken. Drawing gives what is still held of them.
    """

    __slots__ = ("_held", "_inbox", "_items", "_sizes", "channel", "each", "length", "over", "stored", "taken", "units")

    def __init__(self, source: Iterable[object], sizes: tuple[int, ...], inbox: Receiver[object]) -> None:
        self.stored = type(source) in _STORED
        self.channel = source if isinstance(source, Receiver) else None
        self.length: int | None = None
        if self.channel is None and hasattr(source, "__len__"):
            self.length = len(source)  # type: ignore[arg-type]  # it has one
        self.over = False
        self.each = 1
        for size in sizes:
            self.each *= size
        self.units = None if self.length is None else -(-self.length // self.each)
        self.taken = 0
        self._held: list[object] = []  # of a batch that is not full
        self._sizes = sizes
        self._inbox = inbox
        self._items: Iterator[object] = iter(source)
        if self.stored and self.length:
            self._items = _nested(self._items, sizes, self.length)

    def draw(self, count: int) -> tuple[object, ...]:
        """Up to *count* units; fewer when it is over, or when no more are there in the channel now.

        Of an iterator in batches it may be none, when something has arrived in the inbox before a batch was full.
        """
        if self.over:
            return self._rest()
        if self.channel is not None:
            return self._receive(self.channel, count)
        if self._sizes and not self.stored:
            return self._gather()
        # A chunk of batches is no larger than one of items: what is drawn is sent before it has left the cache.
        count = max(1, min(count, MOST // self.each))
        units = tuple(islice(self._items, count))
        self.over = len(units) < count
        self.taken += len(units) * self.each
        if self.over and self.length is not None and self.stored:
            self.taken = self.length  # the last batch may be short
        return units

    def push(self, item: object) -> tuple[object, ...]:
        """Make a unit of an item that somebody else received from the channel, or none yet."""
        self._held.append(item)
        self.taken += 1
        return self._rest() if len(self._held) == self.each else ()

    def lazily(self) -> Iterator[object] | None:
        """All units, for somebody who has nothing else to do than to wait for them; None if only draw can say them."""
        if self.stored:
            return self._items
        return None if self.channel is not None or self.each > _MANY else _nested(self._items, self._sizes, None)

    def _gather(self) -> tuple[object, ...]:
        lacking = self.each - len(self._held)
        items: tuple[object, ...]
        try:
            items = gather(self._items, min(lacking, _MANY), self._inbox)
        except StopIteration as end:
            self.over = True
            items = end.value
        self.taken += len(items)
        if len(items) == self.each and len(self._sizes) == 1:
            return (items,)
        self._held.extend(items)
        return self._rest() if self.over or len(items) == lacking else ()

    def _rest(self) -> tuple[object, ...]:
        """Give what is held, as units: one, or none if nothing is held."""
        held, self._held = self._held, []
        if not self._sizes or not held:
            return tuple(held)
        return (tuple(_nested(iter(held), self._sizes[:-1], len(held))),)

    def _receive(self, channel: Receiver[object], count: int) -> tuple[object, ...]:
        units: list[object] = []
        try:
            while len(units) < count:
                lacking = self.each - len(self._held)
                if lacking == 1:
                    item = channel.recv_nowait(_NOTHING)
                    if item is _NOTHING:
                        break
                    units.extend(self.push(item))
                    continue
                items = channel.recv_many(min(lacking, _MANY), 0)
                self.taken += len(items)
                self._held.extend(items)
                if len(items) == lacking:
                    units.extend(self._rest())
        except TimeoutError:
            pass
        except EndOfChannel:
            self.over = True
            units.extend(self._rest())
        return tuple(units)


def _nested(items: Iterator[object], sizes: tuple[int, ...], length: int | None) -> Iterator[object]:
    """Batches of batches. itertools makes room for a whole batch: so for no more than *length*, if it is known."""
    for size in sizes:
        items = batched(items, size if length is None else min(size, length), strict=False)
    return items
