"""Any sequence of operations on a channel does what the plain model does, and the counts are the model's."""

import gc

from channel_model import RECEIVER, SENDER, Channel, Handle
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from mortals import Mortal
from waiters import Waiter, attempt, let_others_run

import csp
from csp._native import channel_statistics, unbounded_channel

VALUES = st.integers(0, 9)
UNBOUNDED = 10**9
DEATHS = 2  # interpreters that end in one run: each costs some milliseconds


class ChannelMachine(RuleBasedStateMachine):
    """One channel, its handles, those who wait on it, and interpreters that hold it."""

    @initialize(
        capacity=st.sampled_from([0, 0, 1, 2, 5, UNBOUNDED]),
        overflow=st.sampled_from(["block", "block", "drop_oldest", "drop_newest", "error"]),
    )
    def begin(self, capacity, overflow):
        if capacity in {0, UNBOUNDED}:
            overflow = "block"
        tx, rx = unbounded_channel() if capacity == UNBOUNDED else csp.channel(capacity, overflow)
        self.id = tx.channel_id
        self.model = Channel(capacity, overflow)
        self.real = {SENDER: [tx], RECEIVER: [rx]}
        self.waiting = {}
        self.count = 0
        self.mortals = []
        self.deaths = 0
        self.buried = []

    # ---- what handles do ---------------------------------------------------------------------------------------------

    def pick(self, data, direction):
        ends = self.real[direction]  # hypothesis would keep an end that it draws: it draws a number
        return ends[data.draw(st.integers(0, len(ends) - 1), label=direction)]

    def has(self, direction):
        return bool(self.real[direction])

    @precondition(lambda self: self.has(SENDER))
    @rule(data=st.data(), value=VALUES, timeout=st.sampled_from([None, 0]))
    def send(self, data, value, timeout):
        """A send that may not wait: send_nowait, or a timeout of 0."""
        tx = self.pick(data, SENDER)
        if timeout is None:
            self.same(attempt(tx.send_nowait, value), self.model.send(value))
        else:
            self.same(attempt(tx.send, value, timeout=0), self.in_time(self.model.send(value)))

    def in_time(self, outcome):
        refuses = self.model.overflow == "error"
        return "TimeoutError" if outcome == "WouldBlock" and not refuses else outcome

    @precondition(lambda self: self.has(SENDER))
    @rule(data=st.data(), values=st.lists(VALUES, max_size=6))
    def send_many(self, data, values):
        """A batch sends one after the other, as many as go."""
        outcomes = []
        for value in values:
            outcomes.append(self.in_time(self.model.send(value)))
            if outcomes[-1] is not None:
                break
        tx = self.pick(data, SENDER)
        unsent = None
        try:
            tx.send_many(values, timeout=0)
            outcome = None
        except csp.BrokenChannel as error:
            outcome, unsent = "BrokenChannel", error.unsent
        except (TimeoutError, csp.WouldBlock) as error:
            outcome = type(error).__name__
        assert unsent is None or unsent == tuple(values[len(outcomes) - 1 :])
        self.same(outcome, outcomes[-1] if outcomes else None)

    @precondition(lambda self: self.has(RECEIVER))
    @rule(data=st.data(), timeout=st.sampled_from([None, 0]))
    def receive(self, data, timeout):
        """A receive that may not wait."""
        rx = self.pick(data, RECEIVER)
        expected = self.model.receive()
        if timeout is None:
            self.arrived(attempt(rx.recv_nowait), expected)
        else:
            self.arrived(attempt(rx.recv, timeout=0), "TimeoutError" if expected == "WouldBlock" else expected)

    @precondition(lambda self: self.has(RECEIVER))
    @rule(data=st.data())
    def receive_or_default(self, data):
        """A default stands for nothing there, and not for the end."""
        default = object()
        expected = self.model.receive()
        self.arrived(
            attempt(self.pick(data, RECEIVER).recv_nowait, default), default if expected == "WouldBlock" else expected
        )

    @precondition(lambda self: self.has(RECEIVER))
    @rule(data=st.data(), most=st.integers(1, 6))
    def receive_many(self, data, most):
        """A batch takes what is there; the end, if that is next, comes with the call after it."""
        expected = []
        while len(expected) < most:
            value = self.model.receive()
            if isinstance(value, str):
                break
            expected.append(value)
        found = attempt(self.pick(data, RECEIVER).recv_many, most, timeout=0)
        if expected:
            assert len(found) == len(expected)
            for one, other in zip(found, expected, strict=True):
                self.arrived(one, other, check=False)
            self.check_served()
        else:
            self.same(found, "TimeoutError" if value == "WouldBlock" else value)

    def arrived(self, found, expected, *, check=True):
        """What was received is what the model says; a handle is a handle, and now ours."""
        if isinstance(expected, Handle):
            assert isinstance(found, csp.Sender if expected.direction == SENDER else csp.Receiver)
            assert found.channel_id == self.id
            self.real[expected.direction].append(found)
        elif isinstance(expected, (int, str)):
            assert found == expected
        else:
            assert found is expected
        if check:
            self.check_served()

    # ---- handles -----------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.has(SENDER))
    @rule(data=st.data(), direction=st.sampled_from([SENDER, RECEIVER]))
    def send_a_handle(self, data, direction):
        """A handle of the channel itself, of either direction, in a message: one more, until it is lost."""
        tx = self.pick(data, SENDER)
        if not self.has(direction):
            return
        carried = self.pick(data, direction)
        self.model.clone(direction)
        handle = Handle(self.model, direction)
        expected = self.model.send(handle)
        found = attempt(tx.send_nowait, carried)
        if expected is not None:
            self.model.lose(handle)
        self.same(found, expected)

    @rule(data=st.data(), direction=st.sampled_from([SENDER, RECEIVER]))
    def clone(self, data, direction):
        """A clone counts."""
        if self.has(direction) and len(self.real[direction]) < 5:
            self.real[direction].append(self.pick(data, direction).clone())
            self.model.clone(direction)

    @rule(
        data=st.data(), direction=st.sampled_from([SENDER, RECEIVER]), how=st.sampled_from(["close", "with", "twice"])
    )
    def close(self, data, direction, how):
        """A closed handle does not count any more, however it was closed; then it refuses everything."""
        if not self.has(direction):
            return
        end = self.pick(data, direction)
        self.real[direction] = [other for other in self.real[direction] if other is not end]
        self.model.close(direction, id(end))
        if how == "with":
            with end:
                pass
        else:
            end.close()
        if how == "twice":
            end.close()
        assert end.closed
        assert attempt(end.clone) == "ClosedEnd"
        assert attempt(*((end.send, 1) if direction == SENDER else (end.recv,))) == "ClosedEnd"
        self.check_served()

    @rule(data=st.data(), direction=st.sampled_from([SENDER, RECEIVER]))
    def forget(self, data, direction):
        """A handle that nobody refers to is closed. (One through which somebody waits is referred to.)"""
        index = data.draw(st.integers(0, 4))
        used = {id(handle) for handle, _ in self.waiting.values()}
        ends = self.real[direction]
        if index < len(ends) and id(ends[index]) not in used:
            del ends[index]
            self.model.close(direction)
            self.check_served()

    @precondition(lambda self: self.model.sent + self.model.received > 3)
    @rule(data=st.data(), direction=st.sampled_from([SENDER, RECEIVER]), cause=st.sampled_from([None, "enough"]))
    def abort(self, data, direction, cause):
        """An abort ends both directions; only the first one counts."""
        if self.has(direction) and data.draw(st.integers(0, 4)) == 0:
            self.pick(data, direction).abort(cause)
            self.model.abort()
            self.check_served()

    # ---- waiting -----------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.has(SENDER) and not self.model.can_send() and len(self.waiting) < 4)
    @rule(data=st.data(), value=VALUES)
    def wait_to_send(self, data, value):
        """Somebody stands in line to send."""
        tx = self.pick(data, SENDER)
        self.model.park_sender(self.count, id(tx), value)
        self.stand_in_line(tx, tx.send, value)

    @precondition(lambda self: self.has(RECEIVER) and not self.model.can_receive() and len(self.waiting) < 4)
    @rule(data=st.data())
    def wait_to_receive(self, data):
        """Somebody stands in line to receive."""
        rx = self.pick(data, RECEIVER)
        self.model.park_receiver(self.count, id(rx))
        self.stand_in_line(rx, rx.recv)

    def stand_in_line(self, end, operation, *arguments):
        self.waiting[self.count] = (end, Waiter(operation, *arguments))
        self.count += 1
        expected = (len(self.model.senders), len(self.model.receivers))
        while True:
            seen = channel_statistics(self.id)
            if (seen.waiting_senders, seen.waiting_receivers) == expected:
                return
            let_others_run()

    def same(self, found, expected):
        assert found == expected
        self.check_served()

    def check_served(self):
        """Those whom the model served have been served, with the same outcome."""
        for who, outcome in self.model.served:
            _, waiter = self.waiting.pop(who)
            self.arrived(waiter.outcome(), outcome, check=False)
        self.model.served.clear()

    # ---- interpreters ------------------------------------------------------------------------------------------------

    @precondition(lambda self: len(self.mortals) + self.deaths < DEATHS)
    @rule(data=st.data())
    def give_to_an_interpreter(self, data):
        """An interpreter gets handles of its own, of both directions or of one."""
        given = [self.pick(data, direction) for direction in (SENDER, RECEIVER) if self.has(direction)]
        given = given[: data.draw(st.integers(1, 2))]
        if given:
            self.mortals.append((Mortal(given), [SENDER if isinstance(end, csp.Sender) else RECEIVER for end in given]))
            for direction in self.mortals[-1][1]:
                self.model.clone(direction)

    @precondition(lambda self: self.mortals)
    @rule(data=st.data(), way=st.sampled_from(Mortal.WAYS))
    def an_interpreter_ends(self, data, way):
        """Whatever way it ends, its handles are closed."""
        mortal, held = self.mortals.pop(data.draw(st.integers(0, len(self.mortals) - 1)))
        self.deaths += 1
        mortal.end(way)
        self.buried.append(mortal)
        for direction in held:
            self.model.close(direction)
        self.check_served()

    # ---- what always holds -------------------------------------------------------------------------------------------

    @invariant()
    def counts_are_those_of_the_model(self):
        """Every count is exact, and the sum holds."""
        if not any(self.real.values()):
            return  # the channel may be gone, if no message or interpreter holds it
        seen = next(end for ends in self.real.values() for end in ends).statistics()
        model = self.model
        assert seen.sent == seen.received + seen.length + seen.dropped + seen.undelivered
        assert (seen.length, seen.sent, seen.received, seen.dropped, seen.undelivered) == (
            len(model.held),
            model.sent,
            model.received,
            model.dropped,
            model.undelivered,
        )
        assert (seen.senders, seen.receivers) == (model.handles[SENDER], model.handles[RECEIVER])
        assert (seen.waiting_senders, seen.waiting_receivers) == (len(model.senders), len(model.receivers))
        assert seen.aborted == model.aborted

    def teardown(self):
        if not hasattr(self, "model"):
            return
        for mortal, _ in self.mortals:
            mortal.end("return")
        for mortal in self.buried:
            mortal.bury()
        for ends in self.real.values():
            for end in ends:
                end.abort()  # also what holds itself lets go, and who waits is released
        for _, waiter in self.waiting.values():
            waiter.outcome()
        self.real.clear()
        self.waiting.clear()
        gc.collect()


TestChannel = ChannelMachine.TestCase
TestChannel.settings = settings(
    max_examples=50,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],  # who waits may wait for seconds in a run that fails: no hundreds of runs to shrink it
    database=None,
)
