"""The extended rendezvous as a context manager; reached as ``Receiver.extended()``."""

from csp._native import Receiver, Reply, recv_extended, unseen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType


class Extended[T]:
    """``with receiver.extended() as message:`` receives, and holds the sender until the block has ended.

    An exception that leaves the block is raised in the sender too, whose send fails with it; where it could be taken
    for the sender's own (ChannelError, TimeoutError, NotShareable, SyncError), as the cause of a RemoteError. A stop or
    the end of this interpreter gives the sender BrokenChannel. Made by ``Receiver.extended``; holds one sender at a
    time: entering it in its own block raises RuntimeError.
    """

    __slots__ = ("_deadline", "_entered", "_receiver", "_reply", "_timeout")

    def __init__(self, receiver: Receiver[T], timeout: float | None = None, deadline: float | None = None) -> None:
        self._receiver = receiver
        self._timeout = timeout
        self._deadline = deadline
        self._reply: Reply | None = None
        self._entered = False

    @unseen
    def __enter__(self) -> T:
        if self._entered:
            raise RuntimeError("this extended rendezvous is under way: call extended() again for another sender")
        self._entered = True
        try:
            message, self._reply = recv_extended(self._receiver, self._timeout, self._deadline)
        except BaseException:
            self._entered = False
            raise
        return message

    @unseen
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        reply, self._reply, self._entered = self._reply, None, False
        if reply is None:  # the message was an undone receive's: its sender is long gone
            return
        if error is None:
            reply.answer(None)
        elif isinstance(error, Exception):
            reply.fail(error)
        # Else the reply is dropped: the sender learns that it is lost, which a stop or an exit means.
