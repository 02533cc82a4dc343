"""Exceptions of any shape arrive or are told, and cost nobody's life."""

import threading

import odd_exceptions
import pytest
from crossing import across, raised
from odd_exceptions import SHAPES, Changing, Frozen, Half, Nameless, Raiser

import csp
from csp.messages.formatting import format_exception
from csp.messages.shapes import add_note, forget_traceback, notes_of, set_cause, show, text_of
from observed import raised_in


@pytest.mark.parametrize("shape", SHAPES)
def test_it_crosses_as_itself_or_as_a_text(shape):
    """Packed and unpacked it is of its own type, or a RemoteError that names it; its traceback says where."""
    error = raised(SHAPES[shape]())
    back = across(error)
    assert raised_in(back) == ["raised"]
    if shape == "holds a lock":
        assert type(back) is csp.RemoteError
        assert "HoldsLock: connection lost" in str(back)
    else:
        assert type(back) is type(error)
        assert back.args == error.args


@pytest.mark.parametrize("shape", SHAPES)
def test_it_is_handled_past_its_class(shape):
    """Its frames can be let go, a cause set and a note added, whatever its class does with attributes."""
    error = raised(SHAPES[shape]())
    forget_traceback(error)
    set_cause(error, KeyError("k"))
    add_note(error, "one more")
    assert (error.__traceback__, type(error.__cause__)) == (None, KeyError)
    assert notes_of(error)[-1] == ("<its text raised>" if shape == "hidden notes" else "one more")


def test_what_a_frozen_exception_holds_arrives():
    """The attributes of a frozen dataclass arrive, though its class lets nobody set them."""
    assert across(raised(Frozen("NoSuchKey"))) == Frozen("NoSuchKey")


def test_a_text_that_changed_on_the_way_is_kept_in_a_note():
    """Who gets an exception whose text became another is told what it was."""
    error = raised(Changing("x"))
    back = across(error)
    assert str(back) != str(error)
    assert f"its text was: {error}" in back.__notes__[-1]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_handler_that_raises_it_in_a_call_costs_no_life(system, shape):
    """The caller gets it or a RemoteError, and the actor lives on."""
    ref = system.spawn(Raiser)
    with pytest.raises(Exception) as caught:  # noqa: PT011  (the next line says which)
        ref.fail(shape)
    assert caught.type in {type(SHAPES[shape]()), csp.RemoteError}
    assert ref.fine() == "alive"


@pytest.mark.parametrize("shape", SHAPES)
def test_a_life_that_ends_of_it_ends_in_order(system, shape):
    """on_stop runs and gets its text; who calls later is told the same."""
    told, reasons = csp.channel(1)
    ref = system.spawn(Raiser, told)
    told.close()
    ref.fail.cast(shape)
    assert reasons.recv(timeout=10).startswith(type(SHAPES[shape]()).__name__)
    with pytest.raises(csp.ActorDied, match=type(SHAPES[shape]()).__name__):
        ref.fine()


@pytest.mark.parametrize("shape", ["frozen", "nameless", "a number of notes"])
def test_a_process_that_raises_it_fails_with_it(shape):
    """ProcessFailed names it, and its cause is the exception."""
    with pytest.raises(csp.ProcessFailed, match=type(SHAPES[shape]()).__name__) as caught, csp.parallel() as par:
        par.start(odd_exceptions.work, shape)
    assert type(caught.value.__cause__) is type(SHAPES[shape]())


def test_members_of_a_group_are_shown_with_their_tracebacks(system):
    """The members of a group that a handler raised say where each of them was raised."""
    with pytest.raises(ExceptionGroup) as caught:
        system.spawn(Raiser).fail_group()
    assert [raised_in(member)[-1] for member in caught.value.exceptions] == ["inner", "inner"]
    text = format_exception(caught.value)
    assert text.count("in inner\n") == 2
    assert text.index("+---------------- 1") < text.index("inner 1") < text.index("+---------------- 2")
    assert "  | ValueError: inner 2" in text
    nested = across(ExceptionGroup("outer", [ExceptionGroup("in it", [raised(ValueError("deep"), KeyError("k"))])]))
    assert "  |   | ValueError: deep" in format_exception(nested)
    (deep,) = nested.exceptions[0].exceptions
    assert (raised_in(deep), repr(deep.__cause__)) == (["raised"], "KeyError('k')")


def test_groups_beyond_measure_are_counted():
    """Of a hundred members fifteen are shown; a group ten deep ends in a number."""
    many = format_exception(ExceptionGroup("many", [ValueError(n) for n in range(100)]))
    assert "and 85 more" in many
    assert "ValueError: 14" in many
    assert "ValueError: 15" not in many
    group = ExceptionGroup("0", [ValueError()])
    for n in range(1, 14):
        group = ExceptionGroup(str(n), [group])
    assert "... (1 more inside)" in format_exception(group)


# ---- the way to what cannot travel -----------------------------------------------------------------------------------


def test_the_path_to_a_culprit_never_runs_in_a_circle():
    """A list that holds itself, and what cannot travel: the path leads straight to that."""
    ring = []
    ring.extend([ring, {"lock": threading.Lock()}])
    with pytest.raises(csp.NotShareable, match=r"message\[1\]\['lock'\]: _thread.lock"):
        csp.channel(1)[0].send(ring)


def test_a_key_whose_repr_raises_is_named_all_the_same():
    """NotShareable comes also when the path leads through what cannot be shown."""
    with pytest.raises(csp.NotShareable, match="Half whose repr raised"):
        csp.channel(1)[0].send({Half(): threading.Lock()})


class OutOfMemory:
    def __reduce__(self):
        raise MemoryError


def test_no_memory_is_no_fault_of_the_value():
    """MemoryError while a message is encoded is raised as what it is."""
    with pytest.raises(MemoryError):
        csp.channel(1)[0].send([OutOfMemory()])


RING = [1]
RING.append({"ring": RING})


@pytest.mark.parametrize(
    "value",
    [
        (),
        (1,),
        [1, "two", b"3", None],
        {},
        {"a": [1, (2,)], 3: {4}},
        set(),
        {5},
        frozenset(),
        frozenset({6}),
        RING,
        "it's",
        b"b" * 50,
        Frozen("x"),
        [Frozen("y"), {"k": 1.5}],
        "x" * 200,
        list(range(100)),
        {n: "v" * n for n in range(30)},
        "y" * 5000,
        (("z" * 190,), ["more"] * 5),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_shown_is_the_beginning_of_its_repr(value):
    """Of 200 characters the whole, and of more the first 197."""
    text = repr(value)
    assert show(value) == (text if len(text) <= 200 else text[:197] + "...")


def test_what_is_large_or_deep_is_shown_at_once():
    """No more of a repr is made than is shown: neither of a million items, nor of what is nested so deeply."""
    asked = []

    class Asked:
        def __repr__(self):
            asked.append(1)
            return "asked"

    assert show([Asked() for _ in range(10_000)]) == repr(["asked"] * 50).replace("'", "")[:197] + "..."
    assert len(asked) < 100
    deep = Asked()
    for _ in range(20_000):
        deep = frozenset({deep})
    assert show(deep) == ("frozenset({" * 40)[:197] + "..."
    assert len(asked) < 100


def test_text_of_anything():
    """text_of gives a plain str, or says that the text raised."""
    assert type(text_of(odd_exceptions.OddText())) is str
    assert text_of(Nameless()) == "<its text raised>"
