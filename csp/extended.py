"""The extended rendezvous as a context manager; reached as ``Receiver.extended()``."""

from csp._native import Receiver, Reply, recv_extended

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType


class Extended[T]:
    """``with receiver.extended() as message:`` receives, and holds the sender until the block has ended.

    An exception that leaves the block is raised in the sender too, whose send fails with it; a stop or the end of this
    interpreter gives the sender BrokenChannel. Made by ``Receiver.extended``; good for one message.
    """

    __slots__ = ("_receiver", "_reply", "_timeout")

    def __init__(self, receiver: Receiver[T], timeout: float | None = None) -> None:
        self._receiver = receiver
        self._timeout = timeout
        self._reply: Reply | None = None

    def __enter__(self) -> T:
        message, self._reply = recv_extended(self._receiver, self._timeout)
        return message

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        reply, self._reply = self._reply, None
        if reply is None:  # the message was an undone receive's: its sender is long gone
            return
        if error is None:
            reply.answer(None)
        elif isinstance(error, Exception):
            reply.fail(error)
        # Else the reply is dropped: the sender learns that it is lost, which a stop or an exit means.
