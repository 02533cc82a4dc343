"""Handlers seen through a ref: calls, casts, tells, futures."""

from csp._native import Sender, call, cast, tally_add, unseen
from csp.actors import context
from csp.actors.answers import (
    ANSWERED,
    DEFAULT_TIMEOUT,
    OUT_OF_TIME,
    delivery_error,
    out_of_time,
    raise_remote,
    refuse_own_rendezvous,
)
from csp.errors import (
    ActorDied,
    ActorRestarting,
    BrokenChannel,
    CallsSelf,
    CallTimeout,
    ClosedEnd,
    MailboxFull,
    NotShareable,
    WouldBlock,
)
from csp.generic import Generic, P, T_co

TYPE_CHECKING = False
if TYPE_CHECKING:
    import inspect
    from concurrent.futures import Future
    from types import EllipsisType
    from typing import Any, Literal, NoReturn

    from csp.actors.signature import Signature

type OnRestart = Literal["wait", "fail"]
_ON_RESTART: tuple[OnRestart, ...] = ("wait", "fail")


class _SignatureForInspect:
    """Where ``inspect.signature`` looks, of a handler and not of its class."""

    def __get__(self, instance: BoundHandler[..., Any] | None, owner: type) -> inspect.Signature:
        if instance is None:
            raise AttributeError("__signature__")
        return instance._signature.for_inspect()


class BoundHandler(Generic[P, T_co]):
    """One handler of one actor, ready to be called from here. Calling it waits for the answer.

    Arguments that the handler does not take are a TypeError here, before anything is sent; the others travel as
    messages do. The call's time limit (``options(timeout=seconds)``, default 5) covers the wait for the mailbox and for
    the answer; in a handler it is no longer than what is left of the call being handled (gRPC's deadlines). Errors: the
    handler's own exception, as if the call had been a local one; CallTimeout (the call may still run, if the actor had
    begun; its answer is dropped); ActorDied, with ``maybe_ran``; ActorRestarting (with
    ``options(on_restart="fail")``); MailboxFull; CallsSelf; NotShareable.
    """

    __slots__ = ("_actor", "_letters", "_name", "_on_restart", "_sender", "_signature", "_timeout")

    def __init__(
        self,
        sender: Sender[object],
        actor: str,
        letters: int,
        signature: Signature,
        timeout: float | None = DEFAULT_TIMEOUT,
        on_restart: OnRestart = "wait",
    ) -> None:
        self._sender = sender
        self._actor = actor
        self._letters = letters
        self._signature = signature
        self._name = signature.name
        self._timeout = timeout
        self._on_restart: OnRestart = on_restart

    @unseen
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T_co:
        signature = self._signature
        if kwargs or not signature.fewest <= len(args) <= signature.most:
            signature.check(args, kwargs)
        sender = self._sender
        if context.lives_here and sender.channel_id in context.own_channels and context.is_own(sender.channel_id):
            self._calls_self()
        if self._on_restart == "fail":
            self._refuse_if_restarting()
        try:
            code, value = call(sender, (self._name, args, kwargs or None), self._timeout)
        except TimeoutError:
            raise CallTimeout(
                f"{self._actor}.{self._name} did not answer within {self._timeout} s; it may still run"
            ) from None
        except (BrokenChannel, WouldBlock) as error:
            raise delivery_error(self._actor, error, f"{self._name} did not run") from None
        except NotShareable, ClosedEnd:
            self._refuse_by_name(args, kwargs)
            raise
        if code != ANSWERED:
            if code == OUT_OF_TIME:
                raise out_of_time(self._actor, self._name, maybe_ran=value)
            raise_remote(self._actor, sender, code, value)
        return value  # type: ignore[no-any-return]  # what the handler returned

    @unseen
    def cast(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Send and do not wait for an answer; returns when the mailbox has accepted the message.

        With a rendezvous mailbox that is when the actor takes it; waits at most the time limit.
        Raises ActorDied, MailboxFull, CallTimeout (not taken in time, so it will not run), CallsSelf, TypeError (the
        handler takes other arguments).
        """
        signature = self._signature
        if kwargs or not signature.fewest <= len(args) <= signature.most:
            signature.check(args, kwargs)
        sender = self._sender
        if context.lives_here and sender.channel_id in context.own_channels and context.is_own(sender.channel_id):
            refuse_own_rendezvous(sender, self._actor, f"casts {self._name} to")
        if self._on_restart == "fail":
            self._refuse_if_restarting()
        try:
            cast(sender, (self._name, args, kwargs or None), self._timeout)
        except TimeoutError:
            raise CallTimeout(
                f"{self._actor} did not take {self._name} within {self._timeout} s; it will not run"
            ) from None
        except (BrokenChannel, WouldBlock) as error:
            raise delivery_error(self._actor, error, f"{self._name} will not run") from None
        except NotShareable, ClosedEnd:
            self._refuse_by_name(args, kwargs)
            raise

    @unseen
    def tell(self, *args: P.args, **kwargs: P.kwargs) -> bool:
        """Cast, and never raise for the state that the other one is in; True when its mailbox has accepted the message.

        False when it is dead, full, between two lives (with ``options(on_restart="fail")``), is the caller itself with
        a rendezvous mailbox, or does not take the message within the time limit (``options(timeout=0)``: never waits).
        What is not accepted is a dead letter, which the system counts. So one actor's trouble does not end another:
        this is the cast of OTP, which never fails.

        Raises what is the caller's own: TypeError (the handler takes other arguments), NotShareable, Stopped,
        Cancelled.
        """
        __tracebackhide__ = True  # what it passes on is the caller's
        try:
            self.cast(*args, **kwargs)
        except ActorDied, ActorRestarting, CallsSelf, CallTimeout, MailboxFull:
            tally_add(self._letters)
            return False
        return True

    @unseen
    def future(self, *args: P.args, **kwargs: P.kwargs) -> Future[T_co]:
        """Call, and return a concurrent.futures.Future of the answer. Never waits, for the mailbox neither.

        What the mailbox does not accept at once stands in line with those who wait to send to it, and ``cancel()`` of
        the future withdraws it as long as it stands there. There is no time limit, unless ``options(timeout=seconds)``
        gives one: it covers the mailbox and the answer, and then the future completes with CallTimeout. It fails as
        the call would, with ActorDied or MailboxFull, too; raised here is what the caller does wrong (TypeError,
        CallsSelf, NotShareable).
        """
        signature = self._signature
        if kwargs or not signature.fewest <= len(args) <= signature.most:
            signature.check(args, kwargs)
        from csp.actors.futures import ask_future

        sender = self._sender
        if context.lives_here and sender.channel_id in context.own_channels and context.is_own(sender.channel_id):
            refuse_own_rendezvous(sender, self._actor, f"asks {self._name} of")
        if self._on_restart == "fail":
            self._refuse_if_restarting()
        message = (self._name, args, kwargs or None)
        try:
            limit = None if self._timeout is DEFAULT_TIMEOUT else self._timeout  # by identity: whether it was given
            return ask_future(sender, self._actor, self._name, message, limit)
        except NotShareable, ClosedEnd:
            self._refuse_by_name(args, kwargs)
            raise

    @unseen
    def options(
        self, *, timeout: float | EllipsisType | None = ..., on_restart: OnRestart | EllipsisType = ...
    ) -> BoundHandler[P, T_co]:
        """Give a changed copy: *timeout* in seconds (None: no limit), *on_restart* ``"wait"`` or ``"fail"``."""
        if timeout is not ...:
            from csp.arguments import limit

            limit(timeout, "timeout")
        if on_restart is not ... and on_restart not in _ON_RESTART:
            raise ValueError(f'on_restart must be "wait" or "fail", not {on_restart!r}')
        return BoundHandler(
            self._sender,
            self._actor,
            self._letters,
            self._signature,
            self._timeout if timeout is ... else timeout,
            self._on_restart if on_restart is ... else on_restart,
        )

    __signature__ = _SignatureForInspect()

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
        # The slot itself keeps one receiving end; a life has another.
        seen = self._sender.statistics()
        if seen.receivers < 2 and not seen.aborted:
            raise ActorRestarting(f"{self._actor} is being restarted; {self._name} did not run")
