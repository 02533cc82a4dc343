"""A guest: a thread with a holder of its own in an interpreter that it shares, stopped and cut off alone."""

import queue
import threading

import pytest

import csp
from csp import _native
from csp._native import begin_holder, end_holder, guest_id, guest_ids, join_holder, self_id, unbounded_channel
from csp.hosts.interpreter import exit_of, start
from csp.hosts.own import PerHolder, forget


class Guest:
    """A thread that does what it is told, one thing after the other, with a holder of its own."""

    def __init__(self, name="guest", *, ends=True):
        self._jobs, self._done = queue.SimpleQueue(), queue.SimpleQueue()
        self._ends = ends
        self.thread = threading.Thread(target=self._run, args=(name,))
        self.thread.start()
        self.holder = self._done.get(timeout=10)[1]

    def _run(self, name):
        self._done.put((True, begin_holder(name)))
        while (job := self._jobs.get()) is not None:
            try:
                self._done.put((True, job()))
            except BaseException as error:
                self._done.put((False, error))
            job = None
        if self._ends:
            end_holder()

    def begin(self, job):
        self._jobs.put(job)

    def result(self):
        good, what = self._done.get(timeout=10)
        if not good:
            raise what
        return what

    def do(self, job):
        self.begin(job)
        return self.result()

    def end(self):
        self._jobs.put(None)
        self.thread.join(10)


@pytest.fixture
def guests():
    made = []

    def make(*args, **kwargs):
        made.append(Guest(*args, **kwargs))
        return made[-1]

    yield make
    for guest in made:
        guest.end()


def sleeps(name):
    """Whether a thread of that holder sleeps in csp."""
    return any(wait.name == name and wait.since is not None for wait in csp.waits())


def test_a_guest_and_its_neighbours(guests):
    """Each has an id of its own, main keeps its, and a second holder for one thread is refused."""
    ada, bob = guests("ada"), guests("bob")
    assert guest_id() == 0
    assert ada.do(guest_id) == ada.do(self_id) == ada.holder
    assert bob.do(self_id) == bob.holder
    assert len({self_id(), ada.holder, bob.holder}) == 3
    assert {ada.holder, bob.holder} <= guest_ids()
    with pytest.raises(RuntimeError, match="already"):
        ada.do(lambda: begin_holder("again"))
    with pytest.raises(RuntimeError, match="no holder of its own"):
        end_holder()
    for change in (_native.cancel_holder, _native.resume_holder, _native.fence_holder, join_holder):
        assert change(2**40) is False
    assert _native.rename_holder(2**40, "nobody") is False
    with pytest.raises(TypeError):
        begin_holder(3)


def test_its_end_closes_what_it_has(guests):
    """What it made and what it received, and nothing of anybody else's."""
    ada, bob = guests("ada"), guests("bob")
    made, others, mine = ada.do(csp.channel), bob.do(csp.channel), csp.channel(1)
    to_ada, from_main = csp.channel(1)
    to_ada.send(mine[0])
    received = ada.do(from_main.recv)
    clone = ada.do(mine[1].clone)
    assert received is not mine[0]
    ada.end()
    assert [end.closed for end in (*made, received, clone)] == [True] * 4
    assert [end.closed for end in (*others, *mine, to_ada, from_main)] == [False] * 6
    mine[0].send(1)
    assert mine[1].recv() == 1


@pytest.mark.parametrize("how", ["shared", "cloned", "sent"])
def test_ends_that_it_gives_to_others(guests, how):
    """An end is its maker's, whoever uses the object; a clone, or what arrives in a message, is who took it's."""
    ada, bob = guests("ada"), guests("bob")
    sender, receiver = ada.do(lambda: csp.channel(1))
    if how == "shared":
        bobs = sender
    elif how == "cloned":
        bobs = bob.do(sender.clone)
    else:
        there, here = csp.channel(1)
        ada.do(lambda: there.send(sender))
        bobs = bob.do(here.recv)
    mine = receiver.clone()
    bob.do(lambda: bobs.send("before"))
    assert mine.recv() == "before"
    ada.end()
    if how == "shared":
        with pytest.raises(csp.ClosedEnd):
            bob.do(lambda: bobs.send("after"))
        with pytest.raises(csp.EndOfChannel):
            mine.recv()
    else:
        bob.do(lambda: bobs.send("after"))
        assert mine.recv() == "after"


def test_a_thread_that_dies_without_a_word(guests, wait_until):
    """It is as if it had ended its holder: what it had is closed, what it started is ended."""
    ada = guests("ada", ends=False)
    exits, told = unbounded_channel()
    held = csp.channel()
    lock = csp.Lock()

    def work():
        keep = held[1].clone()
        lock.clone().acquire()
        child = start("child", exits, 7)
        return keep, child, csp.channel()

    kept, child, made = ada.do(work)
    held[1].close()
    ada.end()
    wait_until(lambda: ada.holder not in guest_ids(), "its thread is gone")
    assert exit_of(told.recv(10))[0] == 7
    assert kept.closed
    assert [end.closed for end in made] == [True, True]
    with pytest.raises(csp.BrokenChannel):
        held[0].send(1)
    with pytest.raises(csp.Abandoned) as caught:
        lock.acquire()
    assert caught.value.holder == "ada"
    child.close()


def test_answers_that_it_owes_are_broken(guests, wait_until):
    """Whoever it has kept waiting learns it when it is cut off; its neighbour still answers."""
    ada, bob = guests("ada"), guests("bob")
    calls = []
    for guest in (ada, bob):
        sender, receiver = csp.channel()
        calls.append(Call(sender))
        guest.taken = guest.do(receiver.recv)
    _native.fence_holder(ada.holder)
    with pytest.raises(csp.BrokenChannel):
        calls[0].result()
    assert calls[1].is_waiting()
    bob.do(lambda: bob.taken[0].answer("yes"))
    assert calls[1].result() == "yes"


class Call:
    """A call from a thread of its own."""

    def __init__(self, sender):
        self._got = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, args=(sender,))
        self._thread.start()

    def _run(self, sender):
        try:
            self._got.put(sender.call("please"))
        except csp.ChannelError as error:
            self._got.put(error)

    def is_waiting(self):
        return self._got.empty()

    def result(self):
        got = self._got.get(timeout=10)
        self._thread.join(10)
        if isinstance(got, Exception):
            raise got
        return got


def alternative_of(receiver):
    return csp.Alternative(receiver, csp.after(1000))


WAITS = {
    "recv": lambda: csp.channel()[1].recv,
    "send": lambda: (ends := csp.channel()) and (lambda: ends[0].send(1)),
    "send_many": lambda: (ends := csp.channel(1)) and (lambda: ends[0].send_many([1, 2])),
    "recv_many": lambda: (ends := csp.channel(1)) and (lambda: ends[1].recv_many(2)),
    "call": lambda: (ends := csp.channel()) and (lambda: ends[0].call(1)),
    "extended": lambda: (ends := csp.channel()) and (lambda: csp.Extended(ends[1]).__enter__()),
    "select": lambda: (ends := csp.channel()) and (lambda: csp.select(ends[1], csp.after(1000))),
    "offer": lambda: (ends := csp.channel()) and (lambda: csp.select(ends[0].offer(1))),
    "Alternative": lambda: (ends := csp.channel()) and (made := alternative_of(ends[1])) and made.select,
    "Lock": lambda: (lock := csp.Lock()) and lock.acquire() and lock.acquire,
    "Event": lambda: csp.Event().wait,
    "Semaphore": lambda: csp.Semaphore(0).acquire,
    "Barrier": lambda: csp.Barrier(2).wait,
    "Broadcaster": lambda: (ends := csp.broadcast(0)) and (lambda: ends[0].send(1)),
}


@pytest.mark.parametrize("what", WAITS)
def test_every_wait_through_an_end_of_mains(guests, wait_until, what):
    """It is the guest that waits: it is named, its cancel ends the wait, and its neighbour's does not."""
    ada, bob = guests("ada"), guests("bob")
    kept = []
    ends = csp.channel, csp.broadcast

    def keeping(make):
        def made(*args):
            kept.append(make(*args))
            return kept[-1]

        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csp, "channel", keeping(ends[0]))
        patch.setattr(csp, "broadcast", keeping(ends[1]))
        wait = WAITS[what]()
    ada.begin(wait)
    if what != "Alternative":  # it is counted for who made it; see docs/explanation/decisions.md, 68
        wait_until(lambda: sleeps("ada"), "it waits, by its name")
    _native.cancel_holder(bob.holder)
    with pytest.raises(csp.Stopped):
        bob.do(lambda: csp.sleep(1000))
    _native.cancel_holder(ada.holder)
    with pytest.raises(csp.Stopped):
        ada.result()
    csp.sleep(0)  # main is not stopped
    bob.do(_native.self_resume)
    bob.do(lambda: csp.sleep(0))
    with pytest.raises(csp.Stopped):
        ada.do(lambda: csp.sleep(1000))
    assert _native.resume_holder(ada.holder)
    ada.do(lambda: csp.sleep(0))


def test_names_are_each_ones(guests, wait_until):
    """A guest names itself, or is named, once; its interpreter and its thread keep their names."""
    ada, bob = guests("?"), guests("?")
    assert ada.do(lambda: _native.self_rename("ada")) is True
    assert _native.rename_holder(bob.holder, "bob") is True
    assert _native.rename_holder(bob.holder, "bill") is False
    ends = csp.channel(), csp.channel(), csp.channel()
    thread = threading.Thread(target=ends[2][1].recv)
    thread.start()
    ada.begin(ends[0][1].recv)
    bob.begin(ends[1][1].recv)
    wait_until(lambda: {wait.name for wait in csp.waits()} >= {"ada", "bob", "main"}, "each is named")
    for sender, _ in ends:
        sender.send(1)
    thread.join(10)
    ada.result()
    bob.result()


def test_threads_are_counted_for_whose_they_are(guests):
    """So that main is not taken for stuck, nor for running, on account of its guests."""
    before = _native.thread_count()
    ada = guests("ada")
    assert _native.thread_count() == before
    assert ada.do(_native.thread_count) == 1


def test_who_joins_shares_all_of_it(guests, wait_until):
    """It waits for the same holder, is stopped with it, and ends nothing when it leaves."""
    ada = guests("ada")
    sender, receiver = csp.channel()
    said = queue.SimpleQueue()

    def share():
        said.put((join_holder(ada.holder), self_id(), ada.do(_native.thread_count)))
        try:
            receiver.recv()
        except csp.Stopped:
            said.put("stopped")
        made = csp.channel()
        end_holder()
        said.put((self_id(), made))

    thread = threading.Thread(target=share)
    thread.start()
    assert said.get(timeout=10) == (True, ada.holder, 2)
    wait_until(lambda: sleeps("ada"), "it waits for the same holder")
    _native.cancel_holder(ada.holder)
    assert said.get(timeout=10) == "stopped"
    mine, made = said.get(timeout=10)
    thread.join(10)
    assert mine == self_id()
    assert [end.closed for end in made] == [False, False]
    ada.end()
    assert [end.closed for end in made] == [True, True]
    assert join_holder(ada.holder) is False
    sender.close()


def test_in_another_interpreter_it_is_no_guest(guests):
    """A thread that runs code of another interpreter for a while acts there for that one."""
    import _interpreters

    ada = guests("ada")
    other = _interpreters.create()
    code = """
import sys
sys.path[:] = path
from csp import _native
made = _native.channel()
assert _native.guest_id() == 0, "a guest"
assert _native.self_id() != holder, "the same holder"
"""

    def visit():
        failed = _interpreters.exec(other, code, {"path": tuple(sys_path()), "holder": ada.holder})
        return None if failed is None else failed.formatted

    assert ada.do(visit) is None
    assert ada.do(guest_id) == ada.holder
    ada.end()
    check = 'assert not made[0].closed and not made[1].closed, "closed with the guest"'
    failed = _interpreters.exec(other, check)
    _interpreters.destroy(other)
    assert failed is None, failed.formatted


def sys_path():
    import sys

    return sys.path


def test_a_variable_of_each(guests):
    """The interpreter and each guest have their own; what one that is gone had is forgotten."""
    variable = PerHolder("nothing")
    ada, bob = guests("ada"), guests("bob")
    variable.set("main's")
    assert [variable.get(), ada.do(variable.get), bob.do(variable.get)] == ["main's", "nothing", "nothing"]
    ada.do(lambda: variable.set("ada's"))
    bob.do(lambda: variable.set("bob's"))
    assert [variable.get(), ada.do(variable.get), bob.do(variable.get)] == ["main's", "ada's", "bob's"]
    ada.end()
    assert sorted(variable.of_guests()) == ["ada's", "bob's"]
    bob.do(lambda: variable.set("bob's"))
    assert variable.of_guests() == ("bob's",)
    bob.do(forget)
    assert (variable.of_guests(), variable.get()) == ((), "main's")


def test_a_barrier_of_guests(guests):
    """Each is a party of its own: the end of one breaks it for the other, who waits alone."""
    ada, bob = guests("ada"), guests("bob")
    barrier = csp.Barrier(2)
    handles = {guest: guest.do(barrier.clone) for guest in (ada, bob)}
    barrier.close()
    ada.begin(handles[ada].wait)
    bob.do(handles[bob].wait)
    ada.result()
    bob.end()
    with pytest.raises(csp.BrokenBarrier):
        ada.do(handles[ada].wait)
