"""Children changed at run time: start, terminate, restart and delete, with OTP's answers.

A request that takes time is answered later, by whatever ends the wait; meanwhile the supervisor hears
everything else.
"""

from typing import assert_never

import attrs

from csp.errors import ChildSpecError
from csp.supervision.child import checked_child
from csp.supervision.child_state import ChildState, Starter
from csp.supervision.commands import Answer, Outcome
from csp.supervision.events import (
    DeleteChildRequest,
    Request,
    RestartChildRequest,
    StartChildRequest,
    TerminateChildRequest,
)
from csp.supervision.transition import Transition


def handle_request(transition: Transition, request: Request) -> None:
    """Begin a request, or answer it when there is nothing to wait for."""
    if transition.state.stage in ("ending", "ended"):
        transition.give(Answer(request.request_id, "stopping"))
        return
    if transition.state.stage != "running":
        # As in OTP, where the supervisor is deaf until it has started; only a stop is heard before.
        transition.update(deferred=(*transition.state.deferred, request))
        return
    if isinstance(request, StartChildRequest):
        _start_child(transition, request)
        return
    child = transition.state.child(request.child_id)
    if child is None:
        transition.give(Answer(request.request_id, "not_found", request.child_id))
        return
    match request:
        case TerminateChildRequest():
            _terminate_child(transition, request.request_id, child)
        case RestartChildRequest():
            _restart_child(transition, request.request_id, child)
        case DeleteChildRequest():
            _delete_child(transition, request.request_id, child)
        case _:
            assert_never(request)


def _start_child(transition: Transition, request: StartChildRequest) -> None:
    try:
        spec = checked_child(request.spec, f"supervisor {transition.state.name}", transition.state.auto_shutdown)
    except ChildSpecError as error:
        transition.give(Answer(request.request_id, "bad_spec", text=str(error)))
        return
    present = transition.state.child(spec.name)
    if present is None:
        transition.add(spec, Starter(request.request_id, forget=True))
    elif present.live:
        transition.give(Answer(request.request_id, "already_started", spec.name, present.incarnation))
    else:
        transition.give(Answer(request.request_id, "already_present", spec.name))


def _terminate_child(transition: Transition, request_id: int, child: ChildState) -> None:
    transition.doom(child, wanted=False)
    child = transition.child(child.name)
    if child.live:
        transition.put(attrs.evolve(child, terminators=(*child.terminators, request_id)))
        return
    # Down already, or between two lives: then its restart loop has just been ended.
    transition.give(Answer(request_id, "ok", child.name))
    if child.spec.restart == "temporary":
        transition.forget(child)


def _restart_child(transition: Transition, request_id: int, child: ChildState) -> None:
    if child.status == "down":
        transition.put(attrs.evolve(child, wanted=True, failures=0, starter=Starter(request_id, forget=False)))
    else:
        _refuse(transition, request_id, child)


def _delete_child(transition: Transition, request_id: int, child: ChildState) -> None:
    if child.status == "down":
        transition.forget(child)
        transition.give(Answer(request_id, "ok", child.name))
    else:
        _refuse(transition, request_id, child)


def _refuse(transition: Transition, request_id: int, child: ChildState) -> None:
    """Answer that only a child that is down, and meant to be, can be restarted or deleted."""
    outcome: Outcome = "restarting" if child.status == "restarting" else "running"
    transition.give(Answer(request_id, outcome, child.name, child.incarnation if child.live else 0))
