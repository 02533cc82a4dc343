"""Every error that csp raises on purpose.

.. code-block:: text

    CspError
      ChannelError
        EndOfChannel   (EOFError)         receiving: every sender is gone and the buffer is drained
        BrokenChannel  (ConnectionError)  sending: every receiver is gone; carries .unsent
        ClosedEnd      (ValueError)       an end that you closed yourself
        WouldBlock                        a *_nowait call that would have had to wait, or a refusing buffer
      NotShareable     (TypeError)        a value that cannot travel; names the path inside the message
      MalformedMessage (ValueError)       bytes that are no message
      NotImportable    (ImportError)      code that another interpreter cannot reach by import
      RemoteError                         an exception of another interpreter whose own type cannot travel
      ProcessFailed                       a process or pipeline worker raised; the cause is its own exception
      ActorError
        CallTimeout    (TimeoutError)     no answer in time
        ActorDied                         the actor ended; carries .reason and .maybe_ran
        ActorRestarting                   the actor is between two lives; the call did not run
        SystemClosing                     the system starts nothing any more
        NoSuchActor    (LookupError)      no actor has that name
        NoSuchHandler  (AttributeError)   the actor has no handler of that name
        CallsSelf                         an actor called itself and would wait for ever
        StartFailed                       an actor could not be started
        MailboxFull                       the mailbox refused the message
        ReservedName   (TypeError)        an actor takes a name of csp's for something else
      SupervisionError
        ChildSpecError (ValueError)       a child spec says something it cannot mean
        EscalationError                   a supervisor gave up
      SyncError
        Abandoned      (RuntimeError)     who held a lock or unit ended without releasing it; carries .holder
        BrokenBarrier  (RuntimeError)     a party of the barrier left, or will never come
      ForkRefused      (RuntimeError)     os.fork while interpreters live
    Stopped (BaseException)               an actor or process is told to stop; never swallow it
    Cancelled (BaseException)             a CancelScope around the operation was cancelled; ends at the scope

Timeouts of channel operations are the builtin :class:`TimeoutError`. :class:`Stopped` and :class:`Cancelled` are
outside of the tree, and no ``Exception``, so that ``except Exception`` cannot keep an actor alive that was told to
stop, nor a block going that was cancelled.

This module loads in every interpreter: it imports nothing.
"""


class CspError(Exception):
    """The root of every error of this package."""


class ChannelError(CspError):
    """A channel operation that could not be carried out.

    Raised by a select, :attr:`guard` is the guard that it came from; otherwise None.
    """

    guard: object = None


class EndOfChannel(ChannelError, EOFError):
    """Every sender of the channel is gone and what was buffered has been received.

    Raised by receiving only. Final: a channel never reopens.
    """


class BrokenChannel(ChannelError, ConnectionError):
    """Every receiver of the channel is gone, or the channel was aborted.

    Raised by sending only. The message was not delivered: it is in :attr:`unsent`, unchanged, and can be sent again
    elsewhere. (Where an extended receiver, or that of a call, had taken it, the text says so.) :attr:`cause` is what
    the aborting side gave as its reason, or None.
    """

    def __init__(self, message: str = "", unsent: object = None, cause: object = None) -> None:
        super().__init__(message)
        self.unsent = unsent
        self.cause = cause


class ClosedEnd(ChannelError, ValueError):
    """The end was closed by its own holder, like a file that is used after ``close``."""


class WouldBlock(ChannelError):
    """A ``*_nowait`` operation would have had to wait, or a full buffer's overflow policy is ``error``."""


class NotShareable(CspError, TypeError):
    """A value cannot travel to another interpreter.

    The text names the path inside the message, for example ``message['jobs'][3].sock: socket.socket``;
    of the arguments of a call or a start it says which one it was.
    """


class MalformedMessage(CspError, ValueError):
    """The bytes of a message are none that csp wrote, or that this version of it can read."""


class NotImportable(CspError, ImportError):
    """A class or function cannot be reached by import from another interpreter."""


class RemoteError(CspError):
    """An exception of another interpreter whose own type cannot travel, or would be taken for this side's own.

    The text names that type. The second: a sender is held by an extended receiver, and what fails there is an exception
    that sending raises by itself. It is the ``__cause__`` then.
    """


class ProcessFailed(CspError):
    """A process or a pipeline worker raised.

    The exception it raised is the ``__cause__``; :attr:`item` is what it was working on, if that is known.
    """

    def __init__(self, message: str = "", item: object = None) -> None:
        super().__init__(message)
        self.item = item


class ActorError(CspError):
    """Something between a caller and an actor went wrong."""


class CallTimeout(ActorError, TimeoutError):
    """The actor did not answer in time. The call may still run; its answer will be dropped."""


class ActorDied(ActorError):
    """The actor ended before it answered.

    Attributes:
        reason: why it ended, as text.
        maybe_ran: False when the call certainly did not begin, True when it may have run, wholly or in part.
    """

    def __init__(self, message: str = "", reason: str = "", maybe_ran: bool = False) -> None:
        super().__init__(message)
        self.reason = reason
        self.maybe_ran = maybe_ran

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.args[0], self.reason, self.maybe_ran))


class ActorRestarting(ActorError):
    """The actor is being restarted and the caller asked not to wait for it. The call did not run."""


class SystemClosing(ActorError):
    """The system is closing and starts nothing any more. An actor whose life it ends has ended well: no restart."""


class NoSuchActor(ActorError, LookupError):
    """No actor is registered under that name."""


class NoSuchHandler(ActorError, AttributeError):
    """The actor's class has no handler of that name."""


class CallsSelf(ActorError):
    """An actor called one of its own handlers through its ref: it would wait for itself for ever."""


class StartFailed(ActorError):
    """An actor or process could not be started. The text holds the remote traceback."""


class MailboxFull(ActorError):
    """The mailbox is full and its overflow policy is ``error``. The message was not taken."""


class ReservedName(ActorError, TypeError):
    """A class or an instance of an actor takes a name of csp's for something else: ``self.name = ...``.

    The text says what the name is there for, and proposes another.
    """


class SupervisionError(CspError):
    """Something about a supervision tree is wrong."""


class ChildSpecError(SupervisionError, ValueError):
    """A child spec, or a supervisor's own settings, say something they cannot mean."""


class EscalationError(SupervisionError):
    """A supervisor spent its restart intensity and gave up. The text names the offender and its last reason."""


class SyncError(CspError):
    """A lock, semaphore or barrier that somebody left in disorder."""


class Abandoned(SyncError, RuntimeError):
    """Who held the lock or the unit ended without releasing it.

    Exactly one taker, the next, is told, and does not hold it: it is free again. What it guards may be half done.
    :attr:`holder` is the name of the interpreter that ended. (EOWNERDEAD of POSIX robust mutexes.)
    """

    def __init__(self, message: str = "", holder: str = "") -> None:
        super().__init__(message)
        self.holder = holder


class BrokenBarrier(SyncError, RuntimeError):
    """A party left the barrier while others waited, or it was aborted or reset; or a party ended and can never come."""


class ForkRefused(CspError, RuntimeError):
    """``os.fork`` or ``preexec_fn`` while interpreters live: the child would be killed by a segmentation fault."""


class Stopped(BaseException):
    """This actor or process was told to stop; raised out of blocking channel operations.

    A BaseException on purpose: clean up in ``finally`` or ``on_stop`` and let it pass.
    """


class Cancelled(BaseException):
    """A :class:`csp.CancelScope` around the operation was cancelled, or its deadline has passed.

    A BaseException on purpose: clean up in ``finally`` and let it pass; it ends at the scope that was cancelled. Every
    later wait in that scope raises it again; what has to wait to clean up does so in a scope with ``shield=True``.
    After a send that raised it, :attr:`unsent` is a tuple of what did not go.
    """

    unsent: tuple[object, ...] = ()
