"""What runs inside an actor's interpreter: one life, from ``__init__`` to ``on_stop``.

Two lanes lead in: the control channel, which goes first, and the mailbox. The end is told to the kernel by a message as
soon as the actor's own code is done; taking the interpreter down comes after that.
"""

import sys

from csp._native import Receiver, Reply, Sender, select, self_rename, self_resume
from csp.actors import context
from csp.actors.actor import Actor
from csp.actors.context import Context
from csp.actors.handler import handlers_of
from csp.actors.stdlib_log import send_to_main
from csp.errors import ChannelError, EndOfChannel, NotShareable, StartFailed, Stopped
from csp.interpreters import boot
from csp.interpreters.importing import resolve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from csp.messages.pickling import End

_handlers: dict[str, Callable[..., Any]] = {}


def live(
    control: Receiver[object],
    slot: int,
    incarnation: int,
    name: str,
    path: tuple[str, str],
    folders: tuple[str, ...],
    mailbox: Receiver[object],
    sender: Sender[object],
    kernel: Sender[object],
    log: Sender[object],
    data: bytes,
    ends: tuple[End, ...],
) -> None:
    """One life of the actor in place *slot*. *data* and *ends* are the pickled arguments of its class."""
    self_rename(name)  # one from the pool had none
    try:
        actor = _begin(slot, incarnation, name, path, folders, mailbox, sender, kernel, log, data, ends)
    except BaseException as error:  # noqa: BLE001  (the starter gets it)
        mailbox.close()
        kernel.send(("start_failed", slot, incarnation, _start_failure(name, error)))
        return
    # What the arguments hold belongs to the actor now; our own handles would keep channels open that it closes.
    del ends
    kernel.send(("started", slot, incarnation))
    kind, text, trace = "normal", "normal", ""
    try:
        text = _serve(actor, control, mailbox) if type(actor).run is Actor.run else _run(actor)
    except Stopped:
        text = "shutdown"
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
    mailbox.close()
    kernel.send(("ended", slot, incarnation, kind, text, trace))


def _told(error: BaseException) -> tuple[str, str]:
    """What ended a life, in a line and with its traceback; the frames are let go, and what they hold."""
    from csp.messages.formatting import format_exception
    from csp.messages.shapes import described, forget_traceback

    told = described(error), format_exception(error)
    forget_traceback(error)
    return told


def _start_failure(name: str, error: BaseException) -> tuple[object, ...]:
    """The failure to tell the starter. It raises it: so SystemExit and its like become a StartFailed."""
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
    return pack_text(failure) if any(end.closed for end in failure[1]) else failure


def _say_to(log: Sender[object], name: str) -> Callable[..., object]:
    """What is to be said when the actor is no more, is said in the log."""

    def say(event: str, **values: object) -> None:
        from csp.actors.log import ActorLog

        ActorLog(log, name).warning(event, **values)

    return say


def _begin(
    slot: int,
    incarnation: int,
    name: str,
    path: tuple[str, str],
    folders: tuple[str, ...],
    mailbox: Receiver[object],
    sender: Sender[object],
    kernel: Sender[object],
    log: Sender[object],
    data: bytes,
    ends: tuple[End, ...],
) -> Actor:
    global _handlers
    sys.path[:] = folders
    boot.say = _say_to(log, name)
    send_to_main(log, name)  # before the actor's module, which may log while it is imported
    cls = resolve(*path)
    if not isinstance(cls, type) or not issubclass(cls, Actor):
        raise TypeError(f"{path[1]} is not a subclass of csp.Actor")
    _handlers = handlers_of(cls)
    context.enter(Context(slot, incarnation, name, path, tuple(_handlers), sender, kernel, log))
    args: tuple[object, ...] = ()
    kwargs: dict[str, object] = {}
    if data:
        from csp.messages.pickling import loads

        args, kwargs = loads(data, list(ends))
    actor = cls.__new__(cls, *args, **kwargs)
    if not isinstance(actor, cls):
        raise TypeError(f"{path[1]}.__new__ gave {type(actor).__qualname__}, and not the actor")
    actor.mailbox = mailbox
    actor.__init__(*args, **kwargs)  # type: ignore[misc]  # its class's own; the spawner's call was checked
    actor.on_start()
    return actor


def _run(actor: Actor) -> str:
    actor.run()
    assert context.current is not None
    return context.current.stop_reason or "normal"


def _serve(actor: Actor, control: Receiver[object], mailbox: Receiver[object]) -> str:
    """Handle messages until told to stop; gives the reason."""
    own = context.current
    assert own is not None
    while own.stop_reason is None:
        try:
            guard, message = select(control, mailbox, priority=True)
        except EndOfChannel:
            return "shutdown"  # the system is gone
        except ChannelError:
            raise
        except Exception as error:  # noqa: BLE001  (a plain message that cannot be read here)
            actor.log.error("unreadable message dropped", error=error)
            continue
        if guard is control:
            return "shutdown" if message is None else str(message)
        dispatch(actor, message)
        message = None  # a message kept until the next one comes would keep alive what it carries
    return own.stop_reason


def dispatch(actor: Actor, message: Any) -> None:
    """Carry out one message from the mailbox: a call or cast (they come with a Reply), or a plain message."""
    parts: tuple[Any, ...] = message  # for the checkers; the next line sees whether it is one
    if type(parts) is not tuple or not parts or type(parts[0]) is not Reply:
        actor.receive(message)
        return
    reply = parts[0]
    if len(parts) == 2:  # (reply, error): the arguments could not be read in this interpreter
        if not _fail(reply, parts[1]):
            actor.log.error("unreadable message dropped", error=parts[1])
        return
    _, name, args, flat, is_cast = parts
    function = _handlers.get(name)
    if function is None:
        error = AttributeError(f"{type(actor).__qualname__} has no handler {name!r}")
        if is_cast:
            raise error
        _fail(reply, error)
        return
    try:
        value = function(actor, *args) if flat is None else function(actor, *args, **_keywords(flat))
    except Exception as error:
        if is_cast:
            raise
        _fail(reply, error)
        BaseException.with_traceback(
            error, None
        )  # its frames hold the arguments; not by name, which a class may refuse
        return
    except BaseException as error:
        from csp.messages.shapes import described

        reply.fail_packed(("died", described(error)))
        raise
    try:
        reply.answer(value)
    except Exception as error:  # noqa: BLE001  (the value cannot travel: the caller's news, and no reason to die)
        if not is_cast:
            _fail(reply, _about_result(name, error))


def _about_result(name: str, error: Exception) -> Exception:
    """The error to tell a caller whose result could not be sent: of what kind it is, and that it is the result."""
    if not isinstance(error, NotShareable):
        return error
    told = NotShareable(f"the result of {name} cannot be sent: {error}")
    told.__cause__ = error
    return told


def _fail(reply: Reply, error: BaseException) -> bool:
    """Answer with an error; False when nobody waits for it."""
    from csp.messages.failure import pack, pack_text

    failure = pack(error)
    try:
        return reply.fail_packed(failure)
    except Exception:  # noqa: BLE001  (it holds an end that is closed by now)
        return reply.fail_packed(pack_text(failure))


def _keywords(flat: tuple[object, ...]) -> dict[str, object]:
    return {str(flat[i]): flat[i + 1] for i in range(0, len(flat), 2)}
