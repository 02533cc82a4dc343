"""The loop of a kernel: an inbox, timers and numbers. What the messages mean it does not know."""

import heapq
from functools import partial

from csp._native import Receiver, limits_off, limits_paused, now
from csp.messages.formatting import format_exception

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from csp.actors.log import ActorLog


class Loop:
    """Handles one message or timer at a time; whatever is to happen later is begun here and heard of again."""

    def __init__(self, inbox: Receiver[object], log: ActorLog) -> None:
        self._inbox = inbox
        self._log = log
        self._last_number = 0
        self._timers: list[tuple[float, int, Callable[[], None]]] = []

    def serve(self, handle: Callable[[object], None], is_over: Callable[[], bool]) -> None:
        """Handle messages until it is over. Blocks while there is nothing to do."""
        while not is_over():
            try:
                message = self._inbox.recv(deadline=self._timers[0][0] if self._timers else None)
            except TimeoutError:
                message = None
            try:
                if message is not None:
                    handle(message)
                self._run_timers()
            except Exception as error:  # noqa: BLE001  (one bad message must not end every actor)
                self._log.error("the kernel failed to handle a message", traceback=format_exception(error))
            message = None

    def later(self, delay: float, action: Callable[[], None]) -> None:
        """Do *action* in *delay* seconds, on the loop."""
        heapq.heappush(self._timers, (now() + delay, self.number(), action))

    def limit(self, seconds: float, action: Callable[[], None]) -> None:
        """Do *action* when a time limit is over: it stands still while somebody debugs (native: waiting/limits.c)."""
        if not limits_off():
            self.later(seconds, partial(self._limit_over, limits_paused(), action))

    def number(self) -> int:
        """Give a number never given before in this kernel."""
        self._last_number += 1
        return self._last_number

    def _limit_over(self, paused: float, action: Callable[[], None]) -> None:
        paused_now = limits_paused()
        if paused_now > paused:
            self.later(paused_now - paused, partial(self._limit_over, paused_now, action))
        else:
            action()

    def _run_timers(self) -> None:
        while self._timers and self._timers[0][0] <= now():
            heapq.heappop(self._timers)[2]()
