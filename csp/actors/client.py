"""Asking the kernel. The same from the main interpreter and from inside an actor."""

from csp import _native, arguments
from csp._native import Sender, self_id
from csp.actors.answers import ANSWERED, FAILED, raise_remote
from csp.actors.fate import gone
from csp.actors.handler import handlers_of
from csp.actors.recipe import actor_class, pack_arguments, recipe_of
from csp.actors.ref import ActorRef
from csp.errors import ActorError, BrokenChannel, CallTimeout, ChannelError, ClosedEnd, NoSuchActor, Stopped
from csp.hosts.importing import path_of
from csp.hosts.kinds import KINDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from csp.actors.description import Description

DEFAULT_SHUTDOWN = 5.0

_last_start = 0  # starts are numbered, in each interpreter

# What describes a ref, natively carried: (mailbox, name, id, class path, handlers, tally of dead letters)
type RefFields = tuple[Sender[object], str, int, tuple[str, str], tuple[Description, ...], int]


def ask(kernel: Sender[object], request: tuple[object, ...], timeout: float | None = None) -> Any:
    """Send one request and wait for the kernel's answer; raises the error it answers with."""
    try:
        code, value = _native.ask(kernel, request, timeout)
    except TimeoutError:
        raise CallTimeout(f"the system did not answer {request[0]!r} within {timeout} s") from None
    except BrokenChannel, ClosedEnd:
        if kernel.closed or not kernel.statistics().receivers:
            raise gone(kernel, f"the system is closed; it can no longer {request[0]!r}") from None
        raise  # an end inside the request is closed
    if code == ANSWERED:
        return value
    if code == FAILED:
        raise_remote("the system", kernel, code, value)
    raise gone(kernel, f"the system ended before it answered {request[0]!r}")


def start(kernel: Sender[object], request: tuple[object, ...]) -> Any:
    """Ask the kernel to start something; when it is given up, by Ctrl-C for example, nothing of it is left behind."""
    global _last_start
    _last_start += 1
    token = self_id(), _last_start
    try:
        return ask(kernel, (*request, token))
    except BaseException:
        # It may have come up all the same, or be about to.
        try:
            kernel.send_nowait(("give_up", token))
        except ChannelError, Stopped:
            pass  # the kernel is gone; or it sees by itself that nobody waits
        raise


def spawn(kernel: Sender[object], what: Any, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Any:
    """Start an actor and wait for its ``__init__``; gives its ref. *what* is its class, or a child spec."""
    name: str | None = None
    shutdown: object = DEFAULT_SHUTDOWN
    isolation: str | None = None
    cls = what
    # A ChildSpec, without importing attrs to ask; and not Box[int].
    if (
        not isinstance(what, type)
        and not hasattr(what, "__origin__")
        and hasattr(what, "__attrs_attrs__")
        and hasattr(what, "kind")
    ):
        if args or kwargs:
            raise ActorError("a child spec holds the arguments itself: csp.child(Class, ...)")
        if what.kind == "supervisor":
            raise ActorError("spawn starts actors; start a supervisor with system.supervise(...)")
        cls, args, kwargs, name, shutdown = what.cls, what.args, what.kwargs, what.name, what.shutdown
        isolation = what.isolation
        if isolation is not None and isolation not in KINDS:
            raise ActorError(f'isolation={isolation!r} is not supported yet; use "interpreter"')
        if name == getattr(cls, "__name__", "").lower():
            name = None  # nobody chose it
    recipe = recipe_of(cls)
    packed = pack_arguments(actor_class(cls), args, kwargs)
    return make_ref(start(kernel, ("spawn", name, recipe.fields(), packed, shutdown, isolation)))


def lookup(kernel: Sender[object], name: str, cls: Any = None) -> Any:
    """Get the ref of the actor of that name, a *cls* if one is given. Raises NoSuchActor, which names the nearest.

    It is one when its class is that, or one derived from it as far as can be seen from here: it has all its handlers.
    """
    ref = make_ref(ask(kernel, ("lookup", arguments.name(name, "lookup", "an actor"))))
    if cls is not None:
        wanted = actor_class(cls)
        missing = sorted(handlers_of(wanted).keys() - ref._signatures.keys())
        if path_of(wanted, "actor class") != ref._path and (missing or not handlers_of(wanted)):
            lacks = f"has no handler {missing[0]!r}" if missing else "has another class"
            raise NoSuchActor(
                f"{ref.name!r} is a {ref._path[1]}, and no {wanted.__qualname__}: it {lacks}; "
                "look it up with its own class, or without one"
            )
    return ref


def make_ref(fields: RefFields) -> ActorRef:
    """Make a ref from what the kernel tells of it."""
    return ActorRef(*fields)
