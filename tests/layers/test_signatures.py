"""Tools can look at every public name: inspect.signature and typing.get_type_hints give what stands in the source."""

import inspect
import subprocess
import sys
import typing
from collections.abc import Callable, Iterable

import pytest

import csp

SPECIAL = ("__init__", "__call__", "__enter__", "__exit__", "__iter__", "__next__", "__getattr__", "__eq__", "__hash__")


def public():
    """``(name, what it is)`` of every public name, and of the methods and properties of the classes."""
    for name in csp.__all__:
        thing = getattr(csp, name)
        yield name, thing
        if inspect.isclass(thing):
            for member in dir(thing):
                value = inspect.getattr_static(thing, member)
                if isinstance(value, property):
                    yield f"{name}.{member}", value.fget
                elif (not member.startswith("_") or member in SPECIAL) and callable(getattr(thing, member)):
                    yield f"{name}.{member}", getattr(thing, member)


PUBLIC = dict(public())


def test_the_names_are_found():
    """The walk sees classes, functions, methods and properties, of Python and of the extension."""
    assert {"System.spawn", "Actor.lookup", "Actor.name", "Ref.id", "Sender.__exit__", "Pipeline.map"} <= PUBLIC.keys()
    assert len(PUBLIC) > 300


def test_signatures_can_be_asked_for():
    """inspect.signature gives one for each, with its annotations evaluated."""
    without = {}
    for name, thing in PUBLIC.items():
        try:
            inspect.signature(thing)
        except Exception as error:
            without[name] = repr(error)
    assert without == {}


def test_hints_can_be_asked_for():
    """typing.get_type_hints evaluates the annotations of each."""
    without = {}
    for name, thing in PUBLIC.items():
        try:
            typing.get_type_hints(thing)
        except Exception as error:
            without[name] = repr(error)
    assert without == {}


def test_hints_are_what_the_source_says():
    """They are the real types, not stand-ins."""
    assert typing.get_type_hints(csp.System.lookup) == {"name": str, "cls": type | None, "return": typing.Any}
    assert typing.get_type_hints(csp.System.close)["timeout"] == float | None
    assert typing.get_type_hints(csp.Supervisor.children)["return"] == Iterable[csp.ChildSpec[typing.Any]]
    assert typing.get_origin(typing.get_type_hints(csp.System.spawn)["what"]) is Callable
    assert typing.get_type_hints(csp.System.__enter__)["return"] is typing.Self
    assert inspect.signature(csp.Pipeline.map).parameters["ordered"].annotation is bool


@pytest.mark.parametrize("form", ["STRING", "FORWARDREF"])
def test_other_formats(form):
    """Who asks for the annotations as text gets the text."""
    import annotationlib

    found = annotationlib.get_annotations(csp.System.lookup, format=annotationlib.Format[form])
    assert found.keys() == {"name", "cls", "return"}


def test_signatures_of_errors():
    """Errors show what they are made from."""
    assert str(inspect.signature(csp.EndOfChannel)) == "(*args)"
    assert list(inspect.signature(csp.ActorDied).parameters) == ["message", "reason", "maybe_ran"]


def test_public_names_import_no_typing():
    """What makes this so costs nothing that imports: a public name of an actor's does not bring typing along."""
    code = "import sys, csp; csp.Actor, csp.handler, csp.Ref, csp.Buffered; print('typing' in sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
