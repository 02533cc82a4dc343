"""What can happen to a supervisor: the events that the driver feeds to the reducer.

Every event carries ``now``, the instant it was seen, in monotonic seconds, and ``random``, a number in [0, 1)
that the driver drew for it (only a back-off with jitter looks at it). Both are keyword-only.

What the driver owes for each life of a child, that is, for each ``(child_id, incarnation)`` of a
``StartChild`` command: at most one :class:`ChildStarted`, and then exactly one last event,
:class:`ChildStartFailed` when it never came up or :class:`ChildEnded`; after the last event, nothing. Events
about any other life are ignored.
"""

import attrs

from csp.exits import ExitReason


@attrs.frozen
class _Event:
    now: float = attrs.field(kw_only=True)
    random: float = attrs.field(default=0.0, kw_only=True)


@attrs.frozen
class Start(_Event):
    """Begin: start the children in order. Answered by the command ``Started`` or ``StartFailed``."""


@attrs.frozen
class ChildStarted(_Event):
    """Report that a child's initialisation has succeeded."""

    child_id: str
    incarnation: int


@attrs.frozen
class ChildStartFailed(_Event):
    """Report that a child could not be started, and that nothing of this life is left (as in OTP 26)."""

    child_id: str
    incarnation: int
    reason: ExitReason


@attrs.frozen
class ChildEnded(_Event):
    """Report that a child has ended, by itself, asked, or killed, and that nothing of this life is left."""

    child_id: str
    incarnation: int
    reason: ExitReason


@attrs.frozen
class RetryDue(_Event):
    """Report that the delay of the ``ScheduleRetry`` with this token is over. Stale tokens are ignored."""

    token: int


@attrs.frozen
class StopRequested(_Event):
    """Stop the supervisor: its children in reverse order, as specified. Answered by ``Ended(reason)``."""

    reason: ExitReason


@attrs.frozen
class KillRequested(_Event):
    """Cut the supervisor off: kill all its children at once. Answered by ``Ended`` when the last one is gone.

    For a supervisor that did not stop within the ``shutdown`` that its own supervisor allows it.
    """

    reason: ExitReason


@attrs.frozen
class StartChildRequest(_Event):
    """Ask for a new child, as the last in start order (OTP's ``start_child``). Answered when it is up.

    Attributes:
        request_id: the driver's name for the request; its ``Answer`` carries it.
        spec: the child spec. Anything else is answered ``bad_spec``.
    """

    request_id: int
    spec: object


@attrs.frozen
class TerminateChildRequest(_Event):
    """Ask to stop a child and to keep its spec, unless it is temporary (OTP's ``terminate_child``).

    It ends a restart loop, does not count as a restart, and never shuts the supervisor down. Answered when
    the child is gone.
    """

    request_id: int
    child_id: str


@attrs.frozen
class RestartChildRequest(_Event):
    """Ask to start a child that is down (OTP's ``restart_child``). Answered when it is up; never retried."""

    request_id: int
    child_id: str


@attrs.frozen
class DeleteChildRequest(_Event):
    """Ask to forget the spec of a child that is down (OTP's ``delete_child``). Answered at once."""

    request_id: int
    child_id: str


type Request = StartChildRequest | TerminateChildRequest | RestartChildRequest | DeleteChildRequest
type Event = Start | ChildStarted | ChildStartFailed | ChildEnded | RetryDue | StopRequested | KillRequested | Request
