"""What is a variable of an interpreter, unless a thread is a guest there: then it has its own.

A guest is a thread with a holder of its own (csp._native.begin_holder), so that several of them can do in one
interpreter what else each does in its own: see docs/explanation/design.md.
"""

from csp._native import guest_id, guest_ids

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any


_all: list[PerHolder] = []


class PerHolder:
    """One value for all threads of this interpreter that use its holder, and one for each guest.

    A guest that was given none has the first value, and not the interpreter's. What guests had is forgotten when they
    say so, or when the next value is set after their end. Any thread, without a lock: each change is one operation of a
    dict, which the GIL makes whole.
    """

    __slots__ = ("_first", "_interpreters", "_of_guests")

    def __init__(self, first: object) -> None:
        self._first = self._interpreters = first
        self._of_guests: dict[int, object] = {}
        _all.append(self)

    def get(self) -> Any:
        """Give the caller's."""
        guest = guest_id()
        return self._of_guests.get(guest, self._first) if guest else self._interpreters

    def set(self, value: object) -> None:
        """Set the caller's."""
        guest = guest_id()
        if not guest:
            self._interpreters = value
            return
        for gone in self._of_guests.keys() - guest_ids():
            self._of_guests.pop(gone, None)
        self._of_guests[guest] = value

    def of_guests(self) -> Collection[Any]:
        """Give those that guests have, at this moment."""
        return tuple(self._of_guests.values())


def forget() -> None:
    """Forget what the caller, a guest, has of all these: it will not ask again."""
    guest = guest_id()
    for one in _all:
        one._of_guests.pop(guest, None)


# How much time whoever stops us gives: seconds between Stopped and the kill; None: nobody said. Set by what runs here,
# and read by whoever has to stop others before that.
granted = PerHolder(None)
