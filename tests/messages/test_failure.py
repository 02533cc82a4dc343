"""Exceptions that cross: the same type with its traceback where they can travel, a text where they cannot."""

import copy
import io
import linecache
import pdb  # noqa: T100  (it must be able to show what arrived)
import re
import sys
import traceback

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
from csp.errors import RemoteError
from csp.messages.failure import pack, pack_text, unpack
from csp.messages.formatting import format_exception, format_stack
from observed import raised_in


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
    assert raised_in(back) == ["raised"]


def test_its_traceback_is_that_of_there():
    """File, function, line and columns of each frame arrive: it is shown as it would have been there."""
    error = raised(ValueError("told"))
    back = across(error)
    assert back.__cause__ is back.__context__ is None
    assert traceback.format_exception(back) == traceback.format_exception(error)
    (there,), (here,) = traceback.extract_tb(error.__traceback__), traceback.extract_tb(back.__traceback__)
    assert (here.filename, here.name, here.lineno, here.end_lineno, here.colno, here.end_colno) == (
        there.filename,
        there.name,
        there.lineno,
        there.end_lineno,
        there.colno,
        there.end_colno,
    )
    code = back.__traceback__.tb_frame.f_code
    assert (code.co_qualname, code.co_firstlineno) == ("raised", raised.__code__.co_firstlineno)


@pytest.mark.parametrize(
    "source", ["raise ValueError", "(\n  1 +\n\n None)", "x = 1\n" * 5000 + "1 / 0", "é = (1, 'ü' + 1)"]
)
def test_lines_and_columns_of_any_code(source):
    """Expressions over several lines, far down a file, behind letters of several bytes: the positions arrive."""
    file = f"<{hash(source)}>"
    linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
    with pytest.raises(Exception) as caught:  # noqa: PT011  (whatever it is)
        exec(compile(source, file, "exec"))
    caught.value.__traceback__ = caught.value.__traceback__.tb_next  # without the test's own frame
    assert traceback.format_exception(across(caught.value)) == traceback.format_exception(caught.value)


def test_code_that_tells_no_columns():
    """Python may be told to keep no columns (-X no_debug_ranges): then the line alone arrives."""
    function = lambda: 1 / 0  # noqa: E731
    table = bytes([0x80 | 13 << 3 | 7, 0]) * (len(function.__code__.co_code) // 16) + bytes(
        [0x80 | 13 << 3 | len(function.__code__.co_code) // 2 % 8 - 1, 0]
    )
    function.__code__ = function.__code__.replace(co_linetable=table)
    with pytest.raises(ZeroDivisionError) as caught:
        function()
    last = traceback.extract_tb(across(caught.value).__traceback__)[-1]
    assert (last.lineno, last.colno) == (function.__code__.co_firstlineno, None)


def test_code_that_tells_no_lines():
    """Code that a program has made may tell no lines at all: the exception arrives all the same, with the function."""

    def function():
        return format_stack(sys._getframe()), 1 / 0

    parts = divmod(len(function.__code__.co_code) // 2, 8)
    table = b"\xff" * parts[0] + (bytes([0x80 | 15 << 3 | parts[1] - 1]) if parts[1] else b"")
    function.__code__ = function.__code__.replace(co_linetable=table)
    with pytest.raises(ZeroDivisionError) as caught:
        function()
    assert caught.value.__traceback__.tb_next.tb_lineno is None
    last = traceback.extract_tb(across(caught.value).__traceback__)[-1]
    assert (last.name, last.lineno) == ("function", function.__code__.co_firstlineno)


def test_a_deep_recursion_arrives():
    """A thousand frames, the same or in turns, are as many there; of more than 2,000 the innermost."""

    def one(n):
        return two(n - 1) if n else 1 / 0

    def two(n):
        return one(n - 1) if n % 2 else two(n - 1)

    def self_only(n):
        return self_only(n - 1) if n else 1 / 0

    for function in (one, self_only):
        with pytest.raises((ZeroDivisionError, RecursionError)) as caught:
            function(400)
        assert raised_in(across(caught.value)) == raised_in(caught.value)


def test_what_came_from_elsewhere_can_be_raised_and_looked_at():
    """Its frames do for whoever walks them: raised again it grows at the outer end, and a debugger shows the source."""
    back = across(raised(ValueError("told")))
    with pytest.raises(ValueError, match="told") as caught:
        raise back
    assert raised_in(caught.value)[-1] == "raised"
    shown = io.StringIO()
    debugger = pdb.Pdb(stdin=io.StringIO("where\np 1 + 1\nlist\nquit\n"), stdout=shown, nosigint=True, readrc=False)
    debugger.reset()
    debugger.interaction(None, back.__traceback__)
    assert "raise error from cause" in shown.getvalue()
    assert copy.copy(back).args == ("told",)


def test_what_it_came_from_arrives():
    """Causes and contexts arrive as exceptions, each with its own traceback; notes are its own."""
    error = ValueError("second")
    error.add_note("a note")
    back = across(raised(error, raised(KeyError("first"), raised(Own(5)))))
    assert (repr(back.__cause__), back.__cause__.__cause__.code) == ("KeyError('first')", 5)
    assert raised_in(back) == raised_in(back.__cause__) == raised_in(back.__cause__.__cause__) == ["raised"]
    assert back.__notes__ == ["a note"]
    try:
        try:
            raise KeyError("first")
        except KeyError:
            raise ValueError("second")  # noqa: B904
    except ValueError as caught:
        back = across(caught)
    assert (repr(back.__context__), back.__cause__, back.__suppress_context__) == ("KeyError('first')", None, False)
    try:
        try:
            raise KeyError("first")
        except KeyError:
            raise ValueError("second") from None
    except ValueError as caught:
        back = across(caught)
    assert back.__cause__ is back.__context__ is None


def test_what_it_came_from_need_not_travel():
    """An exception that cannot travel, or holds an end, is told of where another one came from it."""
    tx, _ = csp.channel()
    for first, why in ((Holding("x"), "generator cannot travel"), (ValueError("take", tx), "holds an end")):
        back = across(raised(ValueError("second"), raised(first)))
        assert type(back.__cause__) is RemoteError
        assert why in str(back.__cause__)
        assert raised_in(back.__cause__) == ["raised"]


def test_a_long_chain_arrives_in_part():
    """Of a chain of a thousand exceptions the latest 32 arrive."""
    error = None
    for n in range(1000):
        error = raised(ValueError(n), error)
    back = across(error)
    chain = [back]
    while chain[-1].__cause__ is not None:
        chain.append(chain[-1].__cause__)
    assert [link.args[0] for link in chain] == list(range(999, 999 - 32, -1))


def test_causes_in_a_circle_end():
    """Exceptions that are each other's cause do not hang the formatting."""
    first, second = ValueError("first"), KeyError("second")
    first.__cause__, second.__cause__ = second, first
    assert "first" in format_exception(first)
    assert repr(across(first).__cause__) == "KeyError('second')"


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
    assert raised_in(back) == ["raised"]


def test_what_can_be_made_there_and_not_here():
    """An exception that only cannot be read where it arrives is a RemoteError that says why."""
    failure = pack(raised(Own(5)))
    back = unpack((b"rubbish", *failure[1:]))
    assert type(back) is RemoteError
    assert re.match(
        r"sample_actors\.Own: 5\n\(It could not arrive as what it is: a message cannot be read: ", str(back)
    )


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
    assert raised_in(back) == ["raised"]


def test_surrogates_and_long_texts():
    """Any text crosses, halves of surrogate pairs and a megabyte included."""
    for text in ("\ud800", "x" * 1_000_000):
        assert str(across(raised(ValueError(text)))) == text
