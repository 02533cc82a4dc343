"""Small immutable values that load anywhere: inside actors attrs would cost 30 ms and 4 MiB for them."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


class Value:
    """Base of a class whose instances never change and are equal when their fields are.

    A subclass names its fields in ``__slots__``, in the order of its constructor's parameters, and fills them with
    :meth:`_fill`.
    """

    __slots__: tuple[str, ...] = ()

    def _fill(self, *values: object) -> None:
        for name, value in zip(type(self).__slots__, values, strict=True):
            object.__setattr__(self, name, value)  # the class refuses assignment, to itself too

    def _fields(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in type(self).__slots__)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} does not change: {name!r} cannot be set")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} does not change: {name!r} cannot be deleted")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._fields() == other._fields()

    def __hash__(self) -> int:
        return hash((type(self), self._fields()))

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in type(self).__slots__)
        return f"{type(self).__name__}({fields})"

    def __reduce__(self) -> tuple[object, ...]:
        # Without this, copy and pickle would fill the slots by assignment, which the class refuses.
        return type(self), self._fields()
