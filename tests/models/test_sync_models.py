"""Any sequence of operations on a synchronisation object does what the plain model does, and so do its statistics."""

import gc
import threading

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sync_model import Barrier, Exclusive, Recursive
from takers import Taker, attempt
from waiters import let_others_run

import csp

TAKERS = 2  # interpreters in one run: each costs some milliseconds
LEAST, MOST = -(2**63), 2**63 - 1
PLAIN = settings(max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck))


class Waiter:
    """A thread in one operation that waits."""

    def __init__(self, operation, *arguments):
        self._outcome = None
        self._thread = threading.Thread(target=self._wait, args=(operation, arguments), daemon=True)
        self._thread.start()

    def _wait(self, operation, arguments):
        self._outcome = attempt(operation, *arguments)

    def outcome(self):
        """What came of it; it has been served."""
        self._thread.join(10)
        assert not self._thread.is_alive(), "it still waits"
        return self._outcome


class Handles(RuleBasedStateMachine):
    """What all machines have: handles by number, interpreters with one each, and threads that wait."""

    def start_with(self, handle):
        self.real = {0: handle}  # ours
        self.takers = {}  # of interpreters
        self.waiters = {}
        self.made = 1
        self.started = 0

    def number(self):
        self.made += 1
        return self.made - 1

    def pick(self, data):
        return data.draw(st.sampled_from(sorted(self.real)), label="handle")

    def pick_taker(self, data):
        return data.draw(st.sampled_from(sorted(self.takers)), label="taker")

    def any(self):
        return next(iter(self.real.values()))

    def new_taker(self, data):
        name = self.number()
        self.takers[name] = Taker(self.real[self.pick(data)])
        self.started += 1
        return name

    def may_start(self):
        return self.started < TAKERS

    def begin_waiting(self, handle, operation):
        """A thread that stands in line when this returns."""
        name = self.number()
        before = handle.statistics().waiting_receivers
        self.waiters[name] = Waiter(operation)
        while handle.statistics().waiting_receivers == before:
            let_others_run()
        return name

    def check_served(self):
        for name, outcome in self.model.served:
            assert self.waiters.pop(name).outcome() == outcome
        self.model.served.clear()

    def same(self, found, expected):
        assert found == expected
        if hasattr(self.model, "served"):
            self.check_served()

    def seen(self, handles, waiting, received):
        statistics = self.any().statistics()
        assert (statistics.receivers, statistics.waiting_receivers, statistics.received) == (handles, waiting, received)

    def teardown(self):
        for taker in getattr(self, "takers", {}).values():
            taker.end("return")
        for handle in getattr(self, "real", {}).values():
            handle.close()
        for waiter in getattr(self, "waiters", {}).values():
            waiter.outcome()
        self.__dict__.clear()
        gc.collect()


# ---- locks and semaphores --------------------------------------------------------------------------------------------


class ExclusiveMachine(Handles):
    """A Lock or a Semaphore, used by main, by threads that wait, and by interpreters that die."""

    @initialize(data=st.data(), lock=st.booleans())
    def begin(self, data, lock):
        if lock:
            self.model = Exclusive(1, 1, "RuntimeError")
            self.start_with(csp.Lock())
        else:
            limit = data.draw(st.sampled_from([1, 2, 4, None]), label="limit")
            value = data.draw(st.integers(0, limit or 4), label="value")
            self.model = Exclusive(value, MOST if limit is None else limit, "ValueError")
            self.start_with(csp.Semaphore(value, limit))
        self.lock = lock
        self.model.held[0] = 0

    @rule(data=st.data(), how=st.sampled_from(["poll", "timeout", "select"]))
    def acquire(self, data, how):
        """An acquire that may not wait."""
        name = self.pick(data)
        handle = self.real[name]
        expected = self.model.acquire(name)
        if how == "poll":
            found = attempt(handle.acquire, False)
        elif how == "timeout":
            found = attempt(handle.acquire, True, 0)
        else:
            found = attempt(lambda: csp.select(handle, csp.skip())[0] is handle)
        self.same(found, expected)

    @rule(data=st.data(), n=st.integers(1, 3))
    def release(self, data, n):
        """A release, of what this handle holds, or of what others do, or of more than there is."""
        name = self.pick(data)
        handle = self.real[name]
        if self.lock:
            self.same(attempt(handle.release), self.model.release(name, 1))
        else:
            self.same(attempt(handle.release, n), self.model.release(name, n))

    @precondition(lambda self: self.model.would_wait() and len(self.model.waiting) < 3)
    @rule(data=st.data())
    def wait(self, data):
        """Somebody stands in line."""
        name = self.pick(data)
        self.model.wait(self.begin_waiting(self.real[name], self.real[name].acquire), name)

    @precondition(lambda self: len(self.real) < 4)
    @rule(data=st.data(), sent=st.booleans())
    def another_handle(self, data, sent):
        """A clone, or a copy out of a message, is one handle more and holds nothing."""
        handle = self.real[self.pick(data)]
        name = self.number()
        if sent:
            tx, rx = csp.channel(1)
            tx.send([handle])
            (self.real[name],) = rx.recv()
        else:
            self.real[name] = handle.clone()
        self.model.held[name] = 0

    @precondition(lambda self: len(self.real) > 1)
    @rule(data=st.data(), forget=st.booleans())
    def close(self, data, forget):
        """A handle that is closed or forgotten abandons what it holds; closed, it refuses everything."""
        name = self.pick(data)
        if forget and name not in [handle for _, handle in self.model.waiting]:
            del self.real[name]
            self.model.close(name)
        else:
            handle = self.real.pop(name)
            handle.close()
            self.model.close(name)
            assert attempt(handle.acquire) == attempt(handle.release) == attempt(handle.clone) == "ClosedEnd"
        self.check_served()

    @precondition(Handles.may_start)
    @rule(data=st.data())
    def give_to_an_interpreter(self, data):
        """An interpreter gets a handle."""
        self.model.held[self.new_taker(data)] = 0

    @precondition(lambda self: self.takers)
    @rule(data=st.data(), take=st.booleans())
    def an_interpreter_uses_it(self, data, take):
        """What an interpreter does, it does as we do."""
        name = self.pick_taker(data)
        if take:
            self.same(self.takers[name].does("acquire", False), self.model.acquire(name))
        else:
            self.same(self.takers[name].does("release"), self.model.release(name, 1))

    @precondition(lambda self: self.takers)
    @rule(data=st.data(), way=st.sampled_from(Taker.WAYS))
    def an_interpreter_ends(self, data, way):
        """However it ends, what it held is abandoned, once."""
        name = self.pick_taker(data)
        self.takers.pop(name).end(way)
        self.model.close(name)
        self.check_served()

    @invariant()
    def what_is_seen_is_the_models(self):
        model = self.model
        self.seen(len(model.held), len(model.waiting), model.acquired)
        if self.lock:
            assert self.any().locked() == (model.units == 0)
        else:
            assert self.any().value == model.units


TestExclusive = ExclusiveMachine.TestCase
TestExclusive.settings = PLAIN


class RecursiveMachine(Handles):
    """An RLock, used by main's one thread and by interpreters that die."""

    @initialize()
    def begin(self):
        self.model = Recursive()
        self.model.handles.append(0)
        self.start_with(csp.RLock())

    @rule(data=st.data(), select=st.booleans())
    def acquire(self, data, select):
        """An acquire that may not wait; by its own thread once more, through whatever handle."""
        name = self.pick(data)
        handle = self.real[name]
        expected = self.model.acquire("main", name)
        if select:
            self.same(attempt(lambda: csp.select(handle, csp.skip())[0] is handle), expected)
        else:
            self.same(attempt(handle.acquire, False), expected)

    @rule(data=st.data())
    def release(self, data):
        """Its own thread's release counts, through whatever handle; another's is refused."""
        self.same(attempt(self.real[self.pick(data)].release), self.model.release("main"))

    @precondition(lambda self: len(self.real) < 4)
    @rule(data=st.data())
    def clone(self, data):
        name = self.number()
        self.real[name] = self.real[self.pick(data)].clone()
        self.model.handles.append(name)

    @precondition(lambda self: len(self.real) > 1)
    @rule(data=st.data())
    def close(self, data):
        """It is abandoned by the close of the handle through which it was first taken, and of no other."""
        name = self.pick(data)
        self.real.pop(name).close()
        self.model.close(name)

    @precondition(Handles.may_start)
    @rule(data=st.data())
    def give_to_an_interpreter(self, data):
        self.model.handles.append(self.new_taker(data))

    @precondition(lambda self: self.takers)
    @rule(data=st.data(), take=st.booleans())
    def an_interpreter_uses_it(self, data, take):
        name = self.pick_taker(data)
        if take:
            self.same(self.takers[name].does("acquire", False), self.model.acquire(name, name))
        else:
            self.same(self.takers[name].does("release"), self.model.release(name))

    @precondition(lambda self: self.takers)
    @rule(data=st.data(), way=st.sampled_from(Taker.WAYS))
    def an_interpreter_ends(self, data, way):
        name = self.pick_taker(data)
        self.takers.pop(name).end(way)
        self.model.close(name)

    @invariant()
    def what_is_seen_is_the_models(self):
        model = self.model
        self.seen(len(model.handles), 0, model.acquired)
        assert self.any().locked() == (model.owner is not None)
        times = {0: "free", 1: "taken once"}.get(model.depth, f"taken {model.depth} times")
        assert repr(self.any()).endswith(f", {times}>")


TestRecursive = RecursiveMachine.TestCase
TestRecursive.settings = PLAIN


# ---- events and counters ---------------------------------------------------------------------------------------------


class EventMachine(Handles):
    """An Event, set and cleared by main and by an interpreter, with threads that wait."""

    @initialize()
    def begin(self):
        self.is_set = False
        self.passed = 0
        self.start_with(csp.Event())

    def put(self, is_set):
        self.is_set = is_set
        if is_set:
            for waiter in self.waiters.values():
                assert waiter.outcome() is True
            self.passed += len(self.waiters)
            self.waiters.clear()

    @rule(data=st.data(), is_set=st.booleans())
    def set_or_clear(self, data, is_set):
        handle = self.real[self.pick(data)]
        (handle.set if is_set else handle.clear)()
        self.put(is_set)

    @rule(data=st.data(), select=st.booleans())
    def look(self, data, select):
        """A wait of no time, or a select, goes through when it is set, and leaves it set."""
        handle = self.real[self.pick(data)]
        found = csp.select(handle, csp.skip())[0] is handle if select else handle.wait(0)
        assert found is self.is_set
        self.passed += found

    @precondition(lambda self: not self.is_set and len(self.waiters) < 3)
    @rule(data=st.data())
    def wait(self, data):
        handle = self.real[self.pick(data)]
        self.begin_waiting(handle, handle.wait)

    @precondition(lambda self: len(self.real) < 3)
    @rule(data=st.data())
    def clone(self, data):
        self.real[self.number()] = self.real[self.pick(data)].clone()

    @precondition(Handles.may_start)
    @rule(data=st.data())
    def give_to_an_interpreter(self, data):
        self.new_taker(data)

    @precondition(lambda self: self.takers)
    @rule(data=st.data(), is_set=st.booleans())
    def an_interpreter_uses_it(self, data, is_set):
        assert self.takers[self.pick_taker(data)].does("set" if is_set else "clear") is None
        self.put(is_set)

    @precondition(lambda self: self.takers)
    @rule(data=st.data(), way=st.sampled_from(Taker.WAYS))
    def an_interpreter_ends(self, data, way):
        """Its end changes nothing."""
        self.takers.pop(self.pick_taker(data)).end(way)

    @invariant()
    def what_is_seen_is_the_models(self):
        assert self.any().is_set() is self.is_set
        self.seen(len(self.real) + len(self.takers), len(self.waiters), self.passed)


TestEvent = EventMachine.TestCase
TestEvent.settings = PLAIN


def wrapped(number):
    return (number - LEAST) % 2**64 + LEAST


INTEGERS = st.one_of(st.integers(-3, 3), st.integers(LEAST, MOST), st.sampled_from([LEAST, MOST]))


class CounterMachine(Handles):
    """A Counter, changed by main and by an interpreter."""

    @initialize(value=INTEGERS)
    def begin(self, value):
        self.number_now = value
        self.start_with(csp.Counter(value))

    @rule(data=st.data(), amount=INTEGERS, here=st.booleans())
    def add(self, data, amount, here):
        """add gives the sum, in 64 bits."""
        self.number_now = wrapped(self.number_now + amount)
        if self.takers and not here:
            assert self.takers[self.pick_taker(data)].does("add", amount) == self.number_now
        else:
            assert self.real[self.pick(data)].add(amount) == self.number_now

    @rule(data=st.data(), value=INTEGERS)
    def exchange(self, data, value):
        assert self.real[self.pick(data)].exchange(value) == self.number_now
        self.number_now = value

    @rule(data=st.data(), expected=INTEGERS, right=st.booleans(), value=INTEGERS)
    def compare_exchange(self, data, expected, right, value):
        expected = self.number_now if right else expected
        found = self.real[self.pick(data)].compare_exchange(expected, value)
        assert found is (expected == self.number_now)
        self.number_now = value if found else self.number_now

    @precondition(lambda self: len(self.real) < 3)
    @rule(data=st.data())
    def clone(self, data):
        self.real[self.number()] = self.real[self.pick(data)].clone()

    @precondition(lambda self: len(self.real) > 1)
    @rule(data=st.data())
    def close(self, data):
        """A closed handle changes nothing."""
        handle = self.real.pop(self.pick(data))
        handle.close()
        assert attempt(handle.add) == attempt(handle.exchange, 0) == "ClosedEnd"

    @precondition(Handles.may_start)
    @rule(data=st.data())
    def give_to_an_interpreter(self, data):
        self.new_taker(data)

    @precondition(lambda self: self.takers)
    @rule(data=st.data(), way=st.sampled_from(Taker.WAYS))
    def an_interpreter_ends(self, data, way):
        """What it has added stays."""
        self.takers.pop(self.pick_taker(data)).end(way)

    @invariant()
    def what_is_seen_is_the_models(self):
        assert self.any().value == self.number_now
        self.seen(len(self.real) + len(self.takers), 0, 0)


TestCounter = CounterMachine.TestCase
TestCounter.settings = PLAIN


# ---- barriers and conditions -----------------------------------------------------------------------------------------


class BarrierMachine(Handles):
    """A Barrier of main's threads, with interpreters that hold it and die."""

    @initialize(parties=st.integers(1, 4))
    def begin(self, parties):
        self.model = Barrier(parties)
        self.model.handles.append(0)
        self.start_with(csp.Barrier(parties))

    @rule(data=st.data())
    def wait(self, data):
        """One more party: it waits, or it is the last and all leave, or the barrier is broken."""
        name = self.pick(data)
        handle = self.real[name]
        if self.model.broken or len(self.model.waiting) == self.model.parties - 1:
            expected = self.model.wait(None, name)
            self.same(attempt(handle.wait), expected)
        else:
            self.model.wait(self.begin_waiting(handle, handle.wait), name)

    @rule(data=st.data())
    def give_up(self, data):
        """A party with no time: it is the last, or it breaks the barrier."""
        name = self.pick(data)
        last = len(self.model.waiting) == self.model.parties - 1
        if last:
            expected = self.model.wait(None, name)
        else:
            expected = "BrokenBarrier"
            self.model.abort()
        self.same(attempt(self.real[name].wait, 0), expected)

    @rule(data=st.data(), whole=st.booleans())
    def abort_or_reset(self, data, whole):
        handle = self.real[self.pick(data)]
        (handle.reset if whole else handle.abort)()
        (self.model.reset if whole else self.model.abort)()
        self.check_served()

    @precondition(lambda self: len(self.real) < 3)
    @rule(data=st.data())
    def clone(self, data):
        name = self.number()
        self.real[name] = self.real[self.pick(data)].clone()
        self.model.handles.append(name)

    @precondition(lambda self: len(self.real) > 1)
    @rule(data=st.data())
    def close(self, data):
        """A handle that is closed breaks it if somebody waits through it, and else not: others could come."""
        name = self.pick(data)
        self.real.pop(name).close()
        self.model.close(name, dies=False)
        self.check_served()

    @precondition(Handles.may_start)
    @rule(data=st.data())
    def give_to_an_interpreter(self, data):
        self.model.handles.append(self.new_taker(data))

    @precondition(lambda self: self.takers)
    @rule(data=st.data(), way=st.sampled_from(Taker.WAYS))
    def an_interpreter_ends(self, data, way):
        """Killed or cut off it breaks the barrier; in good order it does not."""
        name = self.pick_taker(data)
        self.takers.pop(name).end(way)
        self.model.close(name, dies=way in {"kill", "cut off"})
        self.check_served()

    @invariant()
    def what_is_seen_is_the_models(self):
        handle, model = self.any(), self.model
        assert (handle.parties, handle.n_waiting, handle.broken) == (model.parties, len(model.waiting), model.broken)
        statistics = handle.statistics()
        assert (statistics.receivers, statistics.waiting_receivers) == (len(model.handles), len(model.waiting))


TestBarrier = BarrierMachine.TestCase
TestBarrier.settings = PLAIN


class ConditionMachine(RuleBasedStateMachine):
    """A Condition: main takes its lock and notifies, threads wait, an interpreter holds the lock and dies."""

    @initialize(recursive=st.booleans())
    def begin(self, recursive):
        self.condition = csp.Condition(csp.RLock() if recursive else csp.Lock())
        self.waiting, self.notified = [], []
        self.held = False  # by main
        self.abandoned = False
        self.deaths = 0

    @property
    def queue(self):
        return self.condition._queue

    def wait_inside(self):
        with self.condition:
            return self.condition.wait()

    @precondition(lambda self: not self.held and not self.abandoned and len(self.waiting) < 3)
    @rule()
    def somebody_waits(self):
        """A thread takes the lock, and gives it up for the queue."""
        self.waiting.append(Waiter(self.wait_inside))
        while self.queue.statistics().waiting_receivers < len(self.waiting):
            let_others_run()

    @precondition(lambda self: not self.held)
    @rule()
    def take(self):
        expected = "Abandoned" if self.abandoned else True
        self.abandoned = False
        assert attempt(self.condition.acquire, False) == expected
        self.held = expected is True

    @precondition(lambda self: self.held)
    @rule()
    def leave(self):
        """Who was notified has the lock after us, one after the other."""
        self.condition.release()
        self.held = False
        for waiter in self.notified:
            assert waiter.outcome() is True
        self.notified.clear()

    @rule(n=st.integers(0, 3), everybody=st.booleans())
    def notify(self, n, everybody):
        """Those who have waited longest are notified, as many as said, with the lock held; else nobody."""
        found = attempt(self.condition.notify_all) if everybody else attempt(self.condition.notify, n)
        assert found == (None if self.held else "RuntimeError")
        if self.held:
            n = len(self.waiting) if everybody else n
            self.notified += self.waiting[:n]
            del self.waiting[:n]

    @precondition(lambda self: not self.waiting and not self.notified)
    @rule()
    def wait_for_no_time(self):
        """Nobody notifies: False, with the lock held as before."""
        assert attempt(self.condition.wait, 0) == (False if self.held else "RuntimeError")

    @precondition(lambda self: not self.held and not self.abandoned and self.deaths < TAKERS)
    @rule(way=st.sampled_from(Taker.WAYS))
    def an_interpreter_dies_with_the_lock(self, way):
        """One taker, the next, will be told; who waits for a notification is none."""
        taker = Taker(self.condition.lock)
        assert taker.does("acquire", False) is True
        taker.end(way)
        self.abandoned = True
        self.deaths += 1

    @invariant()
    def what_is_seen_is_the_models(self):
        assert self.condition.lock.locked() == self.held
        assert self.queue.statistics().waiting_receivers == len(self.waiting)

    def teardown(self):
        if not hasattr(self, "condition"):
            return
        if self.held:
            self.condition.release()
        self.condition.close()
        for waiter in (*self.waiting, *self.notified):
            assert waiter.outcome() in {"ClosedEnd", True}
        self.__dict__.clear()
        gc.collect()


TestCondition = ConditionMachine.TestCase
TestCondition.settings = PLAIN
