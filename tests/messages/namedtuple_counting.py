"""A module whose name begins as those of the constructors that collections makes."""

import collections

made = []


class Counted(collections.namedtuple("Counted", ("left", "right"))):  # noqa: PYI024  (a subclass of one)
    """Sees to its making."""

    __slots__ = ()

    def __new__(cls, left, right):
        made.append(left)
        return super().__new__(cls, left, right)
