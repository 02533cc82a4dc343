"""What a message refers to by number, beside its bytes: every handle on what the core holds, and what is packed."""

from csp._native import (
    Barrier,
    Broadcaster,
    ConditionQueue,
    Counter,
    Event,
    Lock,
    Packed,
    Receiver,
    RLock,
    Semaphore,
    Sender,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

type End = (
    Sender[Any]
    | Receiver[Any]
    | Broadcaster[Any]
    | Lock
    | RLock
    | Semaphore
    | Event
    | ConditionQueue
    | Barrier
    | Counter
    | Packed[Any]
)
