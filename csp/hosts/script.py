"""The program's script as a module of another interpreter: it runs there once more, as in multiprocessing's children.

While it runs it is called ``__mp_main__``, so that what stands behind ``if __name__ == "__main__":`` does not run. What
it defined says then that it comes from ``__main__``, under which name the module is found, too: what is pickled by name
there can be loaded in the program, in its child processes and in its next run.
"""

import sys
from types import FunctionType, ModuleType

from csp import origin
from csp.errors import CspError, NotImportable
from csp.origin import SCRIPT, SCRIPT_ELSEWHERE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType
    from typing import Any, NoReturn

_VARIABLES = frozenset({"TypeVar", "ParamSpec", "TypeVarTuple"})  # they hide their attributes

_module: ModuleType | None = None


def main_module() -> ModuleType:
    """Give the program's script as a module: ``__main__``, or in another interpreter its copy, loaded at first need."""
    global _module
    if origin.told is None:
        return sys.modules["__main__"]
    if _module is not None:
        return _module
    _, _, name, file = origin.told
    refuse_unreadable("what this needs", name, file)
    module = _module = ModuleType(SCRIPT_ELSEWHERE)
    before = {known: sys.modules.get(known) for known in SCRIPT}
    sys.modules.update(dict.fromkeys(SCRIPT, module))  # what was pickled there as __main__.X is found here
    origin.script_that_runs = module.__dict__
    try:
        exec(_code(name, file, module), module.__dict__)  # noqa: S102  (it is the user's own script)
    except BaseException as error:
        _module = None
        for known, other in before.items():
            if other is None:
                del sys.modules[known]
            else:
                sys.modules[known] = other
        if isinstance(error, SystemExit):
            refuse_at_top_level("the program would exit", SCRIPT_ELSEWHERE)
        if isinstance(error, CspError) or not isinstance(error, Exception):
            raise
        from csp.hosts.refusing import instead_of

        instead = instead_of(str(error)) if isinstance(error, ImportError) else None
        raise NotImportable(
            f"the script {name or file} could not be run once more as a module in another interpreter: "
            f"{type(error).__name__}: {error}{'; ' + instead if instead is not None else ''}"
        ) from error
    finally:
        origin.script_that_runs = None
        _call_it_main(list(module.__dict__.values()))
    return module


def _call_it_main(found: list[Any]) -> None:
    """Let classes and functions say that they come from ``__main__``, and those inside and behind them."""
    seen: set[int] = set()
    while found:
        value = found.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        kind = _class_of(value)
        if issubclass(kind, type):
            if value.__dict__.get("__module__") == SCRIPT_ELSEWHERE:
                type.__setattr__(value, "__module__", "__main__")  # whatever its metaclass thinks of that
                found += value.__dict__.values()
            continue
        if kind is FunctionType:
            if value.__module__ == SCRIPT_ELSEWHERE:
                value.__module__ = "__main__"
        elif issubclass(kind, property):
            found += (value.fget, value.fset, value.fdel)
        elif issubclass(kind, (staticmethod, classmethod)):
            found.append(value.__func__)
        elif kind.__name__ in _VARIABLES and kind.__module__ == "typing" and value.__module__ == SCRIPT_ELSEWHERE:
            object.__setattr__(value, "__module__", "__main__")
        own = _names_of(value)
        if own.get("__module__") == SCRIPT_ELSEWHERE:  # what functools.wraps put there
            own["__module__"] = "__main__"
        if "__wrapped__" in own:
            found.append(own["__wrapped__"])


def _class_of(value: object) -> type[Any]:
    """Its class. (isinstance would ask the value itself, and a proxy answers for another.)"""
    return type(value)


def _names_of(value: object) -> dict[str, object]:
    """Its own attributes, not those of something that it stands for."""
    try:
        names: dict[str, object] | None = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}
    return names if type(names) is dict else {}


def _code(name: str | None, file: str | None, module: ModuleType) -> CodeType:
    """Load the script's code; *module* gets what the program's own ``__main__`` has for its import."""
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
        module.__spec__ = spec
        module.__loader__ = spec.loader
        module.__file__ = spec.origin or ""
        module.__package__ = spec.parent
        return get_code(name)
    assert file is not None, "refuse_unreadable saw that there is one"
    module.__file__ = file
    module.__package__ = None  # as in a program that is a file
    with open(file, "rb") as stream:
        source = stream.read()
    from importlib.util import MAGIC_NUMBER

    if source.startswith(MAGIC_NUMBER):  # it was compiled: its code follows a head of 16 bytes
        import marshal

        compiled: CodeType = marshal.loads(source[16:])  # noqa: S302  (the user's own script, which runs already)
        return compiled
    return compile(source, file, "exec", dont_inherit=True)


def refuse_unreadable(what: str, name: str | None, file: str | None) -> None:
    """Raise NotImportable when the program has no script that can be run once more."""
    if name not in {None, "__main__"}:
        return
    if file is None:
        raise NotImportable(f"{what} lives in {_no_file()}, which no other interpreter can import: {_into_a_file()}")
    if file.endswith("<stdin>"):
        raise NotImportable(f"{what} came from standard input: put it into a file and run or import that")
    import os
    import stat

    try:
        mode = os.stat(file).st_mode
    except OSError:
        return  # inside an archive; or gone, and opening it says so
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise NotImportable(
            f"{what} came from {file}, a pipe or device that cannot be read a second time: put it into a file and run "
            "or import that"
        )


def refuse_at_top_level(what: str, name: str, line: int = 0) -> NoReturn:
    """Raise the error of importing.refuse_while_loading, about line *line* of the module *name*; "" if unknown."""
    where = "the script" if name in SCRIPT else name or "a module"
    at = f", by its line {line}" if line else ""
    raise NotImportable(
        f"{what} while {where} is being imported into another interpreter{at}. Put what "
        + (
            'the script does when it is run behind `if __name__ == "__main__":`'
            if name in SCRIPT
            else "starts actors, processes or pipelines into a function, which the program calls"
        )
    )


def _no_file() -> str:
    if _in_ipython():
        return "a notebook cell or an IPython session"
    return "an interactive session or a -c command"


def _into_a_file() -> str:
    if _in_ipython():
        return "put it into a file (begin the cell with %%writefile shop.py) and import it from there"
    return "put it into a file and import it from there"


def _in_ipython() -> bool:
    return "get_ipython" in vars(sys.modules["builtins"])
