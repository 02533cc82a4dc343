"""Any sequence of uses of reusable alternatives, and of what they watch, does what the plain model does."""

import gc
import sys
import time

from channel_model import RECEIVER, SENDER, Channel
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from mortals import Mortal
from waiters import Waiter, attempt, let_others_run

import csp
from csp._native import channel_statistics, totals

POLICIES = ((0, "block"), (1, "block"), (2, "drop_oldest"), (3, "drop_newest"))
NUMBERS = st.integers(0, len(POLICIES) - 1)
WHICH = st.integers(0, 1)
CLONES = 2  # handles of each channel that stand in alternatives; another one is for plain receives
MOST_GUARDS = 7
MOST_SENDERS = 3
DEATHS = 1  # interpreters that end in one run: each costs some milliseconds
KINDS = ("recv", "recv", "recv", "recv", "offer", "lock", "event", "due", "tick", "never", "skip")
# (kind, channel, handle, has a precondition)
GUARDS = st.tuples(st.sampled_from(KINDS), NUMBERS, st.integers(0, CLONES - 1), st.booleans())
CAN_END_A_WAIT = {"recv", "offer", "lock", "event"}


class Guard:
    """One guard of one alternative."""

    def __init__(self, kind, real, number=None, handle=None, value=None, switch=None):
        self.kind, self.real, self.number, self.handle, self.value = kind, real, number, handle, value
        self.switch = switch  # [on or off], or None: no precondition
        self.passed_over_by = set()  # by rotation, while it stayed ready

    def is_on(self):
        return self.switch is None or self.switch[0]


def choose(alternative, **keywords):
    """(The guard, the value) of a select, or (the guard of the error or None, the error's name)."""
    try:
        return alternative.select(**keywords)
    except csp.ChannelError as error:
        return error.guard, type(error).__name__
    except (TimeoutError, RuntimeError, ValueError) as error:
        return None, type(error).__name__


class AlternativeMachine(RuleBasedStateMachine):
    """Two alternatives that share channels, a lock and an event; one of them at a time may wait."""

    @initialize(guards=st.lists(st.tuples(WHICH, GUARDS), min_size=4, max_size=10))
    def begin(self, guards):
        gc.collect()
        self.alive = totals()["channels"]
        self.served = []
        self.models, self.pairs, self.handles = [], [], []
        for capacity, overflow in POLICIES:
            tx, rx = csp.channel(capacity, overflow=overflow)
            self.pairs.append((tx, rx))
            self.handles.append([rx.clone() for _ in range(CLONES)])
            handles = {SENDER: 1, RECEIVER: 1 + CLONES}
            self.models.append(Channel(capacity, overflow, handles=handles, peers=self.models, served=self.served))
        self.closed = set()  # (channel, handle); the handle None is the sender
        self.lock, self.event = csp.Lock(), csp.Event()
        self.locked = self.is_set = False
        self.alternatives = [csp.Alternative(), csp.Alternative()]
        self.looks = [0, 0]  # how often each has asked its preconditions
        for which in (0, 1):
            self.alternatives[which].add(csp.never(), when=lambda which=which: self.count_look(which))
        self.among_offers = [False, False]  # whether an offer took part in its latest select
        self.guards = [[], []]
        self.count = 0
        self.senders = {}
        self.parked = None  # (number, which, the guards that are on, the thread, by priority)
        self.mortal = None  # (channel, interpreter)
        self.deaths = 0
        self.gone = []
        for which, guard in guards:
            self.add(which, guard)

    # ---- guards come and go ------------------------------------------------------------------------------------------

    @rule(which=WHICH, guard=GUARDS)
    def add(self, which, guard):
        """A guard more, the last in order, also while a select waits."""
        kind, number, handle, when = guard
        guards = self.guards[which]
        makers = {
            "recv": lambda: self.handles[number][handle],
            "offer": lambda: self.pairs[number][0].offer(self.value()),
            "lock": lambda: self.lock,
            "event": lambda: self.event,
            "due": lambda: csp.at(1.0),
            "tick": lambda: csp.tick(1e-9),  # due again before anybody can ask
            "never": lambda: csp.never() if number else csp.after(10_000),
            "skip": csp.skip,
        }
        if kind == "offer" and (number, None) in self.closed:
            return
        real = makers[kind]()
        if len(guards) == MOST_GUARDS or any(other.real is real for other in guards):
            return
        switch = [True] if when else None
        made = Guard(kind, real, number, handle if kind == "recv" else None, self.count, switch)
        waits = self.parked is not None and self.parked[1] == which
        if waits and not self.can_end([*guards, made]):
            return
        looks = self.looks[which]
        guards.append(made)
        self.alternatives[which].add(real, when=None if switch is None else lambda: switch[0])
        if waits:
            self.looks_again(looks)

    @rule(which=WHICH, place=st.integers(0, MOST_GUARDS - 1))
    def remove(self, which, place):
        """A guard less, also while a select waits; but it is left something that can end it, or nothing at all."""
        guards = self.guards[which]
        if not guards:
            return
        guard = guards[place % len(guards)]
        waits = self.parked is not None and self.parked[1] == which
        if waits and not self.can_end([other for other in guards if other is not guard]):
            return
        looks = self.looks[which]
        self.take_away(which, guard)
        if waits:
            self.looks_again(looks)

    def can_end(self, guards):
        """Whether a select of these ends, be it that it refuses to wait."""
        kinds = {guard.kind for guard in guards if guard.is_on()}
        return not kinds or bool((CAN_END_A_WAIT | {"due", "tick", "skip"}) & kinds)

    def looks_again(self, looks):
        """The select that waits has asked its preconditions more than *looks* times: with what is on now, it ends, or
        waits in the lines of that.
        """
        number, which, _, waiter, priority = self.parked
        limit = time.monotonic() + 10
        while self.looks[which] == looks:
            assert time.monotonic() < limit, "it does not look again"
            let_others_run()
        for model in self.models:
            model.leave(number)
        on = [guard for guard in self.guards[which] if guard.is_on()]
        eligible = self.eligible(on, priority)
        self.parked = None
        if eligible:
            real, value = waiter.outcome()
            chosen = next(guard for guard in self.guards[which] if guard.real is real)
            assert chosen in eligible, (vars(chosen), [vars(one) for one in eligible])
            assert value == self.carry_out(chosen)
            for guard in self.guards[which]:
                guard.passed_over_by.clear()
            self.check_served()
        elif not on:
            assert waiter.outcome() == (None, "ValueError")
        else:
            self.park(number, which, on, waiter, priority)

    def count_look(self, which):
        self.looks[which] += 1
        return False

    def take_away(self, which, guard):
        self.alternatives[which].remove(guard.real)
        self.guards[which].remove(guard)

    @rule(which=WHICH, place=st.integers(0, MOST_GUARDS - 1))
    def switch(self, which, place):
        """A precondition changes: the next select asks it."""
        switches = [guard.switch for guard in self.guards[which] if guard.switch is not None]
        if switches:
            switch = switches[place % len(switches)]
            switch[0] = not switch[0]

    def value(self):
        """A message that was never sent before."""
        self.count += 1
        return self.count

    # ---- selects -----------------------------------------------------------------------------------------------------

    def is_ready(self, guard):
        model = self.models[guard.number]
        ended = guard.kind in {"recv", "offer"} and (guard.number, guard.handle) in self.closed
        return bool(
            ended
            or (guard.kind == "recv" and model.can_receive())
            or (guard.kind == "offer" and model.can_send())
            or (guard.kind == "lock" and not self.locked)
            or (guard.kind == "event" and self.is_set)
            or guard.kind in {"due", "tick", "skip"}
        )

    def carry_out(self, guard):
        """What the guard, which is ready, gives."""
        model = self.models[guard.number]
        if guard.kind in {"recv", "offer"}:
            if (guard.number, guard.handle) in self.closed:
                return "ClosedEnd"
            return model.receive() if guard.kind == "recv" else model.send(guard.value)
        self.locked = self.locked or guard.kind == "lock"
        return None

    def eligible(self, on, priority):
        """Those of which a select may take any."""
        ready = [guard for guard in on if self.is_ready(guard)]
        if priority:
            return ready[:1]
        return [guard for guard in ready if guard.kind != "skip"] or ready

    @rule(which=WHICH, times=st.integers(1, 4), priority=st.booleans())
    def poll(self, which, times, priority):
        """A select that does not wait: by priority exactly the first that is ready, else any by rotation; a fair skip
        only when there is no other.
        """
        if self.parked and self.parked[1] == which:
            assert choose(self.alternatives[which], timeout=0) == (None, "RuntimeError")
            return
        for _ in range(times):
            on = [guard for guard in self.guards[which] if guard.is_on()]
            eligible = self.eligible(on, priority)
            real, value = choose(self.alternatives[which], priority=priority, timeout=0)
            if not eligible:
                assert (real, value) == (None, "TimeoutError")
                return
            chosen = next(guard for guard in self.guards[which] if guard.real is real)
            assert chosen in eligible, (vars(chosen), [vars(one) for one in eligible])
            self.note_turn(which, chosen, eligible, on, priority)
            assert value == self.carry_out(chosen)
            self.check_served()
            self.forget_who_is_not_ready()

    def note_turn(self, which, chosen, eligible, on, priority):
        """No guard is chosen twice while another one stays ready. Priorities begin the rotation anew, and so does the
        first offer that is on, or the last that is on no more.
        """
        among_offers = any(guard.kind == "offer" for guard in on)
        if among_offers != self.among_offers[which]:
            for guard in self.guards[which]:
                guard.passed_over_by.clear()
        self.among_offers[which] = among_offers
        if not priority:
            for other in eligible:
                if other is not chosen:
                    assert chosen not in other.passed_over_by, (vars(chosen), vars(other))
                    other.passed_over_by.add(chosen)
        chosen.passed_over_by.clear()
        if priority:
            for guard in self.guards[which]:
                guard.passed_over_by.clear()

    def forget_who_is_not_ready(self):
        """Whoever is not ready, be it for an instant, did not stay ready."""
        for guard in self.guards[0] + self.guards[1]:
            if not (guard.is_on() and self.is_ready(guard)):
                guard.passed_over_by.clear()

    @rule(which=WHICH, priority=st.booleans(), timer=st.booleans())
    def wait_in_vain(self, which, priority, timer):
        """A wait ends with its timeout or its timer, when nothing else is ready, and leaves no line occupied."""
        on = [guard for guard in self.guards[which] if guard.is_on()]
        if self.parked or self.eligible(on, priority):
            return
        alternative = self.alternatives[which]
        if timer:
            soon = csp.after(0.0005)
            alternative.add(soon)
            assert choose(alternative, priority=priority, timeout=5) == (soon, None)
            alternative.remove(soon)
        else:
            assert choose(alternative, priority=priority, timeout=0.0005) == (None, "TimeoutError")

    @rule(which=WHICH, priority=st.booleans(), on_too=st.booleans())
    def wait(self, which, priority, on_too):
        """A select that waits is a receiver to everybody, through each guard that is on. Those that are ready are put
        off before: by their precondition, or for good.
        """
        if self.parked:
            return
        switched = [guard for guard in self.guards[which] if guard.kind == "recv" and guard.switch is not None]
        for guard in switched[:1]:
            guard.switch[0] = on_too
        for guard in [guard for guard in self.guards[which] if guard.is_on() and self.is_ready(guard)]:
            if guard.switch is not None:
                guard.switch[0] = False
            else:
                self.take_away(which, guard)
        on = [guard for guard in self.guards[which] if guard.is_on()]
        if not on:
            assert choose(self.alternatives[which], priority=priority) == (None, "ValueError")
        if not CAN_END_A_WAIT & {guard.kind for guard in on}:
            return
        alternative = self.alternatives[which]
        self.park(self.value(), which, on, Waiter(lambda: choose(alternative, priority=priority)), priority)
        for guard in switched[:1]:
            self.send(guard.number, 1)  # meets it only through a guard that is on

    def park(self, number, which, on, waiter, priority):
        """It stands in the lines of all that are on, and is seen there."""
        for guard in on:
            if guard.kind == "recv":
                self.models[guard.number].park_receiver((number, guard), guard.handle)
            elif guard.kind == "offer":
                self.models[guard.number].park_sender((number, guard), "sender", guard.value)
        self.parked = (number, which, on, waiter, priority)
        self.wait_for_the_lines()

    def end_the_wait(self, kind):
        """A lock or event became ready. True when the select that waits was ended by that."""
        for guard in self.parked[2] if self.parked else ():
            if guard.kind == kind:
                self.served.append(((self.parked[0], guard), None))
                for model in self.models:
                    model.leave(self.parked[0])
                return True
        return False

    # ---- plain users -------------------------------------------------------------------------------------------------

    @rule(number=NUMBERS, times=st.integers(1, 3))
    def send(self, number, times):
        """Plain sends that do not wait."""
        for _ in range(times):
            value = self.value()
            expected = "ClosedEnd" if (number, None) in self.closed else self.models[number].send(value)
            self.same(attempt(self.pairs[number][0].send_nowait, value), expected)

    @rule(number=NUMBERS)
    def receive(self, number):
        """A plain receive takes away what an alternative may have listed."""
        self.same(attempt(self.pairs[number][1].recv_nowait), self.models[number].receive())

    @rule(number=NUMBERS)
    def wait_to_send(self, number):
        """A plain send that waits."""
        may_wait = len(self.senders) < MOST_SENDERS and (number, None) not in self.closed
        if may_wait and not self.models[number].can_send():
            value = self.value()
            self.models[number].park_sender((value, None), "sender", value)
            self.senders[value] = Waiter(self.pairs[number][0].send, value)
            self.wait_for_the_lines()

    @rule(what=st.sampled_from(["release", "set", "clear"]))
    def use_lock_or_event(self, what):
        """A lock that an alternative acquired is free again; an event that is set stays ready until it is cleared."""
        if what == "release" and self.locked:
            self.lock.release()
            self.locked = self.end_the_wait("lock")
        elif what == "set":
            self.event.set()
            self.is_set = True
            self.end_the_wait("event")
        elif what == "clear":
            self.event.clear()
            self.is_set = False
        self.check_served()

    # ---- endings -----------------------------------------------------------------------------------------------------

    @rule(number=NUMBERS, handle=st.sampled_from([None, *range(CLONES)]), really=st.integers(0, 2))
    def close(self, number, handle, really):
        """The end of a sender, or of a receiver that an alternative may watch."""
        if really or (number, handle) in self.closed:
            return
        self.closed.add((number, handle))
        if handle is None:
            self.pairs[number][0].close()
            self.models[number].close(SENDER, "sender")
        else:
            self.handles[number][handle].close()
            self.models[number].close(RECEIVER, handle)
        self.check_served()

    @rule(number=NUMBERS, really=st.integers(0, 4))
    def abort(self, number, really):
        """The end of both directions."""
        if not really:
            self.pairs[number][1].abort()
            self.models[number].abort()
            self.check_served()

    @rule(number=NUMBERS)
    def give_to_an_interpreter(self, number):
        """An interpreter holds a sender, maybe soon the last."""
        if self.mortal is None and self.deaths < DEATHS and (number, None) not in self.closed:
            self.mortal = (number, Mortal([self.pairs[number][0]]))
            self.models[number].clone(SENDER)

    @rule(way=st.sampled_from(Mortal.WAYS), last=st.booleans())
    def it_ends(self, way, last):
        """With the last sender its channel is over."""
        if self.mortal is None:
            return
        number, mortal = self.mortal
        if last:
            self.close(number, None, 0)
        self.mortal = None
        mortal.end(way)
        self.gone.append(mortal)
        self.deaths += 1
        self.models[number].close(SENDER)
        self.check_served()

    # ---- what always holds -------------------------------------------------------------------------------------------

    # Fair choices are random, and hypothesis wants the same rules when it begins a run anew in the same way:
    # so no rule has a precondition, and one that cannot be does nothing.

    def same(self, found, expected):
        assert found == expected
        self.check_served()

    def check_served(self):
        """Those whom the model served have been served, with the same outcome through the same guard."""
        for (number, guard), outcome in self.served:
            if guard is None:
                assert self.senders.pop(number).outcome() == outcome
            else:
                waiter, self.parked = self.parked[3], None
                real, value = waiter.outcome()
                assert real is guard.real
                assert value == (outcome if isinstance(outcome, str) or guard.kind == "recv" else None)
                for other in self.guards[0] + self.guards[1]:
                    other.passed_over_by.clear()
        self.served.clear()
        self.wait_for_the_lines()

    def wait_for_the_lines(self):
        """A thread takes a moment to get into its lines, and out of them."""
        limit = time.monotonic() + 10
        for (tx, _), model in zip(self.pairs, self.models, strict=True):
            expected = (len(model.senders), len(model.receivers))
            seen = None
            while seen != expected:
                assert time.monotonic() < limit, (seen, expected)
                let_others_run()
                statistics = channel_statistics(tx.channel_id)
                seen = (statistics.waiting_senders, statistics.waiting_receivers)
        for kind, real in (("lock", self.lock), ("event", self.event)):
            wanted = sum(guard.kind == kind for guard in self.parked[2]) if self.parked else 0
            while real.statistics().waiting_receivers != wanted:
                assert time.monotonic() < limit, (kind, wanted)
                let_others_run()

    @invariant()
    def counts_are_those_of_the_model(self):
        """Every count of every channel is exact, and nobody stands in a line without waiting."""
        for (tx, _), model in zip(self.pairs, self.models, strict=True):
            seen = channel_statistics(tx.channel_id)
            assert (seen.length, seen.sent, seen.received, seen.dropped, seen.undelivered) == (
                len(model.held),
                model.sent,
                model.received,
                model.dropped,
                model.undelivered,
            )
            assert (seen.senders, seen.receivers) == (model.handles[SENDER], model.handles[RECEIVER])
            assert (seen.waiting_senders, seen.waiting_receivers) == (len(model.senders), len(model.receivers))
        assert self.lock.locked() is self.locked
        self.forget_who_is_not_ready()
        for which, guards in enumerate(self.guards):
            found = self.alternatives[which].guards[1:]
            assert len(found) == len(guards)
            assert all(real is guard.real for real, guard in zip(found, guards, strict=True))

    def end_everything(self):
        if self.mortal:
            self.mortal[1].end("cut off")
            self.gone.append(self.mortal[1])
        for mortal in self.gone:
            mortal.bury()
        for _, rx in self.pairs:
            rx.abort()
        self.event.set()
        if self.locked:
            self.lock.release()
        for waiter in [*self.senders.values(), *([self.parked[3]] if self.parked else [])]:
            waiter.outcome()

    def teardown(self):
        """Nothing is left alive. A run that failed says why instead: its traceback still holds what it held."""
        failing = sys.exception() is not None
        if hasattr(self, "gone"):
            self.end_everything()
            alive = self.alive
            self.__dict__.clear()
            gc.collect()
            # An interpreter that has told how it ended lets go of the channel by which it told it a moment later.
            limit = time.monotonic() + 10
            while totals()["channels"] > alive and not failing:
                assert time.monotonic() < limit, (totals(), alive)
                let_others_run()


TestAlternative = AlternativeMachine.TestCase
TestAlternative.settings = settings(
    max_examples=120,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],  # who waits may wait for seconds in a run that fails: no hundreds of runs to shrink it
    database=None,
)
