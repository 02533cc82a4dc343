"""What another interpreter is told, so that it finds what this one finds: ``sys.path``, ``sys.argv`` and the script.

All of it as plain text, and relative to nothing: the way may lead through os.chdir, odd entries in both lists, and a
main thread that has returned.
"""

import os
import sys

from csp import origin
from csp.origin import SCRIPT_ELSEWHERE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from csp.origin import Program


def program() -> Program:
    """Collect what another interpreter must be told to import as this one does."""
    told = origin.told
    if told is not None:  # we were told ourselves: pass on the same script, and our own paths
        return (folders(), told[1], told[2], told[3])
    main = sys.modules.get("__main__")
    if main is not None:  # so that what was pickled under that name can be read here, too
        sys.modules.setdefault(SCRIPT_ELSEWHERE, main)
    return (folders(), tuple(map(_plain, sys.argv)), *script())


def folders() -> tuple[str, ...]:
    """``sys.path`` for another interpreter: plain absolute paths.

    What is relative is meant as the import system means it here; ``""`` is where the program began, as multiprocessing
    has it, and where it is now. What is no string the import system ignores, and so do we.
    """
    found: list[str] = []
    for entry in sys.path:
        if not isinstance(entry, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # people put paths into it
            continue
        entry = _plain(entry)  # noqa: PLW2901  (the same, without its class)
        known = getattr(sys.path_importer_cache.get(entry), "path", None)
        if os.path.isabs(entry):
            found.append(entry)
        elif entry and isinstance(known, str) and os.path.isabs(known):
            found.append(known)  # where modules came from; os.chdir does not change it
        else:
            here = _here()
            found += dict.fromkeys(os.path.normpath(os.path.join(base, entry)) for base in (origin.beginning[0], here))
    return tuple(found)


def script() -> tuple[str | None, str | None]:
    """Give the script's module name, if one can import it, and its file; (None, None) where there is no script.

    For a folder or an archive that was run the name is ``__main__``, and the file is inside.
    """
    if origin.told is not None:
        return origin.told[2:]
    main = sys.modules.get("__main__")
    spec = getattr(main, "__spec__", None)
    name: str | None = _plain(spec.name) if spec is not None else None
    if name not in {None, "__main__"}:
        return name, None
    folder, main_then, file_then = origin.beginning
    # CPython takes __file__ away when the script's body is over, though threads, or a prompt, go on.
    file: object = getattr(main, "__file__", file_then if main is main_then else None)
    if not isinstance(file, str):
        return name, None
    return name, os.path.normpath(os.path.join(folder, _plain(file)))


def _here() -> str:
    try:
        return os.getcwd()
    except OSError:  # the folder is gone
        return origin.beginning[0]


def _plain(value: object) -> str:
    """Give the text alone: of an instance of a subclass of str (an enum's member) its value."""
    return str.__str__(value) if isinstance(value, str) else str(value)
