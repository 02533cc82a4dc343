"""Modules that CPython refuses in an interpreter with a GIL of its own, and what works instead.

An extension module has to declare that it can live there. Some of the standard library do not: what they are about (the
terminal, the process's signals, its memory) is there only once, and belongs to the main interpreter.
"""

_REFUSES = " does not support loading in subinterpreters"  # CPython's words, after the module's name
_BEHIND_THE_GUARD = 'import it behind `if __name__ == "__main__":`, and use it in the main interpreter alone'
_TERMINAL = f"there is one terminal, and it is the main interpreter's: {_BEHIND_THE_GUARD}"
_INSTEAD = {
    "faulthandler": (
        "start the program with `python -X faulthandler` (or PYTHONFAULTHANDLER=1 in its environment), which tells of "
        f"crashes in every interpreter; for the rest of it, {_BEHIND_THE_GUARD}"
    ),
    "_tracemalloc": f"memory is traced in the whole process, and only while no interpreter starts: {_BEHIND_THE_GUARD}",
    "readline": _TERMINAL,
    "_curses": _TERMINAL,
    "_curses_panel": _TERMINAL,
}
_A_PACKAGE = (
    "that package does not support subinterpreters. Keep it out of what this actor or process imports: use it in the "
    "main interpreter, or in a child process (subprocess, multiprocessing). A script imports it behind "
    '`if __name__ == "__main__":`'
)


def instead_of(text: str) -> str | None:
    """Say what to do, if *text* is of an ImportError by which CPython refuses a module here; None if it is not."""
    before, refuses, _ = text.partition(_REFUSES)
    return _INSTEAD.get(before.rpartition(" ")[2], _A_PACKAGE) if refuses else None
