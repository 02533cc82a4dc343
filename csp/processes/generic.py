"""Generic classes that cost nothing: ``class Process[R]`` imports ``typing``, 8 ms in every interpreter that loads it."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Generic as Generic
    from typing import TypeVar

    T = TypeVar("T")
    R_co = TypeVar("R_co", covariant=True)
else:
    T = R_co = None

    class Generic:
        """At run time a class that can be subscripted, and nothing else."""

        __slots__ = ()

        def __class_getitem__(cls, parameters):
            return cls
