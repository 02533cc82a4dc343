"""The kernel: one loop in an interpreter of its own that keeps all actors and supervisors of a system.

Everything that happens is a message in its inbox: the news of lives, the ends of interpreters, the requests of clients.
It handles them one at a time, and no step waits for anything else; what takes time is begun here and heard of later.
"""

from functools import partial

from csp._native import Receiver, Reply, Sender
from csp.errors import ActorError
from csp.hosts.interpreter import bare_exit
from csp.kernel.kernel import Kernel
from csp.kernel.requests import REQUESTS
from csp.messages.failure import pack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def main(
    control: Receiver[object], inbox: Receiver[object], to_inbox: Sender[object], log: Sender[object], pool: int
) -> None:
    """Run the kernel until it is told to close and all its actors have ended. The entry of its interpreter."""
    del control  # nobody stops the kernel but by a request
    serve(Kernel(inbox, to_inbox, log, pool))


def serve(kernel: Kernel) -> None:
    """Handle messages until closed."""
    # Supervision costs 30 ms to import: while the first interpreters boot, not before they are asked for.
    kernel.loop.later(0.0, _import_supervision)
    kernel.loop.serve(partial(_handle, kernel), kernel.roots.are_over)
    kernel.roots.tell_over()


def _handle(kernel: Kernel, message: Any) -> None:
    match message:
        case (Reply() as reply, str(request), *arguments):
            _request(kernel, reply, request, tuple(arguments))
        case (Reply() as reply, Exception() as error):  # a request that cannot be read here
            reply.fail_packed(pack(error))
        case ("started", int(life)):
            kernel.lives.started(life)
        case ("start_failed", int(life), failure):
            kernel.lives.start_failed(life, failure)
        case ("ended", int(life), str(kind), str(text), str(trace)):
            kernel.lives.ended(life, kind, text, trace)
        case ("give_up", (int(interpreter), int(number))):
            kernel.roots.give_up((interpreter, number))
        case ("hurry",):
            kernel.roots.hurry()
        case (int(life), str(ending), detail):  # the exit of a host
            kernel.lives.host_ended(life, ending, detail)
        case int(life) | float(life):
            kernel.lives.host_ended(*bare_exit(life))
        case _:
            kernel.log.error("the kernel got a message it does not know", message=repr(message)[:200])


def _request(kernel: Kernel, reply: Reply, request: str, arguments: tuple[object, ...]) -> None:
    try:
        handle = REQUESTS.get(request)
        if handle is None:
            raise ActorError(f"the kernel knows no request {request!r}")
        handle(kernel, reply, *arguments)
    except Exception as error:  # noqa: BLE001  (the client gets it)
        reply.fail_packed(pack(error))


def _import_supervision() -> None:
    __import__("csp.kernel.tree")
