"""The supervisor: ``(state, event) -> (state, commands)``.

OTP's supervisor is a process that blocks while a child starts or stops. This one never does: a start or a
stop is a command, its outcome an event, and everything else that happens meanwhile is heard at once. What
OTP's blocking gave for free, the order of things, is :mod:`csp.supervision.ordering`'s.
"""

from typing import assert_never

from csp.supervision.commands import Command, Started
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
from csp.supervision.lives import begin_ending, child_gone, child_started, kill, retry_due
from csp.supervision.ordering import all_up, due_starts, due_stops
from csp.supervision.requests import handle_request
from csp.supervision.state import SupervisorState
from csp.supervision.turn import Turn


def reduce(state: SupervisorState, event: Event) -> tuple[SupervisorState, tuple[Command, ...]]:
    """Decide what one event means: the state after it, and the commands to carry out, in order.

    Pure, and it never fails. The same state and event always give the same answer, and neither argument
    changes. An event that does not fit, about a life that is over or a child that is gone, means nothing.

    Args:
        state: the state before, from :func:`csp.supervision.state.initial_state` or from an earlier call.
        event: what happened.
    """
    turn = Turn(state, event.now, event.random)
    match event:
        case Start():
            if state.stage == "new":
                turn.update(stage="booting")
        case ChildStarted() | ChildStartFailed() | ChildEnded():
            _hear_of_life(turn, event)
        case RetryDue():
            retry_due(turn, event.token)
        case StopRequested():
            begin_ending(turn, "stopped", event.reason)
        case KillRequested():
            kill(turn, event.reason)
        case StartChildRequest() | TerminateChildRequest() | RestartChildRequest() | DeleteChildRequest():
            handle_request(turn, event)
        case _:
            assert_never(event)
    _settle(turn)
    return turn.state, tuple(turn.commands)


def _hear_of_life(turn: Turn, event: ChildStarted | ChildStartFailed | ChildEnded) -> None:
    """Handle news of one life, unless it is over, or its child is forgotten."""
    child = turn.state.child(event.child_id)
    if child is None or not child.live or child.incarnation != event.incarnation:
        return
    if not isinstance(event, ChildStarted):
        child_gone(turn, child, event.reason)
    elif child.phase == "starting":
        child_started(turn, child)


def _settle(turn: Turn) -> None:
    """Give the commands that have become due: stops, starts, and what to tell the level above."""
    for child in due_stops(turn.state):
        turn.stop(child)
    for child in due_starts(turn.state):
        turn.start(child)
    if turn.state.stage == "booting" and all_up(turn.state):
        deferred = turn.state.deferred
        turn.update(stage="running", deferred=())
        turn.give(Started())
        for request in deferred:
            handle_request(turn, request)
        _settle(turn)
    elif turn.state.stage == "ending" and turn.state.outcome is not None and not turn.state.children.any_live:
        turn.give(turn.state.outcome)
        turn.update(stage="ended")
