"""What a new interpreter runs first.

Its control channel brings three messages: the program it is to import from (see importing.Program), with the start; and
as the order, the path of the function to run and that function's arguments. They are separate messages because the
arguments can only be read when the program's paths are in place. Until the order comes the interpreter is one like any
other: that is what the pool keeps ready.
"""

from csp._native import Receiver
from csp.errors import EndOfChannel
from csp.interpreters.importing import become, resolve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def serve(control: Receiver[Any]) -> object:
    """Wait for the order, run it as ``function(control, *arguments)``, and return what it returns.

    Returns None when the control channel ends before an order came: nobody needed this interpreter.
    """
    become(control.recv())
    return _carry_out(control)


def _carry_out(control: Receiver[Any]) -> object:
    try:
        module, name = control.recv()
    except EndOfChannel:
        return None
    function = resolve(module, name)
    arguments = control.recv()
    return function(control, *arguments)


def serve_warm(control: Receiver[Any]) -> object:
    """Like serve, with what an actor needs imported while nobody waits for it."""
    become(control.recv())
    # CPython runs the init function of every extension module in the main interpreter first, so an import of one waits
    # for main's GIL. A restart must not wait for a busy main: what reading arguments, and a module that defines a
    # supervisor, need is loaded now.
    import math

    from csp.actors import loop
    from csp.messages import pickling

    del loop, math, pickling  # they are loaded now
    # Importing what nobody has makes the import system list every folder of sys.path, which it then knows.
    try:
        __import__("csp_warms_up")
    except ImportError:
        pass
    return _carry_out(control)
