"""What runs inside an actor's interpreter, or on the thread of a guest: one life, from ``__init__`` to ``on_stop``.

Two lanes lead in: the control channel, which goes first, and the mailbox. The end is told to the kernel by a message as
soon as the actor's own code is done; taking the interpreter down comes after that.
"""

import sys

from csp._native import Receiver, Sender, guest_id, now, select, self_rename, self_resume
from csp.actors import context
from csp.actors.actor import Actor
from csp.actors.context import Context
from csp.actors.description import describe
from csp.actors.dispatch import dispatch, drop, functions_of
from csp.actors.handler import handlers_of
from csp.errors import ChannelError, EndOfChannel, StartFailed, Stopped, SystemClosing
from csp.hosts import boot
from csp.hosts.after_import import after_import
from csp.hosts.importing import resolve
from csp.hosts.own import granted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# Seconds. An import that takes longer may be one without byte code; to look costs 0.1 ms.
_SLOW = 0.02


def run(control: Receiver[object], *order: object) -> None:
    """One life of an actor; *order* are the fields of its Order."""
    own = Context(*order)
    own.client = _client
    own.dispatch = dispatch
    granted.set(own.grace)
    self_rename(own.name)  # one from the pool had none
    try:
        _live(control, own)
    finally:
        if guest_id():
            context.leave()


def _live(control: Receiver[object], own: Context) -> None:
    try:
        actor = _begin(own)
    except BaseException as error:  # noqa: BLE001  (the starter gets it)
        own.inbox.close()
        own.kernel.send(("start_failed", own.life, _start_failure(own.name, error)))
        return
    own.kernel.send(("started", own.life))
    kind, text, trace = "normal", "normal", ""
    try:
        text = _serve(actor, control, own) if type(actor).run is Actor.run else _run(actor, own)
    except Stopped:
        text = "shutdown"
    except SystemClosing:
        kind, text = "closing", "the system is closing"
    except BaseException as error:  # noqa: BLE001  (the end of this life; the kernel gets it)
        kind, (text, trace) = "failed", _told(error)
    if text == "shutdown" and kind == "normal":
        kind = "shutdown"
    self_resume()  # the clean-up may use channels, within the time that whoever stops us grants
    futures = sys.modules.get("csp.actors.futures")
    if futures is not None:
        futures.renew()
    try:
        actor.on_stop(text)
    except BaseException as error:  # noqa: BLE001  (the same)
        what, where = _told(error)
        if kind != "failed":
            kind, text = "failed", f"on_stop: {what}"
        trace = f"{trace}\n{where}".strip()
    own.inbox.close()
    own.kernel.send(("ended", own.life, kind, text, trace))


def _told(error: BaseException) -> tuple[str, str]:
    """Tell what ended a life, in a line and with its traceback; the frames are let go, and what they hold."""
    from csp.messages.formatting import format_exception
    from csp.messages.shapes import described, forget_traceback

    told = described(error), format_exception(error)
    forget_traceback(error)
    return told


def _start_failure(name: str, error: BaseException) -> tuple[object, ...]:
    """Make the failure to tell the starter, who raises it: so SystemExit and its like become a StartFailed."""
    from csp.messages.failure import pack, pack_text

    if not isinstance(error, Exception):
        from csp.messages.shapes import text_of

        failed = StartFailed(
            f"{name} was told to stop before it was up"
            if isinstance(error, Stopped)
            else f"{name} raised {type(error).__qualname__} while it started: {text_of(error)}"
        )
        failed.__cause__ = error
        error = failed
    failure = pack(error)
    return pack_text(failure) if any(getattr(end, "closed", False) for end in failure[1]) else failure


def _send_to_main(log: Sender[object], name: str) -> None:
    """Hand what the standard library logs and warns of in this interpreter to main, once it is imported here."""

    def records(logging: Any) -> None:
        from csp.actors.stdlib_log import hand_over_records

        hand_over_records(logging, log, name)

    def told_warnings(warnings: Any) -> None:
        from csp.actors.stdlib_log import hand_over_warnings

        hand_over_warnings(warnings, log, name)

    after_import("logging", records)
    after_import("warnings", told_warnings)


def _say_to(log: Sender[object], name: str) -> Callable[..., object]:
    """Say in the log what is to be said when the actor is no more."""

    def say(event: str, **values: object) -> None:
        from csp.actors.log import ActorLog

        ActorLog(log, name).warning(event, **values)

    return say


def _move_in(own: Context) -> None:
    """Make the interpreter the actor's: what is written here is everybody's in it, so guests do without."""
    sys.path[:] = own.folders
    boot.say = _say_to(own.log, own.name)
    _send_to_main(own.log, own.name)  # before the actor's module, which may log while it is imported


def _begin(own: Context) -> Actor:
    if not guest_id():
        _move_in(own)
    begun = now()
    cls = resolve(*own.path)
    took = now() - begun
    if sys.dont_write_bytecode or took > _SLOW:
        from csp.actors.byte_code import tell_if_missing

        tell_if_missing(own.log, own.name, took)
    if not isinstance(cls, type) or not issubclass(cls, Actor):
        raise TypeError(f"{own.path[1]} is not a subclass of csp.Actor")
    handlers = handlers_of(cls)
    own.methods = handlers
    own.functions = functions_of(handlers)
    own.handlers = tuple(describe(name, method) for name, method in handlers.items())
    context.enter(own)
    args: tuple[object, ...] = ()
    kwargs: dict[str, object] = {}
    if own.arguments is not None:
        args, kwargs = own.arguments.open()
        # What they hold belongs to the actor now; ours would keep channels open that it closes. Not by letting go of
        # the object alone: whoever called us has the order, too.
        own.arguments.close()
    own.arguments = None
    actor = _made(cls, args, kwargs)
    if not isinstance(actor, cls):
        maker = (
            f"{own.path[1]}.__new__" if type(cls).__call__ is type.__call__ else f"{type(cls).__qualname__}.__call__"
        )
        raise TypeError(f"{maker} gave {type(actor).__qualname__}, and not the actor")
    own.actor = id(actor)
    actor.on_start()
    return actor


def _client() -> Any:
    from csp.actors import client

    return client


def _made(cls: type[Actor], args: tuple[object, ...], kwargs: dict[str, object]) -> Any:
    __tracebackhide__ = True  # what it raises is the user's
    return cls(*args, **kwargs)


def _run(actor: Actor, own: Context) -> str:
    actor.run()
    return own.stop_reason or "normal"


def _serve(actor: Actor, control: Receiver[object], own: Context) -> str:
    """Handle messages until told to stop; gives the reason."""
    mailbox = own.inbox
    while own.stop_reason is None:
        try:
            guard, message = select(control, mailbox, priority=True)
        except EndOfChannel:
            return "shutdown"  # the system is gone
        except ChannelError:
            raise
        except Exception as error:  # noqa: BLE001  (a plain message that cannot be read here)
            drop(actor, own, "unreadable message dropped", error)
            continue
        if guard is control:
            return "shutdown" if message is None else str(message)
        dispatch(actor, message, own)
        message = None  # a message kept until the next one comes would keep alive what it carries
    return own.stop_reason
