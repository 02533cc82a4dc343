"""How the kernel of a system ended: what is told to whoever asks it something afterwards."""

from csp._native import Receiver, Sender, no_starts
from csp.errors import ActorError, EndOfChannel, StartFailed
from csp.hosts.interpreter import exit_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from csp.hosts.interpreter import Exit

# Seconds. A call breaks in the instant before the exit message is sent.
_TOLD_WITHIN = 5.0


class Fate:
    """The end of one kernel, as its System hears of it. Known to ask() until forgotten."""

    def __init__(self, kernel: Sender[object], exits: Receiver[Exit]) -> None:
        self._exits = exits
        self._text = ""
        self._number = kernel.channel_id
        _fates[self._number] = self

    def wait(self) -> str:
        """Wait until the kernel has ended; gives what it died of, "" if it ended well or does not end."""
        try:
            message: Any = self._exits.recv(timeout=_TOLD_WITHIN)
        except EndOfChannel, TimeoutError:
            return self._text
        end = exit_of(message)
        if end[1] != "ended":
            self._text = str(end[2]) if end[1] == "failed" else end[1]
        return self._text

    def forget(self) -> None:
        """Nobody asks this kernel any more. Never waits."""
        _fates.pop(self._number, None)
        self._exits.close()


_fates: dict[int, Fate] = {}


def gone(kernel: Sender[object], otherwise: str) -> ActorError:
    """Make the error for whoever asks a kernel that is gone: its cause where that is known, or the text *otherwise*."""
    # At the end of the program it was stopped, as everything is, and died of nothing.
    stopped = kernel.closed or (no_starts() or "").startswith("the program is ending")
    fate = None if stopped else _fates.get(kernel.channel_id)
    died_of = fate.wait() if fate is not None else ""
    return StartFailed(f"the system's kernel has died: {died_of}") if died_of else ActorError(otherwise)
