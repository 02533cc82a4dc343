"""What users can import, said three times in csp/__init__.py: for people, for type checkers, for the interpreter."""

import annotationlib
import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import csp

SOURCE = Path(csp.__file__).read_text(encoding="utf-8")
NAMES = list(csp.__all__)


def for_checkers():
    """``name: module`` of the imports under TYPE_CHECKING."""
    found = {}
    for node in ast.parse(SOURCE).body:
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            for statement in node.body:
                assert isinstance(statement, ast.ImportFrom), f"line {statement.lineno} is no `from ... import ...`"
                (alias,) = statement.names
                assert alias.asname == alias.name, f"line {statement.lineno}: only `X as X` exports a name"
                assert alias.name not in found
                found[alias.name] = statement.module
    return found


def test_all_is_sorted():
    """``csp.__all__`` is a list, sorted, each name once."""
    assert sorted(set(NAMES)) == NAMES
    assert isinstance(csp.__all__, list)


def test_three_lists_are_one():
    """The names for people, for type checkers and for the interpreter are the same, from the same modules."""
    assert sorted(for_checkers()) == NAMES
    assert {name: home for home, names in csp._HOMES.items() for name in names} == for_checkers()


def test_the_table_is_sorted():
    """The lazy table is in order, so that a name has one place where it can stand."""
    assert list(csp._HOMES) == sorted(csp._HOMES)
    assert [home for home, names in csp._HOMES.items() if list(names) != sorted(names)] == []
    homes = list(for_checkers().values())
    assert homes == sorted(homes)


@pytest.mark.parametrize("name", NAMES)
def test_every_name_can_be_imported(name):
    """A public name is there, and ``dir`` and ``from csp import ...`` know it."""
    space = {}
    exec(f"from csp import {name}", space)
    assert space[name] is getattr(csp, name)
    assert name in dir(csp)


@pytest.mark.parametrize("name", NAMES)
def test_names_say_where_they_live(name):
    """``__name__`` is the public name; ``__module__`` is csp or the module in the table, and both can be imported."""
    thing = getattr(csp, name)
    assert thing.__name__ == name
    assert thing.__module__ in {"csp", for_checkers()[name]}


def test_there_are_no_aliases():
    """One name for one thing."""
    things = [getattr(csp, name) for name in NAMES]
    assert len({id(thing) for thing in things}) == len(things)


def public_members(thing):
    """The functions and properties that a public class defines itself and that users may touch."""
    for name, member in vars(thing).items():
        plain = member.__func__ if isinstance(member, classmethod | staticmethod) else member
        told = callable(plain) or isinstance(plain, property) or inspect.isgetsetdescriptor(plain)
        if told and not name.startswith("_"):
            yield name, plain


@pytest.mark.parametrize("name", NAMES)
def test_everything_public_has_a_docstring(name):
    """Each public class and function says what it is, and so do the methods and properties of the classes."""
    thing = getattr(csp, name)
    assert inspect.getdoc(thing), f"csp.{name} has no docstring"
    if inspect.isclass(thing):
        silent = [member for member, plain in public_members(thing) if not inspect.getdoc(plain)]
        assert silent == []


@pytest.mark.parametrize("name", [name for name in NAMES if not inspect.isclass(getattr(csp, name))])
def test_functions_show_their_signatures(name):
    """``help`` and editors see the parameters, of the compiled functions as well.

    Annotations are asked for as they stand there: their modules are imported for type checkers alone.
    """
    inspect.signature(getattr(csp, name), annotation_format=annotationlib.Format.STRING)


def test_unknown_names_are_refused():
    """A wrong name is an AttributeError that says so."""
    with pytest.raises(AttributeError, match="module 'csp' has no attribute 'Chanel'"):
        csp.Chanel  # noqa: B018  (looking is enough)


def test_import_is_lazy():
    """``import csp`` loads no other module of the package but the one that looks around."""
    code = "import sys, csp; print(*sorted(name for name in sys.modules if name.partition('.')[0] == 'csp'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["csp", "csp.origin"]
