"""The kernel's rooms, wired: what supervisors and requests are given to work with."""

from csp._native import Receiver, Sender
from csp.actors.log import ActorLog
from csp.kernel.lives import Lives
from csp.kernel.loop import Loop
from csp.kernel.roots import Roots
from csp.kernel.slots import Slots


class Kernel:
    """The state of a system.

    Attributes:
        log: its logger.
        loop: inbox, timers, numbers.
        slots: where actors live.
        lives: what lives there.
        roots: what was started from outside, and the closing.
        restarts: counted by supervisors.
    """

    def __init__(self, inbox: Receiver[object], to_inbox: Sender[object], log: Sender[object], pool: int) -> None:
        self.log = ActorLog(log, "kernel")
        self.loop = Loop(inbox, self.log)
        self.slots = Slots(self.loop.number, self.log)
        self.lives = Lives(self.loop, to_inbox, log, self.log, pool)
        self.roots = Roots(self.slots, self.lives)
        self.restarts = 0
