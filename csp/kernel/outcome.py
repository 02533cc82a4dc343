"""How a supervisor ended, kept for those who ask later."""

from csp._native import Reply
from csp.messages.failure import pack


class Outcome:
    """How a supervisor ended: the reason, or the error for those who wait for it."""

    __slots__ = ("error", "reason")

    def __init__(self, reason: str, error: Exception | None) -> None:
        self.reason = reason
        self.error = error

    def tell(self, reply: Reply) -> None:
        """Answer somebody who waited for the end."""
        if self.error is not None:
            reply.fail_packed(pack(self.error))
        else:
            reply.answer(self.reason)
