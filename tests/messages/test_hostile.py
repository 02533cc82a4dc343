"""Code of users that runs while a message is made or read may do what it likes: a typed error, or one of two states."""

import collections
import gc
import sys
import types

import hostile
import pytest
from graphs import same_graph
from hostile import Acts, ActsInState, BadKey, RaisesHalfWay, RaisesThere, RaisingKey, SendsThere
from oracle_classes import MyDict, MyList, Plain

import csp
from observed import alive


@pytest.fixture(autouse=True)
def nothing_to_do():
    """What a test had done while a message was made is not done in the next test."""
    yield
    hostile.during.clear()


@pytest.fixture
def answering(in_other):
    """Send to an interpreter that says what came."""
    return in_other("hostile", "answer")


def _list(actor):
    made = [1, [2], actor, "x" * 100, [3]]
    return made, made.clear


def _longer_list(actor):
    made = [1, [2], actor, "x" * 100, [3]]
    return made, lambda: len(made) < 5000 and made.extend([[n] for n in range(1000)])


def _replaced(actor):
    made = [actor, [1], [2], [3]]

    def act():
        made[:] = [[n] for n in range(4)]
        gc.collect()

    return made, act


def _dict(actor):
    made = {"a": 1, "b": actor, "c": "x" * 100, "d": [4]}
    return made, made.clear


def _grown_dict(actor):
    made = {"a": 1, "b": actor, "c": [3]}
    return made, lambda: made.update((n, [n]) for n in range(1000))


def _dict_key(actor):
    made = {actor: 1, "b": [2]}
    return made, made.clear


def _set(actor):
    made = {actor, 1, "two", (3, 4)}
    return made, made.clear


def _attributes(actor):
    made = Plain(actor, b=[2], c=[3])
    return made, vars(made).clear


def _new_attributes(actor):
    made = Plain(actor, b=[2])
    return made, lambda: vars(made).update((f"a{n}", [n]) for n in range(100))


def _namespace(actor):
    made = types.SimpleNamespace(a=actor, b=[1])
    return made, vars(made).clear


def _own_list(actor):
    made = MyList([actor, [1], [2]])
    return made, made.clear


def _own_dict(actor):
    made = MyDict(a=actor, b=[1])
    return made, made.clear


def _deque(actor):
    made = collections.deque([actor, [1], [2]])
    return made, made.clear


def _bytearray(actor):
    data = bytearray(b"x" * 100_000)
    made = [actor, data]
    return made, data.clear


def _inner(actor):
    inner = [[1], [2]]
    made = (inner, actor, inner, [inner])
    return made, inner.clear


WHOLES = (_list, _longer_list, _replaced, _dict, _grown_dict, _dict_key, _set, _attributes, _new_attributes)
WHOLES += (_namespace, _own_list, _own_dict, _deque, _bytearray, _inner)


@pytest.mark.parametrize("kind", [Acts, ActsInState])
@pytest.mark.parametrize("whole", WHOLES, ids=lambda whole: whole.__name__)
def test_what_is_changed_while_it_is_encoded(whole, kind):
    """Cleared, replaced or grown under the encoder's hands it arrives, or a typed error says so; nothing is lost."""
    tx, rx = csp.channel(2)
    for _ in range(20):
        made, act = whole(kind())
        hostile.during[:] = [act, gc.collect]
        before = alive()
        try:
            tx.send(made)
        except csp.NotShareable, RuntimeError:
            assert alive() == before
            assert len(rx) == 0
        else:
            hostile.during.clear()
            assert type(rx.recv()) is type(made)
            gc.collect()
            assert alive() == before
    tx.send("next")
    assert rx.recv() == "next"


@pytest.mark.parametrize("kind", [Acts, ActsInState])
def test_a_channel_used_while_a_message_for_it_is_made(kind):
    """What is sent on the same channel, from within, comes first; both arrive whole."""
    tx, rx = csp.channel(10)
    hostile.during[:] = [lambda: tx.send(["inner", tx]), lambda: rx.recv_nowait(None), lambda: tx.send("second")]
    tx.send((tx, [kind([1])], tx))
    hostile.during.clear()
    first, message = rx.recv(), rx.recv()
    assert first == "second"
    assert same_graph(message[1][0].x, [1])
    assert message[0] == message[2] == tx
    del message
    gc.collect()
    assert tx.statistics().senders == 1


@pytest.mark.parametrize("close", ["tx", "rx", "both"])
def test_a_channel_closed_while_a_message_for_it_is_made(close):
    """A typed error of the channel, and nothing is left."""
    tx, rx = csp.channel(10)
    held, _rx = csp.channel()
    hostile.during[:] = [end.close for end, name in ((tx, "tx"), (rx, "rx")) if close in {name, "both"}]
    with pytest.raises((csp.ClosedEnd, csp.BrokenChannel)):
        tx.send([held, Acts(), held])
    assert held.statistics().senders == 1


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, MemoryError, csp.Stopped, GeneratorExit])
def test_what_is_not_the_messages_fault(error):
    """What somebody else wants to say passes through, and the ends in half a message are closed."""
    tx, rx = csp.channel(1)
    held, _rx = csp.channel()

    def act():
        raise error

    hostile.during[:] = [act]
    with pytest.raises(error):
        tx.send({"a": held, "b": [Acts()]})
    assert held.statistics().senders == 1
    assert len(rx) == 0


@pytest.mark.parametrize("pairs", [False, True])
def test_items_that_end_half_way(pairs):
    """An iterator of items, or of pairs, that raises: NotShareable with its text, and no end stays open."""
    tx, rx = csp.channel(1)
    held, _rx = csp.channel()
    for message in (RaisesHalfWay(pairs=pairs, end=held), [held, RaisesHalfWay(pairs=pairs, end=held)]):
        with pytest.raises(csp.NotShareable, match="half-way"):
            tx.send(message)
        gc.collect()
        assert held.statistics().senders == 1
    assert len(rx) == 0


# ---- at the receiver -------------------------------------------------------------------------------------------------


def test_a_state_that_cannot_be_put_back(answering):
    """The receiver gets the error; the ends in the message are closed; the next message is read."""
    held, _rx = csp.channel()
    for message in (RaisesThere(1), [held, RaisesThere(held), held], {"k": (held, [RaisesThere()])}):
        assert answering(message) == ("error", "LookupError", "not here")
        assert answering([1, 2]) == ("value", "list", 2)
    gc.collect()
    assert held.statistics().senders == 1


def test_a_class_that_is_not_known_there(answering):
    """An error that names what could not be imported, there; the next message is read, and nothing is left open."""
    module = types.ModuleType("only_here")
    exec("class Unknown:\n    def __init__(self, x): self.x = x\ndef unknown(): pass", vars(module))
    sys.modules["only_here"] = module
    held, _rx = csp.channel()
    try:
        for message in (module.Unknown(1), [held, module.Unknown(held)], {"k": module.unknown}, (module.Unknown,)):
            assert answering(message) == ("error", "ModuleNotFoundError", "No module named 'only_here'")
            assert answering("next") == ("value", "str", 4)
    finally:
        del sys.modules["only_here"]
    assert held.statistics().senders == 1


def test_a_class_that_is_missing_there(answering):
    """A module that has no such class there: the error says which."""
    extra = type("Extra", (), {"__module__": "hostile", "__qualname__": "Extra"})
    hostile.Extra = extra
    try:
        kind, error, text = answering([extra()])
    finally:
        del hostile.Extra
    assert (kind, error) == ("error", "AttributeError")
    assert "Extra" in text
    assert answering("next") == ("value", "str", 4)


@pytest.mark.parametrize("make", [dict, set])
def test_a_key_whose_hash_changes_what_it_is_put_into(answering, make):
    """A value or an error comes of it, and the interpreter lives."""
    for more in (0, 1, 3, 50):
        whole = make()
        keys = [BadKey(whole) for _ in range(1 + more % 3)]
        for key in (*keys, *range(more)):
            if make is dict:
                whole[key] = [key]
            else:
                whole.add(key)
        assert answering(whole)[0] in {"value", "error"}
        assert answering([whole, whole])[0] in {"value", "error"}
        assert answering("next") == ("value", "str", 4)


def test_a_key_that_has_no_hash_there(answering):
    """The error of its __hash__ is the receiver's."""
    for message in ({RaisingKey(): 1}, {RaisingKey()}, frozenset({RaisingKey()}), [({1: 1, RaisingKey(): 2},)]):
        assert answering(message) == ("error", "LookupError", "no hash here")
        assert answering("next") == ("value", "str", 4)


def test_channels_used_while_a_message_is_read():
    """What is sent and received while a message is decoded is neither lost nor mixed up with it."""
    tx, rx = csp.channel(5)
    said_tx, said = csp.channel(5)
    mine = rx.clone()
    tx.send([1, SendsThere(mine, said_tx), "behind", [2]])
    tx.send("the next one")
    message = rx.recv()
    assert (message[0], message[1].seen, message[2:]) == (1, "the next one", ["behind", [2]])
    assert said.recv() == "from within"
    assert len(rx) == 0
