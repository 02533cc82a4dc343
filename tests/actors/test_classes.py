"""Classes and decorators as Python has them: each kind of actor class, and what is written above its methods."""

import functools
import inspect

import pytest
from shaped_actors import (
    Abstract,
    Box,
    Concrete,
    Decorated,
    FrozenAttrs,
    FrozenData,
    MadeOfNothing,
    OfMetaclass,
    SlottedAttrs,
    SlottedData,
)

import csp

EITHER_ORDER = {
    "static_inside": 2,
    "static_outside": 2,
    "class_inside": ("of the class", 1),
    "class_outside": ("of the class", 1),
    "cached_inside": 2,
    "cached_outside": 2,
    "wrapped_inside": 2,
    "wrapped_outside": 2,
    "dispatched_inside": "a number",
    "dispatched_outside": "something",
    "one_more": 2,
}


def test_decorators_in_either_order(system):
    """A handler may be static, of the class, cached, wrapped, dispatched, partial: the order does not matter."""
    ref = system.spawn(Decorated)
    for name, expected in EITHER_ORDER.items():
        handler = getattr(ref, name)
        assert (handler(1), handler.future(1).result(10), handler.cast(1)) == (expected, expected, None)
        assert getattr(Decorated(), name)(1) == expected


def test_arguments_of_static_and_class_methods(system):
    """They are counted without what Python gives by itself."""
    ref = system.spawn(Decorated)
    for name in ("static_inside", "static_outside", "class_inside", "class_outside"):
        with pytest.raises(TypeError, match=rf"{name}\(\) missing 1 required positional argument: 'number'"):
            getattr(ref, name)()


def test_wrong_arguments_cost_no_life(system, shown):
    """Whatever decorates a handler, a cast that it cannot take is told, and the actor lives on."""
    ref = system.spawn(Decorated)
    for name in ("cached_inside", "wrapped_inside", "dispatched_inside", "dispatched_outside"):
        getattr(ref, name).cast(1, 2, 3)
        assert ref.static_inside(1) == 2


def test_abstract_handlers(system):
    """abstractmethod works above and below @csp.handler: such a class cannot be started, one that derives can."""
    with pytest.raises(TypeError, match=r"abstract class Abstract.*inside.*outside"):
        system.spawn(Abstract)
    assert system.spawn(Concrete).inside(1) == 1
    assert system.spawn(Concrete).outside(1) == -1


def test_a_handler_is_the_method_itself():
    """In its class it is a function like any other: documented, inspected, called on an object, wrapped."""
    assert inspect.isfunction(Concrete.inside)
    assert list(inspect.signature(Concrete.inside).parameters) == ["self", "number"]
    assert Concrete().inside(3) == 3
    assert functools.wraps(Concrete.inside)(lambda: None).__name__ == "inside"


def test_metaclass_with_a_call(system):
    """An actor is made by calling its class, as any object is; what gives none is the starter's error."""
    assert system.spawn(OfMetaclass, 1, more=2).tell_all() == (3, (1,), {"more": 2}, True)
    with pytest.raises(TypeError, match=r"Nothing.__call__ gave int, and not the actor"):
        system.spawn(MadeOfNothing)


@pytest.mark.parametrize("cls", [FrozenData, FrozenAttrs])
def test_frozen_actors(system, cls):
    """csp assigns nothing to an actor: frozen dataclasses and attrs classes are actors like others."""
    assert system.spawn(cls, 1).both() == (1, "default")
    assert system.spawn(cls, 1, text="given").both() == (1, "given")


def test_slotted_actors(system):
    """The classes that dataclasses and attrs make anew for slots are actors, too; their mailbox is where it was."""
    assert system.spawn(SlottedData, 1).both() == (2, None)
    assert system.spawn(SlottedAttrs, 1).both() == (2, "Receiver")


def test_subscripted_generics(system):
    """``Box[int]`` is Box: for spawn, a child spec and lookup."""
    assert system.spawn(Box[int], 5).open() == 5
    assert system.spawn(csp.child(Box[str], "text").options(name="second")).open() == "text"
    assert system.lookup("second", Box[str]).open() == "text"
    with pytest.raises(csp.StartFailed, match=r"list\[int\] is not an actor class"):
        system.spawn(list[int])


@pytest.mark.parametrize("what", [5, property(len), len, int, "text"])
def test_what_is_no_method_is_refused(what):
    """@csp.handler of what cannot be a method says so."""
    with pytest.raises(TypeError, match="decorates a method"):
        csp.handler(what)


def test_hooks_are_plain_functions():
    """An async or generator hook would do nothing without a word: it is refused at the class."""
    with pytest.raises(TypeError, match="is an async function"):

        class Later(csp.Actor):
            async def on_start(self):
                pass

    with pytest.raises(TypeError, match="is a generator function"):

        class Items(csp.Actor):
            def run(self):
                yield 1
