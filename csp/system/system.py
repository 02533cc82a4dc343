"""What users hold: a system of actors."""

import os
from _thread import daemon_threads_allowed
from _warnings import warn
from functools import partial

from csp import arguments
from csp._native import CancelScope, Receiver, Sender, cast, kill_interpreter, no_starts, unbounded_channel, unseen
from csp.actors import client
from csp.actors.fate import Fate
from csp.actors.log import ActorLog
from csp.actors.ref import ActorRef
from csp.errors import ActorError, CallTimeout, Cancelled, ChannelError, StartFailed
from csp.hosts.guards import hurry
from csp.hosts.importing import refuse_while_loading
from csp.hosts.interpreter import Exit, order, start
from csp.hosts.naming import Named
from csp.hosts.real_threads import no_real_threads
from csp.system.log import LEVELS, LogPump
from csp.system.stdlib_log import tell_level

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any, Self, overload

    from csp.actors.actor import Actor
    from csp.supervision.supervisor import Supervisor

_LOG_CAPACITY = 4096
_KERNEL_TAG = 0
# Seconds within which everything that was killed has died or was cut off.
_CUT_OFF_WITHIN = 10.0
# Seconds that the kernel has to say whom it waits for.
_ASKED_FOR = 1.0
# Interpreters kept ready: each has a thread and about 3 MiB, and nobody starts so many actors at once.
_MOST_WARM = 1000


class System:
    """The actors of a program. Use it as a context manager: leaving it stops them, the youngest first.

    Args:
        warm: how many interpreters to keep ready, so that starting an actor takes less than a millisecond; each costs
            about 3 MiB. Default: one per CPU. 0 keeps none; at most 1000. Closing does not wait until all are there.
        drain: whether closing first lets the actors handle what is queued in their mailboxes, and what follows from
            it, each for at most its ``shutdown`` time. Either way the log says how many messages were not handled.
        log_level: the lowest level of ``self.log`` that is shown, where the program has not configured structlog:
            "debug", "info", "warning", "error" or "critical". Default: what CSP_LOG_LEVEL in the environment says,
            else "info".

    A program may have several systems; they share nothing. A System is used in the main interpreter; inside an actor
    use ``self.spawn`` and ``self.lookup``.
    """

    _closed = True  # until it has begun to run

    @unseen
    def __init__(self, *, warm: int | None = None, drain: bool = True, log_level: str | None = None) -> None:
        refuse_while_loading("a csp.System would be made")
        if not daemon_threads_allowed():  # this is not the main interpreter, and only there can the log's thread run
            raise StartFailed(
                "a csp.System is made in the program's main interpreter; inside an actor use self.spawn and "
                "self.lookup, which ask the system that the actor belongs to; a process is handed a ref"
            )
        if warm is None:
            warm = os.process_cpu_count() or 1
        if isinstance(warm, bool) or not isinstance(warm, int) or not 0 <= warm <= _MOST_WARM:
            raise ValueError(f"warm must be a number of interpreters, 0 or more, at most {_MOST_WARM}, not {warm!r}")
        if not isinstance(drain, bool):
            raise TypeError(f"drain must be True or False, not {drain!r}")
        self._drain = drain
        if log_level is None:
            log_level = os.environ.get("CSP_LOG_LEVEL", "info")
        if log_level not in LEVELS:
            raise ValueError(f"log_level must be one of {', '.join(LEVELS)}, not {log_level!r}")
        if (why := no_starts() or no_real_threads()) is not None:
            raise StartFailed(why)
        self._log = LogPump(_LOG_CAPACITY, log_level)
        tell_level()
        self._closing = False
        inbox: Receiver[object]
        self._kernel, inbox = unbounded_channel()
        exits: Sender[Exit]
        exits, ended = unbounded_channel()
        self._fate = Fate(self._kernel, ended)
        try:
            started = start("csp kernel", exits, _KERNEL_TAG)
            self._kernel_id = started.id
            order(started, "csp.kernel.entry", "main", (inbox, self._kernel, self._log.sender, warm))
        except BaseException:
            self._log.close()
            self._fate.forget()
            raise
        finally:
            inbox.close()
            exits.close()
        self._closed = False

    # ---- actors -----------------------------------------------------------------------------------------------------

    @unseen
    def spawn[**P, A](self, what: Callable[P, A], /, *args: P.args, **kwargs: P.kwargs) -> A:
        """Start an actor, wait until its ``__init__`` has returned, and return its ref.

        The ref is a csp.Ref, typed as the actor's class, and has its handlers. *what* is the class, followed by its
        arguments, or ``csp.child(Class, ...).options(name=..., shutdown=...)``. Nobody restarts the actor, whatever
        restart type it has: for that, put it under a supervisor.

        Raises what ``__init__`` or ``on_start`` raised, with the remote traceback; StartFailed; NotImportable;
        NotShareable.
        """
        tell_level()
        ref: A = client.spawn(self._kernel, what, args, kwargs)
        return ref

    if TYPE_CHECKING:

        @overload
        def lookup(self, name: str) -> Any: ...
        @overload
        def lookup[A](self, name: str, cls: type[A]) -> A: ...

    @unseen
    def lookup(self, name: str, cls: type | None = None) -> Any:
        """Find an actor by its name, and return its ref: ``"account/bob"``, or its last part if that is unique.

        With *cls* the ref is typed as that class. Supervised actors are named ``supervisor/child``. Raises
        NoSuchActor: no actor has that name, or it is no *cls* (neither of that class nor of one that has all its
        handlers).
        """
        return client.lookup(self._kernel, name, cls)

    @unseen
    def stop(self, ref: object, *, grace: float | None = 5.0) -> None:
        """Stop an actor and wait until it has ended. It may have ended before.

        It finishes the message at hand. If it takes longer than *grace* seconds (None: no limit), ``csp.Stopped`` is
        raised in it where it waits, then its Python code is made to raise, then it is cut off. A supervised actor is
        stopped by its supervisor, which does not restart it.
        """
        limit = arguments.limit(grace, "grace")
        client.ask(self._kernel, ("stop", *_slot_of(ref), limit))

    @unseen
    def kill(self, ref: object) -> bool:
        """Kill the present life of an actor without asking it; True if it had one. Its supervisor sees a crash.

        Does not wait for the end: the actor may still finish the message at hand.
        """
        return bool(client.ask(self._kernel, ("kill", *_slot_of(ref))))

    # ---- supervision ------------------------------------------------------------------------------------------------

    @unseen
    def supervise(self, supervisor: Supervisor, *, name: str | None = None) -> str:
        """Start a supervision tree, wait until all of it is up, and return its name.

        The default name is the class in lower case. A supervisor whose class has no ``children`` of its own is legal,
        and logged as a warning.

        Raises StartFailed: a child cannot be started (those that were started are stopped again). ChildSpecError: a
        name or setting is not legal, or this is no supervisor.
        """
        from csp.supervision.checks import NAME, is_plain_name, refusal
        from csp.supervision.supervisor import Supervisor
        from csp.system.packing import pack_supervisor

        if isinstance(supervisor, type) and issubclass(supervisor, Supervisor):
            raise StartFailed(f"supervise takes a supervisor, not its class: {supervisor.__name__}(...)")
        if name is not None and not is_plain_name(name):
            raise refusal(f"supervisor {type(supervisor).__name__}", "name", name, NAME)
        tell_level()
        childless: list[str] = []
        packed = pack_supervisor(supervisor, childless)
        log = ActorLog(self._log.sender, name or type(supervisor).__name__.lower())
        for cls in childless:
            log.warning(
                "no children", supervisor=cls, reason=f"neither {cls} nor a class that it derives from has children()"
            )
        return str(client.start(self._kernel, ("supervise", name, packed)))

    @unseen
    def stop_supervisor(self, name: str) -> None:
        """Stop a supervision tree in order and wait until all of it has ended. It may have ended before.

        A nested supervisor is named by its path, ``"bank/branches"``: the one above stops it, and does not restart it.
        (OTP's ``terminate_child``.) Raises NoSuchActor if there never was a supervisor of that name.
        """
        client.ask(self._kernel, ("stop_tree", arguments.name(name, "stop_supervisor", "a supervisor")))

    if TYPE_CHECKING:

        @overload
        def wait(self, what: str, timeout: float | None = None) -> str: ...
        @overload
        def wait(self, what: Actor | ActorRef, timeout: float | None = None) -> str: ...

    @unseen
    def wait(self, what: object, timeout: float | None = None) -> str:
        """Wait until an actor or a supervision tree has ended for good, and return the reason.

        Returns at once if it had ended before: the reasons of the last 1000 ended actors are kept. *what* is an
        actor's ref, the name of a supervisor, or the full name of an actor. A supervised actor has ended for good when
        nobody will start it again; the end of a single life does not count. Its interpreter may still clean up after
        that. (Erlang's monitors, waited for.)

        Raises EscalationError: the supervisor gave up. NoSuchActor: there never was one of that name, or it belongs to
        another system. CallTimeout.
        """
        limit = arguments.limit(timeout, "timeout")
        if isinstance(what, ActorRef):
            return str(client.ask(self._kernel, ("wait_actor", *_slot_of(what)), limit))
        return str(client.ask(self._kernel, ("wait", arguments.name(what, "wait", "a supervisor or an actor")), limit))

    @unseen
    def which_children(self, name: str) -> list[tuple[str, str, int, str, int, str | None]]:
        """``(name, status, incarnation, kind, restarts, last exit reason)`` of a supervisor's children, in start order.

        A nested supervisor is named by its path: ``"bank/branches"``. (OTP's ``which_children``.)
        """
        request = ("which_children", arguments.name(name, "which_children", "a supervisor"))
        return list(client.ask(self._kernel, request))

    # ---- the system -------------------------------------------------------------------------------------------------

    def statistics(self) -> dict[str, int]:
        """Return counts: actors, restarts, dead_letters, zombies, warm, interpreters and how they ended.

        ``log_lost`` counts log events that were dropped because they came too fast, or that could not be written.
        """
        return dict(client.ask(self._kernel, ("statistics",))) | {"log_lost": self._log.lost + self._log.dropped()}

    @unseen
    def close(self, timeout: float | None = None) -> None:
        """Stop everything, the youngest first, and wait until it has ended; idempotent.

        The actors first handle what is queued in their mailboxes (see System, *drain*). *timeout*, in seconds, bounds
        the whole: after it, what is left is killed, and CallTimeout raised. When interrupted (Ctrl-C), it stops
        waiting. The system then goes on closing, without handling what is queued; calling close again waits for the
        rest, and ending the program does not wait. After half a second, those that it still waits for are named on
        standard error, each with its present line of Python.
        """
        self._close(timeout, self._drain)

    def _close(self, timeout: float | None, drain: bool) -> None:
        limit = arguments.limit(timeout, "timeout")
        if self._closed:
            return
        self._closing = True
        try:
            with Named("the system closes", self._ending):
                client.ask(self._kernel, ("close", drain), limit)
        except TimeoutError:
            self._close_now()
            self._leave()
            raise
        except ActorError:
            pass  # the kernel is gone; what it kept is gone, too, or ends with the program
        except BaseException as error:
            if isinstance(error, (KeyboardInterrupt, SystemExit)):
                hurry()
            try:
                self._kernel.send_nowait(("hurry",))
            except ChannelError:
                pass  # it has ended meanwhile
            raise
        self._leave()

    def _ending(self) -> list[tuple[str, int]]:
        """Name those that close() waits for."""
        try:
            return list(client.ask(self._kernel, ("ending",), _ASKED_FOR))
        except CallTimeout:
            return [("the kernel", self._kernel_id)]
        except ActorError:
            return []  # it has nothing left to do

    def _leave(self) -> None:
        """Let go of a kernel that has nothing left to do."""
        self._kernel.close()
        self._fate.wait()
        self._fate.forget()
        self._log.close()
        self._closed = True

    def _close_now(self) -> None:
        try:
            client.ask(self._kernel, ("close_now",), _CUT_OFF_WITHIN)
        except ActorError:
            kill_interpreter(self._kernel_id)

    def __enter__(self) -> Self:
        return self

    @unseen
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # After Ctrl-C or a cancel nobody waits for queues. The cancelled scope is around us: it must not end this wait.
        with CancelScope(shield=True):
            self._close(None, self._drain and not isinstance(error, (KeyboardInterrupt, Cancelled)))

    def __del__(self) -> None:
        """End a system that is dropped without close(), and say so. Does not wait: this may be any thread."""
        if self._closed:
            return
        for let_go in (partial(cast, self._kernel, ("close", False), 0.0), self._kernel.close, self._fate.forget):
            try:
                let_go()
            except ChannelError:
                pass  # the kernel is gone already
        self._log.sender.close()  # the log's thread ends with the last actor
        if not self._closing:
            warn(
                "a csp.System was dropped without close(): its actors are stopped now. Use it as a context manager, or "
                "keep it and call close()",
                ResourceWarning,
                stacklevel=2,
                source=self,
            )

    def __repr__(self) -> str:
        return f"<csp.System {'closed' if self._closed else 'closing' if self._closing else 'running'}>"


def _slot_of(ref: object) -> tuple[int, int]:
    """Return the numbers of an actor's slot and mailbox. The first alone might mean an actor of another system."""
    if not isinstance(ref, ActorRef):
        raise TypeError(f"this takes the ref of an actor, as spawn and lookup give it, not {ref!r}")
    return ref._id, ref._sender.channel_id
