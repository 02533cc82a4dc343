"""Code crosses by import path, never as a pickled function.

Each interpreter imports for itself. So that it finds what the program finds, it is given the program's ``sys.path`` and
``sys.argv``, and the way to its script: the script's module runs there once more under the name ``__csp_main__``, as
multiprocessing's spawn does with ``__mp_main__``. What the script does when it runs must therefore stand behind
``if __name__ == "__main__":``.
"""

import sys
from types import ModuleType

from csp.errors import CspError, NotImportable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType
    from typing import Any, NoReturn

MAIN_ALIAS = "__csp_main__"

# (sys.path, sys.argv, script's module name or None, script's file or None); natively carried. The name is __main__, and
# the file inside, for a folder or an archive that was run.
type Program = tuple[tuple[str, ...], tuple[str, ...], str | None, str | None]

_program: Program | None = None
_loading = False


def program() -> Program:
    """What another interpreter must be told to import as this one does."""
    if _program is not None:  # we were told ourselves: pass on the same script, and our own paths
        return (tuple(sys.path), _program[1], _program[2], _program[3])
    main = sys.modules.get("__main__")
    spec = getattr(main, "__spec__", None)
    name: str | None = spec.name if spec is not None else None
    file: str | None = getattr(main, "__file__", None) if name in {None, "__main__"} else None
    if file is not None:
        import os

        file = os.path.abspath(file)
    return (tuple(sys.path), tuple(sys.argv), name, file)


def become(given: Program) -> None:
    """In a new interpreter: import from now on as the program does."""
    global _program
    _program = given
    sys.path[:] = given[0]
    sys.argv[:] = given[1]


def is_told() -> bool:
    """Whether this interpreter was told what the program is: it is none that the program began in."""
    return _program is not None


def module_shown(target: object) -> str:
    """The module of a class or function as people know it: the script's is ``__main__`` in every interpreter."""
    module = str(getattr(target, "__module__", None))
    return "__main__" if module == MAIN_ALIAS else module


def path_of(target: object, what: str) -> tuple[str, str]:
    """``(module, qualified name)`` by which another interpreter can import *target*, a class or function.

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
    if module in {"__main__", MAIN_ALIAS}:
        _, _, main_name, main_file = program()
        if main_name is None and main_file is None:
            raise NotImportable(
                f"{what} {name!r} lives in an interactive session or a -c command, which no other interpreter can "
                "import: put it into a file and import it from there"
            )
        if main_file is not None and main_file.endswith("<stdin>"):
            raise NotImportable(f"{what} {name!r} came from standard input: put it into a file and run or import that")
    found: object = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    # Each look at a method of a class gives another object, equal to the last.
    same = found == target if isinstance(owner, type) else found is target
    if not same and getattr(found, "__wrapped__", None) is not target:
        shown = "__main__" if module == MAIN_ALIAS else module
        raise NotImportable(
            f"{what} {shown}.{name} is not what `import {shown}` gives under that name (it was replaced or decorated "
            "away), so another interpreter would get something else"
        )
    return MAIN_ALIAS if module == "__main__" else module, name


def _names(target: object) -> tuple[object, object]:
    """The module and the qualified name, if it has them."""
    owner: object = getattr(target, "__self__", None)
    if isinstance(owner, type):  # a method bound to a class, perhaps to a subclass of the one that defines it
        return owner.__module__, f"{owner.__qualname__}.{getattr(target, '__name__', '')}"
    if not hasattr(target, "__module__"):  # written in C
        return getattr(getattr(target, "__objclass__", None), "__module__", None), getattr(target, "__qualname__", None)
    return getattr(target, "__module__", None), getattr(target, "__qualname__", None)


def resolve(module: str, name: str) -> Any:
    """Import what path_of gave, in this interpreter. Raises NotImportable with the cause."""
    try:
        found: object = main_module() if module == MAIN_ALIAS else __import__(module, fromlist=("",))
    except CspError:
        raise
    except ImportError as error:
        raise NotImportable(_import_advice(module, error)) from error
    try:
        for part in name.split("."):
            found = getattr(found, part)
    except AttributeError:
        raise NotImportable(
            f"{module if module != MAIN_ALIAS else 'the script'} has no {name!r} in another interpreter; "
            "is it defined only under some condition?"
        ) from None
    return found


def loaded(module: str, name: str) -> Any:
    """What path_of gave, or None, where it is loaded in this interpreter already: imports nothing."""
    found: object = sys.modules.get("__main__" if module == MAIN_ALIAS and _program is None else module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def _import_advice(module: str, error: ImportError) -> str:
    text = str(error)
    if "does not support loading in subinterpreters" in text:
        return (
            f"importing {module} failed in an own-GIL interpreter: {text}. That package does not support "
            "subinterpreters: keep it out of what this actor or process imports and use it in the main interpreter, or "
            "in a child process"
        )
    return f"importing {module} failed in another interpreter: {type(error).__name__}: {text}"


def main_module() -> ModuleType:
    """The program's script as a module: ``__main__``, or in another interpreter its copy, loaded at first need."""
    global _loading
    if _program is None:
        main = sys.modules["__main__"]
        sys.modules.setdefault(MAIN_ALIAS, main)
        return main
    module = sys.modules.get(MAIN_ALIAS)
    if module is not None:
        return module
    _, _, name, file = _program
    module = ModuleType(MAIN_ALIAS)
    _loading = True
    sys.modules[MAIN_ALIAS] = module
    previous = sys.modules.get("__main__")
    sys.modules["__main__"] = module  # what was pickled there as __main__.X is found here
    try:
        exec(_script_code(name, file, module), module.__dict__)  # noqa: S102  (it is the user's own script)
    except BaseException as error:
        del sys.modules[MAIN_ALIAS]
        if previous is not None:
            sys.modules["__main__"] = previous
        if isinstance(error, SystemExit):
            _refuse("the program would exit")
        if isinstance(error, CspError) or not isinstance(error, Exception):
            raise
        raise NotImportable(
            f"the script {name or file} could not be run once more as a module in another interpreter: "
            f"{type(error).__name__}: {error}"
        ) from error
    finally:
        _loading = False
    return module


def _script_code(name: str | None, file: str | None, module: ModuleType) -> CodeType:
    if name is not None:
        if name == "__main__" and file is not None:  # a folder or an archive that was run: only its path leads there
            import os
            from importlib.machinery import PathFinder

            spec = PathFinder.find_spec(name, [os.path.dirname(file)])
        else:
            from importlib.util import find_spec

            spec = find_spec(name)
        get_code: Callable[[str], CodeType] | None = getattr(spec and spec.loader, "get_code", None)
        if spec is None or get_code is None:
            raise NotImportable(f"the script's module {name} cannot be found in another interpreter")
        module.__file__ = spec.origin or ""
        module.__package__ = spec.parent
        return get_code(name)
    if file is None:
        raise NotImportable("the program has no script that another interpreter could import")
    module.__file__ = file
    with open(file, "rb") as stream:
        return compile(stream.read(), file, "exec", dont_inherit=True)


def refuse_while_loading(what: str) -> None:
    """Raise when the script, running once more as a module, does what only the program itself should do."""
    if _loading:
        _refuse(what)


def _refuse(what: str) -> NoReturn:
    raise NotImportable(
        f"{what} while the script is being imported into another interpreter. Put what the script does when it is run "
        'behind `if __name__ == "__main__":`'
    )
