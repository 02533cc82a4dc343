"""An actor that was spawned without a supervisor, as one of the kernel's roots."""

from csp._native import Reply
from csp.errors import ActorDied
from csp.exits import ExitReason
from csp.kernel.slot import Life, Place
from csp.messages.failure import pack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import EllipsisType

    from csp.kernel.kernel import Kernel, Token


class Alone:
    """An actor that nobody supervises: it is not restarted, and a failed start is its starter's news."""

    supervised = False

    def __init__(self, kernel: Kernel, place: Place, token: Token, starter: Reply) -> None:
        self.kernel = kernel
        self.place = place
        self.token = token
        place.owner = self
        self.starter: Reply | None = starter

    def child_started(self, life: Life) -> None:
        """The actor is up: tell who started it."""
        if self.starter is not None:
            wanted = self.starter.answer(life.place.ref_fields())
            self.starter = None
            if not wanted:
                self.give_up()

    def child_start_failed(self, life: Life, reason: ExitReason, failure: tuple[object, ...] | None) -> None:
        """The actor did not come up: tell who started it, with its own exception if there is one."""
        if self.starter is not None:
            self.starter.fail_packed(
                failure if failure is not None else pack(ActorDied(f"{life.place.name}: {reason}", str(reason)))
            )
            self.starter = None
        self._gone(reason)

    def child_ended(self, life: Life, reason: ExitReason) -> None:
        """The actor has ended."""
        if not reason.clean:
            self.kernel.log.error(
                "actor was killed" if reason.kind == "killed" else "actor crashed",
                actor=life.place.name,
                reason=str(reason),
                traceback=reason.traceback,
            )
        self._gone(reason)

    def stop(self, reason: ExitReason, grace: float | EllipsisType | None = ..., reply: Reply | None = None) -> None:
        """Ask it to stop; *reply* is answered when it has ended."""
        del reason
        if reply is not None:
            self.place.waiting.append(reply)
        life = self.place.life
        limit = self.place.shutdown if grace is ... else grace
        if life is None:
            return
        if limit == "kill":
            life.kill()
        else:
            life.stop(limit)

    def give_up(self) -> None:
        """Whoever started it has not got its ref, so nobody has: it is stopped."""
        self.starter = None
        self.stop(ExitReason("shutdown"))

    def forgo(self, life: Life) -> None:
        """A life ends because the system starts nothing any more; it has no other after it anyway."""

    def kill(self) -> None:
        """End it at once."""
        if self.place.life is not None:
            self.place.life.kill()

    def _gone(self, reason: ExitReason) -> None:
        self.kernel.close_place(self.place, reason)
        self.kernel.root_gone(self)
