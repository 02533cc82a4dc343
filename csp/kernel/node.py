"""One supervisor of a tree: feeds events to its reducer, and carries out what that decides.

A slot belongs to the node's position in the tree, so the mailbox survives restarts of the actor and of the supervisors
above it.
"""

import random
from functools import partial

import attrs

from csp._native import Reply, now
from csp.actors.recipe import Recipe
from csp.errors import EscalationError, StartFailed
from csp.exits import ExitReason
from csp.kernel.outcome import Outcome
from csp.kernel.repeats import Repeats
from csp.kernel.slot import Slot
from csp.supervision import commands, events
from csp.supervision.definition import NestedSupervisor, SupervisorSpec
from csp.supervision.reducer import reduce
from csp.supervision.state import SupervisorState, initial_state, which_children

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from csp.kernel.kernel import Kernel
    from csp.kernel.slot import Living

    class Trunk(Protocol):
        """The tree that a node belongs to: see csp.kernel.tree."""

        kernel: Kernel
        over: bool

        def feed(self, node: SupervisorNode, event: events.Event) -> None: ...
        def slot_added(self, slot: Slot, node: SupervisorNode) -> None: ...
        def slot_gone(self, slot: Slot) -> None: ...
        def answer(self, command: commands.Answer) -> None: ...
        def started(self) -> None: ...
        def ended(self, reason: ExitReason) -> None: ...
        def stop(self, reason: ExitReason) -> None: ...
        def terminate(self, node: SupervisorNode, child_id: str, reply: Reply) -> None: ...


class SupervisorNode:
    """One supervisor of a tree, through all its lives."""

    def __init__(
        self, tree: Trunk, path: str, spec: SupervisorSpec, above: SupervisorNode | None, child_id: str
    ) -> None:
        self.tree = tree
        self.path = path
        self.spec = spec
        self.above = above
        self.child_id = child_id
        self.incarnation = 0
        self.state: SupervisorState = initial_state(spec)
        self.slots: dict[str, Slot] = {}
        self.nodes: dict[str, SupervisorNode] = {}
        self.waiting: list[Reply] = []  # of those who wait until it has ended for good
        self.outcome = Outcome("", None)  # of its latest life
        self._repeats = Repeats()

    # ---- events in --------------------------------------------------------------------------------------------------

    def begin(self, incarnation: int) -> None:
        """Begin a life of this supervisor, from its definition."""
        self.incarnation = incarnation
        self.state = initial_state(self.spec, self.state)
        if self.above is None:  # a root has one life, and its state now has all that this needs of the definition
            self.spec = attrs.evolve(self.spec, children=())
        self.feed(events.Start(now=now()))

    def feed(self, event: events.Event) -> None:
        """Have the reducer decide on one event, and carry that out; events that came before it go first."""
        self.tree.feed(self, event)

    def step(self, event: events.Event) -> None:
        """Decide on one event now. Only the tree calls this."""
        stage = self.state.stage
        self.state, orders = reduce(self.state, event)
        for command in orders:
            self._carry_out(command)
        if self.state.stage == stage:  # the usual step: only children that it names can be gone
            for about in (event, *orders):
                self._close_if_gone(getattr(about, "child_id", ""))
        elif not self.tree.over:
            for child_id in [*self.slots, *self.nodes]:
                self._close_if_gone(child_id)

    # ---- commands out -----------------------------------------------------------------------------------------------

    def _carry_out(self, command: commands.Command) -> None:
        kernel = self.tree.kernel
        match command:
            case commands.StartChild():
                self._start(command)
            case commands.StopChild(child_id, _, shutdown):
                if (node := self.nodes.get(child_id)) is not None:
                    node.feed(events.StopRequested(ExitReason("shutdown"), now=now()))
                    if shutdown is not None:
                        kernel.loop.limit(shutdown, partial(node.kill, node.incarnation))
                elif (life := self._life(child_id)) is not None:
                    life.stop(shutdown)
            case commands.KillChild(child_id, _):
                if (node := self.nodes.get(child_id)) is not None:
                    node.kill()
                elif (life := self._life(child_id)) is not None:
                    life.kill()
            case commands.ScheduleRetry(delay, token):
                kernel.loop.later(delay, partial(self._retry, token, self.incarnation))
            case commands.Report():
                self._report(command)
            case commands.Answer():
                self.tree.answer(command)
            case commands.Started():
                if self.above is None:
                    self.tree.started()
                else:
                    self.above.feed(events.ChildStarted(self.child_id, self.incarnation, now=now()))
            case commands.StartFailed(reason):
                self._over(reason, start_failed=True)
            case commands.Ended(reason, why):
                self._over(reason, start_failed=False, why=why)

    def _start(self, command: commands.StartChild) -> None:
        kernel = self.tree.kernel
        child_id, incarnation, spec = command.child_id, command.incarnation, command.spec
        made: object = spec.cls
        try:
            if isinstance(made, NestedSupervisor):
                node = self.nodes.get(child_id)
                if node is None:
                    node = SupervisorNode(self.tree, f"{self.path}/{child_id}", made.spec, self, child_id)
                    self.nodes[child_id] = node
                    kernel.roots.outcomes.pop(node.path, None)
                node.begin(incarnation)
                return
            assert isinstance(made, Recipe)
            slot = self.slots.get(child_id)
            if slot is None:
                (arguments,) = spec.args
                slot = kernel.slots.make(f"{self.path}/{child_id}", made, arguments, spec.shutdown, spec.isolation)
                self.slots[child_id] = slot
                self.tree.slot_added(slot, self)
            kernel.lives.begin(slot, incarnation, after=spec.after)
            if spec.restart == "temporary":
                slot.forget_arguments()
        except Exception as error:  # noqa: BLE001  (a failed start, for the reducer to decide on)
            reason = ExitReason("failed", f"{type(error).__name__}: {error}")
            if (slot := self.slots.get(child_id)) is not None:
                slot.last_reason = reason
            self.feed(events.ChildStartFailed(child_id, incarnation, reason, now=now(), random=random_number()))

    def _retry(self, token: int, incarnation: int) -> None:
        """Retry after a delay. A token belongs to one life of the supervisor; later ones ignore it."""
        if incarnation == self.incarnation:
            self.feed(events.RetryDue(token, now=now(), random=random_number()))

    def kill(self, incarnation: int | None = None) -> None:
        """Cut the supervisor off: kill all its children at once. With *incarnation*: only in that life of it."""
        if self.state.stage != "ended" and incarnation in {None, self.incarnation}:
            self.feed(events.KillRequested(ExitReason("killed"), now=now()))

    def _over(self, reason: ExitReason, *, start_failed: bool, why: str = "") -> None:
        self.outcome = _outcome(self.path, reason, start_failed=start_failed, gave_up=why == "gave_up")
        if self.above is None:
            self.tree.ended(reason)
        elif start_failed:
            self.above.feed(
                events.ChildStartFailed(self.child_id, self.incarnation, reason, now=now(), random=random_number())
            )
        else:
            self.above.feed(
                events.ChildEnded(self.child_id, self.incarnation, reason, now=now(), random=random_number())
            )

    def _report(self, report: commands.Report) -> None:
        log = self.tree.kernel.log.bind(actor=f"{self.path}/{report.child_id}")
        details = dict(report.details)
        if report.reason is not None:
            details["reason"] = str(report.reason)
        if report.kind == "child_restarting":
            self.tree.kernel.restarts += 1
        if report.kind == "child_started":
            log.debug("child started", **details)
        elif report.kind in {"child_restarting", "supervisor_auto_shutdown"}:
            log.info(report.kind.replace("_", " "), **details)
        elif report.kind == "supervisor_gave_up":
            log.error("supervisor gave up", supervisor=self.path, **details)
        else:  # a life has ended: this is where its traceback is shown
            if report.reason is not None and report.reason.traceback:
                details |= self._repeats.details(report.child_id, report.reason.traceback)
            log.error(report.kind.replace("_", " "), **details)

    # ---- slots -----------------------------------------------------------------------------------------------------

    def child_of(self, slot: Slot) -> str:
        """Give the name of the child in a slot."""
        return slot.name[len(self.path) + 1 :]

    def _life(self, child_id: str) -> Living | None:
        slot = self.slots.get(child_id)
        return slot.life if slot is not None else None

    def _close_if_gone(self, child_id: str) -> None:
        """Close the mailbox of a child that is down and not wanted."""
        child = self.state.child(child_id)
        if child is not None and child.status != "down":
            return
        if self.state.stage in {"ending", "ended"} and self.above is not None:
            return  # the supervisor may be restarted, and then its children get their mailboxes back
        if child_id in self.slots:
            self.close_slot(child_id)
        if (node := self.nodes.pop(child_id, None)) is not None:
            node.close_all()

    def close_slot(self, child_id: str) -> None:
        """End one child's slot for good, with the reason of its last life. (Its spec may be forgotten by now.)"""
        slot = self.slots.pop(child_id)
        self.tree.slot_gone(slot)
        self.tree.kernel.slots.close(slot, slot.last_reason)

    def close_all(self) -> None:
        """End every slot at and below this node for good, and tell who waited for its end."""
        for child_id in list(self.slots):
            self.close_slot(child_id)
        for node in self.nodes.values():
            node.close_all()
        self.nodes.clear()
        # A timer may still refer to this node. It must not keep the children's arguments alive.
        self.spec = attrs.evolve(self.spec, children=())
        self.state = attrs.evolve(self.state, children=())
        self.tree.kernel.roots.supervisor_gone(self.path, self.outcome)
        for reply in self.waiting:
            self.outcome.tell(reply)
        self.waiting.clear()

    def children_info(self) -> tuple[tuple[object, ...], ...]:
        """``(name, status, incarnation, kind, restarts, last reason)`` of each child, in start order."""
        return tuple(
            (
                info.child_id,
                info.status,
                info.incarnation,
                info.kind,
                info.restarts,
                str(info.last_reason) if info.last_reason is not None else None,
            )
            for info in which_children(self.state)
        )


def _outcome(path: str, reason: ExitReason, *, start_failed: bool, gave_up: bool) -> Outcome:
    """Say how a life of the supervisor at that path has ended, to those who wait until it has ended for good."""
    error: Exception | None = None
    if start_failed:
        error = StartFailed(f"supervisor {path} did not start: {reason}\n{reason.root.traceback}".rstrip())
    elif gave_up:
        error = EscalationError(f"{reason}\n{reason.root.traceback}".rstrip())
    return Outcome(str(reason), error)


def random_number() -> float:
    """Draw a number in [0, 1), as events of the reducer carry one."""
    return random.random()  # noqa: S311  (jitter of a back-off)
