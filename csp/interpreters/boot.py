"""What a new interpreter runs first.

Its control channel brings three messages: the program it is to import from (see importing.Program), with the start; and as
the order, the path of the function to run and that function's arguments. They are separate messages because the arguments
can only be read when the program's paths are in place. Until the order comes the interpreter is one like any other: that is
what the pool keeps ready.
"""

from csp._native import Receiver
from csp.errors import EndOfChannel
from csp.interpreters.importing import become, resolve


def serve(control: Receiver[object]) -> object:
    """Wait for the order, run it as ``function(control, *arguments)``, and return what it returns.

    Returns None when the control channel ends before an order came: nobody needed this interpreter.
    """
    become(control.recv())  # type: ignore[arg-type]  (the starter's side, start.py, is the only sender)
    return _carry_out(control)


def _carry_out(control: Receiver[object]) -> object:
    try:
        module, name = control.recv()  # type: ignore[misc]
    except EndOfChannel:
        return None
    function = resolve(module, name)
    arguments = control.recv()
    return function(control, *arguments)  # type: ignore[operator, misc]


def serve_warm(control: Receiver[object]) -> object:
    """Like serve, with what an actor needs imported while nobody waits for it."""
    become(control.recv())  # type: ignore[arg-type]
    import csp.actors.loop  # noqa: F401

    # Importing what nobody has makes the import system list every folder of sys.path, which it then knows.
    try:
        __import__("csp_warms_up")
    except ImportError:
        pass
    return _carry_out(control)
