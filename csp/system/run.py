"""A supervision tree as a program."""

import signal
import sys
from threading import Thread

from csp._native import Sender, channel, select
from csp.errors import ActorError, EscalationError, StartFailed
from csp.system.system import System

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

    from csp.supervision.supervisor import Supervisor


def run(supervisor: type[Supervisor] | Supervisor, *, warm: int | None = None) -> None:
    """Run a supervision tree until SIGTERM or SIGINT, then stop it in order and exit. Does not return.

    The exit status is 0 after a signal or when the tree ended by itself, 1 when it gave up or could not start; a second
    signal while stopping ends the process at once with 128 + its number. Call it in the main thread.

    Args:
        supervisor: a supervisor, or its class if it takes no arguments.
        warm: see System.
    """
    sys.exit(_run(supervisor() if isinstance(supervisor, type) else supervisor, warm))


def _run(supervisor: Supervisor, warm: int | None) -> int:
    signals, arrived = channel(8)
    seen: list[int] = []

    def on_signal(number: int, frame: FrameType | None) -> None:
        del frame
        seen.append(number)
        if len(seen) > 1:
            import os

            os._exit(128 + number)
        signals.send_nowait(number)

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with System(warm=warm) as system:
            try:
                name = system.supervise(supervisor)
            except StartFailed as error:
                system._log.logger().error("could not start", error=str(error))
                return 1
            # The tree's end and a signal, whichever comes first.
            ends, ended = channel(1)
            waiting = Thread(target=_wait, args=(system, name, ends), name="csp run", daemon=True)
            waiting.start()
            guard, outcome = select(arrived, ended)
            if guard is arrived:
                system._log.logger().info("stopping", signal=signal.Signals(int(outcome)).name)
                system.stop_supervisor(name)
                return 0
            if outcome is not None:
                system._log.logger().error("gave up", error=str(outcome))
                return 1
            return 0
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _wait(system: System, name: str, ends: Sender[str | None]) -> None:
    try:
        system.wait(name)
    except ActorError as error:
        ends.send(str(error))
    except EscalationError as error:
        ends.send(str(error))
    else:
        ends.send(None)
