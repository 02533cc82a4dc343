"""The kernel: one loop in an interpreter of its own that keeps all actors and supervisors of a system.

Everything that happens is a message in its inbox: the news of lives, the ends of interpreters, the requests of clients.
It handles them one at a time, and no step waits for anything else; what takes time is begun here and heard of later.
"""

import heapq
import time
from collections.abc import Callable
from functools import partial

from csp._native import Receiver, Reply, Sender, fence_interpreter, interpreter_counts
from csp.actors.log import ActorLog
from csp.errors import ActorError, NoSuchActor
from csp.interpreters.start import start
from csp.messages.failure import pack
from csp.messages.formatting import format_exception
from csp.supervision.reason import ExitReason
from csp.system.alone import Alone
from csp.system.outcome import Outcome
from csp.system.places import END_FOR, KILLED_FOR, STOPPED_FOR, Life, Place, ended_reason, killed_reason, lost_reason
from csp.system.pool import Pool
from csp.system.recipe import Recipe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    from csp.actors.mailbox import Overflow
    from csp.supervision.definition import SupervisorSpec
    from csp.system.tree import Tree

    type Root = Alone | Tree

_OUTCOMES_KEPT = 1000


def main(
    control: Receiver[object], inbox: Receiver[object], to_inbox: Sender[object], log: Sender[object], pool: int
) -> None:
    """Run the kernel until it is told to close and all its actors have ended. The entry of its interpreter."""
    del control  # nobody stops the kernel but by a request
    Kernel(inbox, to_inbox, log, pool).serve()


class Kernel:
    """The state of a system, and what is done about each message."""

    def __init__(self, inbox: Receiver[object], to_inbox: Sender[object], log: Sender[object], pool: int) -> None:
        self.inbox = inbox
        self.to_inbox = to_inbox
        self.log_channel = log
        self.log = ActorLog(log, "kernel")
        self.places: dict[int, Place] = {}
        self.names: dict[str, Place] = {}
        self.lives: dict[int, Life] = {}  # by tag, until their interpreters have ended
        self.roots: list[Root] = []  # in start order
        self.trees: dict[str, Tree] = {}  # those of the roots that are supervisors, by name
        self.outcomes: dict[str, Outcome] = {}  # of the supervisors at the root that have ended, by name
        self.zombies: set[int] = set()  # tags of lives that were cut off and whose interpreters have not ended yet
        self.dead_letters = 0
        self.restarts = 0
        self._last_number = 0
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._closing: list[Reply] = []
        self.pool = Pool(pool, to_inbox, self.number, self.later, self._refill)
        self._refill()
        # Supervision costs 30 ms to import: while the first interpreters boot, not before they are asked for.
        self.later(0.0, _import_supervision)

    # ---- the loop ---------------------------------------------------------------------------------------------------

    def serve(self) -> None:
        """Handle messages until closed."""
        while not self._closed():
            try:
                message = self.inbox.recv(timeout=self._until_timer())
            except TimeoutError:
                message = None
            try:
                if message is not None:
                    self._handle(message)
                self._run_timers()
            except Exception as error:  # noqa: BLE001  (one bad message must not end every actor)
                self.log.error("the kernel failed to handle a message", traceback=format_exception(error))
            message = None
        for reply in self._closing:
            reply.answer(None)

    def _closed(self) -> bool:
        return bool(self._closing) and not self.roots and not self.lives and not self.pool.leaving

    def _until_timer(self) -> float | None:
        return max(0.0, self._timers[0][0] - time.monotonic()) if self._timers else None

    def _run_timers(self) -> None:
        while self._timers and self._timers[0][0] <= time.monotonic():
            heapq.heappop(self._timers)[2]()

    def later(self, delay: float, action: Callable[[], None]) -> None:
        """Do *action* in *delay* seconds, on the loop."""
        heapq.heappush(self._timers, (time.monotonic() + delay, self.number(), action))

    def number(self) -> int:
        """A number never given before in this kernel."""
        self._last_number += 1
        return self._last_number

    def _handle(self, message: Any) -> None:
        match message:
            case (Reply() as reply, str(request), *arguments):
                self._request(reply, request, tuple(arguments))
            case (Reply() as reply, Exception() as error):  # a request that cannot be read here
                reply.fail_packed(pack(error))
            case ("started", int(), int(tag)):
                self._started(tag)
            case ("start_failed", int(), int(tag), failure):
                self._start_failed(tag, failure)
            case ("ended", int(), int(tag), str(kind), str(text), str(trace)):
                self._ended(tag, ended_reason(kind, text, trace))
            case (int(tag), str(ending), detail):
                self._interpreter_ended(tag, ending, detail)
            case int(tag):
                self._interpreter_ended(tag, "failed", None)
            case _:
                self.log.error("the kernel got a message it does not know", message=repr(message)[:200])

    # ---- lives ------------------------------------------------------------------------------------------------------

    def begin_life(self, place: Place) -> Life:
        """Start the next life in a place, from the pool if it can be."""
        taken = None if self._closing else self.pool.take()
        if taken is None:
            tag = self.number()
            started = start(place.name, self.to_inbox, tag)
        else:
            tag, started = taken
        life = Life(tag, place, tag, started)
        place.life = life
        self.lives[tag] = life
        try:
            life.begin(started, self.to_inbox, self.log_channel)
        except BaseException:
            self._over(tag)  # its control channel is closed with that, and so it goes
            raise
        return life

    def _started(self, tag: int) -> None:
        life = self.lives.get(tag)
        if life is not None and not life.over:
            life.up = True
            if life.stopping and life.place.recipe.free_form:
                life.stopping = False
                life.stop(None, self.later, self.fenced)
            life.place.owner.child_started(life)
        self._refill()

    def _refill(self) -> None:
        """Make up for what was taken, once nobody waits for the life that took it."""
        if not self._closing and all(life.up or life.over for life in self.lives.values()):
            self.pool.fill()

    def _start_failed(self, tag: int, failure: tuple[object, ...]) -> None:
        life = self._over(tag)
        if life is not None:
            reason = ExitReason("failed", f"{failure[2]}: {failure[3]}", str(failure[4]))
            life.place.owner.child_start_failed(life, reason, failure)
        self._refill()

    def _ended(self, tag: int, reason: ExitReason) -> None:
        life = self._over(tag)
        if life is not None:
            if life.killing:
                reason = killed_reason(life)
            self.later(END_FOR, partial(self._end_overdue, tag))
            life.place.owner.child_ended(life, reason)

    def _end_overdue(self, tag: int) -> None:
        """The actor is long over and its interpreter does not end: something in its clean-up hangs."""
        life = self.lives.pop(tag, None)
        if life is not None:
            fence_interpreter(life.interpreter)
            self.zombies.add(tag)
            self.log.error("an actor has ended and its interpreter does not; it stays behind", actor=life.place.name)

    def _interpreter_ended(self, tag: int, ending: str, detail: object) -> None:
        if tag in self.pool.leaving:
            self.pool.leaving.discard(tag)
            return
        if self.pool.lost(tag):
            self.log.error("a warm interpreter ended before it was used", detail=str(detail))
            return
        self.zombies.discard(tag)
        life = self._over(tag)
        self.lives.pop(tag, None)
        if life is not None:
            reason = lost_reason(life, ending, detail)
            if life.up:
                life.place.owner.child_ended(life, reason)
            else:
                life.place.owner.child_start_failed(life, reason, None)

    def fenced(self, life: Life) -> None:
        """A life that nothing could stop was cut off: go on without it."""
        self.zombies.add(life.tag)
        self.log.error("an actor cannot be stopped and was cut off; its thread stays behind", actor=life.place.name)
        self._over(life.tag)
        del self.lives[life.tag]
        reason = ExitReason("killed", "it could not be stopped and was cut off")
        if life.up:
            life.place.owner.child_ended(life, reason)
        else:
            life.place.owner.child_start_failed(life, reason, None)

    def _over(self, tag: int) -> Life | None:
        """Note that a life is over, once; None when that was known, or there is no such life."""
        life = self.lives.get(tag)
        if life is None or life.over:
            return None
        life.over = True
        if life.place.life is life:
            life.place.life = None
        life.control.close()
        return life

    # ---- places -----------------------------------------------------------------------------------------------------

    def make_place(self, name: str, recipe: Recipe, data: bytes, ends: tuple[object, ...]) -> Place:
        """A new place under a name that must be free."""
        if name in self.names:
            raise ActorError(f"there is an actor named {name!r} already; give this one another name=")
        place = Place(self.number(), name, recipe, data, ends)
        self.places[place.id] = place
        self.names[name] = place
        return place

    def close_place(self, place: Place, reason: ExitReason) -> None:
        """End a place for good; what waits in its mailbox is told."""
        if self.places.pop(place.id, None) is None:
            return
        self.names.pop(place.name, None)
        del place.owner  # they refer to each other, and what a place holds must not wait for the collector
        letters = place.close(str(reason))
        if letters:
            self.dead_letters += letters
            self.log.warning("dead letters", actor=place.name, count=letters, reason=str(reason))

    def root_gone(self, root: Root) -> None:
        """A root has ended; while closing, the next one is told to."""
        if root in self.roots:
            self.roots.remove(root)
        if self._closing:
            self._stop_last_root()

    def tree_ended(self, name: str, reason: str, error: Exception | None) -> None:
        """Remember how a supervisor at the root ended, for who asks later; the oldest of many are forgotten."""
        while len(self.outcomes) >= _OUTCOMES_KEPT:
            del self.outcomes[next(iter(self.outcomes))]
        del self.trees[name]
        self.outcomes[name] = Outcome(reason, error)

    def _stop_last_root(self) -> None:
        if self.roots:
            self.roots[-1].stop(ExitReason("shutdown", "the system is closing"))

    # ---- requests ---------------------------------------------------------------------------------------------------

    def _request(self, reply: Reply, request: str, arguments: tuple[object, ...]) -> None:
        try:
            handle = _REQUESTS.get(request)
            if handle is None:
                raise ActorError(f"the kernel knows no request {request!r}")
            if self._closing and request in {"spawn", "supervise"}:
                raise ActorError("the system is closing; it starts nothing any more")
            handle(self, reply, *arguments)
        except Exception as error:  # noqa: BLE001  (the client gets it)
            reply.fail_packed(pack(error))

    def _spawn(
        self,
        reply: Reply,
        name: str | None,
        fields: tuple[tuple[str, str], tuple[str, ...], int, Overflow, bool, tuple[str, ...]],
        data: bytes,
        ends: tuple[object, ...],
        shutdown: float | Literal["kill"] | None,
    ) -> None:
        recipe = Recipe(*fields)
        if name is None:
            base = recipe.path[1].rpartition(".")[2].lower()
            name = base if base not in self.names else f"{base}-{self.number()}"
        place = self.make_place(name, recipe, data, ends)
        root = Alone(self, place, shutdown, reply)
        self.roots.append(root)
        try:
            self.begin_life(place)
            place.forget_arguments()
        except BaseException as error:
            self.roots.remove(root)
            self.close_place(place, ExitReason("failed", str(error)))
            raise

    def _supervise(self, reply: Reply, name: str | None, spec: SupervisorSpec) -> None:
        base = str(name if name is not None else getattr(spec, "name", "supervisor").lower())
        if base in self.trees:
            raise ActorError(f"there is a supervisor named {base!r} already; give this one another name=")
        self.outcomes.pop(base, None)
        from csp.system.tree import Tree

        tree = Tree(self, base, spec, reply)
        self.roots.append(tree)
        self.trees[base] = tree
        tree.begin()

    def find(self, name: str) -> Place:
        """The place of that name: its full name, or the last part of it when only one place ends so."""
        place = self.names.get(name)
        if place is not None:
            return place
        ending = [p for n, p in self.names.items() if n.endswith(f"/{name}")]
        if len(ending) == 1:
            return ending[0]
        if ending:
            raise NoSuchActor(
                f"{name!r} could be any of {', '.join(sorted(p.name for p in ending))}; use the full name"
            )
        import difflib

        close = difflib.get_close_matches(name, self.names, 3)
        hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else f"; there are {len(self.names)} actors"
        raise NoSuchActor(f"no actor is named {name!r}{hint}")

    def _lookup(self, reply: Reply, name: str) -> None:
        reply.answer(self.find(name).ref_fields())

    def _place_of(self, id: int, mailbox: int) -> Place | None:
        """The place of that number, if its mailbox is the one meant: another system has its own numbers."""
        place = self.places.get(id)
        return place if place is not None and place.sender.channel_id == mailbox else None

    def _stop(self, reply: Reply, id: int, mailbox: int, grace: float | None) -> None:
        """Stop one actor that was spawned alone; answered when it has ended. One that is gone is answered at once."""
        place = self._place_of(id, mailbox)
        if place is None:
            reply.answer(None)
            return
        owner = place.owner
        if isinstance(owner, Alone):
            owner.stop(ExitReason("shutdown"), grace, reply)
        else:
            owner.request("terminate", place, reply)

    def _kill(self, reply: Reply, id: int, mailbox: int) -> None:
        """Kill the present life in a place, as a crash would end it. True if there was one."""
        place = self._place_of(id, mailbox)
        life = place.life if place is not None else None
        if life is not None:
            life.kill(self.later, self.fenced)
        reply.answer(life is not None)

    def _stop_tree(self, reply: Reply, name: str) -> None:
        tree = self.trees.get(name)
        if tree is not None:
            tree.wait(reply)
            tree.stop(ExitReason("shutdown"))
            return
        if name not in self.outcomes:
            raise self._no_supervisor(name)
        reply.answer(None)

    def _wait_tree(self, reply: Reply, name: str) -> None:
        """Answered with the reason when that supervisor has ended, also when that was before."""
        tree = self.trees.get(name)
        if tree is not None:
            tree.wait(reply)
            return
        if name not in self.outcomes:
            raise self._no_supervisor(name)
        self.outcomes[name].tell(reply)

    def _which_children(self, reply: Reply, path: str) -> None:
        for tree in self.trees.values():
            if (node := tree.find(path)) is not None:
                reply.answer(node.children_info())
                return
        raise self._no_supervisor(path)

    def _no_supervisor(self, name: str) -> NoSuchActor:
        names = ", ".join(sorted(self.trees))
        return NoSuchActor(f"no supervisor is named {name!r}; there is {names or 'none'}")

    def _statistics(self, reply: Reply) -> None:
        alive, begun, ended, abandoned = interpreter_counts()
        reply.answer(
            (
                ("actors", len(self.places)),
                ("restarts", self.restarts),
                ("dead_letters", self.dead_letters),
                ("zombies", len(self.zombies)),
                ("warm", self.pool.ready()),
                ("interpreters", alive),
                ("interpreters_started", begun),
                ("interpreters_ended", ended),
                ("interpreters_abandoned", abandoned),
            )
        )

    def _close(self, reply: Reply) -> None:
        first = not self._closing
        self._closing.append(reply)
        if first:
            self.pool.close()
            self._stop_last_root()

    def _close_now(self, reply: Reply) -> None:
        """Kill whatever is left of a closing that took too long; answered when all of it has ended or is cut off."""
        self._close(reply)
        for root in list(self.roots):
            root.kill()
        for life in self.lives.values():
            if life.over:  # its interpreter is still ending
                self.later(STOPPED_FOR + KILLED_FOR, partial(self._end_overdue, life.tag))


def _import_supervision() -> None:
    __import__("csp.system.tree")


_REQUESTS: dict[str, Callable[..., None]] = {
    "spawn": Kernel._spawn,
    "supervise": Kernel._supervise,
    "lookup": Kernel._lookup,
    "stop": Kernel._stop,
    "kill": Kernel._kill,
    "stop_tree": Kernel._stop_tree,
    "wait_tree": Kernel._wait_tree,
    "which_children": Kernel._which_children,
    "statistics": Kernel._statistics,
    "close": Kernel._close,
    "close_now": Kernel._close_now,
}
