"""Debugging in an interpreter of csp's: time limits stand still while a prompt of pdb is open."""

from csp._native import pause_limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def watch(debugger: Any) -> None:
    """Have the class Pdb, and those that derive from it, tell when a prompt of theirs opens and closes."""
    interaction = debugger.interaction

    def watched(self: Any, *args: Any, **kwargs: Any) -> object:
        pause_limits(True)
        try:
            return interaction(self, *args, **kwargs)
        finally:
            pause_limits(False)

    debugger.interaction = watched
