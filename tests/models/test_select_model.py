"""Any sequence of selects and plain operations over several channels does what the plain model does."""

from channel_model import RECEIVER, SENDER, Channel
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from mortals import Mortal
from waiters import Waiter, attempt, let_others_run

import csp
from csp._native import channel_statistics

VALUES = st.integers(0, 9)
CAPACITIES = (0, 1, 2)
NUMBERS = st.integers(0, len(CAPACITIES) - 1)
MOST_WAITING = 5
MOST_GUARDS = 6
DEATHS = 1  # interpreters that end in one run: each costs some milliseconds

# (kind, channel, value): "off" is a guard whose precondition is false.
CHANNEL_GUARDS = st.tuples(st.sampled_from(["recv", "send"]), NUMBERS, VALUES)
GUARDS = st.one_of(CHANNEL_GUARDS, CHANNEL_GUARDS, st.sampled_from([(kind, 0, 0) for kind in ("off", "due", "never")]))


class SelectMachine(RuleBasedStateMachine):
    """A rendezvous, two small buffers, plain users and selects that wait on them, and interpreters that do."""

    @initialize()
    def begin(self):
        self.served = []
        self.models = []
        self.pairs = []
        self.places = []  # for each channel a receiver for each place of a select, so that each place can be told
        for number, capacity in enumerate(CAPACITIES):
            self.models.append(None)
            self.pairs.append(None)
            self.places.append(None)
            self.open(number, capacity)
        self.waiting = {}
        self.count = 0
        self.mortals = []
        self.deaths = 0
        self.gone = []

    def open(self, number, capacity):
        """A new channel."""
        tx, rx = csp.channel(capacity)
        self.pairs[number] = (tx, rx)
        self.places[number] = [rx.clone() for _ in range(MOST_GUARDS)]
        self.models[number] = Channel(
            capacity, handles={SENDER: 1, RECEIVER: 1 + MOST_GUARDS}, peers=self.models, served=self.served
        )

    # ---- plain users -------------------------------------------------------------------------------------------------

    @rule(number=NUMBERS, value=VALUES)
    def send(self, number, value):
        """A plain send that does not wait."""
        self.same(attempt(self.pairs[number][0].send_nowait, value), self.models[number].send(value))

    @rule(number=NUMBERS)
    def receive(self, number):
        """A plain receive that does not wait."""
        self.same(attempt(self.pairs[number][1].recv_nowait), self.models[number].receive())

    @rule(number=NUMBERS, value=VALUES)
    def wait_to_send(self, number, value):
        """A plain send that waits."""
        if self.may_wait() and not self.models[number].can_send():
            self.models[number].park_sender((self.count, None), None, value)
            self.stand_in_line(self.pairs[number][0].send, value)

    @rule(number=NUMBERS)
    def wait_to_receive(self, number):
        """A plain receive that waits."""
        if self.may_wait() and not self.models[number].can_receive():
            self.models[number].park_receiver((self.count, None), None)
            self.stand_in_line(self.pairs[number][1].recv)

    # ---- selects -----------------------------------------------------------------------------------------------------

    def make(self, guards):
        """The guards themselves."""
        makers = {
            "recv": lambda place, number, _: self.places[number][place],
            "send": lambda place, number, value: self.pairs[number][0].offer(value),
            "off": lambda *_: None,
            "due": lambda *_: csp.after(0),
            "never": lambda *_: csp.never(),
            "skip": lambda *_: csp.skip(),
        }
        return [makers[kind](place, number, value) for place, (kind, number, value) in enumerate(guards)]

    def is_ready(self, guard):
        kind, number, _ = guard
        if kind in {"recv", "send"}:
            model = self.models[number]
            return bool(model.can_receive() if kind == "recv" else model.can_send())
        return kind in {"due", "skip"}

    @rule(guards=st.lists(GUARDS, min_size=1, max_size=5), skip=st.integers(-1, 5), priority=st.booleans())
    def select(self, guards, skip, priority):
        """A select that does not wait: by priority exactly the first that is ready, else one of those that are; a fair
        skip only when there is no other.
        """
        if skip >= 0:
            guards.insert(min(skip, len(guards)), ("skip", 0, 0))
        ready = [place for place, guard in enumerate(guards) if self.is_ready(guard)]
        others = [place for place in ready if guards[place][0] != "skip"]
        if priority:
            ready = ready[:1]
        elif others:
            ready = others
        made = self.make(guards)
        found = attempt(csp.select, *made, priority=priority, timeout=0)
        if not ready:
            self.same(found, "TimeoutError")
        elif isinstance(found, str):  # the guard is not told: one of those whose channel is over
            assert found in [self.carry_out(guards[place]) for place in ready if self.is_over(guards[place])]
            self.check_served()
        else:
            place = next(place for place, guard in enumerate(made) if guard is found[0])
            assert place in ready
            self.same(found[1], self.carry_out(guards[place]))

    def is_over(self, guard):
        kind, number, _ = guard
        model = self.models[number]
        drained = not model.held and not model.senders
        return (kind == "recv" and model.over and drained) or (kind == "send" and model.broken)

    def carry_out(self, guard):
        kind, number, value = guard
        model = self.models[number]
        return model.receive() if kind == "recv" else model.send(value) if kind == "send" else None

    @rule(guards=st.lists(CHANNEL_GUARDS, min_size=1, max_size=4), priority=st.booleans())
    def wait_in_a_select(self, guards, priority):
        """A select that waits stands in all its lines; duplicates, and both ends of one channel, are allowed."""
        if not self.may_wait() or any(self.is_ready(guard) for guard in guards):
            return
        made = self.make(guards)
        for place, (kind, number, value) in enumerate(guards):
            if kind == "recv":
                self.models[number].park_receiver((self.count, place), None)
            else:
                self.models[number].park_sender((self.count, place), None, value)

        def choose():
            guard, value = csp.select(*made, priority=priority)
            return next(place for place, one in enumerate(made) if one is guard), value

        self.stand_in_line(choose)

    # ---- endings -----------------------------------------------------------------------------------------------------

    @rule(number=NUMBERS, way=st.sampled_from(["abort", SENDER, RECEIVER]), really=st.integers(0, 4))
    def end_a_channel(self, number, way, really):
        """The end of a channel is learned by all that wait for it."""
        if really or self.count < 3:
            return
        model = self.models[number]
        if way == "abort":
            self.pairs[number][0].abort()
            model.abort()
        elif not self.waiting and not self.mortals:  # none waits through these very handles
            ends = [self.pairs[number][0]] if way == SENDER else [self.pairs[number][1], *self.places[number]]
            for end in ends:
                end.close()
                model.close(way)
            left = self.pairs[number][way == SENDER]
            found = attempt(left.recv_nowait) if way == SENDER else attempt(left.send_nowait, 1)
            assert found == (model.receive() if way == SENDER else model.send(1))
            self.open(number, model.capacity)  # nobody can use what is closed: on with another
        self.check_served()

    # ---- interpreters ------------------------------------------------------------------------------------------------

    @rule(guards=st.lists(st.tuples(st.sampled_from(["recv", "send"]), NUMBERS), min_size=1, max_size=4))
    def an_interpreter_waits_in_a_select(self, guards):
        """An interpreter stands in lines, too. When it was served it ends."""
        if len(self.mortals) + self.deaths >= DEATHS or any(self.is_ready((*guard, 0)) for guard in guards):
            return
        ends = [self.pairs[number][kind == "recv"] for kind, number in guards]
        mortal = Mortal(ends, "choose")
        held = set(guards)  # what is twice in a message arrives as one handle
        for kind, number in held:
            self.models[number].clone(RECEIVER if kind == "recv" else SENDER)
        for place, (kind, number) in enumerate(guards):
            if kind == "recv":
                self.models[number].park_receiver((self.count, place), None)
            else:
                self.models[number].park_sender((self.count, place), None, "from a mortal")
        self.mortals.append((self.count, mortal, held))
        self.count += 1
        self.wait_for_the_lines()

    @rule(way=st.sampled_from(["kill", "cut off", "stop"]))
    def it_ends(self, way):
        """Dead, it stands in no line, its handles are closed, and nothing that it offered is sent."""
        if not self.mortals:
            return
        number, mortal, held = self.mortals.pop()
        mortal.end(way)
        self.deaths += 1
        self.gone.append(mortal)
        for model in self.models:
            model.leave(number)
        for kind, channel in held:
            self.models[channel].close(RECEIVER if kind == "recv" else SENDER)
        self.check_served()
        self.wait_for_the_lines()

    # ---- what always holds -------------------------------------------------------------------------------------------

    # Fair choices are random, and hypothesis wants the same rules when it begins a run anew in the same way:
    # so no rule has a precondition, and one that cannot be does nothing.

    def may_wait(self):
        return len(self.waiting) < MOST_WAITING

    def stand_in_line(self, operation, *arguments):
        self.waiting[self.count] = Waiter(operation, *arguments)
        self.count += 1
        self.wait_for_the_lines()

    def wait_for_the_lines(self):
        """A thread takes a moment to get into its lines, and a select to leave those that it lost."""
        for (tx, _), model in zip(self.pairs, self.models, strict=True):
            while True:
                seen = channel_statistics(tx.channel_id)
                if (seen.waiting_senders, seen.waiting_receivers) == (len(model.senders), len(model.receivers)):
                    break
                let_others_run()

    def same(self, found, expected):
        assert found == expected
        self.check_served()

    def check_served(self):
        """Those whom the model served have been served, with the same outcome through the same guard."""
        for (number, place), outcome in self.served:
            if number in self.waiting:
                failed = isinstance(outcome, str)
                found = self.waiting.pop(number).outcome()
                assert found == (outcome if place is None or failed else (place, outcome))
            else:
                _, mortal, held = self.mortals.pop()
                mortal.come_home()
                self.deaths += 1
                for kind, channel in held:
                    self.models[channel].close(RECEIVER if kind == "recv" else SENDER)
        self.served.clear()
        self.wait_for_the_lines()

    @invariant()
    def counts_are_those_of_the_model(self):
        """Every count of every channel is exact."""
        for (tx, _), model in zip(self.pairs, self.models, strict=True):
            seen = tx.statistics()
            assert (seen.length, seen.sent, seen.received, seen.undelivered) == (
                len(model.held),
                model.sent,
                model.received,
                model.undelivered,
            )
            assert (seen.senders, seen.receivers) == (model.handles[SENDER], model.handles[RECEIVER])

    def teardown(self):
        if not hasattr(self, "pairs"):
            return
        for _, mortal, _ in self.mortals:
            mortal.end("cut off")
            self.gone.append(mortal)
        for mortal in self.gone:
            mortal.bury()
        for tx, _ in self.pairs:
            tx.abort()
        for waiter in self.waiting.values():
            waiter.outcome()


TestSelect = SelectMachine.TestCase
TestSelect.settings = settings(
    max_examples=40,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],  # who waits may wait for seconds in a run that fails: no hundreds of runs to shrink it
    database=None,
)
