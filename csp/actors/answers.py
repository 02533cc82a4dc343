"""What became of a call, and of a message that a mailbox was to take: the error for who sent it."""

from csp._native import Sender, raise_arrived
from csp.errors import ActorDied, BrokenChannel, CallsSelf, CallTimeout, MailboxFull, WouldBlock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

DEFAULT_TIMEOUT = float("5")  # seconds, as OTP's gen_server:call; an object of its own, see BoundHandler.future

# How a call ended; native/python/channels/calls.c has the same. Unreadable is the answer of a future alone: the error
# itself came. Out of time is a call's: the one that is handled here had no more; with it comes whether it may run.
ANSWERED, FAILED, NEVER_RAN, LOST, UNREADABLE, OUT_OF_TIME = range(6)
_DIED = "died"  # in place of a failure: the actor ended while it handled the call


def remote_error(actor: str, sender: Sender[object], code: int, value: tuple[Any, ...] | None) -> BaseException:
    """Make the error that a call without an answer means to its caller."""
    if code == FAILED and isinstance(value, tuple):
        if value[0] == _DIED:
            return ActorDied(f"{actor} ended while it handled the call: {value[1]}", str(value[1]), maybe_ran=True)
        from csp.messages.failure import unpack

        return unpack(value)
    if code == NEVER_RAN:
        seen = sender.statistics()
        if seen.overflow.startswith("drop") and not seen.aborted:
            return MailboxFull(
                f"the mailbox of {actor} was full and dropped the call ({seen.overflow}); it did not run"
            )
    return died(actor, sender.cause, maybe_ran=code == LOST)


def out_of_time(actor: str, name: str, *, maybe_ran: bool) -> CallTimeout:
    """Make the error for who handles a call itself, and made this one when that had no more time."""
    ran = "it may still run" if maybe_ran else "it did not run"
    return CallTimeout(
        f"{actor}.{name} did not answer before the call that is being handled here ran out of time; {ran}"
    )


def raise_remote(actor: str, sender: Sender[object], code: int, value: tuple[Any, ...] | None) -> NoReturn:
    """Raise that; what its actor raised, as if the call had been a local one."""
    __tracebackhide__ = True  # what arrives may have no frames
    if code == FAILED and isinstance(value, tuple) and value[0] != _DIED:
        raise_arrived(value)
    raise remote_error(actor, sender, code, value)


def died(actor: str, cause: object, *, maybe_ran: bool) -> ActorDied:
    """Make the error for who called an actor that is dead of *cause*, if that is known."""
    reason = str(cause) if cause is not None else "it ended before it answered"
    ran = "the call may have run" if maybe_ran else "the call did not run"
    return ActorDied(f"{actor} is dead ({reason}); {ran}", reason, maybe_ran)


def delivery_error(actor: str, error: BrokenChannel | WouldBlock, what: str = "") -> ActorDied | MailboxFull:
    """Say what it means that a mailbox did not take a message; *what* did not happen for it."""
    if isinstance(error, BrokenChannel):
        return died(actor, error.cause, maybe_ran=False)
    return MailboxFull(f"the mailbox of {actor} is full{what and '; '}{what}")


def refuse_own_rendezvous(sender: Sender[object], actor: str, does: str) -> None:
    """Refuse an actor that puts something into its own mailbox, unless that has a buffer: it would wait for itself."""
    if sender.capacity == 0:
        raise CallsSelf(
            f"{actor} {does} its own rendezvous mailbox, which nobody else will take it from; "
            "give the class a mailbox = csp.Buffered(n), or call the method directly"
        )
