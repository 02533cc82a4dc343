"""The errors of well-kept libraries arrive as what they are, with the same text, or as a RemoteError that has it."""

import importlib
import io

import library_errors
import pytest
from crossing import across, raised
from library_errors import AS_TEXT, ITSELF

import csp
from observed import raised_in

# An HTTPError warns when it is collected, if nobody has closed what it holds.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


class Failing(csp.Actor):
    @csp.handler
    def fail(self, name):
        library_errors.fail(name)


def raised_here(name):
    """The error, and the name of its class."""
    with pytest.raises(Exception) as caught:  # noqa: PT011  (which one, the next lines see)
        library_errors.fail(name)
    module, _, kind = name.partition(" ")[0].rpartition(".")
    assert isinstance(caught.value, getattr(importlib.import_module(module or "builtins"), kind))
    return caught.value


@pytest.fixture(scope="module")
def failing():
    """An actor that raises them."""
    with csp.System(warm=0) as system:
        yield system.spawn(Failing)


def arrived(failing, name):
    """What a caller gets, and a process before."""
    with pytest.raises(Exception) as caught:  # noqa: PT011  (the caller looks)
        failing.fail(name)
    assert raised_in(caught.value)[1] == "fail"
    return caught.value, across(raised_here(name))


@pytest.mark.parametrize("name", ITSELF)
def test_it_arrives_as_itself(failing, name):
    """Its class, its text, its args and the attributes that people ask it for."""
    error = raised_here(name)
    for back in arrived(failing, name):
        assert type(back) is type(error)
        assert str(back) == str(error)
        assert repr(back.args) == repr(error.args)
        for attribute in ITSELF[name][1]:
            assert getattr(back, attribute) == getattr(error, attribute), attribute


@pytest.mark.leaves("fds")  # what they hold is closed when the actor's own collector comes by
@pytest.mark.parametrize("name", AS_TEXT)
def test_it_arrives_as_a_text(failing, name):
    """A RemoteError begins with its class and text, and says why."""
    error = raised_here(name)
    for back in arrived(failing, name):
        assert type(back) is csp.RemoteError
        assert str(back).startswith(
            f"{type(error).__module__}.{type(error).__qualname__}: {error}\n(It could not arrive"
        )


class Counted(Exception):
    """Counts those that were made."""

    made = 0

    def __init__(self, *args):
        super().__init__(*args)
        Counted.made += 1


class Restored(Counted):
    """Wants its state put back in its own way."""

    def __setstate__(self, state):
        self.restored = state


def test_what_carries_it_makes_no_other():
    """A constructor in Python ran where it was raised, and runs nowhere else: it may count, log, or warn."""
    error = raised(Counted("c"))
    error.extra = [1]
    made = Counted.made
    back = across(error)
    assert (type(back), back.args, back.extra, Counted.made) == (Counted, ("c",), [1], made)


def test_its_own_way_to_put_its_state_back_is_kept():
    """A class with __setstate__ is asked to put the state back, as pickle asks it."""
    error = raised(Restored("r"))
    error.extra = [1]
    back = across(error)
    assert (type(back), back.args, back.restored) == (Restored, ("r",), {"extra": [1]})
    assert not hasattr(back, "extra")


class Retried(Exception):
    """Its constructor is in Python, and takes what cannot travel."""

    def __init__(self, held):
        super().__init__("tried", held)


def test_the_way_to_what_cannot_travel_begins_at_the_exception():
    """Whichever way of carrying it was tried first, its own args and attributes are named."""
    back = across(raised(Retried([io.TextIOWrapper(io.BytesIO())])))
    assert "error.args[1][0]: _io.TextIOWrapper cannot travel" in str(back)


class Pooled(Exception):
    """Leaves its pool out of what is to be made anew, and so has another text there, as urllib3's MaxRetryError."""

    def __init__(self, pool, reason):
        super().__init__(f"{pool}: {reason!r}")
        self.pool, self.reason = pool, reason

    def __reduce__(self):
        return Pooled, (None, self.reason)


def test_a_text_that_its_own_way_would_change():
    """The text of an exception, and of one that is in it, is that of where it was raised, whatever it leaves out."""
    pool = io.TextIOWrapper(io.BytesIO())
    error = raised(Pooled(pool, Pooled(pool, "no route")))
    back = across(error)
    assert (type(back), type(back.reason), back.pool) == (Pooled, Pooled, None)
    assert (str(back), str(back.reason)) == (str(error), str(error.reason))
    assert not hasattr(back, "__notes__")
