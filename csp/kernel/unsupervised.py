"""An actor that was spawned without a supervisor, as one of the kernel's roots."""

from csp._native import Reply
from csp.errors import ActorDied
from csp.exits import ExitReason
from csp.kernel.slot import Slot
from csp.messages.failure import pack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import EllipsisType

    from csp.kernel.kernel import Kernel
    from csp.kernel.roots import Token
    from csp.kernel.slot import Living


class Unsupervised:
    """An actor that nobody supervises: it is not restarted, and a failed start is its starter's news."""

    supervised = False

    def __init__(self, kernel: Kernel, slot: Slot, token: Token, starter: Reply) -> None:
        self.kernel = kernel
        self.slot = slot
        self.token = token
        slot.owner = self
        self.starter: Reply | None = starter

    def child_started(self, life: Living) -> None:
        """Tell who started the actor that it is up."""
        if self.starter is not None:
            wanted = self.starter.answer(life.slot.ref_fields())
            self.starter = None
            if not wanted:
                self.give_up()

    def child_start_failed(self, life: Living, reason: ExitReason, failure: tuple[object, ...] | None) -> None:
        """Tell who started the actor that it did not come up, with its own exception if there is one."""
        if self.starter is not None:
            self.starter.fail_packed(
                failure if failure is not None else pack(ActorDied(f"{life.slot.name}: {reason}", str(reason)))
            )
            self.starter = None
        self._gone(reason)

    def child_ended(self, life: Living, reason: ExitReason) -> None:
        """Note that the actor has ended."""
        if not reason.clean:
            self.kernel.log.error(
                "actor was killed" if reason.kind == "killed" else "actor crashed",
                actor=life.slot.name,
                reason=str(reason),
                traceback=reason.traceback,
            )
        self._gone(reason)

    def stop(self, reason: ExitReason, grace: float | EllipsisType | None = ..., reply: Reply | None = None) -> None:
        """Ask it to stop; *reply* is answered when it has ended."""
        del reason
        if reply is not None:
            self.slot.waiting.append(reply)
        life = self.slot.life
        limit = self.slot.shutdown if grace is ... else grace
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

    def forgo(self, life: Living) -> None:
        """Let a life end because the system starts nothing any more; it has no other after it anyway."""

    def kill(self) -> None:
        """End it at once."""
        if self.slot.life is not None:
            self.slot.life.kill()

    def _gone(self, reason: ExitReason) -> None:
        self.kernel.slots.close(self.slot, reason)
        self.kernel.roots.gone(self)
