"""The class that users derive their actors from."""

from csp.actors import context as _context
from csp.actors.mailbox import Buffered
from csp.errors import ActorError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Self

    from csp.actors.log import ActorLog


class Actor:
    """An object that lives in an interpreter of its own, with its own GIL and thread, and is reached by its ref.

    Derive from it; mark the methods that others may call with ``@csp.handler``. ``__init__`` runs in the actor's own
    interpreter; what it raises, the starter gets. Messages are handled one at a time, in the order in which the mailbox
    got them. An exception in a call goes to the caller and the actor lives on; one in a cast, in ``receive`` or in
    ``run`` ends this life, and its supervisor decides what comes next.

    Override ``run`` for a free-form actor: it receives from ``self.mailbox`` and any other channels itself, and the
    actor ends when it returns. (Actors: Hewitt 1973; the shape of the hooks: OTP's gen_server.)
    """

    # A class sets this to csp.Buffered(n) for a queue in front; in a living actor it is the mailbox's receiving end.
    if TYPE_CHECKING:
        mailbox: Buffered

        # A ref is typed as its actor's class, and has this beside the handlers.
        def send(self, message: object, timeout: float | None = None) -> None:
            """Send a plain message to the actor's ``receive``; see Ref.send."""
    else:
        mailbox = None

    # ---- hooks ------------------------------------------------------------------------------------------------------

    def on_start(self) -> None:
        """Called after ``__init__``, before the first message. What it raises is a failed start."""

    def on_stop(self, reason: str) -> None:
        """Called at the end of a life, also after a crash, but not when the actor is killed.

        *reason* is ``"shutdown"``, the text given to stop(), or the text of the exception that ended it. Channels may
        be used here, within the grace time.
        """

    def receive(self, message: object) -> None:
        """Called for each message sent with ``ref.send``. The default logs that nobody expected it."""
        from csp.messages.shapes import show

        self.log.warning("unexpected message", message=show(message))

    def run(self) -> None:
        """The actor's whole life; override it for a free-form actor. The default serves handlers and ``receive``."""
        raise NotImplementedError

    # ---- what an actor uses -----------------------------------------------------------------------------------------

    @property
    def me(self) -> Self:
        """The actor's own ref, to hand to others."""
        context = _own_context()
        if context.me is None:
            from csp.actors.ref import Ref

            context.me = Ref(context.mailbox, context.name, context.slot, context.path, context.handlers)
        return context.me  # type: ignore[return-value]  # a ref stands for the actor; see System.spawn

    @property
    def name(self) -> str:
        """The name under which the system knows the actor."""
        return _own_context().name

    @property
    def log(self) -> ActorLog:
        """A logger that knows the actor's name; its events go to the main interpreter. Never blocks."""
        from csp.actors.log import ActorLog

        context = _own_context()
        return ActorLog(context.log, context.name)

    def stop(self, reason: str = "normal") -> None:
        """End this life when the handler that runs now has returned.

        A clean end: only a permanent child is restarted.
        """
        _own_context().stop_reason = reason

    def handle(self, message: object) -> None:
        """For ``run``: treat one message from ``self.mailbox`` as the default loop would.

        So a call or a cast goes to its handler, and any other message to ``receive``.
        """
        from csp.actors.loop import dispatch

        dispatch(self, message)

    def spawn[**P, A](self, what: Callable[P, A], /, *args: P.args, **kwargs: P.kwargs) -> A:
        """Start another actor; see System.spawn. It belongs to the system, not to this actor."""
        from csp.system.client import spawn

        ref: A = spawn(_own_context().kernel, what, args, kwargs)
        return ref

    def lookup(self, name: str) -> Any:
        """The ref of the actor of that name. Raises NoSuchActor."""
        from csp.system.client import lookup

        return lookup(_own_context().kernel, name)


def _own_context() -> _context.Context:
    context = _context.current
    if context is None:
        raise ActorError("this works only inside a living actor, in its own interpreter")
    return context
