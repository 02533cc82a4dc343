"""NotShareable names the exact way to what cannot travel, and leaves all as it was."""

import collections
import threading
import types

import pytest
from graphs import difference
from oracle_classes import MyDict, MyList, Plain, Registered, Slotted, SlottedAndDict, WithArgs
from oracle_records import Attrs, Data, DataSlots, Pair, Typed

import csp
from observed import alive

LOCK = threading.Lock()


def ring():
    """A list that holds itself on the way to what cannot travel."""
    made = []
    made.append((made, LOCK))
    return made


def group():
    return ExceptionGroup("g", [ValueError(1), ValueError(LOCK)])


def held():
    error = ValueError("x")
    error.held = {"a": LOCK}
    return error


class BadArguments:
    """Its arguments are no tuple: pickle refuses it."""

    def __getnewargs__(self):
        return 7


PATHS = {
    "message": lambda: LOCK,
    "message[1][0]": lambda: (1, [LOCK]),
    "message['jobs'][3].x": lambda: {"jobs": [1, 2, 3, Plain(LOCK)]},
    "message['a b'][None][1.5]": lambda: {"a b": {None: {1.5: LOCK}}},
    "message[(1, 'k')]": lambda: {(1, "k"): LOCK},
    f"message key (1, {LOCK!r})[1]": lambda: {(1, LOCK): 2},
    f"message item {LOCK!r}": lambda: {1, LOCK},
    f"message[0] item {LOCK!r}": lambda: [frozenset({LOCK})],
    "message.y['k']": lambda: Data(1, {"k": LOCK}),
    "message.x": lambda: DataSlots(LOCK),
    "message._private": lambda: Attrs(1, private=LOCK),
    "message[0]": lambda: Pair(LOCK, 2),
    "message[1]": lambda: Typed(1, LOCK),
    "message[1].left": lambda: [1, Slotted(LOCK)],
    "message.other": lambda: SlottedAndDict(1, other=LOCK),
    "message[0][0]": lambda: [MyList([LOCK])],
    "message[0]['k']": lambda: [MyDict(k=LOCK)],
    "message['a']": lambda: collections.OrderedDict(a=LOCK),
    "message.a[0]": lambda: types.SimpleNamespace(a=[LOCK]),
    "message[0].x": lambda: [WithArgs(LOCK)],
    "message[0].x[0]": lambda: [Registered([LOCK])],
    "message.args[1][0]": lambda: ValueError("x", [LOCK]),
    "message.held['a']": held,
    "message.args[1][1].args[0]": group,
    "message[0][1]": ring,
}


@pytest.mark.parametrize("path", PATHS)
def test_the_way_to_a_lock(path):
    """Exactly the way, its type, and why; whatever a message is of."""
    value = PATHS[path]()
    tx, rx = csp.channel(3)
    outer_tx, _outer_rx = csp.channel()
    tx.send("before")
    for attempt in (tx.send, tx.send_nowait, lambda m: csp.select(tx.offer(m))):
        before = alive()
        with pytest.raises(csp.NotShareable) as refused:
            attempt(value)
        assert str(refused.value).startswith(f"{path}: _thread.lock cannot travel to another interpreter (")
        assert alive() == before
    with pytest.raises(csp.NotShareable) as refused:
        tx.send([outer_tx, value, outer_tx])
    assert str(refused.value).startswith(f"message[1]{path.removeprefix('message')}: _thread.lock cannot travel")
    assert outer_tx.statistics().senders == 1
    tx.send("after")
    assert [rx.recv(), rx.recv(), len(rx)] == ["before", "after", 0]


NAMED = {
    "message['f']: builtins.function": lambda: {"f": lambda: 0},
    "message[0]: builtins.generator": lambda: [(n for n in ())],
    "message[0].x: builtins.module": lambda: [Plain(threading)],
    "message[0]: builtins.memoryview": lambda: [memoryview(b"")],
    "message[0]: builtins.mappingproxy": lambda: [types.MappingProxyType({})],
    "message['c']: builtins.type": lambda: {"c": type("Local", (), {})},
    "message[0]: test_paths.test_what_else_is_named.<locals>.Here": None,
    "message[0]: test_paths.BadArguments": lambda: [BadArguments()],
}


@pytest.mark.parametrize("text", NAMED)
def test_what_else_is_named(text):
    """Functions without a name of their own, running code, modules, views and local classes."""

    class Here:
        pass

    make = NAMED[text] or (lambda: [Here()])
    with pytest.raises(csp.NotShareable) as refused:
        csp.channel(1)[0].send(make())
    assert str(refused.value).startswith(f"{text} cannot travel to another interpreter (")


def test_the_senders_object_stays_as_it_was():
    """What was refused is the same afterwards, and can be sent once what cannot travel is taken out."""
    value = {"list": [1, {2}], "plain": Plain([3])}
    value["again"] = value["list"]
    before = {**value}
    value["lock"] = LOCK
    tx, rx = csp.channel(1)
    with pytest.raises(csp.NotShareable):
        tx.send(value)
    assert value.pop("lock") is LOCK
    assert all(value[key] is before[key] for key in before)
    tx.send(value)
    assert difference(value, rx.recv()) is None
