"""The kernel: one loop in an interpreter of its own that keeps all actors and supervisors of a system.

Everything that happens is a message in its inbox: the news of lives, the ends of interpreters, the requests of clients.
It handles them one at a time, and no step waits for anything else; what takes time is begun here and heard of later.
"""

import heapq
import time
from functools import partial

from csp._native import Receiver, Reply, Sender, fence_interpreter, limits_off, limits_paused, no_starts, tally_new
from csp.actors.log import ActorLog
from csp.actors.recipe import Recipe
from csp.errors import ActorError, StartFailed, SystemClosing
from csp.exits import ExitReason
from csp.hosts.interpreter import bare_exit, start
from csp.hosts.patience import Patience
from csp.hosts.pool import Pool
from csp.kernel.drain import Drain
from csp.kernel.endings import Endings
from csp.kernel.names import Names
from csp.kernel.outcome import Outcome
from csp.kernel.requests import REQUESTS
from csp.kernel.slot import KILLED_FOR, STOPPED_FOR, Life, Place, ended_reason, killed_reason, lost_reason
from csp.kernel.zombies import Zombies
from csp.messages.failure import pack
from csp.messages.formatting import format_exception

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from csp.kernel.slot import Shutdown
    from csp.kernel.tree import Tree
    from csp.kernel.unsupervised import Alone
    from csp.supervision.child import After

    type Root = Alone | Tree
    # A place's mailbox, name, and the reason of its end.
    type Ended = tuple[int, str, str]
    # The interpreter and the number of a request to start something.
    type Token = tuple[int, int]


# What an actor needs, and reading its arguments, and a module that defines a supervisor: the pool imports it ahead.
_NEEDED = ("math", "csp.actors.entry", "csp.messages.pickling")
_OUTCOMES_KEPT = 1000
_NAMED = 5  # actors in one line of the log


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
        self.names = Names(self.number)
        self.lives: dict[int, Life] = {}  # by tag, until their interpreters have ended
        self.roots: list[Root] = []  # in start order
        self.trees: dict[str, Tree] = {}  # those of the roots that are supervisors, by name
        self.outcomes: dict[str, Outcome] = {}  # of the supervisors that have ended for good, by path
        self.zombies = Zombies()
        self.dead_letters = tally_new()  # counted by whoever loses one, in any interpreter
        self.restarts = 0
        self._last_number = 0
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._closing: list[Reply] = []
        self._drain: Drain | None = None  # what goes before the stopping when closing
        self._stopping = False
        self._unhandled: dict[str, int] = {}  # dead letters of the closing, by actor
        self.ended: dict[int, Ended] = {}  # the places that are closed, by number
        self.patience = Patience(self.later)
        self.endings = Endings(self.patience, self._stuck)
        self.pool = Pool(pool, _NEEDED, to_inbox, self.number, self.later, self._refill)
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
        self._tell_unhandled()
        for reply in self._closing:
            reply.answer(None)

    def _closed(self) -> bool:
        return self._stopping and not self.roots and not self.lives and not self.pool.leaving

    def _until_timer(self) -> float | None:
        return max(0.0, self._timers[0][0] - time.monotonic()) if self._timers else None

    def _run_timers(self) -> None:
        while self._timers and self._timers[0][0] <= time.monotonic():
            heapq.heappop(self._timers)[2]()

    def later(self, delay: float, action: Callable[[], None]) -> None:
        """Do *action* in *delay* seconds, on the loop."""
        heapq.heappush(self._timers, (time.monotonic() + delay, self.number(), action))

    def limit(self, seconds: float, action: Callable[[], None]) -> None:
        """Do *action* when a time limit is over: it stands still while somebody debugs; see native/python/limits.c."""
        if not limits_off():
            self.later(seconds, partial(self._limit_over, limits_paused(), action))

    def _limit_over(self, paused: float, action: Callable[[], None]) -> None:
        now = limits_paused()
        if now > paused:
            self.later(now - paused, partial(self._limit_over, now, action))
        else:
            action()

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
                self._ended(tag, ended_reason(kind, text, trace), refused=kind == "closing")
            case ("give_up", (int(interpreter), int(number))):
                self._give_up((interpreter, number))
            case ("hurry",):
                if self._drain is not None:
                    self._drain.end()
            case (int(tag), str(ending), detail):
                self._interpreter_ended(tag, ending, detail)
            case int(tag) | float(tag):
                self._interpreter_ended(*bare_exit(tag))
            case _:
                self.log.error("the kernel got a message it does not know", message=repr(message)[:200])

    # ---- lives ------------------------------------------------------------------------------------------------------

    def begin_life(self, place: Place, incarnation: int = 0, *, after: After = "end") -> Life:
        """Start the next life in a place, from the pool if it can be.

        It follows the end of the life before at once, or waits until the interpreter of that has ended: when *after*
        says so, and when the latest life here did not come up, for what an earlier one still holds may be why.
        """
        life = Life(self, place, incarnation)
        place.life = life
        if (after == "interpreter" or place.start_failed) and self.endings.any_of(place.name):
            self.endings.after(place.name, partial(self._begin_now, life))
        else:
            self._begin(life)
        return life

    def _begin(self, life: Life) -> None:
        try:
            if (why := no_starts()) is not None:  # also for one from the pool
                raise StartFailed(why)
            taken = None if self._stopping else self.pool.take()
            if taken is None:
                tag = self.number()
                taken = tag, start(life.place.name, self.to_inbox, tag)
            self.lives[taken[0]] = life
            life.begin(*taken)
        except BaseException:
            self._leave(life)  # its control channel is closed with that, and so it goes
            raise

    def _begin_now(self, life: Life) -> None:
        """Begin a life that had to wait; who waits for it hears of it, whatever becomes of it."""
        if life.over:
            return
        try:
            self._begin(life)
        except Exception as error:  # noqa: BLE001  (a failed start, for the owner to decide on)
            reason = ExitReason("failed", f"{type(error).__name__}: {error}")
            life.place.owner.child_start_failed(life, reason, None)

    def never_began(self, life: Life, reason: ExitReason) -> None:
        """A life was told to end before it began."""
        self._leave(life)
        life.place.owner.child_start_failed(life, reason, None)

    def _started(self, tag: int) -> None:
        life = self.lives.get(tag)
        if life is not None and not life.over:
            life.up = True
            life.place.start_failed = False
            if life.stopping and life.place.recipe.free_form:
                life.stopping = False
                life.stop(None)
            life.place.owner.child_started(life)
        self._refill()

    def _refill(self) -> None:
        """Make up for what was taken, once nobody waits for the life that took it."""
        if not self._stopping and all(life.up or life.over for life in self.lives.values()):
            self.pool.fill()

    def _start_failed(self, tag: int, failure: tuple[object, ...]) -> None:
        life = self._over(tag)
        if life is not None:
            reason = ExitReason("failed", f"{failure[2]}: {failure[3]}", str(failure[4]))
            self._did_not_start(life, reason, failure)
        self._refill()

    def _did_not_start(self, life: Life, reason: ExitReason, failure: tuple[object, ...] | None) -> None:
        """Tell of a failed start; or try it again, if an earlier life still held what it may have failed for."""
        place = life.place
        if self._stopping and reason.text.startswith(f"{SystemClosing.__name__}: "):
            place.owner.forgo(life)
        overlapped = self.endings.any_of(place.name)
        place.start_failed = True
        if life.tag in self.lives:
            self.endings.add(life)
        if overlapped and place.owner.supervised and not self._stopping and not life.stopping and not life.killing:
            self.log.info(
                "a start failed while the life before still cleaned up; it is tried again after that",
                actor=place.name,
                reason=str(reason),
            )
            self.begin_life(place, life.incarnation)
        else:
            place.owner.child_start_failed(life, reason, failure)

    def _ended(self, tag: int, reason: ExitReason, *, refused: bool) -> None:
        life = self._over(tag)
        if life is not None:
            if life.killing:
                reason = killed_reason(life)
            self.endings.add(life)
            if refused:
                life.place.owner.forgo(life)
            life.place.owner.child_ended(life, reason)

    def _stuck(self, tag: int) -> None:
        """The actor is long over and its interpreter does not end: something in its clean-up hangs."""
        life = self.lives.pop(tag, None)
        if life is None:
            return
        fence_interpreter(life.interpreter)
        self.zombies.add(tag)
        self.log.error("an actor has ended and its interpreter does not; it stays behind", actor=life.place.name)
        self.endings.gone(life)

    def _interpreter_ended(self, tag: int, ending: str, detail: object) -> None:
        if tag in self.pool.leaving:
            self.pool.leaving.discard(tag)
            return
        if self.pool.lost(tag):
            self.log.error("a warm interpreter ended before it was used", detail=str(detail))
            return
        self.zombies.discard(tag)
        over = self._over(tag) is None
        life = self.lives.pop(tag, None)
        if life is None:
            return
        if why := self.zombies.why_left(life.interpreter):
            self.log.error("an actor has ended and its interpreter cannot yet", actor=life.place.name, reason=why)
        if over:
            self.endings.gone(life)
        elif life.up:
            life.place.owner.child_ended(life, lost_reason(life, ending, detail))
        else:
            self._did_not_start(life, lost_reason(life, ending, detail), None)

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
        self._leave(life)
        return life

    def _leave(self, life: Life) -> None:
        """Let go of a life that is over."""
        life.over = True
        self.patience.take_back(life.limit)
        if life.place.life is life:
            life.place.life = None
        if life.control is not None:
            life.control.close()

    # ---- places -----------------------------------------------------------------------------------------------------

    def make_place(
        self, name: str | None, recipe: Recipe, data: bytes, ends: tuple[object, ...], shutdown: Shutdown
    ) -> Place:
        """A new place, under a name that nobody else was given, or (None) under one that is made up."""
        place = Place(self.number(), name or "", recipe, data, ends, shutdown, self.dead_letters)
        if name is None:
            self.names.make_up(place)
        else:
            self.names.take(place)
        self.places[place.id] = place
        return place

    def close_place(self, place: Place, reason: ExitReason) -> None:
        """End a place for good; what waits in its mailbox is told."""
        if self.places.pop(place.id, None) is None:
            return
        self.names.free(place)
        del place.owner  # they refer to each other, and what a place holds must not wait for the collector
        while len(self.ended) >= _OUTCOMES_KEPT:
            del self.ended[next(iter(self.ended))]
        self.ended[place.id] = (place.sender.channel_id, place.name, str(reason))
        for reply in place.waiting:
            reply.answer(str(reason))
        letters = place.close(str(reason))
        if letters and self._stopping:
            self._unhandled[place.name] = letters
        elif letters:
            self.log.warning("dead letters", actor=place.name, count=letters, reason=str(reason))

    def root_gone(self, root: Root) -> None:
        """A root has ended; while closing, the next one is told to."""
        if root in self.roots:
            self.roots.remove(root)
        if self._stopping:
            self._stop_last_root()

    def supervisor_gone(self, path: str, outcome: Outcome) -> None:
        """Remember how a supervisor ended for good, for who asks later; the oldest of many are forgotten."""
        while len(self.outcomes) >= _OUTCOMES_KEPT:
            del self.outcomes[next(iter(self.outcomes))]
        self.trees.pop(path, None)
        self.outcomes[path] = outcome

    # ---- the end ----------------------------------------------------------------------------------------------------

    def refuse_if_closing(self) -> None:
        """Raise SystemClosing when nothing is to be started any more."""
        if self._stopping:
            raise SystemClosing("the system is closing; it starts nothing any more")

    def ending(self) -> list[Life]:
        """The lives that a closing waits for: they were told to end, clean up, or handle what is queued."""
        draining = self._drain.left() if self._drain is not None else []
        busy = [place.life for place in draining if place.life is not None]
        return busy + [life for life in self.lives.values() if life.stopping or life.killing or life.over]

    def close(self, reply: Reply, *, drain: bool) -> None:
        """Stop everything, the youngest first; *reply* is answered when it has ended.

        *drain*: before, let what is queued be handled. Meanwhile the system works as ever. Asked again without, that is
        over.
        """
        first = not self._closing
        self._closing.append(reply)
        if first and drain:
            self._drain = Drain(self.later, self.places.values, self._stop_all)
        elif first:
            self._stop_all()
        elif self._drain is not None and not drain:
            self._drain.end()

    def _stop_all(self) -> None:
        self._stopping = True
        self.pool.close()
        self._stop_last_root()

    def _tell_unhandled(self) -> None:
        """Say once what was not handled, and whose it was."""
        if self._unhandled:
            most = sorted(self._unhandled.items(), key=lambda item: -item[1])
            actors = ", ".join(f"{name} ({count})" for name, count in most[:_NAMED])
            if len(most) > _NAMED:
                actors += f" and {len(most) - _NAMED} more"
            self.log.warning(
                "messages were not handled before the system closed",
                count=sum(self._unhandled.values()),
                actors=actors,
            )

    def _give_up(self, token: Token) -> None:
        """Whoever asked for a start will not take what it gave."""
        for root in self.roots:
            if root.token == token:
                root.give_up()
                return

    def kill_all(self) -> None:
        """Kill whatever is left."""
        for root in list(self.roots):
            root.kill()
        for tag in self.endings.tags():
            self.lives[tag].hurry()
            self.later(STOPPED_FOR + KILLED_FOR, partial(self._stuck, tag))

    def _stop_last_root(self) -> None:
        if self.roots:
            self.roots[-1].stop(ExitReason("shutdown", "the system is closing"))

    # ---- requests ---------------------------------------------------------------------------------------------------

    def _request(self, reply: Reply, request: str, arguments: tuple[object, ...]) -> None:
        try:
            handle = REQUESTS.get(request)
            if handle is None:
                raise ActorError(f"the kernel knows no request {request!r}")
            handle(self, reply, *arguments)
        except Exception as error:  # noqa: BLE001  (the client gets it)
            reply.fail_packed(pack(error))


def _import_supervision() -> None:
    __import__("csp.kernel.tree")
