"""What a process runs: one function, called once, in an interpreter of its own.

Its arguments come, and its result goes, through a channel each: what cannot be read here, or cannot travel home, is
then an error of this process, with a traceback, and what nobody fetches is dropped with its channel. How it ended is
the exit message of the interpreter, which comes after everything that it held was closed.
"""

from csp._native import Receiver, Sender, end_within, self_id
from csp.errors import Stopped
from csp.hosts.importing import resolve
from csp.hosts.own import granted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from csp.messages.failure import Failure

# ("returned",): the value waits in the result channel. ("stopped",): Stopped came out of it. ("raised", failure).
type Outcome = tuple[str] | tuple[str, Failure]
# The arguments, and the keyword arguments.
type Given = tuple[tuple[object, ...], dict[str, object]]


def run(
    control: Receiver[object],  # noqa: ARG001  (nothing more is to be ordered)
    grace: float,
    module: str,
    name: str,
    given: Receiver[Given],
    result: Sender[object],
) -> Outcome:
    """Call ``module.name`` with what waits in *given*, put what it returns into *result*, and tell how it ended.

    Both channels have room for their one message, so only the function itself waits. Never raises, except when killed.
    """
    granted.set(grace)
    end_within(self_id(), grace)
    try:
        result.send(_call(resolve(module, name), given))
    except Stopped:
        return ("stopped",)
    except BaseException as error:  # noqa: BLE001  (the starter gets it)
        from csp.messages.failure import pack
        from csp.messages.shapes import forget_traceback

        failure = pack(error)
        forget_traceback(error)  # it holds the function's frames, and they hold ends
        return ("raised", failure)
    return ("returned",)


def _call(function: object, given: Receiver[Given]) -> object:
    """Call it so that the arguments belong to it alone: an end that it drops is closed, though it still runs."""
    __tracebackhide__ = True  # what is raised here is the user's
    taken: list[Any] = [*given.recv()]
    given.close()
    return function(*taken.pop(0), **taken.pop())  # type: ignore[operator]  # path_of saw that it is callable
