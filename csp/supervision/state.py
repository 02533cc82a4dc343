"""Everything a supervisor knows, as one immutable value, and how to look into it."""

from typing import Any, Literal, NamedTuple

import attrs

from csp.exits import ExitReason
from csp.supervision.child import ChildSpec, Kind
from csp.supervision.child_state import ChildState, Status
from csp.supervision.children import Children, children_of
from csp.supervision.commands import Ended, StartFailed
from csp.supervision.definition import SupervisorSpec
from csp.supervision.events import Request
from csp.supervision.intensity import Intensity
from csp.supervision.strategy import AutoShutdown, Strategy

type Stage = Literal["new", "booting", "running", "ending", "ended"]


@attrs.frozen
class SupervisorState:
    """One supervisor in one instant. Made by :func:`initial_state`, changed only by the reducer.

    Attributes:
        name: the name of the supervisor, for texts.
        strategy: as in its definition.
        intensity: as in its definition.
        auto_shutdown: as in its definition.
        children: all children in start order.
        stage: ``new``, ``booting`` (the first start), ``running``, ``ending``, ``ended``.
        stamps: the counted restart attempts of the children without an intensity of their own.
        outcome: the last command to give, once the last child is gone; None until the end is decided.
        killing: the children are killed and no longer asked.
        deferred: requests that wait until the supervisor has started.
        next_token: the token of the next retry.
        used_incarnations: the highest incarnation of any child that was forgotten. A new child's lives are
            numbered on from it, so that a late event about a forgotten namesake never fits.
    """

    name: str
    strategy: Strategy
    intensity: Intensity
    auto_shutdown: AutoShutdown
    children: Children = attrs.field(converter=children_of)
    stage: Stage = "new"
    stamps: tuple[float, ...] = ()
    outcome: Ended | StartFailed | None = None
    killing: bool = False
    deferred: tuple[Request, ...] = ()
    next_token: int = 1
    used_incarnations: int = 0

    def child(self, name: str) -> ChildState | None:
        """Find a child by its name; None when there is none."""
        return self.children.get(name)


class ChildInfo(NamedTuple):
    """One line of :func:`which_children`.

    Attributes:
        child_id: the name of the child.
        status: ``up``, ``starting``, ``restarting``, ``stopping`` or ``down``.
        incarnation: the present life; 0 when there is none.
        kind: ``worker`` or ``supervisor``.
        restarts: how many automatic restarts so far.
        last_reason: why its latest finished life ended, or None.
        spec: its child spec (OTP's ``get_childspec``); of a temporary child that is up, without its
            arguments.
    """

    child_id: str
    status: Status
    incarnation: int
    kind: Kind
    restarts: int
    last_reason: ExitReason | None
    spec: ChildSpec[Any]


class ChildCounts(NamedTuple):
    """The answer of :func:`count_children`: all specs, those that are up, and how many of each kind."""

    specs: int
    active: int
    supervisors: int
    workers: int


def initial_state(spec: SupervisorSpec, previous: SupervisorState | None = None) -> SupervisorState:
    """Make the state of a supervisor that has not started yet.

    Args:
        spec: a validated definition, as :func:`csp.supervision.definition.definition` returns it.
        previous: the last state of this supervisor's life before, if it had one. Nothing of it is kept but the
            numbers: incarnations and retry tokens go on from there, so that what is late from that life, a timer
            above all, never fits this one.
    """
    if previous is None:
        children = tuple(ChildState(child) for child in spec.children)
        return SupervisorState(spec.name, spec.strategy, spec.intensity, spec.auto_shutdown, children)
    used = {child.name: child.incarnation for child in previous.children}
    lives = [used.pop(child.name, previous.used_incarnations) for child in spec.children]
    return SupervisorState(
        spec.name,
        spec.strategy,
        spec.intensity,
        spec.auto_shutdown,
        children=tuple(ChildState(child, life) for child, life in zip(spec.children, lives, strict=True)),
        next_token=previous.next_token,
        # Those that are still in *used* were added at run time: they are forgotten with that life.
        used_incarnations=max(previous.used_incarnations, *used.values(), 0),
    )


def which_children(state: SupervisorState) -> tuple[ChildInfo, ...]:
    """List the children in start order (OTP lists the newest first)."""
    return tuple(
        ChildInfo(
            child_id=child.name,
            status=child.status,
            incarnation=child.incarnation if child.live else 0,
            kind=child.spec.kind,
            restarts=child.restarts,
            last_reason=child.last_reason,
            spec=child.spec,
        )
        for child in state.children
    )


def count_children(state: SupervisorState) -> ChildCounts:
    """Count the children. One that is starting, restarting or stopping is a spec but not active."""
    supervisors = sum(child.spec.kind == "supervisor" for child in state.children)
    return ChildCounts(
        specs=len(state.children),
        active=sum(child.status == "up" for child in state.children),
        supervisors=supervisors,
        workers=len(state.children) - supervisors,
    )
