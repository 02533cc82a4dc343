"""Whose turn it is: which children may be told to stop, and which may be started, in this instant.

The reducer writes down what is meant to become of each child (``wanted``, ``fate``); these functions read off
what may be done about it now. So the order needs no list of steps that the next event could make wrong: a
death, a stop or a request in the middle of a group restart changes what is meant, and the order follows.

Held at every instant:

* stopping goes in reverse start order, each child awaited before the next one is told;
* starting goes in start order, each child awaited before the next one is started, and not before those that
  had to stop are gone.
"""

from csp.supervision.child_state import ChildState
from csp.supervision.state import SupervisorState


def due_stops(state: SupervisorState) -> tuple[ChildState, ...]:
    """List the children to be told to stop now, in that order; when killing, those to be killed now."""
    if state.killing:
        return state.children.spared()
    if not _stops_in_order(state):
        return state.children.doomed()
    # Only the youngest: it is told, or it has been and the next one waits for it.
    youngest = state.children.youngest_leaving()
    return (youngest,) if youngest is not None and youngest.fate == "doomed" else ()


def due_starts(state: SupervisorState) -> tuple[ChildState, ...]:
    """List the children to be started now, in that order."""
    if state.stage not in ("booting", "running") or _group_is_held_up(state):
        return ()
    if not _starts_in_order(state):
        return state.children.startable()
    first = state.children.first_pending()
    return (first,) if first is not None and first.phase == "down" and first.gate is None else ()


def all_up(state: SupervisorState) -> bool:
    """Tell whether every child that is supposed to be up is.

    A group restart cannot pass for that half way: the child it is about is down until the others are gone.
    """
    return state.children.first_pending() is None


def _stops_in_order(state: SupervisorState) -> bool:
    # Running under one_for_one, a stop is a request for one child, which depends on no other: OTP would serve
    # them one by one only because it is deaf while it waits.
    return state.strategy != "one_for_one" or state.stage == "ending"


def _starts_in_order(state: SupervisorState) -> bool:
    # Under one_for_one a child that restarts slowly must not hold up the others.
    return state.strategy != "one_for_one" or state.stage == "booting"


def _group_is_held_up(state: SupervisorState) -> bool:
    """Tell whether no child of a group may start yet: some must stop first, or all wait for one back-off."""
    match state.strategy:
        case "one_for_one":
            return False
        case "rest_for_one":
            return state.children.any_leaving
        case "one_for_all":
            return state.children.any_leaving or state.children.any_gated
