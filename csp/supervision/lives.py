"""The beginnings and ends of children's lives, and the end of the supervisor itself."""

import attrs

from csp.supervision.child_state import ChildState
from csp.supervision.commands import Answer, Ended, ScheduleRetry, Started, StartFailed, Why
from csp.supervision.reason import ExitReason
from csp.supervision.strategy import (
    clean_stop,
    comes_back,
    ends_supervisor,
    siblings_to_stop,
    verdict,
)
from csp.supervision.turn import Turn
from csp.supervision.window import may_restart


def child_started(turn: Turn, child: ChildState) -> None:
    """Note that a starting child is up."""
    up = attrs.evolve(child, phase="up", up_since=turn.now)
    if child.leaving:
        # It was told to stop while it started, or is about to be: its last event is what counts.
        turn.put(up)
        return
    if child.starter is not None:
        turn.give(Answer(child.starter.request_id, "ok", child.name, child.incarnation))
        up = attrs.evolve(up, starter=None)
    if child.spec.restart == "temporary":
        # It has one life, and there may be many of its kind: hold on to no arguments (OTP's save_child).
        up = attrs.evolve(up, spec=child.spec.without_arguments())
    turn.put(up)
    turn.report("child_started", child)


def child_gone(turn: Turn, child: ChildState, reason: ExitReason) -> None:
    """Decide about the end of a child's life: it had to go, it could not start, or it ended by itself."""
    gone = attrs.evolve(child, phase="down", fate="keep", last_reason=reason, terminators=())
    turn.put(gone)
    if child.leaving:
        _left(turn, child, gone, reason)
    elif child.phase == "starting":
        _start_failed(turn, gone, reason)
    else:
        _ended_by_itself(turn, gone, reason)


def retry_due(turn: Turn, token: int) -> None:
    """Let the child that waits for this retry start; a token that nobody waits for any more means nothing."""
    for child in turn.state.children.gated(token):
        turn.put(attrs.evolve(child, gate=None))


def begin_ending(turn: Turn, why: Why, reason: ExitReason, culprit: ChildState | None = None) -> None:
    """Decide that the supervisor ends; its children go in reverse order, and its last command follows them.

    The first decision stands: what happens afterwards does not change why the supervisor ended. Whoever still
    waits for its start gets ``StartFailed`` when it gave up, and ``Started`` before ``Ended`` when it shut
    itself down, for then it has done what it was started for.

    Args:
        turn: the step.
        why: for the last command.
        reason: for the last command; the cause, when there is a culprit.
        culprit: the child that the supervisor ends over, if any.
    """
    if turn.state.outcome is not None:
        return
    booting = turn.state.stage == "booting"
    failed = booting and why == "gave_up"
    if culprit is not None:
        reason = _blame(turn.state.name, why, failed, culprit, reason)
    if booting and why == "auto_shutdown":
        turn.give(Started())
    turn.update(stage="ending", outcome=StartFailed(reason) if failed else Ended(reason, why))
    for child in turn.state.children:
        if child.starter is not None:
            turn.give(Answer(child.starter.request_id, "stopping", child.name))
        turn.doom(attrs.evolve(child, starter=None), wanted=False)
    for request in turn.state.deferred:
        turn.give(Answer(request.request_id, "stopping"))
    turn.update(deferred=())


def kill(turn: Turn, reason: ExitReason) -> None:
    """Decide that every child is killed at once; a supervisor that was stopping then ends as killed too."""
    if turn.state.stage == "ended":
        return
    if isinstance(turn.state.outcome, Ended):
        turn.update(outcome=Ended(reason, "killed"))
    begin_ending(turn, "killed", reason)
    turn.update(killing=True)


def _left(turn: Turn, child: ChildState, gone: ChildState, reason: ExitReason) -> None:
    """Note the end of a child that had to go. It is no restart, whatever its reason."""
    if not clean_stop(child.spec.restart, reason.kind, killed_outright=child.fate == "killing"):
        turn.report("child_stop_unclean", child, reason)
    for request_id in child.terminators:
        turn.give(Answer(request_id, "ok", child.name))
    if child.spec.restart == "temporary":
        turn.forget(gone)


def _start_failed(turn: Turn, gone: ChildState, reason: ExitReason) -> None:
    """Decide about a start that failed: told to who asked, fatal at the first start, retried at a restart."""
    if gone.starter is not None:
        turn.give(Answer(gone.starter.request_id, "start_failed", gone.name, reason=reason))
        if gone.starter.forget:
            turn.forget(gone)
        else:
            turn.put(attrs.evolve(gone, starter=None, wanted=False))
        return
    turn.report("child_start_failed", gone, reason)
    if turn.state.stage == "booting" and gone.up_since is None:
        begin_ending(turn, "gave_up", reason, culprit=gone)
    else:
        _restart(turn, gone, reason, retry=True)


def _ended_by_itself(turn: Turn, gone: ChildState, reason: ExitReason) -> None:
    """Decide about a child that was up and ended by itself (OTP's ``do_restart``)."""
    decision = verdict(gone.spec.restart, reason.clean)
    if decision.report:
        turn.report("child_ended", gone, reason)
    if decision.restart:
        backoff, up_since = gone.spec.backoff, gone.up_since
        if backoff is not None and up_since is not None and backoff.ends_row(turn.now - up_since):
            gone = attrs.evolve(gone, failures=0)
        _restart(turn, gone, reason, retry=False)
        return
    gone = attrs.evolve(gone, wanted=False)
    if decision.keep:
        turn.put(gone)
    else:
        turn.forget(gone)
    if ends_supervisor(turn.state.auto_shutdown, gone.spec.significant, turn.state.children.any_significant):
        turn.report("supervisor_auto_shutdown", gone, reason)
        begin_ending(turn, "auto_shutdown", reason, culprit=gone)


def _restart(turn: Turn, gone: ChildState, reason: ExitReason, *, retry: bool) -> None:
    """Count a restart attempt and decide on it, or give up. The group goes with the child, and counts once.

    The first attempt is made in this very step unless there is a back-off; a *retry* always waits for an
    event, so that whatever else has arrived comes first.
    """
    own = gone.spec.intensity
    limit = turn.state.intensity if own is None else own
    counted = may_restart(turn.state.stamps if own is None else gone.stamps, turn.now, limit)
    if own is None:
        turn.update(stamps=counted.stamps)
    else:
        gone = attrs.evolve(gone, stamps=counted.stamps)
        turn.put(gone)
    if not counted.allowed:
        turn.report("supervisor_gave_up", gone, reason, restarts=limit.restarts, seconds=limit.seconds)
        begin_ending(turn, "gave_up", reason, culprit=gone)
        return

    delay = 0.0
    gate = None
    if gone.spec.backoff is not None:
        delay = gone.spec.backoff.delay(gone.failures, turn.random)
    if retry or delay > 0:
        gate = turn.state.next_token
        turn.update(next_token=gate + 1)
    gone = attrs.evolve(gone, gate=gate, failures=gone.failures + 1)
    turn.put(gone)
    turn.report("child_restarting", gone, reason, restarts=gone.restarts + 1, delay=delay)
    if gate is not None:
        turn.give(ScheduleRetry(delay, gate))
    _bounce_group(turn, gone)


def _bounce_group(turn: Turn, gone: ChildState) -> None:
    """Doom the siblings that a restart of *gone* covers, and decide which of them come back."""
    if turn.state.strategy == "one_for_one":
        return  # it covers none, and there may be thousands
    order = tuple(child.name for child in turn.state.children)
    for name in siblings_to_stop(turn.state.strategy, order, gone.name):
        sibling = turn.child(name)
        turn.doom(sibling, wanted=comes_back(sibling.spec.restart, sibling.wanted, sibling.live))


def _blame(supervisor: str, why: Why, failed: bool, culprit: ChildState, cause: ExitReason) -> ExitReason:
    """Write the supervisor's own exit reason, with the end of the child that it ends over as its cause."""
    name = repr(culprit.name)
    if failed and culprit.up_since is None:
        return ExitReason("failed", f"child {name} of supervisor {supervisor} failed to start", cause=cause)
    if why == "auto_shutdown":
        return ExitReason("shutdown", f"supervisor {supervisor} ended with its significant child {name}", cause=cause)
    text = f"supervisor {supervisor} gave up over child {name}: too many restarts"
    # Giving up is a clean end, as in OTP: the level above tries again only if it was told "permanent".
    return ExitReason("failed" if failed else "shutdown", text, cause=cause)
