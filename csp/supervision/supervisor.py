"""What users write, and what the reducer makes of it.

A supervisor holds no running code of its own: its class says how its children are kept, and a driver does the
keeping.
"""

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

import attrs

from csp.errors import ChildSpecError
from csp.supervision.checks import is_a, refusal, words
from csp.supervision.child import ChildSpec, Kind, checked_child
from csp.supervision.intensity import Intensity
from csp.supervision.strategy import AUTO_SHUTDOWNS, STRATEGIES, AutoShutdown, Strategy


class Supervisor:
    """Keep children alive. Subclass it, set the class attributes, and yield the children in start order.

    .. code-block:: python

        class Bank(csp.Supervisor):
            strategy = "rest_for_one"
            intensity = csp.Intensity(restarts=3, seconds=5.0)

            def __init__(self, path: str) -> None:
                self.path = path

            def children(self):
                yield csp.child(Ledger, self.path)
                yield csp.child(Teller).options(restart="transient")

    Its class takes whatever arguments it likes, and a supervisor is a child like any other:
    ``csp.child(Bank, "ledger.db")``.

    Attributes:
        strategy: ``"one_for_one"`` (only the child that ended is restarted), ``"one_for_all"`` (all are) or
            ``"rest_for_one"`` (that child and those started after it are).
        intensity: how many restarts within how many seconds, before the supervisor gives up and its own
            supervisor decides.
        auto_shutdown: ``"never"``, ``"any_significant"`` or ``"all_significant"``: whether the supervisor
            stops when one, or the last, of its significant children has ended for good (OTP 24).
    """

    strategy: ClassVar[Strategy] = "one_for_one"
    intensity: ClassVar[Intensity] = Intensity()
    auto_shutdown: ClassVar[AutoShutdown] = "never"

    # How a child spec tells a nested supervisor from a worker without importing this module.
    __csp_child_kind__: ClassVar[Kind] = "supervisor"

    def children(self) -> Iterable[ChildSpec[Any]]:
        """Yield the child specs, in start order. Called once for each life of the supervisor."""
        return ()


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
        if isinstance(supervisor, type) and issubclass(supervisor, Supervisor):
            raise ChildSpecError(
                f"{supervisor.__name__} is a class; make a supervisor of it: {supervisor.__name__}(...)"
            )
        raise ChildSpecError(f"{supervisor!r} is not a supervisor; subclass csp.Supervisor")
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


def _checked_children(supervisor: Supervisor, owner: str) -> Iterator[ChildSpec[Any]]:
    """Yield the children of *supervisor*, each checked, names unique."""
    children = supervisor.children()
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
