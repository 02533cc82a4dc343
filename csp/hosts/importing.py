"""Code crosses by import path, never as a pickled function.

Each interpreter imports for itself. So that it finds what the program finds, it is told the program's ``sys.path`` and
``sys.argv``, and the way to its script (csp.hosts.program), which it runs once more as a module when it needs it
(csp.hosts.script). What it was told is kept in csp.origin.
"""

import sys
from types import ModuleType

from csp import origin
from csp.errors import CspError, NotImportable
from csp.origin import SCRIPT, module_shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

_loading = 0  # how deep we are in imports for the sake of an order


def path_of(target: object, what: str) -> tuple[str, str]:
    """Give ``(module, qualified name)`` by which another interpreter can import *target*, a class or function.

    A method of a class is reached through it: a classmethod, or one written in C such as ``str.upper``. Raises
    NotImportable, saying why it cannot be imported there and what to do about it. *what* names the thing in the text.
    """
    owner: object = getattr(target, "__self__", None)
    if owner is None or isinstance(owner, (type, ModuleType)):
        module, name = _names(target)
    else:
        raise NotImportable(
            f"{what} is a method of one object, {target!r}, and another interpreter imports by name, where that object "
            "is not: define a function at the top level of a module that takes the object, or makes it"
        )
    if not isinstance(module, str) or not isinstance(name, str):
        raise NotImportable(
            f"{what} must be a class or function, not {target!r}: another interpreter imports it by name, so define a "
            "function (def) at the top level of a module that does this"
        )
    if name.endswith("<lambda>"):
        raise NotImportable(f"{what} is a lambda, which no other interpreter can import: give it a name with def")
    if "<locals>" in name:
        raise NotImportable(
            f"{what} {name!r} is defined inside a function, so no other interpreter can import it: "
            f"move it to the top level of {module_shown(target)}"
        )
    if module in SCRIPT:
        from csp.hosts.program import script
        from csp.hosts.script import refuse_unreadable

        refuse_unreadable(f"{what} {name!r}", *script())
    found: object = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    # Each look at a method of a class gives another object, equal to the last.
    same = found == target if isinstance(owner, type) else found is target
    if not same and getattr(found, "__wrapped__", None) is not target:
        shown = module_shown(target)
        if found is None and shown == "__main__":
            raise NotImportable(
                f"{what} {name!r} calls its module __main__, but is not in the program's: another program ran it in "
                "names of its own, as python -m trace and python -m cProfile -m do. Put it into a module that the "
                "program imports"
            )
        raise NotImportable(
            f"{what} {shown}.{name} is not what `import {shown}` gives under that name (it was replaced or decorated "
            "away), so another interpreter would get something else"
        )
    return "__main__" if module in SCRIPT else module, name


def _names(target: object) -> tuple[object, object]:
    """Give the module and the qualified name, if it has them."""
    owner: object = getattr(target, "__self__", None)
    if isinstance(owner, type):  # a method bound to a class, perhaps to a subclass of the one that defines it
        return owner.__module__, f"{owner.__qualname__}.{getattr(target, '__name__', '')}"
    if not hasattr(target, "__module__"):  # written in C
        return getattr(getattr(target, "__objclass__", None), "__module__", None), getattr(target, "__qualname__", None)
    return getattr(target, "__module__", None), getattr(target, "__qualname__", None)


def resolve(module: str, name: str) -> Any:
    """Import what path_of gave, in this interpreter. Raises NotImportable with the cause."""
    global _loading
    _loading += 1
    try:
        found: object = _script() if module == "__main__" else __import__(module, fromlist=("",))
    except CspError:
        raise
    except ImportError as error:
        raise NotImportable(_import_advice(module, error)) from error
    finally:
        _loading -= 1
    try:
        for part in name.split("."):
            found = getattr(found, part)
    except AttributeError:
        where = module if module != "__main__" else "the script"
        typed = ", or was it typed at the prompt? Then put it into a file" if sys.flags.interactive else "?"
        raise NotImportable(
            f"{where} has no {name!r} in another interpreter; is it defined only under some condition{typed}"
        ) from None
    return found


def loaded(module: str, name: str) -> Any:
    """Give what *name* means in *module*, if that is loaded in this interpreter already, or None: imports nothing."""
    found: object = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def _script() -> ModuleType:
    from csp.hosts.script import main_module

    return main_module()


def _import_advice(module: str, error: ImportError) -> str:
    from csp.hosts.refusing import instead_of

    text = str(error)
    instead = instead_of(text)
    if instead is not None:
        return f"importing {module} failed in an own-GIL interpreter: {text}; {instead}"
    return f"importing {module} failed in another interpreter: {type(error).__name__}: {text}"


def refuse_while_loading(what: str) -> None:
    """Raise NotImportable in an interpreter that was started when a module there does *what* at its top level.

    It would do so in each further interpreter that imports it, without end.
    """
    if origin.told is None:
        return
    name, line = _running_import()
    if name or _loading:
        from csp.hosts.script import refuse_at_top_level

        refuse_at_top_level(what, name, line)


def _running_import() -> tuple[str, int]:
    """Find the module whose own code this thread runs for its import, the innermost, and the line; ("", 0) if none."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name == "<module>":
            names = frame.f_globals
            if names is origin.script_that_runs or getattr(names.get("__spec__"), "_initializing", False):
                return str(names.get("__name__")), frame.f_lineno
        frame = frame.f_back
    return "", 0
