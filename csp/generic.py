"""Generic classes and annotations that cost nothing: ``typing`` would take 8 ms in every interpreter."""

from types import FunctionType, GenericAlias

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ParamSpec, TypeVar
    from typing import Generic as Generic  # noqa: PLC0414  (exported to type checkers)
else:
    from _typing import ParamSpec, TypeVar

    class Generic:
        """At run time a class that can be subscripted, and nothing else."""

        __slots__ = ()
        __class_getitem__ = classmethod(GenericAlias)


P = ParamSpec("P")
T_co = TypeVar("T_co", covariant=True)


class _Hints:
    """In place of a function's ``__annotate__``: evaluated with the names that only type checkers import."""

    __slots__ = ("annotate",)

    def __init__(self, annotate: Any) -> None:
        self.annotate = annotate

    def __call__(self, form: int, /) -> object:
        from csp.hints import evaluate

        return evaluate(self.annotate, form)


class _Arguments:
    """The ``__signature__`` of an error's class; ``inspect`` finds none of what was written in C."""

    def __get__(self, instance: object, owner: Any) -> object:
        from csp.hints import signature_of_error

        return signature_of_error(owner)


def with_hints(public: Any) -> None:
    """Make what is public tell its arguments: a function, or a class and its methods."""
    public = getattr(public, "__wrapped__", public)
    if isinstance(public, type) and issubclass(public, BaseException):
        public.__signature__ = _Arguments()  # type: ignore[attr-defined]  # read by inspect.signature
    found: list[Any] = [public]
    if isinstance(public, type):
        for value in vars(public).values():
            found += (
                value,
                *(getattr(value, part, None) for part in ("__func__", "__wrapped__", "function", "fget", "fset")),
            )
    for one in found:
        if (type(one) is FunctionType or one is public) and type(getattr(one, "__annotate__", None)) is FunctionType:
            hints: Any = _Hints(one.__annotate__)
            one.__annotate__ = hints
