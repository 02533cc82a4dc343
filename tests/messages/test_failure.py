"""Exceptions that cross: the same type with the remote traceback where they can travel, a text where they cannot."""

import re

import pytest
from crossing import across, raised
from sample_actors import (
    Holding,
    KeywordsOnly,
    NeverMade,
    Odd,
    OddGroup,
    OddImport,
    OddNew,
    OddOS,
    Own,
    OwnWay,
    Prefixed,
    Slotted,
)

import csp
from csp.errors import RemoteError, RemoteTraceback
from csp.messages.failure import pack, pack_text, unpack
from csp.messages.formatting import format_exception


@pytest.mark.parametrize(
    "error",
    [
        ValueError("text"),
        ValueError(),
        ValueError("a", 1, None),
        KeyError("key"),
        OSError(2, "No such file", "name"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"),
        StopIteration(5),
        Own(7),
        csp.ActorDied("m", "r", True),
        csp.CallTimeout("late"),
        csp.BrokenChannel("m", [1], "c"),
        csp.ProcessFailed("m", {"item": 1}),
        ImportError("no", name="x", path="y"),
        SyntaxError("bad", ("f.py", 1, 2, "x =", 1, 3)),
        ExceptionGroup("several", [ValueError(1), KeyError(2)]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_type_args_and_attributes_arrive(error):
    """An exception that pickles arrives as its own type, with args, text and attributes."""
    back = across(raised(error))
    assert type(back) is type(error)
    assert str(back) == str(error)
    if not isinstance(error, ExceptionGroup):
        assert back.args == error.args
    ours = {k: v for k, v in vars(error).items() if k != "__notes__"}
    assert {k: v for k, v in vars(back).items() if k in ours} == ours
    assert isinstance(back.__cause__, RemoteTraceback)


def test_remote_traceback_is_the_cause():
    """The cause's text is the traceback as it was there: file, line, source and the exception itself."""
    back = across(raised(ValueError("told")))
    text = str(back.__cause__)
    assert "Traceback (most recent call last)" in text
    assert "crossing.py" in text
    assert "raise error from cause" in text
    assert text.rstrip().endswith("ValueError: told")


def test_causes_contexts_and_notes_are_in_the_text():
    """What the exception came from, directly or while handling, is in the remote traceback; its notes are its own."""
    error = ValueError("second")
    error.add_note("a note")
    back = across(raised(error, raised(KeyError("first"))))
    text = str(back.__cause__)
    assert (
        text.index("KeyError: 'first'") < text.index("direct cause of the following") < text.index("ValueError: second")
    )
    assert back.__notes__ == ["a note"]
    assert "a note" not in text
    try:
        try:
            raise KeyError("first")
        except KeyError:
            raise ValueError("second")  # noqa: B904
    except ValueError as caught:
        text = str(across(caught).__cause__)
    assert text.index("KeyError: 'first'") < text.index("During handling") < text.index("ValueError: second")


def test_causes_in_a_circle_end():
    """Exceptions that are each other's cause do not hang the formatting."""
    first, second = ValueError("first"), KeyError("second")
    first.__cause__, second.__cause__ = second, first
    assert "first" in format_exception(first)


@pytest.mark.parametrize(
    ("error", "attributes"),
    [
        (Odd("a", "b"), ("left", "right")),
        (Prefixed(3), ("code",)),
        (Slotted(3), ("code",)),
        (OddOS(2, "no such thing", "here", "more"), ("errno", "strerror", "filename", "extra")),
        (OddImport("no", "which", more=1), ("name", "more")),
        (OddNew(1, 2), ("two",)),
        (KeywordsOnly(code=5), ("code",)),
        (OddGroup("x"), ("extra",)),
        (ValueError("outer", Odd("a", "b")), ()),
    ],
    ids=lambda value: type(value).__name__,
)
def test_constructors_of_their_own(error, attributes):
    """An exception whose constructor does not take its args arrives as itself: type, text, args and attributes."""
    back = across(raised(error))
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert repr(back.args) == repr(error.args)
    for name in attributes:
        assert getattr(back, name) == getattr(error, name)


def test_no_constructor_of_python_runs_again():
    """Where pickle's way does not give the same exception, the class's own constructor is not called again."""
    calls = []
    original = Prefixed.__init__
    error = raised(Prefixed(3))
    failure = pack(error)
    Prefixed.__init__ = lambda self, code: calls.append(code)
    try:
        back = unpack(failure)
    finally:
        Prefixed.__init__ = original
    assert (str(back), back.code, calls) == ("code 3", 3, [])


def test_exceptions_inside_groups_and_slots():
    """What is in a group arrives as itself, too; and private slots."""
    back = across(raised(ExceptionGroup("several", [Prefixed(1), ExceptionGroup("more", [Odd("a", "b")])])))
    first, more = back.exceptions
    assert (type(first), str(first)) == (Prefixed, "code 1")
    assert (type(more.exceptions[0]), str(more.exceptions[0])) == (Odd, "a and b")
    assert across(raised(Slotted(7))).hidden() == 7


def test_a_cycle_through_an_exception_with_its_own_constructor():
    """An exception that holds itself arrives with the cycle."""
    error = Odd("a", "b")
    error.left = error
    back = across(raised(error))
    assert back.left is back


def test_its_own_way_of_pickling_wins():
    """What a class's __reduce__ says is done, even if another exception comes of it."""
    back = across(raised(OwnWay(1, 2)))
    assert (type(back), str(back)) == (Prefixed, "code of another class")


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (Holding("it holds a generator"), r"error\.file: builtins\.generator cannot travel to another interpreter \("),
        (NeverMade("it cannot be made"), "LookupError: cannot be read anywhere"),
        (ValueError("in its args", lambda: 0), r"error\.args\[1\]: builtins\.function cannot travel"),
    ],
    ids=["unpicklable", "cannot be made", "unpicklable args"],
)
def test_what_cannot_travel_becomes_a_remote_error(error, why):
    """An exception that does not pickle, or not come back, is a RemoteError with its type and text, the reason and
    the way out, and the traceback.
    """
    back = across(raised(error))
    assert type(back) is RemoteError
    kind = type(error).__name__ if type(error) is ValueError else f"sample_actors.{type(error).__name__}"
    first, second = str(back).split("\n")
    assert first == f"{kind}: {error}"
    assert re.match(
        rf"\(It could not arrive as what it is: {why}.*; a __reduce__ can make it anew from what is", second
    )
    assert str(error) in str(back.__cause__)


def test_what_can_be_made_there_and_not_here():
    """An exception that only cannot be read where it arrives is a RemoteError that says why."""
    failure = pack(raised(Own(5)))
    back = unpack((b"rubbish", *failure[1:]))
    assert type(back) is RemoteError
    assert re.match(r"sample_actors\.Own: 5\n\(It could not arrive as what it is: _?pickle\.\w+: ", str(back))


def test_local_exception_class_becomes_a_remote_error():
    """An exception class that cannot be imported is named in the RemoteError."""

    class Local(Exception):
        pass

    back = across(raised(Local("here")))
    assert type(back) is RemoteError
    assert "Local: here" in str(back)


def test_exception_whose_text_raises():
    """An exception that cannot even say what it is crosses all the same."""

    class Mute(Exception):
        def __str__(self):
            raise RuntimeError("no text")

    back = across(raised(Mute()))
    assert type(back) is RemoteError
    assert "<its text raised>" in str(back)


def test_ends_inside_exceptions_travel():
    """An end among an exception's args arrives as a working end."""
    tx, rx = csp.channel(1)
    back = across(raised(ValueError("take it", tx)))
    tx.close()
    back.args[1].send("alive")
    assert rx.recv() == "alive"


def test_pack_text_keeps_what_can_be_read():
    """A failure without its exception arrives as a RemoteError with the same text and traceback."""
    back = unpack(pack_text(pack(raised(Own(5)))))
    assert type(back) is RemoteError
    first, second = str(back).split("\n")
    assert first == "sample_actors.Own: 5"
    assert "it holds an end of a channel that is closed" in second
    assert "raise error from cause" in str(back.__cause__)


def test_surrogates_and_long_texts():
    """Any text crosses, halves of surrogate pairs and a megabyte included."""
    for text in ("\ud800", "x" * 1_000_000):
        assert str(across(raised(ValueError(text)))) == text
