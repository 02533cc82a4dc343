"""What a new interpreter runs first.

It waits on its control channel for three messages: the program it is to import from (see importing.Program), the path of
the function to run, and that function's arguments. They are separate messages because the arguments can only be read when
the program's paths are in place. Until then the interpreter is one like any other: that is what the pool keeps ready.
"""

from csp._native import Receiver
from csp.errors import EndOfChannel
from csp.interpreters.importing import become, resolve


def serve(control: Receiver[object]) -> object:
    """Wait for the order, run it as ``function(control, *arguments)``, and return what it returns.

    Returns None when the control channel ends before an order came: nobody needed this interpreter.
    """
    try:
        program = control.recv()
    except EndOfChannel:
        return None
    become(program)  # type: ignore[arg-type]  (the starter's side, start.py, is the only sender)
    module, name = control.recv()  # type: ignore[misc]
    function = resolve(module, name)
    arguments = control.recv()
    return function(control, *arguments)  # type: ignore[operator, misc]


def serve_warm(control: Receiver[object]) -> object:
    """Like serve, with what an actor needs imported while nobody waits for it."""
    import csp.actors.loop  # noqa: F401

    return serve(control)
