"""The decision tables of supervision, as pure functions over names: who comes back, who stops, who starts.

The semantics are OTP's ``supervisor``; where they differ on purpose, the function says so.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

type Strategy = Literal["one_for_one", "one_for_all", "rest_for_one"]
type Restart = Literal["permanent", "transient", "temporary"]
type AutoShutdown = Literal["never", "any_significant", "all_significant"]

STRATEGIES: tuple[Strategy, ...] = ("one_for_one", "one_for_all", "rest_for_one")
RESTARTS: tuple[Restart, ...] = ("permanent", "transient", "temporary")
AUTO_SHUTDOWNS: tuple[AutoShutdown, ...] = ("never", "any_significant", "all_significant")


class Verdict(NamedTuple):
    """What becomes of a child that ended by itself.

    Attributes:
        restart: start it again.
        report: its end belongs in the log.
        keep: its child spec stays, so that it can be started again later.
    """

    restart: bool
    report: bool
    keep: bool


def verdict(restart: Restart, clean: bool) -> Verdict:
    """Decide about a child that ended by itself (OTP's ``do_restart``).

    Args:
        restart: the restart type of its child spec.
        clean: whether its exit reason was clean.
    """
    match restart:
        case "permanent":
            return Verdict(restart=True, report=True, keep=True)
        case "transient":
            return Verdict(restart=not clean, report=not clean, keep=True)
        case "temporary":
            return Verdict(restart=False, report=not clean, keep=False)


def comes_back(restart: Restart, wanted: bool, live: bool) -> bool:
    """Decide whether a sibling that a group restart covers is started with the group.

    A permanent one always is, even when it was stopped by request before (as in OTP). A transient one is only
    when it was supposed to be up: **a deliberate difference**, for OTP also resurrects a transient child that
    had ended cleanly. A temporary one has one life: it is only when that has not begun yet.

    Args:
        restart: the restart type of the sibling.
        wanted: whether the sibling was supposed to be up when the group restart was decided.
        live: whether it had a life that is now to end.
    """
    match restart:
        case "permanent":
            return True
        case "transient":
            return wanted
        case "temporary":
            return wanted and not live


def siblings_to_stop(strategy: Strategy, order: Sequence[str], failed: str) -> tuple[str, ...]:
    """List the siblings that stop because *failed* is to be restarted, in reverse start order.

    Args:
        strategy: the strategy of the supervisor.
        order: the names of all children, in start order.
        failed: the child that is to be restarted; it is not in the answer.
    """
    return tuple(name for name in reversed(children_to_start(strategy, order, failed)) if name != failed)


def children_to_start(strategy: Strategy, order: Sequence[str], failed: str) -> tuple[str, ...]:
    """List the children that a restart of *failed* covers, itself included, in the order in which they start.

    Which of the siblings really start is :func:`comes_back`'s to say.

    Args:
        strategy: the strategy of the supervisor.
        order: the names of all children, in start order.
        failed: the child that is to be restarted.
    """
    match strategy:
        case "one_for_one":
            return (failed,)
        case "rest_for_one":
            return tuple(order[order.index(failed) :])
        case "one_for_all":
            return tuple(order)


def ends_supervisor(mode: AutoShutdown, significant: bool, others_remain: bool) -> bool:
    """Decide whether the supervisor stops because a child ended for good (OTP's ``do_auto_shutdown``).

    Args:
        mode: the supervisor's ``auto_shutdown``.
        significant: whether the child that ended is significant.
        others_remain: whether another significant child is up or about to be (one between two lives counts).
    """
    match mode:
        case "never":
            return False
        case "any_significant":
            return significant
        case "all_significant":
            return significant and not others_remain


def clean_stop(restart: Restart, kind: str, killed_outright: bool) -> bool:
    """Tell whether a child that was being stopped ended as it should; if not, its reason belongs in the log.

    ``shutdown`` is always right, ``killed`` is right for a child whose ``shutdown`` is ``"kill"``, and
    ``normal`` is right unless the child is permanent, for a permanent child has no business to end (OTP's
    ``shutdown/1``).

    Args:
        restart: the restart type of the child.
        kind: the kind of its exit reason.
        killed_outright: whether it was killed rather than asked to stop.
    """
    if kind == "normal":
        return restart != "permanent"
    return kind == "shutdown" or (kind == "killed" and killed_outright)
