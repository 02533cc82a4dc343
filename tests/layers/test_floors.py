"""What stands on what: a file imports from its own package and from lower floors, and says no word of a higher one.

Files import each other in no circle.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# The floors of the house, the ground first: a package, or a file beside them, imports from the floors below its own.
FLOORS = (
    ("_native", "_cffi", "errors", "hints", "origin", "value"),
    ("arguments", "exits", "generic", "headers"),
    ("channels", "ffi", "hosts", "supervision"),
    ("messages",),
    ("actors", "processes"),
    ("kernel", "system"),
    ("cli", "observe"),
)
FLOOR_OF = {package: floor for floor, packages in enumerate(FLOORS) for package in packages}

# These use the package as its users do: through `csp`, where everything is.
USERS = {"cli"}

# What lower floors must not know. In strings and comments, too: they are what the next one reads.
PYTHON_NAMES = re.compile(r"\b_?Py[A-Z_]\w*|\bPython\.h\b")
ACTOR_WORDS = re.compile(r"\bactors?\b|\bsupervis\w+|\bmailbox\w*", re.IGNORECASE)


@dataclass(frozen=True)
class Import:
    """One import of something of csp: when the module loads, inside a function, or for type checkers alone."""

    file: str  # the module that imports
    name: str  # what it imports: csp.errors, csp.actors.context, csp
    line: int
    for_checkers: bool  # only they see it

    def __str__(self) -> str:
        return f"{self.file}:{self.line} imports {self.name}"


def package_of(module: str) -> str:
    """``actors`` for ``csp.actors.ref``, ``errors`` for ``csp.errors``, and "" for ``csp`` itself.

    What ``python -m csp`` runs is the command line's.
    """
    return "cli" if module == "csp.__main__" else module.partition(".")[2].partition(".")[0]


def imports_of(file: str, node: ast.AST, for_checkers: bool = False) -> Iterator[Import]:
    """All imports of csp at and below a node; what is imported from a package that is a module of it is the module."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
            yield from imports_of(file, ast.Module(child.body, []), True)
            yield from imports_of(file, ast.Module(child.orelse, []), for_checkers)
        elif isinstance(child, ast.Import):
            for alias in child.names:
                if alias.name.partition(".")[0] == "csp":
                    yield Import(file, alias.name, child.lineno, for_checkers)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, f"{file}:{child.lineno}: a relative import hides where it leads"
            module = child.module or ""
            if module.partition(".")[0] == "csp":
                names = {f"{module}.{alias.name}" for alias in child.names}
                for name in sorted({name if module == "csp" or name in FILES else module for name in names}):
                    yield Import(file, name, child.lineno, for_checkers)
        else:
            yield from imports_of(file, child, for_checkers)


def files() -> dict[str, Path]:
    """The file of every module of the package."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in sorted((ROOT / "csp").rglob("*.py"))
    }


FILES = files()
MODULES = {name: ast.parse(path.read_text(encoding="utf-8"), path) for name, path in FILES.items()}
IMPORTS = [found for name, tree in MODULES.items() for found in imports_of(name, tree)]


def is_upward(one: Import) -> bool:
    """Whether the import leads out of its package and not to a lower floor."""
    here, there = package_of(one.file), package_of(one.name)
    if there == here:
        return False
    if there not in FLOOR_OF:  # the package itself, or a name in it
        return here not in USERS
    return FLOOR_OF[there] >= FLOOR_OF[here]


def test_every_package_has_a_floor():
    """A package that nobody gave a floor would be checked by nobody."""
    assert {package_of(name) for name in MODULES} - {""} == FLOOR_OF.keys() - {"_native", "_cffi"}


@pytest.mark.parametrize("floor", range(len(FLOORS)), ids=["+".join(packages) for packages in FLOORS])
def test_imports_lead_down(floor):
    """A file imports only from its own package and from lower floors: lazily, and for type checkers, too."""
    wrong = [str(one) for one in IMPORTS if package_of(one.file) in FLOORS[floor] and is_upward(one)]
    assert not wrong, "\n".join(wrong)


def test_the_package_itself_imports_nothing():
    """``import csp`` loads its own file and the one that looks around; names come when they are asked for."""
    assert [one.name for one in IMPORTS if package_of(one.file) == "" and not one.for_checkers] == ["csp.origin"]


def test_floors_are_few():
    """More than eight nobody keeps in mind."""
    assert len(FLOORS) <= 8


def file_of(name: str) -> str:
    """The module that a name is imported from: itself, csp (a public name of it), or the extension."""
    return name if name in FILES or package_of(name) in FLOOR_OF else "csp"


def circle_in(imports: Iterable[tuple[str, str]]) -> list[str]:
    """The files of one circle, each of which imports the next; [] where there is none."""
    graph: dict[str, set[str]] = {}
    for file, name in imports:
        graph.setdefault(file, set()).add(name)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def test_no_circle_of_files():
    """Each file can be read after those that it imports, wherever in it, and for whomever, the import stands."""
    between = [(one.file, file_of(one.name)) for one in IMPORTS]
    assert circle_in((file, other) for file, other in between if file != other) == []


def test_circles_are_found():
    """The test above would see one, also where a lazy import or one for type checkers closes it."""
    source = {
        "csp.a": "TYPE_CHECKING = False\nif TYPE_CHECKING:\n    from csp.b import B",
        "csp.b": "def f():\n    import csp.c",
        "csp.c": "from csp import a, d",
    }
    found = [(one.file, one.name) for name, text in source.items() for one in imports_of(name, ast.parse(text))]
    assert set(circle_in(found)) == {"csp.a", "csp.b", "csp.c"}
    assert circle_in(pair for pair in found if pair != ("csp.c", "csp.a")) == []


def lines_with(pattern, *folders):
    """The lines of C files that match, with their places."""
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.[ch]"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]


def test_the_core_knows_no_python():
    """The core builds without Python.h, and uses and names nothing of Python's C API."""
    assert lines_with(PYTHON_NAMES, "native/core", "native/include") == []


@pytest.mark.parametrize("text", ["#include <Python.h>", "PyObject *o;", "_Py_Dealloc(o)", "Py_NewRef(o)"])
def test_names_of_the_c_api_are_recognised(text):
    """The pattern above finds what it is for."""
    assert PYTHON_NAMES.search(text)


def test_the_extension_knows_no_actors():
    """The extension carries channels, calls and interpreters; what they mean is decided above it."""
    assert lines_with(ACTOR_WORDS, "native/python") == []


def test_upward_imports_of_the_extension():
    """From C, too, only errors are imported when the module loads; what lies higher is imported at need."""
    wanted = {
        "csp.errors",
        "csp._native",
        "csp.channels.extended",
        "csp.hosts.importing",
        "csp.messages.failure",
        "csp.messages.frames",
        "csp.messages.refusing",
        "csp.hosts.script",
        "csp.observe.waits",
    }
    pattern = re.compile(r'PyImport_Import\w*\("(?P<name>csp[\w.]*)"')
    found = {
        match["name"]
        for path in (ROOT / "native" / "python").rglob("*.c")
        for match in pattern.finditer(path.read_text(encoding="utf-8"))
    }
    assert found <= wanted, f"the extension imports {found - wanted}"
