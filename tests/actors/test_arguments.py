"""Wrong arguments: refused in the caller, and no reason to die for who gets them all the same."""

import inspect

import pytest
from shaped_actors import Shaped

import csp


@pytest.fixture
def shaped(system):
    return system.spawn(Shaped)


class Local:
    """The same methods, to ask Python itself."""

    none, two, optional, only = (vars(Shaped)[name] for name in ("none", "two", "optional", "only"))
    named, whatever, rest = (vars(Shaped)[name] for name in ("named", "whatever", "rest"))


CALLS = [
    ("none", (), {}),
    ("none", (1,), {}),
    ("two", (), {}),
    ("two", (1,), {}),
    ("two", (1, 2), {}),
    ("two", (1, 2, 3), {}),
    ("two", (1,), {"first": 1}),
    ("two", (1,), {"second": 2}),
    ("two", (), {"first": 1, "second": 2}),
    ("two", (1, 2), {"secund": 2}),
    ("optional", (), {}),
    ("optional", (1,), {}),
    ("optional", (1, 2), {"third": 4}),
    ("optional", (1, 2, 3), {}),
    ("optional", (), {"second": 5}),
    ("optional", (), {"first": 5}),
    ("only", (1,), {}),
    ("only", (), {"first": 1}),
    ("only", (1,), {"second": 3}),
    ("only", (), {}),
    ("named", (), {}),
    ("named", (1,), {}),
    ("named", (), {"key": 1}),
    ("named", (), {"key": 1, "other": 2}),
    ("named", (), {"key": 1, "another": 2}),
    ("whatever", (1, 2, 3), {"key": 4}),
    ("rest", (), {}),
    ("rest", (1, 2, 3), {"key": 4}),
    ("rest", (1, 2, 3), {"kex": 4}),
]


def expected(name, args, kwargs):
    """(result, None) or (None, what Python says), of the same method called here."""
    try:
        return getattr(Local(), name)(*args, **kwargs), None
    except TypeError as error:
        return None, str(error).partition("() ")[2]


def test_arguments_are_judged_as_python_does(shaped):
    """A call, cast, tell or future with wrong arguments is the TypeError that Python raises; a right one runs."""
    for name, args, kwargs in CALLS:
        handler = getattr(shaped, name)
        result, why = expected(name, args, kwargs)
        if why is None:
            assert handler(*args, **kwargs) == result
            assert handler.future(*args, **kwargs).result(10) == result
            continue
        said = "takes" if why.startswith("takes") else why.partition(". Did")[0]  # Python counts self
        for way in (handler, handler.cast, handler.tell, handler.future):
            with pytest.raises(TypeError) as caught:
                way(*args, **kwargs)
            assert str(caught.value).startswith(f"Shaped.{name}() {said}")


WORDS = {
    r"missing 2 required positional arguments: 'first' and 'second'": lambda ref: ref.two.cast(),
    r"missing 1 required positional argument: 'second'": lambda ref: ref.two.tell(1),
    r"takes 2 positional arguments but 3 were given": lambda ref: ref.two(1, 2, 3),
    r"takes 0 positional arguments but 1 was given": lambda ref: ref.none(1),
    r"takes from 1 to 2 positional arguments but 3 were given": lambda ref: ref.optional(1, 2, 3),
    r"unexpected keyword argument 'secund'. Did you mean 'second'\?": lambda ref: ref.two(1, secund=2),
    r"'timeout'. Options of the call.*two.options\(timeout=...\)": lambda ref: ref.two(1, 2, timeout=3),
    r"missing 1 required keyword-only argument: 'key'": lambda ref: ref.named(),
}


def test_the_words_of_a_refusal(shaped):
    """It is worded as Python words it, without self; an option among the arguments is told where it belongs."""
    for text, call in WORDS.items():
        with pytest.raises(TypeError, match=text):
            call(shaped)


def test_a_ref_that_came_in_a_message_knows_the_arguments(in_interpreter, shaped):
    """Also where the class was never imported wrong arguments do not get as far as the actor."""
    assert in_interpreter("wrong_callers", "calls_wrongly", shaped)[1] == (
        "Shaped.two() missing 1 required positional argument: 'second'",
        "(first, second)",
        False,
    )


def test_arguments_behind_a_decorator(system, shaped, shown):
    """What only the decorated function finds out costs no life: a call gets the TypeError, a cast is counted."""
    with pytest.raises(TypeError, match=r"around\(\) missing 1 required positional argument: 'first'"):
        shaped.around()
    before = system.statistics()["dead_letters"]
    shaped.around.cast()
    assert shaped.around(1) == 1
    assert system.statistics()["dead_letters"] == before + 1


@pytest.mark.parametrize("name", ["stumbles", "refuses"])
def test_a_type_error_of_the_body_ends_the_life(system, shaped, name):
    """A TypeError that the handler, or its decorator, raises itself ends a life in a cast, as any other exception."""
    getattr(shaped, name).cast(*((1,) if name == "refuses" else ()))
    with pytest.raises(csp.ActorDied):
        shaped.none()


def test_signature_of_a_ref(shaped, in_interpreter):
    """inspect.signature of a handler is the method's without self; without its class, what is known of it."""
    for name in ("none", "two", "optional", "only", "named", "whatever", "rest"):
        own = inspect.signature(getattr(Shaped, name))
        assert inspect.signature(getattr(shaped, name)).parameters == dict(list(own.parameters.items())[1:])
    assert list(inspect.signature(shaped.for_checkers).parameters) == ["number"]
    _, told = in_interpreter("wrong_callers", "signatures", shaped)
    assert told == (
        "(first, second=Ellipsis, *, third=Ellipsis)",
        "(first, /, second=Ellipsis)",
        "(*args, **kwargs)",
        "(first, *args, key=Ellipsis)",
    )
