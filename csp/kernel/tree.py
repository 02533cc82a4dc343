"""The driver of supervision: a supervisor at the root, and the nodes of all that are below it.

What happens to a life becomes an event for the reducer of its supervisor's node. Events wait in one line: one step may
cause events at other nodes, which come after it and not in its middle.
"""

from collections import deque

from csp._native import Reply, now
from csp.errors import StartFailed
from csp.exits import ExitReason
from csp.kernel.node import SupervisorNode, random_number
from csp.kernel.slot import Slot
from csp.messages.failure import pack
from csp.supervision import commands, events
from csp.supervision.definition import SupervisorSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from csp.kernel.kernel import Kernel
    from csp.kernel.roots import Token
    from csp.kernel.slot import Living


class Tree:
    """A supervisor at the root of a system, and everything below it."""

    supervised = True  # the actors in its slots

    def __init__(self, kernel: Kernel, name: str, spec: SupervisorSpec, token: Token, starter: Reply) -> None:
        self.kernel = kernel
        self.name = name
        self.token = token
        self.root = SupervisorNode(self, name, spec, None, "")
        self.over = False
        self._starter: Reply | None = starter
        self._node_of: dict[int, SupervisorNode] = {}  # by slot
        self._requests: dict[int, Reply] = {}
        self._events: deque[tuple[SupervisorNode, events.Event]] = deque()
        self._stepping = False

    def begin(self) -> None:
        """Start the tree; the starter is answered when all of it is up."""
        self.root.begin(1)

    def feed(self, node: SupervisorNode, event: events.Event) -> None:
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

    def slot_added(self, slot: Slot, node: SupervisorNode) -> None:
        """Record that a node has a new slot."""
        self._node_of[slot.id] = node
        slot.owner = self

    def slot_gone(self, slot: Slot) -> None:
        """Record that a slot is closed."""
        self._node_of.pop(slot.id, None)

    def find(self, path: str) -> SupervisorNode | None:
        """Find the node of that path, the names of the supervisors on the way: ``bank/branches``."""
        first, *rest = path.split("/")
        node: SupervisorNode | None = self.root if first == self.name else None
        for name in rest:
            node = node.nodes.get(name) if node is not None else None
        return node

    # ---- news of lives ----------------------------------------------------------------------------------------------

    def child_started(self, life: Living) -> None:
        """Record that a life has started."""
        node, child_id = self._child_in(life.slot)
        self.feed(node, events.ChildStarted(child_id, life.incarnation, now=now()))

    def child_start_failed(self, life: Living, reason: ExitReason, failure: tuple[object, ...] | None) -> None:
        """Record that a life failed to start."""
        del failure  # the reason tells it; the starter of a tree gets a StartFailed
        life.slot.last_reason = reason
        node, child_id = self._child_in(life.slot)
        random = random_number()
        self.feed(node, events.ChildStartFailed(child_id, life.incarnation, reason, now=now(), random=random))

    def child_ended(self, life: Living, reason: ExitReason) -> None:
        """Record that a life is over."""
        life.slot.last_reason = reason
        node, child_id = self._child_in(life.slot)
        random = random_number()
        self.feed(node, events.ChildEnded(child_id, life.incarnation, reason, now=now(), random=random))

    def _child_in(self, slot: Slot) -> tuple[SupervisorNode, str]:
        node = self._node_of[slot.id]
        return node, node.child_of(slot)

    # ---- the tree as a whole ----------------------------------------------------------------------------------------

    def started(self) -> None:
        """All of it is up."""
        if self._starter is not None:
            wanted = self._starter.answer(self.name)
            self._starter = None
            if not wanted:
                self.give_up()

    def ended(self, reason: ExitReason) -> None:
        """Note that the root supervisor has ended, and all of its children with it."""
        self.over = True
        self._events.clear()
        self.root.close_all()
        if self._starter is not None:
            error = self.root.outcome.error
            self._starter.fail_packed(pack(error if error is not None else StartFailed(f"{self.name}: {reason}")))
            self._starter = None
        self.kernel.roots.gone(self)

    def stop(self, reason: ExitReason) -> None:
        """Stop all of it in order."""
        self.root.feed(events.StopRequested(reason, now=now()))

    def give_up(self) -> None:
        """Whoever started it does not know that it did: it is stopped."""
        self._starter = None
        self.stop(ExitReason("shutdown", "whoever started it gave up"))

    def forgo(self, life: Living) -> None:
        """Let a life end because the system starts nothing any more: that is no reason for another in its slot."""
        node, child_id = self._child_in(life.slot)
        node.feed(events.TerminateChildRequest(self.kernel.loop.number(), child_id, now=now()))

    def kill(self) -> None:
        """End all of it at once."""
        self.root.kill()

    def wait(self, reply: Reply) -> None:
        """Answer *reply* when the tree has ended."""
        self.root.waiting.append(reply)

    # ---- requests about one child -----------------------------------------------------------------------------------

    def terminate_in(self, slot: Slot, reply: Reply) -> None:
        """Terminate the child in a slot, at its supervisor."""
        self.terminate(*self._child_in(slot), reply)

    def terminate(self, node: SupervisorNode, child_id: str, reply: Reply) -> None:
        """Terminate a child, actor or supervisor, at *node*; *reply* is answered when it is gone."""
        request_id = self.kernel.loop.number()
        self._requests[request_id] = reply
        node.feed(events.TerminateChildRequest(request_id, child_id, now=now()))

    def answer(self, command: commands.Answer) -> None:
        """Hand an answer of a reducer to whoever asked."""
        reply = self._requests.pop(command.request_id, None)
        if reply is not None:
            reply.answer(command.outcome)
