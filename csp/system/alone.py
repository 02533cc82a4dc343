"""An actor that was spawned without a supervisor, as one of the kernel's roots."""

from csp._native import Reply
from csp.errors import ActorDied
from csp.messages.failure import pack
from csp.supervision.reason import ExitReason
from csp.system.places import Life, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import EllipsisType
    from typing import Literal

    from csp.system.kernel import Kernel


class Alone:
    """An actor that nobody supervises: it is not restarted, and a failed start is its starter's news."""

    supervised = False

    def __init__(self, kernel: Kernel, place: Place, shutdown: float | Literal["kill"] | None, starter: Reply) -> None:
        self.kernel = kernel
        self.place = place
        place.owner = self
        place.shutdown = shutdown
        self.shutdown: float | Literal["kill"] | None = shutdown
        self.starter: Reply | None = starter
        self.waiting: list[Reply] = []

    def child_started(self, life: Life) -> None:
        """The actor is up: tell who started it."""
        if self.starter is not None:
            self.starter.answer(life.place.ref_fields())
            self.starter = None

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
            self.waiting.append(reply)
        life = self.place.life
        limit = self.shutdown if grace is ... else grace
        if life is None:
            return
        if limit == "kill":
            life.kill()
        else:
            life.stop(limit)

    def kill(self) -> None:
        """End it at once."""
        if self.place.life is not None:
            self.place.life.kill()

    def _gone(self, reason: ExitReason) -> None:
        self.kernel.close_place(self.place, reason)
        self.kernel.root_gone(self)
        for reply in self.waiting:
            reply.answer(str(reason))
