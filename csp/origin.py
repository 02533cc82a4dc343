"""What this interpreter knows of the program: where it began, or what whoever started this interpreter told.

It loads with csp itself, in every interpreter, and imports nothing of it: where the program stands, and what its script
is, is seen before os.chdir and the end of the main thread hide it.
"""

import sys
from posix import getcwd  # not os, which costs an interpreter without site

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# What the script's module is called while it runs once more in another interpreter: what multiprocessing calls it in
# its children. The guard of a script, `if __name__ == "__main__"`, is false there.
SCRIPT_ELSEWHERE = "__mp_main__"
SCRIPT = frozenset({"__main__", SCRIPT_ELSEWHERE})

# (sys.path, sys.argv, script's module name or None, script's file or None); natively carried.
type Program = tuple[tuple[str, ...], tuple[str, ...], str | None, str | None]


def _look_around() -> tuple[str, object, object]:
    main = sys.modules.get("__main__")
    try:
        return getcwd(), main, getattr(main, "__file__", None)
    except OSError:  # the folder is gone
        return "/", main, getattr(main, "__file__", None)


beginning = _look_around()  # the folder where the program stood when it imported csp, its __main__, and that one's file
told: Program | None = None  # in the main interpreter nobody tells
script_that_runs: dict[str, Any] | None = None  # its names, while it runs as a module


def become(given: Program) -> None:
    """In a new interpreter: import from now on as the program does."""
    global told
    told = given
    sys.path[:] = given[0]
    sys.argv[:] = given[1]


def is_told() -> bool:
    """Whether this interpreter was told what the program is: it is none that the program began in."""
    return told is not None


def module_shown(target: object) -> str:
    """Name the module of a class or function as people know it: the script's is ``__main__`` in every interpreter."""
    module = str(getattr(target, "__module__", None))
    return "__main__" if module in SCRIPT else module
