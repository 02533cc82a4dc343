"""What is to be done: the commands that the reducer gives and the driver carries out, in the order given.

None of them may wait: the driver begins the work and feeds its outcome back as an event.
"""

from collections.abc import Mapping
from typing import Any, Literal

import attrs

from csp.exits import ExitReason
from csp.supervision.child import ChildSpec

type ReportKind = Literal[
    "child_started",
    "child_ended",
    "child_restarting",
    "child_start_failed",
    "child_stop_unclean",
    "supervisor_gave_up",
    "supervisor_auto_shutdown",
]
type Outcome = Literal[
    "ok",
    "already_started",
    "already_present",
    "running",
    "restarting",
    "not_found",
    "start_failed",
    "bad_spec",
    "stopping",
]
type Why = Literal["stopped", "killed", "gave_up", "auto_shutdown"]


@attrs.frozen
class StartChild:
    """Start one life of a child. Answered by ``ChildStarted`` or ``ChildStartFailed``.

    Attributes:
        child_id: the name of the child.
        incarnation: which life, from 1; never used twice for one name under one supervisor.
        spec: what to start.
    """

    child_id: str
    incarnation: int
    spec: ChildSpec[Any]


@attrs.frozen
class StopChild:
    """Ask a child to stop, and kill it when it has not ended in time. Answered by its last event.

    The child may still be starting: then its start is to be abandoned in the same way, and the last event may
    be either.

    Attributes:
        child_id: the name of the child.
        incarnation: which life.
        shutdown: seconds between asking and killing; None waits without limit.
    """

    child_id: str
    incarnation: int
    shutdown: float | None


@attrs.frozen
class KillChild:
    """Kill a child now. Answered by its last event. May follow a ``StopChild`` for the same life."""

    child_id: str
    incarnation: int


@attrs.frozen
class ScheduleRetry:
    """Send the event ``RetryDue(token)`` after *delay* seconds.

    A delay of 0 still means "by an event": so whatever is already waiting, a stop above all, gets in between
    two attempts of a restart loop (OTP's ``try_again_restart``). There is no cancelling: a stale token is
    ignored.
    """

    delay: float
    token: int


@attrs.frozen
class Report:
    """Put something on record. Never about the driver's work, always about a child or the supervisor.

    The kinds, with OTP's name where it has one:

    * ``child_started``: a child is up (progress report);
    * ``child_ended``: it ended by itself, in a way worth a report (``child_terminated``);
    * ``child_restarting``: a restart is decided; details: ``restarts`` with this one, ``delay`` in seconds;
    * ``child_start_failed``: a start failed that nobody asked for (``start_error``);
    * ``child_stop_unclean``: it had to stop and ended otherwise than asked (``shutdown_error``);
    * ``supervisor_gave_up``: over the limit (``reached_max_restart_intensity``); details: the limit's
      ``restarts`` and ``seconds``;
    * ``supervisor_auto_shutdown``: a significant child has ended for good.

    Attributes:
        kind: one of the above.
        child_id: the child it is about, or the one that caused it.
        incarnation: which life of that child.
        reason: why that life ended, or None.
        details: what else is worth logging, by name.
    """

    kind: ReportKind
    child_id: str
    incarnation: int
    reason: ExitReason | None = None
    details: Mapping[str, object] = attrs.field(factory=dict[str, object])


@attrs.frozen
class Answer:
    """Answer a request. Every request is answered exactly once.

    The outcomes: ``ok``; ``already_started`` (a child of that name lives) and ``already_present`` (its spec
    is there, the child is down); ``running`` and ``restarting`` (so it cannot be restarted or deleted);
    ``not_found``; ``start_failed`` (see *reason*); ``bad_spec`` (see *text*); ``stopping`` (the supervisor is
    on its way out).

    Attributes:
        request_id: which request.
        outcome: one of the above.
        child_id: the child it is about; empty for ``bad_spec``.
        incarnation: the life that was started, or that lives; 0 when there is none.
        reason: why a start failed.
        text: for people, may be empty.
    """

    request_id: int
    outcome: Outcome
    child_id: str = ""
    incarnation: int = 0
    reason: ExitReason | None = None
    text: str = ""


@attrs.frozen
class Started:
    """Tell whoever started the supervisor that all its children are up."""


@attrs.frozen
class StartFailed:
    """Tell whoever started the supervisor that it could not start. The last command: its children are gone.

    Attributes:
        reason: names the child; its ``cause`` is why that child failed.
    """

    reason: ExitReason


@attrs.frozen
class Ended:
    """Tell the supervisor's own supervisor that it has ended. The last command: its children are gone.

    Attributes:
        reason: what to feed the level above as the reason of its ``ChildEnded``. When the supervisor gave up,
            its kind is ``shutdown``, as in OTP, and its ``cause`` is the last reason of the child it gave up
            over: a deliberate difference, for OTP loses it.
        why: ``stopped``, ``killed``, ``gave_up`` or ``auto_shutdown``.
    """

    reason: ExitReason
    why: Why


type Command = StartChild | StopChild | KillChild | ScheduleRetry | Report | Answer | Started | StartFailed | Ended
