"""The supervisor: ``(state, event) -> (state, commands)``.

OTP's supervisor is a process that blocks while a child starts or stops. This one never does: a start or a
stop is a command, its outcome an event, and everything else that happens meanwhile is heard at once. What
OTP's blocking gave for free, the order of things, is :mod:`csp.supervision.ordering`'s.
"""

from typing import assert_never

from csp.supervision.commands import Command, Started
from csp.supervision.decisions import begin_ending, child_gone, child_started, kill, retry_due
from csp.supervision.events import (
    ChildEnded,
    ChildStarted,
    ChildStartFailed,
    DeleteChildRequest,
    Event,
    KillRequested,
    RestartChildRequest,
    RetryDue,
    Start,
    StartChildRequest,
    StopRequested,
    TerminateChildRequest,
)
from csp.supervision.ordering import all_up, due_starts, due_stops
from csp.supervision.requests import handle_request
from csp.supervision.state import SupervisorState
from csp.supervision.transition import Transition


def reduce(state: SupervisorState, event: Event) -> tuple[SupervisorState, tuple[Command, ...]]:
    """Decide what one event means: the state after it, and the commands to carry out, in order.

    Pure, and it never fails. The same state and event always give the same answer, and neither argument
    changes. An event that does not fit, about a life that is over or a child that is gone, means nothing.

    Args:
        state: the state before, from :func:`csp.supervision.state.initial_state` or from an earlier call.
        event: what happened.
    """
    transition = Transition(state, event.now, event.random)
    match event:
        case Start():
            if state.stage == "new":
                transition.update(stage="booting")
        case ChildStarted() | ChildStartFailed() | ChildEnded():
            _hear_of_life(transition, event)
        case RetryDue():
            retry_due(transition, event.token)
        case StopRequested():
            begin_ending(transition, "stopped", event.reason)
        case KillRequested():
            kill(transition, event.reason)
        case StartChildRequest() | TerminateChildRequest() | RestartChildRequest() | DeleteChildRequest():
            handle_request(transition, event)
        case _:
            assert_never(event)
    _settle(transition)
    return transition.state, tuple(transition.commands)


def _hear_of_life(transition: Transition, event: ChildStarted | ChildStartFailed | ChildEnded) -> None:
    """Handle news of one life, unless it is over, or its child is forgotten."""
    child = transition.state.child(event.child_id)
    if child is None or not child.live or child.incarnation != event.incarnation:
        return
    if not isinstance(event, ChildStarted):
        child_gone(transition, child, event.reason)
    elif child.phase == "starting":
        child_started(transition, child)


def _settle(transition: Transition) -> None:
    """Give the commands that have become due: stops, starts, and what to tell the level above."""
    for child in due_stops(transition.state):
        transition.stop(child)
    for child in due_starts(transition.state):
        transition.start(child)
    if transition.state.stage == "booting" and all_up(transition.state):
        deferred = transition.state.deferred
        transition.update(stage="running", deferred=())
        transition.give(Started())
        for request in deferred:
            handle_request(transition, request)
        _settle(transition)
    elif (
        transition.state.stage == "ending"
        and transition.state.outcome is not None
        and not transition.state.children.any_live
    ):
        transition.give(transition.state.outcome)
        transition.update(stage="ended")
