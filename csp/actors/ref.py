"""Refs: how an actor is reached from anywhere in the process."""

from csp._native import Sender, call, cast
from csp.actors import context
from csp.errors import (
    ActorDied,
    ActorRestarting,
    BrokenChannel,
    CallsSelf,
    CallTimeout,
    ClosedEnd,
    MailboxFull,
    NoSuchHandler,
    NotShareable,
    WouldBlock,
)
from csp.generic import Generic, P, T_co

TYPE_CHECKING = False
if TYPE_CHECKING:
    from concurrent.futures import Future
    from types import EllipsisType
    from typing import Any, Literal, NoReturn

type OnRestart = Literal["wait", "fail"]
_ON_RESTART: tuple[OnRestart, ...] = ("wait", "fail")

DEFAULT_TIMEOUT = 5.0  # seconds, as OTP's gen_server:call

# How a call ended; see native/python/calls.c
_ANSWERED, _FAILED, _NEVER_RAN, _LOST = range(4)


class Ref:
    """A handle on an actor: its handlers as attributes, and ``send``.

    Refs are small, equal when they reach the same actor, and may be sent anywhere in a message. A ref reaches the actor
    through its restarts: it belongs to the place, not to the life. (OTP: a registered name; Pekko: ActorRef.)
    """

    __slots__ = ("_handlers", "_id", "_name", "_path", "_sender")

    def __init__(
        self, sender: Sender[object], name: str, id: int, path: tuple[str, str], handlers: tuple[str, ...]
    ) -> None:
        self._sender = sender
        self._name = name
        self._id = id
        self._path = path
        self._handlers = handlers

    def __getattr__(self, name: str) -> BoundHandler[..., Any]:
        if name in self._handlers:
            return BoundHandler(self._sender, self._name, name)
        raise self._no_such(name)

    def send(self, message: object, timeout: float | None = None) -> None:
        """Send a plain message to the actor's ``receive``; returns when the mailbox has accepted it.

        With a rendezvous mailbox that is when the actor takes it. *timeout* is in seconds. Raises ActorDied,
        MailboxFull, TimeoutError, CallsSelf (an actor sends to its own rendezvous mailbox).
        """
        sender = self._sender
        if context.own_channel and sender.channel_id == context.own_channel and context.on_own_thread():
            _refuse_own_rendezvous(sender, self._name, "sends to")
        try:
            sender.send(message, timeout)
        except BrokenChannel as error:
            raise _died(self._name, error.cause, maybe_ran=False) from None
        except WouldBlock:
            raise MailboxFull(f"the mailbox of {self._name} is full") from None

    def _no_such(self, name: str) -> AttributeError:
        if name.startswith("__"):
            return AttributeError(name)
        from difflib import get_close_matches

        close = get_close_matches(name, self._handlers, 1)
        hint = f"did you mean {close[0]!r}?" if close else f"it has: {', '.join(self._handlers) or 'none'}."
        return NoSuchHandler(
            f"actor {self._name} ({self._path[1]}) has no handler {name!r}; {hint} "
            "Only methods marked with @csp.handler can be called from outside"
        )

    def __dir__(self) -> list[str]:
        return [*object.__dir__(self), *self._handlers]

    def __repr__(self) -> str:
        return f"<csp.Ref {self._name} ({self._path[1]})>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ref) and self._sender == other._sender

    def __hash__(self) -> int:
        return hash(self._sender)

    def __reduce__(self) -> tuple[object, ...]:
        return Ref, (self._sender, self._name, self._id, self._path, self._handlers)


class BoundHandler(Generic[P, T_co]):
    """One handler of one actor, ready to be called from here. Calling it waits for the answer.

    Arguments travel as messages do. The call's time limit (``options(timeout=seconds)``, default 5) covers the wait for
    the mailbox and for the answer. Errors: the handler's own exception, with the remote traceback as its cause;
    CallTimeout (the call may still run, its answer is dropped); ActorDied, with ``maybe_ran``; ActorRestarting (with
    ``options(on_restart="fail")``); MailboxFull; CallsSelf; NotShareable.
    """

    __slots__ = ("_actor", "_name", "_on_restart", "_sender", "_timeout")

    def __init__(
        self,
        sender: Sender[object],
        actor: str,
        name: str,
        timeout: float | None = DEFAULT_TIMEOUT,
        on_restart: OnRestart = "wait",
    ) -> None:
        self._sender = sender
        self._actor = actor
        self._name = name
        self._timeout = timeout
        self._on_restart: OnRestart = on_restart

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T_co:
        sender = self._sender
        if context.own_channel and sender.channel_id == context.own_channel and context.on_own_thread():
            self._calls_self()
        if self._on_restart == "fail":
            self._refuse_if_restarting()
        try:
            code, value = call(sender, (self._name, args, _flat(kwargs) if kwargs else None, False), self._timeout)
        except TimeoutError:
            raise CallTimeout(
                f"{self._actor}.{self._name} did not answer within {self._timeout} s; it may still run"
            ) from None
        except BrokenChannel as error:
            raise _died(self._actor, error.cause, maybe_ran=False) from None
        except WouldBlock:
            raise MailboxFull(f"the mailbox of {self._actor} is full; {self._name} did not run") from None
        except NotShareable, ClosedEnd:
            self._refuse_by_name(args, kwargs)
            raise
        if code == _ANSWERED:
            return value  # type: ignore[no-any-return]  # what the handler returned
        raise remote_error(self._actor, sender, code, value)

    def cast(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Send and do not wait for an answer; returns when the mailbox has accepted the message.

        With a rendezvous mailbox that is when the actor takes it; waits at most the time limit.
        Raises ActorDied, MailboxFull, CallTimeout (not taken in time, so it will not run), CallsSelf.
        """
        sender = self._sender
        if context.own_channel and sender.channel_id == context.own_channel and context.on_own_thread():
            _refuse_own_rendezvous(sender, self._actor, f"casts {self._name} to")
        if self._on_restart == "fail":
            self._refuse_if_restarting()
        try:
            cast(sender, (self._name, args, _flat(kwargs) if kwargs else None, True), self._timeout)
        except TimeoutError:
            raise CallTimeout(
                f"{self._actor} did not take {self._name} within {self._timeout} s; it will not run"
            ) from None
        except BrokenChannel as error:
            raise _died(self._actor, error.cause, maybe_ran=False) from None
        except WouldBlock:
            raise MailboxFull(f"the mailbox of {self._actor} is full; {self._name} will not run") from None
        except NotShareable, ClosedEnd:
            self._refuse_by_name(args, kwargs)
            raise

    def future(self, *args: P.args, **kwargs: P.kwargs) -> Future[T_co]:
        """Call, and return a concurrent.futures.Future of the answer. Waits only until the mailbox has accepted it.

        The time limit covers the mailbox only; wait for the result with ``future.result(timeout)``.
        """
        from csp.actors.futures import ask_future

        sender = self._sender
        if context.own_channel and sender.channel_id == context.own_channel and context.on_own_thread():
            _refuse_own_rendezvous(sender, self._actor, f"asks {self._name} of")
        if self._on_restart == "fail":
            self._refuse_if_restarting()
        message = (self._name, args, _flat(kwargs) if kwargs else None, False)
        try:
            return ask_future(sender, self._actor, self._name, message, self._timeout)
        except NotShareable, ClosedEnd:
            self._refuse_by_name(args, kwargs)
            raise

    def options(
        self, *, timeout: float | EllipsisType | None = ..., on_restart: OnRestart | EllipsisType = ...
    ) -> BoundHandler[P, T_co]:
        """A changed copy: *timeout* in seconds (None: no limit), *on_restart* ``"wait"`` or ``"fail"``."""
        if timeout is not ... and timeout is not None:
            if not isinstance(timeout, (int, float)) or isinstance(timeout, bool):
                raise TypeError(f"timeout must be a number of seconds or None, not {timeout!r}")
            if not timeout >= 0:
                raise ValueError(f"timeout must be at least 0 seconds (or None for no limit), not {timeout!r}")
        if on_restart is not ... and on_restart not in _ON_RESTART:
            raise ValueError(f'on_restart must be "wait" or "fail", not {on_restart!r}')
        return BoundHandler(
            self._sender,
            self._actor,
            self._name,
            self._timeout if timeout is ... else timeout,
            self._on_restart if on_restart is ... else on_restart,
        )

    def __repr__(self) -> str:
        return f"<handler {self._name} of actor {self._actor}>"

    def _calls_self(self) -> NoReturn:
        raise CallsSelf(
            f"{self._actor} calls its own handler {self._name} through its ref and would wait for itself for ever; "
            f"call self.{self._name}(...) directly, or cast with a buffered mailbox"
        )

    def _refuse_by_name(self, args: tuple[object, ...], kwargs: dict[str, object]) -> None:
        from csp.messages.probe import refuse_by_name

        refuse_by_name(self._name, args, kwargs)

    def _refuse_if_restarting(self) -> None:
        # The place itself keeps one receiving end; a life has another.
        seen = self._sender.statistics()
        if seen.receivers < 2 and not seen.aborted:
            raise ActorRestarting(f"{self._actor} is being restarted; {self._name} did not run")


def remote_error(actor: str, sender: Sender[object], code: int, value: tuple[Any, ...] | None) -> BaseException:
    """What a call that was not answered means to its caller."""
    if code == _FAILED and isinstance(value, tuple):
        if value[0] == "died":
            return ActorDied(f"{actor} ended while it handled the call: {value[1]}", str(value[1]), maybe_ran=True)
        from csp.messages.failure import unpack

        return unpack(value)
    if code == _NEVER_RAN:
        seen = sender.statistics()
        if seen.overflow.startswith("drop") and not seen.aborted:
            return MailboxFull(
                f"the mailbox of {actor} was full and dropped the call ({seen.overflow}); it did not run"
            )
    return _died(actor, sender.cause, maybe_ran=code == _LOST)


def _died(actor: str, cause: object, *, maybe_ran: bool) -> ActorDied:
    reason = str(cause) if cause is not None else "it ended before it answered"
    ran = "the call may have run" if maybe_ran else "the call did not run"
    return ActorDied(f"{actor} is dead ({reason}); {ran}", reason, maybe_ran)


def _refuse_own_rendezvous(sender: Sender[object], actor: str, does: str) -> None:
    """An actor that puts something into its own mailbox waits for itself, unless the mailbox has a buffer."""
    if sender.capacity == 0:
        raise CallsSelf(
            f"{actor} {does} its own rendezvous mailbox, which nobody else will take it from; "
            "give the class a mailbox = csp.Buffered(n), or call the method directly"
        )


def _flat(kwargs: dict[str, object]) -> tuple[object, ...]:
    """Keyword arguments as (name, value, name, value, ...), which the native codec carries."""
    flat: list[object] = []
    for pair in kwargs.items():
        flat.extend(pair)
    return tuple(flat)
