"""Names of the class Actor that can be read, overridden where that is meant, and never hidden by an assignment."""

from types import MethodType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    value = property

    def method[F: Callable[..., Any]](function: F, /) -> F:
        """Mark a method of Actor as one that no instance hides."""
        return function

else:

    class method:  # noqa: N801  (a decorator)
        """A function of a class that no attribute of an instance hides: what assigns one is told so."""

        def __init__(self, function: Callable[..., Any]) -> None:
            self.function = function
            self.__doc__ = function.__doc__

        def __get__(self, instance: object, owner: type | None = None) -> object:
            return self.function if instance is None else MethodType(self.function, instance)

        def __set__(self, instance: object, value: object) -> None:
            _refuse(instance, self.function)

        def __delete__(self, instance: object) -> None:
            _refuse(instance, self.function)

    class value(property):  # noqa: N801  (a decorator)
        """A property that says why it cannot be assigned."""

        def __set__(self, instance: object, value: object) -> None:
            _refuse(instance, self.fget)

        def __delete__(self, instance: object) -> None:
            _refuse(instance, self.fget)


def _refuse(instance: object, function: Any) -> None:
    from csp.actors.names import refuse

    refuse(instance, function.__name__)
