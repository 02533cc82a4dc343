"""The driver of supervision: feeds the pure reducers with what happens, and carries out what they decide.

One Tree is one supervisor at the root; nested supervisors are Nodes below it. Each node has its own reducer state. A
place belongs to the node's position in the tree, so the mailbox survives restarts of the actor and of the supervisors
above it.
"""

import random
import time
from collections import deque
from functools import partial

import attrs

from csp._native import Reply
from csp.actors.recipe import Recipe
from csp.errors import EscalationError, StartFailed
from csp.exits import ExitReason
from csp.kernel.outcome import Outcome
from csp.kernel.repeats import Repeats
from csp.kernel.slot import Life, Place
from csp.messages.failure import pack
from csp.supervision import commands, events
from csp.supervision.definition import NestedSupervisor, SupervisorSpec
from csp.supervision.reducer import reduce
from csp.supervision.state import SupervisorState, initial_state, which_children

TYPE_CHECKING = False
if TYPE_CHECKING:
    from csp.kernel.kernel import Kernel, Token


class Node:
    """One supervisor of a tree, through all its lives."""

    def __init__(self, tree: Tree, path: str, spec: SupervisorSpec, above: Node | None, child_id: str) -> None:
        self.tree = tree
        self.path = path
        self.spec = spec
        self.above = above
        self.child_id = child_id
        self.incarnation = 0
        self.state: SupervisorState = initial_state(spec)
        self.places: dict[str, Place] = {}
        self.nodes: dict[str, Node] = {}
        self.waiting: list[Reply] = []  # for its end for good
        self.outcome = Outcome("", None)  # of its latest life
        self._repeats = Repeats()

    # ---- events in --------------------------------------------------------------------------------------------------

    def begin(self, incarnation: int) -> None:
        """Begin a life of this supervisor, from its definition."""
        self.incarnation = incarnation
        self.state = initial_state(self.spec, self.state)
        if self.above is None:  # it has one life: what is needed of its definition is in the state now
            self.spec = attrs.evolve(self.spec, children=())
        self.feed(events.Start(now=time.monotonic()))

    def feed(self, event: events.Event) -> None:
        """Let the reducer decide on one event, and carry its decisions out; after those of the events before it."""
        self.tree.feed(self, event)

    def step(self, event: events.Event) -> None:
        """Decide on one event now. Only the tree calls this."""
        stage = self.state.stage
        self.state, orders = reduce(self.state, event)
        for command in orders:
            self._carry_out(command)
        if self.state.stage == stage:  # the usual step: only those that it is about can be gone
            for about in (event, *orders):
                self._close_if_gone(getattr(about, "child_id", ""))
        elif not self.tree.over:
            for child_id in [*self.places, *self.nodes]:
                self._close_if_gone(child_id)

    def started(self, place: Place, life: Life) -> None:
        """A child is up."""
        self.feed(events.ChildStarted(self._child_of(place), life.incarnation, now=time.monotonic()))

    def start_failed(self, place: Place, life: Life, reason: ExitReason) -> None:
        """A child did not come up."""
        place.last_reason = reason
        self.feed(
            events.ChildStartFailed(
                self._child_of(place), life.incarnation, reason, now=time.monotonic(), random=_random()
            )
        )

    def ended(self, place: Place, life: Life, reason: ExitReason) -> None:
        """A child has ended."""
        place.last_reason = reason
        self.feed(
            events.ChildEnded(self._child_of(place), life.incarnation, reason, now=time.monotonic(), random=_random())
        )

    # ---- commands out -----------------------------------------------------------------------------------------------

    def _carry_out(self, command: commands.Command) -> None:
        kernel = self.tree.kernel
        match command:
            case commands.StartChild():
                self._start(command)
            case commands.StopChild(child_id, _, shutdown):
                if (node := self.nodes.get(child_id)) is not None:
                    node.feed(events.StopRequested(ExitReason("shutdown"), now=time.monotonic()))
                    if shutdown is not None:
                        kernel.limit(shutdown, partial(node.kill, node.incarnation))
                elif (life := self._life(child_id)) is not None:
                    life.stop(shutdown)
            case commands.KillChild(child_id, _):
                if (node := self.nodes.get(child_id)) is not None:
                    node.kill()
                elif (life := self._life(child_id)) is not None:
                    life.kill()
            case commands.ScheduleRetry(delay, token):
                kernel.later(delay, partial(self._retry, token, self.incarnation))
            case commands.Report():
                self._report(command)
            case commands.Answer():
                self.tree.answer(command)
            case commands.Started():
                if self.above is None:
                    self.tree.started()
                else:
                    self.above.feed(events.ChildStarted(self.child_id, self.incarnation, now=time.monotonic()))
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
                    node = Node(self.tree, f"{self.path}/{child_id}", made.spec, self, child_id)
                    self.nodes[child_id] = node
                    kernel.outcomes.pop(node.path, None)
                node.begin(incarnation)
                return
            assert isinstance(made, Recipe)
            place = self.places.get(child_id)
            if place is None:
                data, ends = spec.args
                place = kernel.make_place(f"{self.path}/{child_id}", made, data, ends, spec.shutdown)
                self.places[child_id] = place
                self.tree.place_added(place, self)
            kernel.begin_life(place, incarnation, after=spec.after)
            if spec.restart == "temporary":
                place.forget_arguments()
        except Exception as error:  # noqa: BLE001  (a failed start, for the reducer to decide on)
            reason = ExitReason("failed", f"{type(error).__name__}: {error}")
            if (place := self.places.get(child_id)) is not None:
                place.last_reason = reason
            self.feed(events.ChildStartFailed(child_id, incarnation, reason, now=time.monotonic(), random=_random()))

    def _retry(self, token: int, incarnation: int) -> None:
        """The delay of a retry is over; tokens belong to one life of the supervisor."""
        if incarnation == self.incarnation:
            self.feed(events.RetryDue(token, now=time.monotonic(), random=_random()))

    def kill(self, incarnation: int | None = None) -> None:
        """Cut the supervisor off: all its children are killed at once. Only that life of it, if one is given."""
        if self.state.stage != "ended" and incarnation in {None, self.incarnation}:
            self.feed(events.KillRequested(ExitReason("killed"), now=time.monotonic()))

    def _over(self, reason: ExitReason, *, start_failed: bool, why: str = "") -> None:
        self.outcome = _outcome(self.path, reason, start_failed=start_failed, gave_up=why == "gave_up")
        if self.above is None:
            self.tree.ended(reason)
        elif start_failed:
            self.above.feed(
                events.ChildStartFailed(self.child_id, self.incarnation, reason, now=time.monotonic(), random=_random())
            )
        else:
            self.above.feed(
                events.ChildEnded(self.child_id, self.incarnation, reason, now=time.monotonic(), random=_random())
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
        else:  # the end of a life: here its traceback is told
            if report.reason is not None and report.reason.traceback:
                details |= self._repeats.details(report.child_id, report.reason.traceback)
            log.error(report.kind.replace("_", " "), **details)

    # ---- places -----------------------------------------------------------------------------------------------------

    def _child_of(self, place: Place) -> str:
        return place.name[len(self.path) + 1 :]

    def _life(self, child_id: str) -> Life | None:
        place = self.places.get(child_id)
        return place.life if place is not None else None

    def _close_if_gone(self, child_id: str) -> None:
        """A child that is down and not wanted keeps no mailbox."""
        child = self.state.child(child_id)
        if child is not None and child.status != "down":
            return
        if self.state.stage in {"ending", "ended"} and self.above is not None:
            return  # the supervisor itself may come back, and its children with their mailboxes
        if child_id in self.places:
            self.close_place(child_id)
        if (node := self.nodes.pop(child_id, None)) is not None:
            node.close_all()

    def close_place(self, child_id: str) -> None:
        """End one child's place for good, with the reason of its last life: its spec may be forgotten by now."""
        place = self.places.pop(child_id)
        self.tree.place_gone(place)
        self.tree.kernel.close_place(place, place.last_reason)

    def close_all(self) -> None:
        """End every place at and below this node for good, and tell who waited for its end."""
        for child_id in list(self.places):
            self.close_place(child_id)
        for node in self.nodes.values():
            node.close_all()
        self.nodes.clear()
        # Whatever still knows this node, a timer perhaps, must not keep what the children were to be given.
        self.spec = attrs.evolve(self.spec, children=())
        self.state = attrs.evolve(self.state, children=())
        self.tree.kernel.supervisor_gone(self.path, self.outcome)
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


class Tree:
    """A supervisor at the root of a system, and everything below it."""

    supervised = True  # the actors in its places

    def __init__(self, kernel: Kernel, name: str, spec: SupervisorSpec, token: Token, starter: Reply) -> None:
        self.kernel = kernel
        self.name = name
        self.token = token
        self.root = Node(self, name, spec, None, "")
        self.over = False
        self._starter: Reply | None = starter
        self._node_of: dict[int, Node] = {}  # by place
        self._requests: dict[int, Reply] = {}
        self._events: deque[tuple[Node, events.Event]] = deque()
        self._stepping = False

    def begin(self) -> None:
        """Start the tree; the starter is answered when all of it is up."""
        self.root.begin(1)

    def feed(self, node: Node, event: events.Event) -> None:
        """Put an event in line. One step may cause events at other nodes: they come after it, not in its middle."""
        if self.over:
            return  # a timer that comes late
        self._events.append((node, event))
        if self._stepping:
            return
        self._stepping = True
        try:
            while self._events:
                node, event = self._events.popleft()
                node.step(event)
        finally:
            self._stepping = False

    def place_added(self, place: Place, node: Node) -> None:
        """A node has a new place."""
        self._node_of[place.id] = node
        place.owner = self

    def place_gone(self, place: Place) -> None:
        """A place is closed."""
        self._node_of.pop(place.id, None)

    def find(self, path: str) -> Node | None:
        """The node of that path, the names of the supervisors on the way: ``bank/branches``."""
        first, *rest = path.split("/")
        node: Node | None = self.root if first == self.name else None
        for name in rest:
            node = node.nodes.get(name) if node is not None else None
        return node

    # ---- news of lives ----------------------------------------------------------------------------------------------

    def child_started(self, life: Life) -> None:
        """A life is up."""
        self._node_of[life.place.id].started(life.place, life)

    def child_start_failed(self, life: Life, reason: ExitReason, failure: tuple[object, ...] | None) -> None:
        """A life did not come up."""
        del failure  # the reason tells it; the starter of a tree gets a StartFailed
        self._node_of[life.place.id].start_failed(life.place, life, reason)

    def child_ended(self, life: Life, reason: ExitReason) -> None:
        """A life is over."""
        self._node_of[life.place.id].ended(life.place, life, reason)

    # ---- the tree as a whole ----------------------------------------------------------------------------------------

    def started(self) -> None:
        """All of it is up."""
        if self._starter is not None:
            wanted = self._starter.answer(self.name)
            self._starter = None
            if not wanted:
                self.give_up()

    def ended(self, reason: ExitReason) -> None:
        """The root supervisor has ended, and all of its children with it."""
        self.over = True
        self._events.clear()
        self.root.close_all()
        if self._starter is not None:
            error = self.root.outcome.error
            self._starter.fail_packed(pack(error if error is not None else StartFailed(f"{self.name}: {reason}")))
            self._starter = None
        self.kernel.root_gone(self)

    def stop(self, reason: ExitReason) -> None:
        """Stop all of it in order."""
        self.root.feed(events.StopRequested(reason, now=time.monotonic()))

    def give_up(self) -> None:
        """Whoever started it does not know that it did: it is stopped."""
        self._starter = None
        self.stop(ExitReason("shutdown", "whoever started it gave up"))

    def forgo(self, life: Life) -> None:
        """A life ends because the system starts nothing any more, which is no reason to start another in its place."""
        node = self._node_of[life.place.id]
        child = life.place.name[len(node.path) + 1 :]
        node.feed(events.TerminateChildRequest(self.kernel.number(), child, now=time.monotonic()))

    def kill(self) -> None:
        """End all of it at once."""
        self.root.kill()

    def wait(self, reply: Reply) -> None:
        """Answer *reply* when the tree has ended."""
        self.root.waiting.append(reply)

    # ---- requests about one child -----------------------------------------------------------------------------------

    def request(self, what: str, place: Place, reply: Reply) -> None:
        """Terminate the child in a place, at its supervisor."""
        assert what == "terminate"
        node = self._node_of[place.id]
        self.terminate(node, place.name[len(node.path) + 1 :], reply)

    def terminate(self, node: Node, child_id: str, reply: Reply) -> None:
        """Terminate a child, actor or supervisor, at *node*; *reply* is answered when it is gone."""
        request_id = self.kernel.number()
        self._requests[request_id] = reply
        node.feed(events.TerminateChildRequest(request_id, child_id, now=time.monotonic()))

    def answer(self, command: commands.Answer) -> None:
        """Hand an answer of a reducer to whoever asked."""
        reply = self._requests.pop(command.request_id, None)
        if reply is not None:
            reply.answer(command.outcome)


def _outcome(path: str, reason: ExitReason, *, start_failed: bool, gave_up: bool) -> Outcome:
    """How a life of the supervisor of that path has ended, for those who wait for its end for good."""
    error: Exception | None = None
    if start_failed:
        error = StartFailed(f"supervisor {path} did not start: {reason}\n{reason.root.traceback}".rstrip())
    elif gave_up:
        error = EscalationError(f"{reason}\n{reason.root.traceback}".rstrip())
    return Outcome(str(reason), error)


def _random() -> float:
    return random.random()  # noqa: S311  (jitter of a back-off)
