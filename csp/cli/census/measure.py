"""Find the Python files of a tree, and measure one of them.

What is counted:

lines
    Every line that the compiler sees: ``\\n``, ``\\r\\n`` and ``\\r`` end one, and so does the end of the
    file. Counted in the bytes, so a file that does not parse has lines too. A byte order mark is not a line.
functions
    ``def`` and ``async def``, methods and nested functions included. A ``lambda`` is an expression, not a
    function.
classes
    ``class`` statements, nested ones included.
longest function
    From the line of its ``def``, decorators not included, to its last line, both counted. Its name is its
    ``__qualname__``, such as ``Class.method``. A function inside of another is never the longest: the other
    is longer. Of two of one length the one whose name sorts first, then the one that stands first.
deepest nesting
    How many blocks a line is inside of, which is how often it would be indented if no block shared the line
    of its header. A block is the body of ``def``, ``async def``, ``class``, ``if``, ``elif``, ``for``,
    ``async for``, ``while``, ``with``, ``async with``, ``try``, ``except``, ``except*``, ``finally``,
    ``case``, and of an ``else``; and what follows ``match`` is a block of ``case``, so that code in a
    ``case`` is two deeper than its ``match``. An ``elif`` is as deep as its ``if``. The line is that of the
    first of the deepest statements. Brackets and expressions do not nest.

    The tree does not tell ``elif`` from an ``else`` that holds nothing but an ``if``; the column does: an
    ``elif`` stands in the column of its ``if``. Only form feeds within the indentation can deceive it.
error
    Why the file could not be read or parsed, as ``type: text (line n)``; all counts but ``lines`` are then 0.
    The text is CPython's own, without two things that are not the file's: the file's name, which the report
    has already, and how much stack the parser had used, which differs from thread to thread. How much stack a
    thread *has* does still decide whether code that is nested beyond all reason parses: equal results need
    threads of equal stacks.

This module loads in every worker: it imports only what it needs.
"""

import ast
import os
import stat
import warnings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

type LongestFunction = tuple[int, str, int]
"""Length in lines, qualified name, line. ``(0, "", 0)`` when the file has no function."""

type DeepestNesting = tuple[int, int]
"""Depth, line. ``(0, 0)`` when the file has no block."""

type Report = tuple[str, int, int, int, LongestFunction, DeepestNesting, str | None]
"""Path relative to the root, lines, functions, classes, longest function, deepest nesting, error."""

_NO_FUNCTION: LongestFunction = (0, "", 0)
_NO_NESTING: DeepestNesting = (0, 0)

_WITH_BLOCKS = frozenset(
    {
        ast.FunctionDef,
        ast.AsyncFunctionDef,
        ast.ClassDef,
        ast.If,
        ast.For,
        ast.AsyncFor,
        ast.While,
        ast.With,
        ast.AsyncWith,
        ast.Try,
        ast.TryStar,
        ast.Match,
    }
)


def find_files(root: str, on_unreadable: Callable[[OSError], object] | None = None) -> list[str]:
    """Return the path of every ``.py`` file under ``root``, sorted, each beginning with ``root``.

    Nothing is left out for its name: hidden folders, ``__pycache__`` and ``site-packages`` are searched like
    any other.

    A symbolic link to a folder is not followed, so that no file is found twice and no loop is entered. A
    symbolic link to a file is a file of its own; one that leads nowhere is found too, and measuring it tells
    why it cannot be read.

    A folder that cannot be read is left out; ``on_unreadable`` is then called with the error. If ``root``
    itself cannot be read, its error is raised.
    """
    found: list[str] = []
    pending = [root]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if _is_folder(entry):
                        if not entry.is_symlink():
                            pending.append(entry.path)
                    elif entry.name.endswith(".py"):
                        found.append(entry.path)
        except OSError as error:
            if folder is root:
                raise
            if on_unreadable is not None:
                on_unreadable(error)
    found.sort()
    return found


def measure(path: str, root: str) -> Report:
    """Measure the file ``path``, and name it relative to ``root`` with ``/`` between folders.

    Never raises for what is wrong with the file: that is the report's error. SyntaxWarnings are silenced,
    which is done through the filters of the whole interpreter: threads that call this at the same time must
    be run inside of a ``warnings.catch_warnings(action="ignore")`` of their own.
    """
    name = os.path.relpath(path, root).replace(os.sep, "/")
    try:
        source = _read(path)
    except OSError as error:
        return (
            name,
            0,
            0,
            0,
            _NO_FUNCTION,
            _NO_NESTING,
            f"{type(error).__name__}: {error.strerror or error}",
        )
    lines = _count_lines(source)
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(source, name)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return (name, lines, 0, 0, _NO_FUNCTION, _NO_NESTING, _describe(error))
    functions, classes, longest, deepest = _walk(tree)
    return (name, lines, functions, classes, longest, deepest, None)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle, or into a folder that cannot be entered
        return False


def _read(path: str) -> bytes:
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise OSError("not a regular file")  # opening a named pipe would wait for ever
    with open(path, "rb") as file:
        return file.read()


def _count_lines(source: bytes) -> int:
    ends = source.count(b"\n")
    returns = source.count(b"\r")
    if returns:
        ends += returns - source.count(b"\r\n")
    unfinished = source not in (b"", b"\xef\xbb\xbf") and not source.endswith((b"\n", b"\r"))
    return ends + unfinished


def _describe(error: Exception) -> str:
    if isinstance(error, SyntaxError):
        where = f" (line {error.lineno})" if error.lineno else ""
        return f"{type(error).__name__}: {error.msg}{where}"
    text = str(error)
    if isinstance(error, RecursionError):  # "Stack overflow (used 8152 kB) during compilation"
        before, used, after = text.partition(" (used ")
        if used:
            text = " ".join([before, *after.partition(")")[2].split()])
    return f"{type(error).__name__}: {text}"


def _walk(tree: ast.Module) -> tuple[int, int, LongestFunction, DeepestNesting]:
    """Look at every statement once. No expression is looked at: none can hold a statement."""
    functions = classes = length = length_line = depth = depth_line = 0
    length_name = ""
    blocks: list[tuple[list[ast.stmt], int, str]] = [(tree.body, 0, "")]
    while blocks:
        block, level, scope = blocks.pop()
        # The first statement may have blocks of its own; they are deeper and overrule this.
        if level > depth or (level == depth > 0 and block[0].lineno < depth_line):
            depth, depth_line = level, block[0].lineno
        inside = level + 1
        for node in block:
            if type(node) not in _WITH_BLOCKS:
                continue
            if isinstance(node, ast.If):
                blocks.append((node.body, inside, scope))
                rest = node.orelse
                if rest:
                    first = rest[0]
                    is_elif = isinstance(first, ast.If) and first.col_offset == node.col_offset
                    blocks.append((rest, level if is_elif else inside, scope))
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                functions += 1
                line = node.lineno
                lines = (node.end_lineno or line) - line + 1
                name = scope + node.name
                if lines > length or (lines == length and (name, line) < (length_name, length_line)):
                    length, length_name, length_line = lines, name, line
                # A function in there is shorter, so that its name is not needed.
                blocks.append((node.body, inside, ""))
            elif isinstance(node, ast.ClassDef):
                classes += 1
                blocks.append((node.body, inside, scope + node.name + "."))
            elif isinstance(node, (ast.With, ast.AsyncWith)):
                blocks.append((node.body, inside, scope))
            elif isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
                blocks.append((node.body, inside, scope))
                if node.orelse:
                    blocks.append((node.orelse, inside, scope))
            elif isinstance(node, (ast.Try, ast.TryStar)):
                blocks.append((node.body, inside, scope))
                blocks.extend((handler.body, inside, scope) for handler in node.handlers)
                if node.orelse:
                    blocks.append((node.orelse, inside, scope))
                if node.finalbody:
                    blocks.append((node.finalbody, inside, scope))
            elif isinstance(node, ast.Match):
                blocks.extend((case.body, inside + 1, scope) for case in node.cases)
    return functions, classes, (length, length_name, length_line), (depth, depth_line)
