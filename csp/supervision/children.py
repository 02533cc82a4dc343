"""The children of one supervisor: an immutable collection in start order.

A changed copy of it costs no more with ten thousand children than with ten.

A supervisor's every step changes one child or two. Copies would make each step as long as the list. So all versions of
a collection share one store, which holds the newest; an older version knows what it takes to get back to it, and takes
that way when it is looked at (H. G. Baker, "Shallow binding makes functional arrays fast", 1991). Whoever goes on with
the newest version, as the driver does, never pays for it. One thread at a time may use the versions of one collection.

The store also keeps, up to date, what the reducer asks at every step: who is leaving, who is not up yet, who waits for
which retry, how many live.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator
from typing import overload

from csp.supervision.child_state import ChildState

type _Change = tuple[int, ChildState | None]  # the place of a child in the store, and what is to be there


class _Store:
    """The newest version, and what is read off it. A child keeps its number, which grows in start order."""

    __slots__ = (
        "at", "doomed", "gates", "leaving", "live", "next_number", "number_of", "numbers", "pending", "significant",
        "spared", "startable",
    )  # fmt: skip

    def __init__(self) -> None:
        self.at: dict[int, ChildState] = {}
        self.number_of: dict[str, int] = {}
        # Sorted, as all lists of numbers here.
        self.numbers: list[int] = []
        self.leaving: list[int] = []  # their lives are to end, or are being ended
        self.doomed: list[int] = []  # those of them that have not been told
        self.spared: list[int] = []  # those of them that are not killed
        self.pending: list[int] = []  # wanted, and not up
        self.startable: list[int] = []  # those of them that have no life and wait for no retry
        self.gates: dict[int, int] = {}  # by number: the token that the child waits for
        self.live = 0
        self.significant = 0  # that live, or are to
        self.next_number = 0

    def set(self, number: int, child: ChildState | None) -> ChildState | None:
        """Put a child, or none, in a place; gives what was there."""
        old = self.at.pop(number, None)
        if old is not None:
            self._count(number, old, _remove, -1)
        if child is not None:
            self.at[number] = child
            self.number_of[child.name] = number
            self._count(number, child, insort, +1)
            if old is None:
                insort(self.numbers, number)
        elif old is not None:
            del self.number_of[old.name]
            _remove(self.numbers, number)
        return old

    def _count(self, number: int, child: ChildState, change: Callable[[list[int], int], None], by: int) -> None:
        if child.leaving:
            change(self.leaving, number)
            if child.fate != "killing":
                change(self.spared, number)
            if child.fate == "doomed":
                change(self.doomed, number)
        if child.wanted and child.phase != "up":
            change(self.pending, number)
            if child.phase == "down" and child.gate is None:
                change(self.startable, number)
        if child.gate is not None:
            if by > 0:
                self.gates[number] = child.gate
            else:
                del self.gates[number]
        self.live += by * child.live
        self.significant += by * (child.spec.significant and (child.live or child.wanted))


def _remove(numbers: list[int], number: int) -> None:
    del numbers[bisect_left(numbers, number)]


class Children:
    """All children of one supervisor, in start order. Made by :func:`children_of`; never changes."""

    __slots__ = ("_newer", "_store")

    def __init__(self, store: _Store) -> None:
        """For this module only: see :func:`children_of`."""
        self._store: _Store | None = store  # of the newest version only
        self._newer: tuple[_Change, Children] | None = None  # of all others: what leads back from the next newer one

    # ---- versions ---------------------------------------------------------------------------------------------------

    def _current(self) -> _Store:
        """Give the store, with this version as the newest."""
        way: list[Children] = []
        version = self
        while version._newer is not None:
            way.append(version)
            version = version._newer[1]
        store = version._store
        assert store is not None
        for version in reversed(way):
            assert version._newer is not None
            (number, child), newer = version._newer
            newer._newer = (number, store.set(number, child)), version
            newer._store = None
            version._newer, version._store = None, store
        return store

    def _with(self, number: int, child: ChildState | None) -> Children:
        store = self._current()
        old = store.set(number, child)
        made = Children(store)
        self._newer, self._store = ((number, old), made), None
        return made

    def put(self, child: ChildState) -> Children:
        """Give the same with another state of the child of that name, which must be there."""
        return self._with(self._current().number_of[child.name], child)

    def add(self, child: ChildState) -> Children:
        """Give the same with one more child, the last in start order. Its name is free."""
        store = self._current()
        number = store.next_number
        store.next_number += 1
        return self._with(number, child)

    def remove(self, name: str) -> Children:
        """Give the same without the child of that name, which must be there."""
        return self._with(self._current().number_of[name], None)

    # ---- looking ----------------------------------------------------------------------------------------------------

    def get(self, name: str) -> ChildState | None:
        """Give the child of that name, or None."""
        store = self._current()
        number = store.number_of.get(name)
        return store.at[number] if number is not None else None

    @property
    def any_live(self) -> bool:
        """Whether a life has begun of some child whose last event has not come yet."""
        return self._current().live > 0

    @property
    def any_leaving(self) -> bool:
        """Whether some life is to end, or is being ended."""
        return bool(self._current().leaving)

    @property
    def any_gated(self) -> bool:
        """Whether some child waits for a retry."""
        return bool(self._current().gates)

    @property
    def any_significant(self) -> bool:
        """Whether a significant child is up, or about to be; one between two lives counts."""
        return self._current().significant > 0

    def youngest_leaving(self) -> ChildState | None:
        """Find the last one, in start order, whose life is to end or is being ended."""
        store = self._current()
        return store.at[store.leaving[-1]] if store.leaving else None

    def doomed(self) -> tuple[ChildState, ...]:
        """Those whose lives are to end and that have not been told, in reverse start order."""
        store = self._current()
        return tuple(store.at[number] for number in reversed(store.doomed))

    def spared(self) -> tuple[ChildState, ...]:
        """Those whose lives are to end and that are not being killed, in reverse start order."""
        store = self._current()
        return tuple(store.at[number] for number in reversed(store.spared))

    def first_pending(self) -> ChildState | None:
        """Find the first one, in start order, that is supposed to be up and is not."""
        store = self._current()
        return store.at[store.pending[0]] if store.pending else None

    def startable(self) -> tuple[ChildState, ...]:
        """Those that are supposed to be up, have no life and wait for no retry, in start order."""
        store = self._current()
        return tuple(store.at[number] for number in store.startable)

    def gated(self, token: int) -> tuple[ChildState, ...]:
        """Those that wait for the retry of that token, in start order."""
        store = self._current()
        return tuple(store.at[number] for number in sorted(store.gates) if store.gates[number] == token)

    def __len__(self) -> int:
        return len(self._current().numbers)

    def __iter__(self) -> Iterator[ChildState]:
        return iter(self[:])  # of this version, whatever becomes of the newest one meanwhile

    def __reversed__(self) -> Iterator[ChildState]:
        return reversed(self[:])

    @overload
    def __getitem__(self, place: int) -> ChildState: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[ChildState, ...]: ...
    def __getitem__(self, place: int | slice) -> ChildState | tuple[ChildState, ...]:
        store = self._current()
        if isinstance(place, slice):
            return tuple(store.at[number] for number in store.numbers[place])
        return store.at[store.numbers[place]]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Children):
            return NotImplemented
        return self is other or self[:] == other[:]

    def __hash__(self) -> int:
        return hash(self[:])

    def __repr__(self) -> str:
        return f"Children{self[:]!r}"


def children_of(children: Iterable[ChildState]) -> Children:
    """Make a collection of these, in this order; a collection is given back as it is."""
    if isinstance(children, Children):
        return children
    store = _Store()
    for child in children:
        store.set(store.next_number, child)
        store.next_number += 1
    return Children(store)
