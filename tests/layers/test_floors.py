"""What stands on what: a file imports from its own package and from lower floors, and says no word of a higher one."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# The floors of DESIGN.md section 4, as they were built; a package imports from the floors below its own.
FLOORS = (
    ("hints",),
    ("errors", "generic"),
    ("_native", "_cffi"),
    ("building", "condition", "extended"),
    ("ffi",),
    ("interpreters",),
    ("observe",),
    ("messages",),
    ("actors", "processes"),
    ("supervision",),
    ("system",),
    ("demo",),
    ("cli",),
)
FLOOR_OF = {package: floor for floor, packages in enumerate(FLOORS) for package in packages}

# These use the package as its users do: through `csp`, where everything is.
USERS = {"demo", "cli"}

# Upward, each for a reason. They are made inside a function: importing the file does not import what is above it.
EXCEPTIONS = {
    ("csp.interpreters.boot", "csp.actors"): "a warm interpreter has what an actor needs before anybody asks for one",
    ("csp.interpreters.boot", "csp.messages"): "the same: what reading an actor's arguments needs",
    ("csp.interpreters.program", "csp._beginning"): "where the program began is known to whoever is imported first",
    (
        "csp.actors.actor",
        "csp.system",
    ): "an actor starts and finds others by asking the kernel: the questions are there",
}

# What lower floors must not know. In strings and comments, too: they are what the next one reads.
PYTHON_NAMES = re.compile(r"\b_?Py[A-Z_]\w*|\bPython\.h\b")
ACTOR_WORDS = re.compile(r"\bactors?\b|\bsupervis\w+|\bmailbox\w*", re.IGNORECASE)


@dataclass(frozen=True)
class Import:
    """One import of something of csp, as it happens at run time."""

    file: str  # the module that imports
    name: str  # what it imports: csp.errors, csp.errors.Stopped, csp
    line: int
    inside: bool  # of a function

    def __str__(self) -> str:
        return f"{self.file}:{self.line} imports {self.name}"


def package_of(module: str) -> str:
    """``actors`` for ``csp.actors.ref``, ``errors`` for ``csp.errors``, and "" for ``csp`` itself.

    What ``python -m csp`` runs is the command line's.
    """
    return "cli" if module == "csp.__main__" else module.partition(".")[2].partition(".")[0]


def imports_of(file: str, node: ast.AST, inside: bool = False) -> Iterator[Import]:
    """All run-time imports of csp at and below a node: those for type checkers are left out."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
            for otherwise in child.orelse:
                yield from imports_of(file, ast.Module([otherwise], []), inside)
        elif isinstance(child, ast.Import):
            for alias in child.names:
                if alias.name.partition(".")[0] == "csp":
                    yield Import(file, alias.name, child.lineno, inside)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, f"{file}:{child.lineno}: a relative import hides where it leads"
            module = child.module or ""
            if module == "csp":
                for alias in child.names:
                    yield Import(file, f"csp.{alias.name}", child.lineno, inside)
            elif module.startswith("csp."):
                yield Import(file, module, child.lineno, inside)
        else:
            yield from imports_of(file, child, inside or isinstance(child, ast.FunctionDef | ast.Lambda))


def modules() -> dict[str, ast.Module]:
    """Every module of the package, parsed, by name."""
    found = {}
    for path in sorted((ROOT / "csp").rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        found[name] = ast.parse(path.read_text(encoding="utf-8"), path)
    return found


MODULES = modules()
IMPORTS = [found for name, tree in MODULES.items() for found in imports_of(name, tree)]


def is_upward(one: Import) -> bool:
    """Whether the import leads out of its package and not to a lower floor."""
    here, there = package_of(one.file), package_of(one.name)
    if there == here:
        return False
    if there not in FLOOR_OF:  # the package itself, or a name in it
        return here not in USERS
    return FLOOR_OF[there] >= FLOOR_OF[here]


def exception_for(one: Import) -> tuple[str, str]:
    """The key under which EXCEPTIONS would excuse it."""
    return one.file, f"csp.{package_of(one.name)}"


def test_every_package_has_a_floor():
    """A package that nobody gave a floor would be checked by nobody."""
    assert {package_of(name) for name in MODULES} - {""} == FLOOR_OF.keys() - {"_native", "_cffi"}


@pytest.mark.parametrize("floor", range(len(FLOORS)), ids=["+".join(packages) for packages in FLOORS])
def test_imports_lead_down(floor):
    """A file imports at run time only from its own package and from lower floors."""
    wrong = [
        str(one)
        for one in IMPORTS
        if package_of(one.file) in FLOORS[floor] and is_upward(one) and exception_for(one) not in EXCEPTIONS
    ]
    assert not wrong, "\n".join(wrong)


def test_the_package_itself_imports_nothing():
    """``import csp`` loads no file but its own; names come when they are asked for."""
    assert not [str(one) for one in IMPORTS if package_of(one.file) == ""]


def test_exceptions_are_needed_and_lazy():
    """An upward import is made where it is needed, inside a function; one that is gone is no exception any more."""
    upward = [one for one in IMPORTS if is_upward(one) and exception_for(one) in EXCEPTIONS]
    assert [str(one) for one in upward if not one.inside] == []
    assert {exception_for(one) for one in upward} == EXCEPTIONS.keys()


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
        "csp.extended",
        "csp.interpreters.importing",
        "csp.messages.failure",
        "csp.messages.frames",
        "csp.messages.pickling",
        "csp.observe.waits",
    }
    pattern = re.compile(r'PyImport_Import\w*\("(?P<name>csp[\w.]*)"')
    found = {
        match["name"]
        for path in (ROOT / "native" / "python").glob("*.c")
        for match in pattern.finditer(path.read_text(encoding="utf-8"))
    }
    assert found <= wanted, f"the extension imports {found - wanted}"
