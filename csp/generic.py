"""Generic classes that cost nothing: ``class Process[R]`` would import ``typing``, 8 ms in every interpreter."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Generic as Generic  # noqa: PLC0414  (exported to type checkers)
    from typing import ParamSpec, TypeVar
else:
    from _typing import ParamSpec, TypeVar
    from types import GenericAlias

    class Generic:
        """At run time a class that can be subscripted, and nothing else."""

        __slots__ = ()
        __class_getitem__ = classmethod(GenericAlias)


P = ParamSpec("P")
T_co = TypeVar("T_co", covariant=True)
