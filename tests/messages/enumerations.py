"""A module whose name begins as that of a module of the standard library: what it says of its classes is its own."""

import enum


class Level(enum.Enum):
    """Of another value where it arrives."""

    LOW = 1
    HIGH = 2

    def __reduce_ex__(self, protocol):
        return getattr, (Level, "HIGH")
