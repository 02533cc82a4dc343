"""Synchronisation between interpreters: exclusion, order, and the death of who holds or waits."""

from dataclasses import dataclass

import pytest
from background import Background, in_background, wait_for_waiters, waiting

import csp
from csp._native import Receiver, Sender, cancel_interpreter, fence_interpreter, kill_interpreter, unbounded_channel
from csp.hosts.interpreter import order, start


@dataclass
class Holder:
    """One interpreter that runs a function of holders.py."""

    id: int
    name: str
    control: Sender
    exits: Receiver
    here: Receiver

    def says(self):
        """What it sends next through its `here`."""
        return self.here.recv(timeout=20)

    def ended(self):
        """(ending, detail) when it is over."""
        return self.exits.recv(timeout=20)[1:]

    def end(self, way):
        """Let it return, fail or stop, or kill it, and wait until that has happened."""
        if way == "stopped":
            cancel_interpreter(self.id)
        elif way == "killed":
            kill_interpreter(self.id)
        elif way == "fenced":  # it cannot be ended now, and is cut off; later it ends like any other
            fence_interpreter(self.id)
            return None
        else:
            self.control.send(way)
        return self.ended()


@pytest.fixture
def begin():
    """Start holders.<name>(control, here, *arguments), in an interpreter that is *called* so; gives a Holder."""
    opened = []

    def begin(name, *arguments, called=None):
        exits, ended = unbounded_channel()
        tell, here = unbounded_channel()
        called = called or f"{name} {len(opened)}"
        started = start(called, exits, 1)
        order(started, "holders", name, (tell, *arguments))
        exits.close()
        tell.close()
        made = Holder(started.id, called, started.control, ended, here)
        opened.append(made)
        return made

    yield begin
    for made in opened:
        made.control.close()
        made.exits.close()
        made.here.close()


KINDS = {
    "Lock": csp.Lock,
    "RLock": csp.RLock,
    "Semaphore": csp.Semaphore,
    "Event": csp.Event,
    "Condition": csp.Condition,
    "Condition of Lock": lambda: csp.Condition(csp.Lock()),
    "Barrier": lambda: csp.Barrier(3),
    "Counter": csp.Counter,
}
EXCLUSIVE = ["Lock", "RLock", "Semaphore", "Condition", "Condition of Lock"]
ACQUIRED = ["Lock", "RLock", "Semaphore"]
WAITED_FOR = [kind for kind in KINDS if kind != "Counter"]


def queue(handle):
    """What shows who waits: a condition's own queue, or the object itself."""
    return handle._queue if isinstance(handle, csp.Condition) else handle


# ---- together --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", EXCLUSIVE)
def test_exclusion(begin, kind):
    """Three interpreters and main each count in two steps under it: nothing is lost."""
    exclusive, counter = KINDS[kind](), csp.Counter()
    holders = [begin("add_slowly", exclusive, counter, 300) for _ in range(3)]
    for _ in range(300):
        with exclusive:
            counter.exchange(counter.value + 1)
    assert [holder.ended() for holder in holders] == [("ended", None)] * 3
    assert counter.value == 1200


def test_counting(begin):
    """A counter loses no addition of three interpreters."""
    counter = csp.Counter()
    holders = [begin("add", counter, 5000) for _ in range(3)]
    assert [holder.ended() for holder in holders] == [("ended", None)] * 3
    assert counter.value == 15000


def test_barrier_keeps_step(begin):
    """Over many rounds nobody gets ahead, and each round has each index once."""
    barrier, arrived = csp.Barrier(3), csp.Counter()
    holders = [begin("meet", barrier, 200, arrived) for _ in range(3)]
    endings = [holder.ended() for holder in holders]
    assert [ending for ending, _ in endings] == ["ended"] * 3
    assert [together for _, (_, together) in endings] == [True] * 3
    rounds = zip(*(indices for _, (indices, _) in endings), strict=True)
    assert [sorted(indices) for indices in rounds] == [[0, 1, 2]] * 200


def test_event_lets_all_through(begin):
    """One set releases who waits in every interpreter."""
    event = csp.Event()
    holders = [begin("wait", event) for _ in range(3)]
    wait_for_waiters(event, 3)
    event.set()
    assert [holder.ended() for holder in holders] == [("ended", True)] * 3


def test_a_monitor(begin):
    """A bounded buffer under one condition: producers and consumers all come to their end, and it never overflows."""
    condition, stock = csp.Condition(), csp.Counter()
    producers = [begin("produce", condition, stock, 150) for _ in range(2)]
    consumers = [begin("consume", condition, stock, 150) for _ in range(2)]
    assert [holder.ended() for holder in producers] == [("ended", None)] * 2
    most = [holder.ended() for holder in consumers]
    assert all(ending == "ended" and 1 <= n <= 3 for ending, n in most), most
    assert stock.value == 0


def test_a_lock_is_handed_over(begin):
    """Released here while another interpreter waits, it is held there."""
    lock = csp.Lock()
    lock.acquire()
    holder = begin("hold_with", lock)
    wait_for_waiters(lock)
    lock.release()
    assert lock.locked()
    assert holder.says() == "held"
    assert lock.acquire(False) is False
    assert lock.acquire(timeout=0.01) is False
    lock.release()  # anybody may
    assert lock.acquire(False)


def test_an_rlock_is_its_interpreters(begin):
    """Nobody else releases an RLock that another interpreter's thread has."""
    lock = csp.RLock()
    holder = begin("hold_with", lock)
    assert holder.says() == "held"
    with pytest.raises(RuntimeError, match="release of an RLock that this thread does not hold"):
        lock.release()
    assert holder.end("returns") == ("ended", "returns")
    assert lock.acquire(False)
    lock.release()


def test_select_mixes_locks_and_channels(begin):
    """A select in another interpreter takes a job or the lock, whatever is ready, and never both."""
    lock = csp.Lock()
    tx, rx = csp.channel()
    lock.acquire()
    holder = begin("choose", lock, rx)
    wait_for_waiters(rx)
    assert waiting(lock) == 1
    tx.send("job")
    assert holder.says() == "job"
    wait_for_waiters(rx)
    lock.release()
    assert holder.says() == "lock"
    tx.send("another")
    assert holder.says() == "another"
    assert holder.end("enough") == ("ended", ["job", "lock", "another"])
    assert not lock.locked()


# ---- who ends while it holds -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["returns", "fails", "stopped", "killed"])
@pytest.mark.parametrize("kind", ACQUIRED)
@pytest.mark.parametrize("waits", [False, True], ids=["nobody waits", "somebody waits"])
def test_death_of_a_holder(begin, kind, way, waits):
    """However an interpreter ends that holds it: one taker gets Abandoned with its name, and then it is free."""
    handle = KINDS[kind]()
    holder = begin("hold", handle)
    assert holder.says() == "held"
    assert handle.acquire(False) is False
    taker = in_background(handle, handle.acquire) if waits else None
    holder.end(way)
    with pytest.raises(csp.Abandoned, match=f"^{holder.name} ended while it held this") as told:
        taker.result() if waits else handle.acquire(timeout=20)
    assert told.value.holder == holder.name
    assert handle.acquire(False) is True
    handle.release()
    assert handle.statistics().receivers == 1


def test_the_name_of_a_holder_that_is_cut_within_a_character(begin):
    """Names are kept in 63 bytes; half a character at the end does not keep the next one from being told."""
    lock = csp.Lock()
    holder = begin("hold", lock, called="é" * 40)
    assert holder.says() == "held"
    holder.end("returns")
    with pytest.raises(csp.Abandoned) as told:
        lock.acquire(timeout=20)
    assert told.value.holder == "é" * 31 + "\ufffd"
    assert str(told.value).startswith(told.value.holder + " ended while it held this")


@pytest.mark.parametrize("kind", ACQUIRED)
def test_who_is_cut_off_holds_nothing(begin, kind):
    """An interpreter that cannot be ended now is cut off: what it held is free at once."""
    handle = KINDS[kind]()
    holder = begin("hold_in_a_nap", handle, 1.0)
    assert holder.says() == "held"
    holder.end("fenced")
    with pytest.raises(csp.Abandoned, match=holder.name):
        handle.acquire(timeout=20)
    assert handle.acquire(False) is True
    handle.release()
    holder.ended()


@pytest.mark.parametrize(
    ("way", "abandoned"), [("returns", False), ("fails", False), ("stopped", False), ("killed", True)]
)
@pytest.mark.parametrize("kind", EXCLUSIVE)
def test_with_releases_where_code_still_runs(begin, kind, way, abandoned):
    """Returning, failing and stopping leave `with` in good order; a killed interpreter runs no code any more."""
    handle = KINDS[kind]()
    holder = begin("hold_with", handle)
    assert holder.says() == "held"
    holder.end(way)
    if abandoned:
        with pytest.raises(csp.Abandoned, match=holder.name):
            handle.acquire(timeout=20)
    assert handle.acquire(False) is True
    handle.release()


@pytest.mark.parametrize("way", ["returns", "fails", "stopped", "killed"])
@pytest.mark.parametrize("kind", ["Event", "Condition", "Counter"])
def test_handles_that_hold_nothing(begin, kind, way):
    """An interpreter that has one of these and ends is missed by nobody."""
    handle = KINDS[kind]()
    holder = begin("keep", handle)
    assert holder.says() == "kept"
    assert queue(handle).statistics().receivers == 2
    holder.end(way)
    assert queue(handle).statistics().receivers == 1
    if kind == "Event":
        handle.set()
        assert handle.wait(0) is True
    elif kind == "Counter":
        assert handle.add() == 1
    else:
        with handle:
            assert handle.wait(0) is False


@pytest.mark.parametrize("way", ["stopped", "killed", "fenced"])
def test_death_of_a_party(begin, way):
    """A party that is stopped, killed or cut off breaks the barrier for who waits and who comes, by its name."""
    barrier = csp.Barrier(3)
    holder = begin("keep", barrier)
    assert holder.says() == "kept"
    first = in_background(barrier, barrier.wait)
    holder.end(way)
    text = f"^{holder.name} has left, and the barrier of 3 parties can never be complete$"
    with pytest.raises(csp.BrokenBarrier, match=text):
        first.result()
    with pytest.raises(csp.BrokenBarrier, match=text):
        barrier.wait()
    if way == "fenced":
        holder.ended()
    barrier.reset()
    assert barrier.broken is False


def test_a_party_that_leaves_in_good_order(begin):
    """When it returns, others could still come in its place: the barrier stays whole while that is so."""
    barrier = csp.Barrier(2)
    holder = begin("keep", barrier)
    assert holder.says() == "kept"
    call = in_background(barrier, barrier.wait)
    assert holder.end("returns") == ("ended", "returns")
    assert barrier.broken is False
    assert [barrier.wait(20), call.result()] == [1, 0]


@pytest.mark.parametrize("last", ["leaves", "comes"])
def test_nobody_left_to_come(begin, last):
    """When every interpreter left waits already, the barrier breaks, whether by a leave or by an arrival."""
    barrier = csp.Barrier(3)
    first = begin("wait", barrier)
    wait_for_waiters(barrier)
    watch = barrier.clone() if last == "comes" else None
    if last == "leaves":
        second = begin("wait", barrier)
        wait_for_waiters(barrier, 2)
        barrier.close()
    else:
        second = begin("come_when_told", barrier)
        assert second.says() == "has it"
        barrier.close()
        watch.close()
        second.control.send("come")
    expected = ("BrokenBarrier", "main has left, and the barrier of 3 parties can never be complete")
    assert [first.ended(), second.ended()] == [("ended", expected)] * 2


# ---- who ends while it waits -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["stopped", "killed"])
@pytest.mark.parametrize("kind", WAITED_FOR)
def test_end_of_who_waits(begin, kind, way):
    """Stopped, a wait raises Stopped; killed, it ends without a word; nobody is left in the queue, nothing is held.

    But for a condition's lock: a waiter that ends takes it again, and killed it cannot release it.
    """
    handle = KINDS[kind]()
    if kind in ACQUIRED:
        handle.acquire()
    holder = begin("wait", handle)
    wait_for_waiters(queue(handle))
    ending, detail = holder.end(way)
    assert (ending, detail) == ("ended", ("Stopped", "told to stop")) if way == "stopped" else ending == "killed"
    assert waiting(queue(handle)) == 0
    if kind in ACQUIRED:
        handle.release()
        assert handle.acquire(False)
        handle.release()
    elif kind == "Event":
        handle.set()
        assert handle.wait(0)
    elif kind == "Barrier":
        with pytest.raises(csp.BrokenBarrier):
            handle.wait()
    else:
        if way == "killed":
            with pytest.raises(csp.Abandoned, match=holder.name):
                handle.acquire()
        with handle:
            handle.notify_all()
        assert not handle.lock.locked()


@pytest.mark.parametrize("way", ["stopped", "killed"])
@pytest.mark.parametrize("kind", ["Condition", "Condition of Lock"])
def test_end_of_who_waits_while_the_lock_is_held(begin, kind, way):
    """A waiter of a condition ends although another holds the lock, and takes nothing of it away."""
    condition = KINDS[kind]()
    holder = begin("wait", condition)
    wait_for_waiters(condition._queue)
    with condition:
        ending, _ = holder.end(way)
        assert ending == ("ended" if way == "stopped" else "killed")
        assert Background(condition.acquire, False).result() is False
    assert not condition.lock.locked()


@pytest.mark.parametrize("kind", ACQUIRED)
def test_the_next_in_line_after_a_death(begin, kind):
    """Who waits behind one that is killed in the queue is served."""
    handle = KINDS[kind]()
    handle.acquire()
    holder = begin("wait", handle)
    wait_for_waiters(handle)
    call = in_background(handle, handle.acquire)
    holder.end("killed")
    handle.release()
    assert call.result() is True


def test_a_stopped_interpreter_can_go_on(begin):
    """Once Stopped was raised, and it has resumed itself, an interpreter uses locks like any other."""
    lock = csp.Lock()
    lock.acquire()
    holder = begin("clean_up", lock)
    wait_for_waiters(lock)
    cancel_interpreter(holder.id)
    assert holder.says() == "stopped"
    lock.release()
    assert holder.ended() == ("ended", True)
    assert not lock.locked()


# ---- handles ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_handles_are_counted(begin, kind):
    """Each interpreter that got it has a handle, and its end takes that back."""
    handle = KINDS[kind]()
    holders = [begin("keep", handle) for _ in range(2)]
    assert [holder.says() for holder in holders] == ["kept"] * 2
    assert queue(handle).statistics().receivers == 3
    for holder in holders:
        assert holder.end("returns") == ("ended", "returns")
    assert queue(handle).statistics().receivers == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_closed_handle_elsewhere(begin, kind):
    """Closing it there does not close it here."""
    handle = KINDS[kind]()
    assert begin("use_closed", handle).ended() == ("ended", None)
    assert queue(handle).statistics().receivers == 1
    assert queue(handle).closed is False


@pytest.mark.parametrize("kind", KINDS)
def test_it_comes_back_the_same(begin, kind):
    """Sent there and back, it is of the same type and means the same object."""
    handle = KINDS[kind]()
    ending, back = begin("give_back", handle).ended()
    assert ending == "ended"
    assert type(back) is type(handle)
    assert queue(back) == queue(handle)
