"""The tree that is drawn above the errors is the tree that they are."""

import builtins
import inspect
import re

import pytest

import csp
from csp import errors

_LINE = re.compile(r"^(?P<indent> *)(?P<name>\w+)(?: +\((?P<also>\w+)\))?(?: {2,}(?P<text>\S.*))?$")


def drawn():
    """``name: (name of the base that stands above it, name of the builtin base)`` of each line of the drawing."""
    block = errors.__doc__.partition(".. code-block:: text\n\n")[2].partition("\n\nTimeouts")[0]
    found, above = {}, []
    for line in block.splitlines():
        match = _LINE.match(line)
        assert match is not None, f"this line of the drawing is not understood: {line!r}"
        depth = len(match["indent"]) // 2 - 2
        above[depth:] = [match["name"]]
        found[match["name"]] = (above[depth - 1] if depth > 0 else None, match["also"])
    return found


def defined():
    """The classes of csp.errors, and the names of their bases."""
    return {
        name: [base.__name__ for base in kind.__bases__]
        for name, kind in vars(errors).items()
        if inspect.isclass(kind) and kind.__module__ == errors.__name__
    }


def test_all_are_drawn():
    """Every class stands in the drawing, and nothing else does."""
    assert drawn().keys() == defined().keys()


@pytest.mark.parametrize("name", defined())
def test_bases_are_as_drawn(name):
    """A class derives from the one it hangs below, and from the builtin in brackets."""
    above, also = drawn()[name]
    expected = [base for base in (above, also) if base is not None]
    bases = defined()[name]
    assert bases == (expected or ["Exception"])
    assert also is None or issubclass(getattr(builtins, also), BaseException)


@pytest.mark.parametrize("name", defined())
def test_errors_have_docstrings_and_names(name):
    """Each says when it is raised, and can be caught through csp."""
    kind = getattr(errors, name)
    assert kind.__doc__ is not None
    assert kind.__doc__.strip()
    assert name in csp.__all__


def test_stopped_is_no_exception():
    """``except Exception`` cannot keep an actor alive that was told to stop."""
    assert not issubclass(errors.Stopped, Exception)


def test_this_module_imports_nothing():
    """It loads in every interpreter, and first."""
    assert "import" not in [word for line in inspect.getsource(errors).splitlines() for word in line.split()[:1]]
    assert not [name for name, value in vars(errors).items() if inspect.ismodule(value)]
