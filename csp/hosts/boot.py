"""What a new interpreter runs first.

Its control channel brings three messages: with the start, the program it is to import from (see csp.origin) and what it
is to import ahead; and as the order, the path of the function to run and that function's arguments. They are separate
messages because the arguments can only be read when the program's paths are in place. Until the order comes the
interpreter is one like any other: that is what the pool keeps ready.
"""

import sys

from csp._native import Receiver, breakpointhook
from csp.errors import EndOfChannel
from csp.hosts.after_import import after_import
from csp.hosts.importing import resolve
from csp.origin import become

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import Any


def serve(control: Receiver[Any]) -> object:
    """Wait for the order, run it as ``function(control, *arguments)``, and return what it returns.

    Returns None when the control channel ends before an order came: nobody needed this interpreter.
    """
    program, preload = control.recv()
    become(program)
    _let_debug()
    _refuse_what_needs_daemons()
    if preload:
        _import_ahead(preload)
    return _carry_out(control)


def _import_ahead(modules: tuple[str, ...]) -> None:
    """Import what the order will need while nobody waits for it.

    CPython runs the init function of every extension module in the main interpreter first, so an import of one waits
    for main's GIL. A restart must not wait for a busy main.
    """
    for module in modules:
        __import__(module)
    # Importing what nobody has makes the import system list every folder of sys.path, which it then knows.
    try:
        __import__("csp_warms_up")
    except ImportError:
        pass


def _let_debug() -> None:
    """While a debugger is open here, nobody loses patience: neither callers nor who stops us."""
    sys.breakpointhook = breakpointhook
    after_import("pdb", _watch)


def _refuse_what_needs_daemons() -> None:
    """Refuse a pool of multiprocessing: without daemon threads it would leave processes behind, or hang."""
    for name in ("concurrent.futures.process", "multiprocessing.pool", "multiprocessing.queues"):
        after_import(name, _refuse)


def _refuse(module: Any) -> None:
    from csp.hosts.daemons import refuse

    refuse(module)


def _watch(pdb: Any) -> None:
    from csp.hosts.debugging import watch

    watch(pdb.Pdb)


def _carry_out(control: Receiver[Any]) -> object:
    try:
        module, name = control.recv()
    except EndOfChannel:
        return None
    function = resolve(module, name)
    arguments = control.recv()
    return function(control, *arguments)


# ---- the end ---------------------------------------------------------------------------------------------------------


def _say(text: str, **values: object) -> None:
    more = "".join(f" {key}={value}" for key, value in values.items())
    sys.stderr.write(f"csp: {text}{more}\n")
    sys.stderr.flush()


# How it is said what an interpreter has left running at its end. Whoever has a better place for it says so.
say: Callable[..., object] = _say


def tell_left(own: int, seconds: float) -> None:
    """Say what still runs *seconds* after this interpreter's code has returned, before it is told to stop.

    Called on a thread that comes for it, while the *own* thread of the interpreter waits for the others, or for an exit
    handler.
    """
    from _thread import get_ident

    frames = sys._current_frames()
    del frames[get_ident()]
    mine = frames.pop(own, None)
    if frames:
        say(
            "threads were left running; they are told to stop now",
            count=len(frames),
            after=f"{seconds:g} s",
            at=", ".join(_line_of(frame) for frame in frames.values()),
        )
    elif mine is not None:
        say("an exit handler still runs; it is told to stop now", after=f"{seconds:g} s", at=_line_of(mine))


def _line_of(frame: FrameType) -> str:
    """Where a thread is: the innermost line that is not the standard library's, or else the innermost."""
    library = getattr(sys, "_stdlib_dir", None) or "<"
    found: FrameType | None = frame
    while found is not None and found.f_code.co_filename.startswith((library, "<frozen")):
        found = found.f_back
    found = found or frame
    return f"{found.f_code.co_filename}:{found.f_lineno} in {found.f_code.co_qualname}"
