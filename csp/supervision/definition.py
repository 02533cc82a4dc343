"""What the reducer makes of a supervisor's class: one validated value."""

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

import attrs

from csp.errors import ChildSpecError
from csp.supervision.checks import is_a, refusal, words
from csp.supervision.child import ChildSpec, Kind, checked_child
from csp.supervision.intensity import Intensity
from csp.supervision.strategy import AUTO_SHUTDOWNS, STRATEGIES, AutoShutdown, Strategy
from csp.supervision.supervisor import Supervisor


@attrs.frozen
class SupervisorSpec:
    """One supervisor, read and validated: what the reducer starts from. Made by :func:`definition`.

    Attributes:
        name: the name of its class, for texts and logs.
        strategy: as in :class:`Supervisor`.
        intensity: as in :class:`Supervisor`.
        auto_shutdown: as in :class:`Supervisor`.
        children: the child specs in start order; no two have the same name.
    """

    name: str
    strategy: Strategy = "one_for_one"
    intensity: Intensity = attrs.field(factory=Intensity)
    auto_shutdown: AutoShutdown = "never"
    children: tuple[ChildSpec[Any], ...] = ()


class NestedSupervisor:
    """Stands for a supervisor's class in a packed child spec; holds its packed definition."""

    __csp_child_kind__: ClassVar[Kind] = "supervisor"
    __slots__ = ("spec",)

    def __init__(self, spec: SupervisorSpec) -> None:
        self.spec = spec

    def __reduce__(self) -> tuple[object, ...]:
        return NestedSupervisor, (self.spec,)


def definition(supervisor: Supervisor) -> SupervisorSpec:
    """Read a supervisor's settings, ask it for its children, and validate both. Starts nothing.

    What :meth:`Supervisor.children` itself raises passes through unchanged.

    Args:
        supervisor: an instance of a subclass of :class:`Supervisor`.

    Raises:
        ChildSpecError: something is not legal. The text names the supervisor, the child, the field, and what
            is legal.
    """
    if not is_a(supervisor, Supervisor):
        raise ChildSpecError(_what_else(supervisor))
    name = type(supervisor).__name__
    owner = f"supervisor {name}"
    if supervisor.strategy not in STRATEGIES:
        raise refusal(owner, "strategy", supervisor.strategy, words(STRATEGIES))
    if not is_a(supervisor.intensity, Intensity):
        raise refusal(owner, "intensity", supervisor.intensity, "csp.Intensity(restarts=..., seconds=...)")
    if supervisor.auto_shutdown not in AUTO_SHUTDOWNS:
        raise refusal(owner, "auto_shutdown", supervisor.auto_shutdown, words(AUTO_SHUTDOWNS))
    return SupervisorSpec(
        name=name,
        strategy=supervisor.strategy,
        intensity=supervisor.intensity,
        auto_shutdown=supervisor.auto_shutdown,
        children=tuple(_checked_children(supervisor, owner)),
    )


def _what_else(value: object) -> str:
    """Say what *value* is instead of a supervisor, and what to do about it."""
    cls: type[Any] = value if isinstance(value, type) else type(value)
    name = cls.__name__
    if issubclass(cls, Supervisor):
        return f"{name} is a class; make a supervisor of it: {name}(...)"
    if getattr(cls, "__csp_child_kind__", None) == "worker":
        return (
            f"{name} is an actor, not a supervisor; yield csp.child({name}, ...) from the children() of a "
            f"csp.Supervisor, or start it without one: spawn({name}, ...)"
        )
    return f"{value!r} is not a supervisor; subclass csp.Supervisor"


def _checked_children(supervisor: Supervisor, owner: str) -> Iterator[ChildSpec[Any]]:
    """Yield the children of *supervisor*, each checked, names unique."""
    children: Any = supervisor.children
    if callable(children):  # else it is a list of them
        children = children()
    if isinstance(children, ChildSpec):
        raise ChildSpecError(f"{owner}: children() returns one child spec; yield it instead")
    if not is_a(children, Iterable):
        raise ChildSpecError(
            f"{owner}: children() returns {children!r}; yield child specs: yield csp.child(Class, ...)"
        )
    taken: set[str] = set()
    for value in children:
        spec = checked_child(value, owner, supervisor.auto_shutdown)
        if spec.name in taken:
            raise ChildSpecError(
                f"{owner}: two children are named {spec.name!r}; give one another name: "
                f'csp.child(...).options(name="{spec.name}-2")'
            )
        taken.add(spec.name)
        yield spec
