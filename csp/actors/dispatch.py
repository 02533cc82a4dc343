"""Inside an actor: one message is carried out.

A message is a call or a cast, which come with a Reply, or a plain one, which is the actor's own affair.
"""

from types import FunctionType

from csp._native import Reply, aside, handle, tally_add
from csp.errors import NotShareable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    from csp.actors.context import Context
    from csp.actors.log import ActorLog

    class Served(Protocol):
        """As much of an actor as this needs."""

        @property
        def log(self) -> ActorLog: ...
        def receive(self, message: object, /) -> None: ...


def functions_of(methods: dict[str, object]) -> dict[str, Callable[..., Any]]:
    """Give handlers, by name as they stand in a class, as what is called with the actor."""
    return {name: _callable(name, method) for name, method in methods.items()}


def _callable(name: str, method: object) -> Callable[..., Any]:
    """Give what takes the actor and the arguments: a function itself, and for the others what Python makes of them."""
    if isinstance(method, FunctionType):
        return method

    def bound(actor: object, /, *args: Any, **kwargs: Any) -> object:
        return getattr(actor, name)(*args, **kwargs)

    return bound


def dispatch(actor: Served, message: Any, own: Context) -> None:
    """Carry out one message from the mailbox: a call or cast (they come with a Reply), or a plain message.

    *own* is the actor's.
    """
    __tracebackhide__ = True  # what it raises is the user's
    parts: tuple[Any, ...] = message  # for the checkers; the next line sees whether it is one
    if type(parts) is not tuple or not parts or type(parts[0]) is not Reply:
        aside(actor.receive, message)
        return
    reply = parts[0]
    if len(parts) < 4:
        _not_to_be_run(actor, own, *parts)
        return
    _, name, args, kwargs = parts
    function = own.functions.get(name)
    if function is None:
        error = AttributeError(f"{type(actor).__qualname__} has no handler {name!r}")
        if reply.is_cast:
            drop(actor, own, f"cast of {name} dropped", error)
        else:
            _fail(reply, error)
        return
    try:
        value = handle(reply, function, actor, args, kwargs)
    except Exception as error:
        if not reply.is_cast:
            _fail(reply, error)
        elif type(error) is TypeError and _were_wrong(name, own.methods[name], error, args, kwargs):
            drop(actor, own, f"cast of {name} dropped", error)
        else:
            raise
        # Its frames hold the arguments. Not by name, which a class may refuse.
        BaseException.with_traceback(error, None)
        return
    except BaseException as error:
        from csp.messages.shapes import described

        reply.fail_packed(("died", described(error)))
        raise
    if value is reply:  # nobody waits any more
        _not_to_be_run(actor, own, reply)
        return
    try:
        reply.answer(value)
    except Exception as error:  # noqa: BLE001  (the value cannot travel: the caller's news, and no reason to die)
        _fail(reply, _about_result(name, error))


def _not_to_be_run(actor: Served, own: Context, reply: Reply, error: Exception | None = None) -> None:
    """Tell of a call whose arguments could not be read in this interpreter; count one whose caller has given up."""
    if error is None:
        tally_add(own.letters)
    elif not _fail(reply, error):
        drop(actor, own, "unreadable message dropped", error)


def _were_wrong(
    name: str, method: object, error: TypeError, args: tuple[object, ...], kwargs: dict[str, object] | None
) -> bool:
    from csp.actors.signature import were_wrong

    return were_wrong(name, method, error, args, kwargs or {})


def drop(actor: Served, own: Context, event: str, error: Exception) -> None:
    """Tell of a message that the actor can do nothing with, and count it: its sender's mistake, which costs no life."""
    tally_add(own.letters)
    actor.log.error(event, error=error)


def _about_result(name: str, error: Exception) -> Exception:
    """Make the error for a caller whose result could not be sent: of what kind it is, and that it is the result."""
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
