"""Actors on threads of one interpreter: each has its own holder, context, handlers and futures."""

import sys
import threading

import pytest
import sample_guests
from guest_host import GuestHost
from sample_guests import FreeForm, Greeter, Person

import csp
from csp._native import self_id, unbounded_channel
from csp.actors import client, context
from csp.hosts import kinds
from csp.kernel import entry, kernel


class House:
    """A kernel in a thread of the test, whose actors are guests in this interpreter."""

    def __init__(self, monkeypatch):
        self.hosts = {}
        monkeypatch.setitem(kinds.KINDS, "thread", self.make)
        self.kernel, inbox = unbounded_channel()
        log, self.lines = unbounded_channel()
        self.thread = threading.Thread(
            target=lambda: entry.serve(kernel.Kernel(inbox, self.kernel, log, 0)), name="kernel"
        )
        self.thread.start()

    def make(self, name, exits, tag):
        host = self.hosts[name] = GuestHost(name, exits, tag)
        return host

    def spawn(self, cls, name, *args, **kwargs):
        what = csp.child(cls, *args, **kwargs).options(name=name, isolation="thread")
        return client.spawn(self.kernel, what, (), {})

    def close(self):
        client.ask(self.kernel, ("close", False), 20)
        self.thread.join(10)
        for host in self.hosts.values():
            host.thread.join(10)


@pytest.fixture
def house(monkeypatch):
    shared = {"stopped": [], "noted": []}
    monkeypatch.setattr(sample_guests, "SHARED", shared)
    house = House(monkeypatch)
    house.shared = shared
    yield house
    house.close()
    shared.clear()


def in_thread(what):
    """Run it in a thread; gives that, and a list that gets what it returned or raised."""
    got = []

    def run():
        try:
            got.append(what())
        except BaseException as error:
            got.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, got


def waiting(name):
    """What the guest of that name waits for, but for its next message."""
    return [wait for wait in csp.waits() if wait.name == name and len(wait.awaited) == 1]


def test_each_answers_by_its_own_handlers(house):
    """Two of the same class and one of another know who they are, and main is nobody."""
    ada, bob, greeter = (
        house.spawn(Person, "ada"),
        house.spawn(Person, "bob"),
        house.spawn(Greeter, "greeter"),
    )
    answers = [ada.who(), bob.who(), greeter.who("hi")]
    assert [answer[:3] for answer in answers] == [
        ("Person", "ada", "ada"),
        ("Person", "bob", "bob"),
        ("hi", "greeter", "greeter"),
    ]
    assert [answer[3] for answer in answers] == [house.hosts[name].holder for name in ("ada", "bob", "greeter")]
    assert len({self_id(), *(answer[3] for answer in answers)}) == 4
    assert len({threading.get_ident(), *(answer[4] for answer in answers)}) == 4
    with pytest.raises(csp.ActorError):
        context.own()


def test_calls_among_guests(house):
    """One calls another, which is no call of its own; and each is told when it calls itself."""
    ada, bob, greeter = house.spawn(Person, "ada"), house.spawn(Person, "bob"), house.spawn(Greeter, "greeter")
    ada.meet(bob)
    bob.meet(greeter)
    assert ada.ask_friend()[1] == "bob"
    assert bob.ask_friend()[:2] == ("hello", "greeter")
    for person in (ada, bob):
        with pytest.raises(csp.CallsSelf, match=person.name):
            person.ask_myself()
    assert greeter.cast_to_myself() == "went"  # it has a buffer
    assert greeter.who()[1] == "greeter"
    assert house.shared["noted"] == ["greeter"]


def test_a_free_form_guest(house):
    """It finds its own mailbox, and its own handlers."""
    free, ada = house.spawn(FreeForm, "free"), house.spawn(Person, "ada")
    assert free.who()[:3] == ("free", "free", "free")
    assert ada.who()[0] == "Person"
    free.send("over")


def test_what_belongs_to_the_interpreter_is_left_alone(house):
    """No guest changes where the interpreter looks for modules, nor where its log goes."""
    import logging

    before = sys.path, list(sys.path), list(logging.root.handlers), sys.argv
    ada = house.spawn(Person, "ada")
    assert ada.path() == before[1]
    assert (sys.path, list(sys.path), list(logging.root.handlers), sys.argv) == before


def test_cancelling_one(house, wait_until):
    """It alone gets Stopped, also out of a wait through an end that is main's: its neighbour and main wait on."""
    house.shared["sender"], house.shared["receiver"] = csp.channel()
    people = {name: house.spawn(Person, name) for name in ("ada", "bob")}
    calls = {name: in_thread(person.wait.options(timeout=None)) for name, person in people.items()}
    mine, got = in_thread(house.shared["receiver"].recv)
    wait_until(lambda: waiting("ada") and waiting("bob"), "both wait")
    house.hosts["ada"].cancel()
    calls["ada"][0].join(10)
    assert isinstance(calls["ada"][1][0], csp.ActorDied)
    assert house.shared["stopped"] == ["ada"]
    assert not calls["bob"][1]
    assert not got
    for number in (1, 2):
        house.shared["sender"].send(number, 10)
    mine.join(10)
    calls["bob"][0].join(10)
    assert sorted([*got, *calls["bob"][1]]) == [1, 2]
    assert people["bob"].who()[1] == "bob"


def test_fencing_one(house, wait_until):
    """Exactly its own ends are closed: its neighbour's and main's stay, and both can be called."""
    people = {name: house.spawn(Person, name) for name in ("ada", "bob")}
    main_sender, main_receiver = csp.channel(1)
    for person in people.values():
        person.open()
    kept = house.shared["ada"][1].clone()  # main's own, on ada's channel
    house.hosts["ada"].fence()
    wait_until(lambda: all(end.closed for end in house.shared["ada"]), "they are closed")
    assert not any(end.closed for end in (*house.shared["bob"], main_sender, main_receiver))
    with pytest.raises(csp.ClosedEnd):
        house.shared["ada"][0].send(1)
    with pytest.raises(csp.EndOfChannel):
        kept.recv()
    sender, receiver = house.shared["bob"]
    thread, got = in_thread(receiver.recv)
    sender.send("through", 10)
    thread.join(10)
    assert got == ["through"]
    assert people["bob"].who()[1] == "bob"
    with pytest.raises(csp.ActorDied):
        people["ada"].who()


def test_the_wait_graph_names_each(house, wait_until):
    """Two guests that wait for each other are a ring of two; main, their interpreter, is not in it."""
    ada, bob = house.spawn(Person, "ada"), house.spawn(Person, "bob")
    calls = []
    channels = csp.channel(), csp.channel()
    bob.hold(channels[0][0])
    ada.hold(channels[1][0])
    for one, (sender, receiver) in zip((ada, bob), channels, strict=True):
        calls.append(in_thread(lambda one=one, end=receiver: one.listen.options(timeout=None)(end))[0])
        wait_until(lambda name=one.name: waiting(name), "it has taken the end, and waits")
        sender.close()
        receiver.close()
    numbers = {name: house.hosts[name].holder for name in ("ada", "bob")}
    stuck = wait_until(
        lambda: (seen := csp.waits().stuck) and numbers.keys() <= {wait.name for wait in seen} and seen,
        "the ring is seen",
    )
    rings = {wait.name: wait for wait in stuck if wait.name in numbers}
    assert {name: wait.number for name, wait in rings.items()} == numbers
    assert [peer.name for peer in rings["ada"].awaited[0].peers] == ["bob"]
    assert [peer.name for peer in rings["bob"].awaited[0].peers] == ["ada"]
    assert rings["ada"].thread != rings["bob"].thread
    # Main's threads that called them are as stuck as they are; main itself can do what it likes.
    assert not any(peer.name == "main" for wait in stuck for one in wait.awaited for peer in one.peers)
    assert all(one.operation == "answer" for wait in stuck if wait.name == "main" for one in wait.awaited)
    for name in numbers:
        house.hosts[name].cancel()
    for call in calls:
        call.join(10)


def test_futures_of_each(house):
    """What a guest asks in futures is received for it alone, and it can ask from main at the same time."""
    ada, bob, cleo = (house.spawn(Person, name) for name in ("ada", "bob", "cleo"))
    ada.meet(cleo)
    bob.meet(cleo)
    assert [future.result(10) for future in [ada.ask_in_futures.future(), bob.ask_in_futures.future()]] == [
        ["cleo", "cleo"],
        ["cleo", "cleo"],
    ]


def test_a_stopped_guests_futures(house, wait_until):
    """They tell that it was stopped, as in an interpreter of its own; those of main and of its neighbour go on."""
    house.shared["sender"], house.shared["receiver"] = csp.channel()
    ada, bob, cleo, dora = (house.spawn(Person, name) for name in ("ada", "bob", "cleo", "dora"))
    ada.meet(cleo)
    bob.meet(dora)
    calls = {person.name: person.wait_for_future.options(timeout=None).future() for person in (ada, bob)}
    wait_until(lambda: waiting("cleo") and waiting("dora"), "both were asked")
    house.hosts["ada"].cancel()
    with pytest.raises(csp.ActorDied):
        calls["ada"].result(10)
    assert house.shared["stopped"] == ["ada"]
    assert not calls["bob"].done()
    for number in (1, 2):
        house.shared["sender"].send(number, 10)
    assert calls["bob"].result(10) in {1, 2}


def test_a_guests_own_threads(house):
    """A thread that a guest started is none, but knows whose actor it was given."""
    ada, bob = house.spawn(Person, "ada"), house.spawn(Person, "bob")
    house.shared["ada"], house.shared["bob"] = ada, bob
    assert ada.speak_from_a_thread() == [("ada", True)]
    assert bob.speak_from_a_thread() == [("bob", True)]
