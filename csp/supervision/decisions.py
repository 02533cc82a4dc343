"""The beginnings and ends of children's lives, and the end of the supervisor itself."""

import attrs

from csp.exits import ExitReason
from csp.supervision.child_state import ChildState
from csp.supervision.commands import Answer, Ended, ScheduleRetry, Started, StartFailed, Why
from csp.supervision.intensity import may_restart
from csp.supervision.strategy import (
    clean_stop,
    comes_back,
    ends_supervisor,
    siblings_to_stop,
    verdict,
)
from csp.supervision.transition import Transition


def child_started(transition: Transition, child: ChildState) -> None:
    """Note that a starting child is up."""
    up = attrs.evolve(child, phase="up", up_since=transition.now)
    if child.leaving:
        # It was told to stop while it started, or is about to be: its last event is what counts.
        transition.put(up)
        return
    if child.starter is not None:
        transition.give(Answer(child.starter.request_id, "ok", child.name, child.incarnation))
        up = attrs.evolve(up, starter=None)
    if child.spec.restart == "temporary":
        # It has one life, and there may be many of its kind: hold on to no arguments (OTP's save_child).
        up = attrs.evolve(up, spec=child.spec.without_arguments())
    transition.put(up)
    transition.report("child_started", child)


def child_gone(transition: Transition, child: ChildState, reason: ExitReason) -> None:
    """Decide about the end of a child's life: it had to go, it could not start, or it ended by itself."""
    gone = attrs.evolve(child, phase="down", fate="keep", last_reason=reason, terminators=())
    transition.put(gone)
    if child.leaving:
        _left(transition, child, gone, reason)
    elif child.phase == "starting":
        _start_failed(transition, gone, reason)
    else:
        _ended_by_itself(transition, gone, reason)


def retry_due(transition: Transition, token: int) -> None:
    """Let the child that waits for this retry start; a token that nobody waits for any more means nothing."""
    for child in transition.state.children.gated(token):
        transition.put(attrs.evolve(child, gate=None))


def begin_ending(transition: Transition, why: Why, reason: ExitReason, culprit: ChildState | None = None) -> None:
    """Decide that the supervisor ends; its children go in reverse order, and its last command follows them.

    The first decision stands: what happens afterwards does not change why the supervisor ended. Whoever still
    waits for its start gets ``StartFailed`` when it gave up, and ``Started`` before ``Ended`` when it shut
    itself down, for then it has done what it was started for.

    Args:
        transition: the step.
        why: for the last command.
        reason: for the last command; the cause, when there is a culprit.
        culprit: the child that the supervisor ends over, if any.
    """
    if transition.state.outcome is not None:
        return
    booting = transition.state.stage == "booting"
    failed = booting and why == "gave_up"
    if culprit is not None:
        reason = _blame(transition.state.name, why, failed, culprit, reason)
    if booting and why == "auto_shutdown":
        transition.give(Started())
    transition.update(stage="ending", outcome=StartFailed(reason) if failed else Ended(reason, why))
    for child in transition.state.children:
        if child.starter is not None:
            transition.give(Answer(child.starter.request_id, "stopping", child.name))
        transition.doom(attrs.evolve(child, starter=None), wanted=False)
    for request in transition.state.deferred:
        transition.give(Answer(request.request_id, "stopping"))
    transition.update(deferred=())


def kill(transition: Transition, reason: ExitReason) -> None:
    """Decide that every child is killed at once; a supervisor that was stopping then ends as killed too."""
    if transition.state.stage == "ended":
        return
    if isinstance(transition.state.outcome, Ended):
        transition.update(outcome=Ended(reason, "killed"))
    begin_ending(transition, "killed", reason)
    transition.update(killing=True)


def _left(transition: Transition, child: ChildState, gone: ChildState, reason: ExitReason) -> None:
    """Record the end of a child that was told to stop. It never counts as a restart, whatever its reason."""
    if not clean_stop(child.spec.restart, reason.kind, killed_outright=child.fate == "killing"):
        transition.report("child_stop_unclean", child, reason)
    for request_id in child.terminators:
        transition.give(Answer(request_id, "ok", child.name))
    if child.spec.restart == "temporary":
        transition.forget(gone)


def _start_failed(transition: Transition, gone: ChildState, reason: ExitReason) -> None:
    """Decide about a start that failed: told to who asked, fatal at the first start, retried at a restart."""
    if gone.starter is not None:
        transition.give(Answer(gone.starter.request_id, "start_failed", gone.name, reason=reason))
        if gone.starter.forget:
            transition.forget(gone)
        else:
            transition.put(attrs.evolve(gone, starter=None, wanted=False))
        return
    transition.report("child_start_failed", gone, reason)
    if transition.state.stage == "booting" and gone.up_since is None:
        begin_ending(transition, "gave_up", reason, culprit=gone)
    else:
        _restart(transition, gone, reason, retry=True)


def _ended_by_itself(transition: Transition, gone: ChildState, reason: ExitReason) -> None:
    """Decide about a child that was up and ended by itself (OTP's ``do_restart``)."""
    decision = verdict(gone.spec.restart, reason.clean)
    if decision.report:
        transition.report("child_ended", gone, reason)
    if decision.restart:
        backoff, up_since = gone.spec.backoff, gone.up_since
        if backoff is not None and up_since is not None and backoff.ends_row(transition.now - up_since):
            gone = attrs.evolve(gone, failures=0)
        _restart(transition, gone, reason, retry=False)
        return
    gone = attrs.evolve(gone, wanted=False)
    if decision.keep:
        transition.put(gone)
    else:
        transition.forget(gone)
    if ends_supervisor(
        transition.state.auto_shutdown, gone.spec.significant, transition.state.children.any_significant
    ):
        transition.report("supervisor_auto_shutdown", gone, reason)
        begin_ending(transition, "auto_shutdown", reason, culprit=gone)


def _restart(transition: Transition, gone: ChildState, reason: ExitReason, *, retry: bool) -> None:
    """Count a restart attempt and decide on it, or give up. The group goes with the child, and counts once.

    The first attempt is made in this very step unless there is a back-off; a *retry* always waits for an
    event, so that whatever else has arrived comes first.
    """
    own = gone.spec.intensity
    limit = transition.state.intensity if own is None else own
    allowed, stamps = may_restart(transition.state.stamps if own is None else gone.stamps, transition.now, limit)
    if own is None:
        transition.update(stamps=stamps)
    else:
        gone = attrs.evolve(gone, stamps=stamps)
        transition.put(gone)
    if not allowed:
        transition.report("supervisor_gave_up", gone, reason, restarts=limit.restarts, seconds=limit.seconds)
        begin_ending(transition, "gave_up", reason, culprit=gone)
        return

    delay = 0.0
    gate = None
    if gone.spec.backoff is not None:
        delay = gone.spec.backoff.delay(gone.failures, transition.random)
    if retry or delay > 0:
        gate = transition.state.next_token
        transition.update(next_token=gate + 1)
    gone = attrs.evolve(gone, gate=gate, failures=gone.failures + 1)
    transition.put(gone)
    transition.report("child_restarting", gone, reason, restarts=gone.restarts + 1, delay=delay)
    if gate is not None:
        transition.give(ScheduleRetry(delay, gate))
    _bounce_group(transition, gone)


def _bounce_group(transition: Transition, gone: ChildState) -> None:
    """Doom the siblings that a restart of *gone* covers, and decide which of them come back."""
    if transition.state.strategy == "one_for_one":
        return  # it covers none, and there may be thousands
    order = tuple(child.name for child in transition.state.children)
    for name in siblings_to_stop(transition.state.strategy, order, gone.name):
        sibling = transition.child(name)
        transition.doom(sibling, wanted=comes_back(sibling.spec.restart, sibling.wanted, sibling.live))


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
