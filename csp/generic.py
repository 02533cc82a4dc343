"""Generic classes that cost nothing: ``class Process[R]`` would import ``typing``, 8 ms in every interpreter."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Generic as Generic  # noqa: PLC0414  (exported to type checkers)
    from typing import ParamSpec, TypeVar

    P = ParamSpec("P")
    T_co = TypeVar("T_co", covariant=True)
else:
    P = T_co = None

    class Generic:
        """At run time a class that can be subscripted, and nothing else."""

        __slots__ = ()

        def __class_getitem__(cls, parameters):
            return cls
