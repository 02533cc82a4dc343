"""A supervision tree as a program."""

import signal
import sys
from threading import Thread

from csp._native import Sender, channel, select, unseen
from csp.errors import ActorError, ChannelError, EscalationError, StartFailed
from csp.hosts.importing import refuse_while_loading
from csp.messages.shapes import described
from csp.system.system import System

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

    from csp.supervision.supervisor import Supervisor


@unseen
def run(supervisor: type[Supervisor] | Supervisor, *, warm: int | None = None, log_level: str | None = None) -> None:
    """Run a supervision tree until SIGTERM or SIGINT, then stop it in order and exit. Does not return.

    The exit status is 0 after a signal or when the tree ended by itself, 1 when it gave up or could not start; a second
    signal while stopping ends the process at once with 128 + its number. Call it in the main thread.

    Args:
        supervisor: a supervisor, or its class if it takes no arguments.
        warm: see System.
        log_level: the same.

    Raises:
        StartFailed: this is not the main thread of the program, the one that signals come to.
    """
    refuse_while_loading("csp.run would start a supervision tree")
    sys.exit(_run(_made(supervisor), warm, log_level))


def _made(supervisor: Any) -> Any:
    """Make a supervisor of its class; what is neither is refused where it would be started."""
    from csp.supervision.supervisor import Supervisor

    cls: object = supervisor
    return cls() if isinstance(cls, type) and issubclass(cls, Supervisor) else supervisor


def _run(supervisor: Supervisor, warm: int | None, log_level: str | None) -> int:
    signals, arrived = channel(8)
    seen: list[int] = []

    def on_signal(number: int, frame: FrameType | None) -> None:
        del frame
        seen.append(number)
        if len(seen) > 1:
            import os

            os._exit(128 + number)
        signals.send_nowait(number)

    try:
        before = {number: signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
    except ValueError:
        raise StartFailed(
            "csp.run waits for a signal, and those come to the program's main thread alone: call it there; elsewhere "
            "use supervise(...) and wait(...) of a csp.System"
        ) from None
    try:
        with System(warm=warm, log_level=log_level) as system:
            name = type(supervisor).__name__.lower()
            # Its end, or that it did not come up, and a signal: whichever comes first.
            ends, ended = channel(1)
            Thread(target=_watch, args=(system, supervisor, name, ends), name="csp run", daemon=True).start()
            guard, outcome = select(arrived, ended)
            if guard is arrived:
                system._log.logger().info("stopping", signal=signal.Signals(int(outcome)).name)
                return 0  # leaving the system stops it in order
            if outcome is not None:
                reason, _, trace = outcome[1].partition("\n")
                system._log.logger().error(outcome[0], reason=reason, traceback=trace.strip())
                return 1
            return 0
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _watch(system: System, supervisor: Supervisor, name: str, ends: Sender[tuple[str, str] | None]) -> None:
    """Start the tree, wait for its end, and tell: None, or what went wrong."""
    outcome: tuple[str, str] | None = None
    try:
        system.supervise(supervisor, name=name)
    except BaseException as error:  # noqa: BLE001  (whatever it is, a sys.exit in children() too: the program cannot start)
        outcome = ("could not start", _text(error))
    else:
        try:
            system.wait(name)
        except (ActorError, EscalationError) as error:
            outcome = ("gave up", str(error))
    try:
        ends.send_nowait(outcome)
    except ChannelError:
        pass  # a signal came first


def _text(error: BaseException) -> str:
    remote = f"\n{error.__cause__}" if error.__cause__ is not None else ""
    return f"{described(error)}{remote}"
