"""Exceptions that cross: the same type with the remote traceback where they can travel, a text where they cannot."""

import pytest
from sample_actors import Holding, Odd, Own

import csp
from csp.errors import RemoteError, RemoteTraceback
from csp.messages.failure import format_exception, pack, pack_text, unpack


def raised(error, cause=None):
    """The error as it is after being raised here."""
    try:
        raise error from cause
    except BaseException as caught:
        return caught


def across(error):
    """Packed, sent through a channel, unpacked."""
    tx, rx = csp.channel(1)
    tx.send(pack(error))
    return unpack(rx.recv())


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
    assert "test_failure.py" in text
    assert "raise error from cause" in text
    assert text.rstrip().endswith("ValueError: told")


def test_causes_contexts_and_notes_are_in_the_text():
    """What the exception came from, directly or while handling, and its notes, are in the remote traceback."""
    error = ValueError("second")
    error.add_note("a note")
    text = str(across(raised(error, raised(KeyError("first")))).__cause__)
    assert (
        text.index("KeyError: 'first'") < text.index("direct cause of the following") < text.index("ValueError: second")
    )
    assert "a note" in text
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
    "error", [Odd("a", "b"), Holding("it holds a generator")], ids=["odd constructor", "unpicklable"]
)
def test_what_cannot_travel_becomes_a_remote_error(error):
    """An exception that does not pickle, or not come back, is a RemoteError with its type and text, and the
    traceback.
    """
    back = across(raised(error))
    assert type(back) is RemoteError
    assert str(back) == f"sample_actors.{type(error).__name__}: {error}"
    assert str(error) in str(back.__cause__)


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
    assert str(back) == "sample_actors.Own: 5"
    assert "raise error from cause" in str(back.__cause__)


def test_surrogates_and_long_texts():
    """Any text crosses, halves of surrogate pairs and a megabyte included."""
    for text in ("\ud800", "x" * 1_000_000):
        assert str(across(raised(ValueError(text)))) == text
