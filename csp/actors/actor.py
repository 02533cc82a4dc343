"""The class that users derive their actors from."""

from csp.actors.context import own
from csp.actors.guarded import method, value
from csp.actors.mailbox import Buffered, Rendezvous
from csp.origin import is_told

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Self, overload

    from csp.actors.log import ActorLog


class Actor:
    """An object that lives in an interpreter of its own, with its own GIL and thread, and is reached by its ref.

    Derive from it; mark the methods that others may call with ``@csp.handler``. ``__init__`` runs in the actor's own
    interpreter; what it raises, the starter gets. Messages are handled one at a time, in the order in which the mailbox
    got them. An exception in a call goes to the caller and the actor lives on; one in a cast, in ``receive`` or in
    ``run`` ends this life, and its supervisor decides what comes next.

    Override ``run`` for a free-form actor: it receives from ``self.mailbox`` and any other channels itself, and the
    actor ends when it returns. (Actors: Hewitt 1973; the shape of the hooks: OTP's gen_server.)

    What a class or an instance may not call by its own names (``name``, ``log``, ``stop``...) is refused with
    ReservedName, when the class is made or at the assignment.
    """

    # A class sets this to csp.Buffered(n) for a queue in front; in a living actor it is the mailbox's receiving end.
    if TYPE_CHECKING:
        mailbox: Buffered

        # A ref is typed as its actor's class, and has this beside the handlers.
        def send(self, message: object, timeout: float | None = None) -> None:
            """Send a plain message to the actor's ``receive``; see Ref.send."""

        # And this, see Ref.id. The actor itself has none, and may use the name as it likes.
        id: Any
    else:
        mailbox = Rendezvous()

    # What a supervisor's child of this class is; supervisors have another.
    __csp_child_kind__ = "worker"

    def __csp_stays__(self) -> str:
        """Give what is said to whom puts the actor itself into a message. Asked by the native codec."""
        return _way_out(self)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.__dict__.get("mailbox", cls) is None:
            cls.mailbox = Rendezvous()  # type: ignore[assignment]  # for the checkers both are a Buffered
        if not is_told():  # where an actor lives its class was looked at before, by who started it
            from csp.actors.names import check_class

            check_class(cls, Actor)

    # ---- hooks ------------------------------------------------------------------------------------------------------

    @method
    def on_start(self) -> None:
        """Prepare, after ``__init__`` and before the first message. What it raises is a failed start."""

    @method
    def on_stop(self, reason: str) -> None:
        """Clean up at the end of a life, also after a crash, but not when the actor is killed.

        *reason* is ``"shutdown"``, the text given to stop(), or the text of the exception that ended it. Channels may
        be used here, within the grace time.
        """

    @method
    def receive(self, message: object) -> None:
        """Take a message sent with ``ref.send``. The default logs that nobody expected it."""
        from csp.messages.shapes import show

        self.log.warning("unexpected message", message=show(message))

    @method
    def run(self) -> None:
        """Live the whole life; override it for a free-form actor. The default serves handlers and ``receive``."""
        raise NotImplementedError

    # ---- what an actor uses -----------------------------------------------------------------------------------------

    @value
    def me(self) -> Self:
        """Give the actor's own ref, to hand to others."""
        context = own(self)
        if context.me is None:
            from csp.actors.ref import ActorRef

            context.me = ActorRef(
                context.mailbox, context.name, context.slot, context.path, context.handlers, context.letters
            )
        return context.me  # type: ignore[return-value]  # a ref stands for the actor; see System.spawn

    @value
    def name(self) -> str:
        """Give the name under which the system knows the actor."""
        return own(self).name

    @value
    def log(self) -> ActorLog:
        """Give a logger that knows the actor's name; its events go to the main interpreter. Never blocks."""
        from csp.actors.log import ActorLog

        context = own(self)
        return ActorLog(context.log, context.name)

    @method
    def stop(self, reason: str = "normal") -> None:
        """End this life when the handler that runs now has returned.

        A clean end: only a permanent child is restarted.
        """
        own(self).stop_reason = reason

    @method
    def handle(self, message: object) -> None:
        """For ``run``: treat one message from ``self.mailbox`` as the default loop would.

        So a call or a cast goes to its handler, and any other message to ``receive``.
        """
        context = own(self)
        context.dispatch(self, message, context)

    @method
    def spawn[**P, A](self, what: Callable[P, A], /, *args: P.args, **kwargs: P.kwargs) -> A:
        """Start another actor; see System.spawn. It belongs to the system, not to this actor."""
        context = own(self)
        ref: A = context.client().spawn(context.kernel, what, args, kwargs)
        return ref

    if TYPE_CHECKING:

        @overload
        def lookup(self, name: str) -> Any: ...
        @overload
        def lookup[A](self, name: str, cls: type[A]) -> A: ...

    @method
    def lookup(self, name: str, cls: type | None = None) -> Any:
        """Give the ref of the actor of that name; with a class, typed as it. Raises NoSuchActor; see System.lookup."""
        context = own(self)
        return context.client().lookup(context.kernel, name, cls)


def _way_out(actor: Actor) -> str:
    """Say what to do to whom puts an actor itself, and not its ref, into a message."""
    name = type(actor).__qualname__
    return (
        f"this is an actor object itself, and a message takes a ref: an actor sends self.me, and others what "
        f"spawn({name}, ...) gives; {name}(...) called directly makes an ordinary object that nobody can reach"
    )
