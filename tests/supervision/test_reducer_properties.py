"""Any sequence of events keeps what supervision promises.

A hypothesis machine plays the driver and the world: children come up, fail, die and are asked for in any
order, also while others stop or start. :class:`SimulatedDriver` holds each command to the contract (one life
at a time, nothing for a child already gone, one answer to each request); the machine adds order, limits and
progress.
"""

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from csp.exits import KILLED, NORMAL, SHUTDOWN, ExitReason
from csp.supervision.child import ChildSpec
from csp.supervision.commands import (
    Answer,
    Command,
    Ended,
    KillChild,
    Report,
    StartChild,
    Started,
    StartFailed,
    StopChild,
)
from csp.supervision.events import ChildEnded, ChildStarted, ChildStartFailed, RetryDue, Start
from csp.supervision.intensity import Backoff, Intensity

from .simulated_driver import CRASH, SimulatedDriver, worker

NAMES = ("a", "b", "c", "d", "e")
INTENSITIES = st.builds(Intensity, st.sampled_from([0, 1, 3, 8, 100]), st.sampled_from([1.0, 5.0]))
REASONS = st.sampled_from([NORMAL, SHUTDOWN, CRASH, KILLED])
SHUTDOWNS = st.sampled_from([None, 5.0, "kill"])


@st.composite
def specs(draw: st.DrawFn, name: str) -> ChildSpec[Any]:
    """Draw a child spec."""
    restart = draw(st.sampled_from(["permanent", "permanent", "transient", "temporary"]))
    backoff = draw(st.sampled_from([None, None, Backoff(0.5, 2.0, jitter=0.5)]))
    own = draw(st.sampled_from([None, None, None, Intensity(2, 3.0)]))
    significant = restart != "permanent" and draw(st.booleans())
    return worker(
        name,
        restart=restart,
        backoff=backoff,
        intensity=own,
        significant=significant,
        shutdown=draw(SHUTDOWNS),
    )


class Supervision(RuleBasedStateMachine):
    """Play everything that can happen to one supervisor."""

    @initialize(data=st.data(), intensity=INTENSITIES, count=st.sampled_from([0, 1, 2, 3, 3, 4]))
    def begin(self, data: st.DataObject, intensity: Intensity, count: int) -> None:
        """Make a supervisor and start it."""
        # Hypothesis is fond of short ways: left to chance, most runs would be stopped before much has happened.
        self.patience = data.draw(st.sampled_from([5, 20, 40, 1000]))
        self.sim = SimulatedDriver(
            *(data.draw(specs(name)) for name in NAMES[:count]),
            strategy=data.draw(st.sampled_from(["one_for_one", "one_for_all", "rest_for_one"])),
            intensity=intensity,
            auto_shutdown=data.draw(st.sampled_from(["never", "never", "any_significant", "all_significant"])),
            auto=False,
        )
        self.boot_order = list(NAMES[:count])
        self.attempts: dict[str | None, list[float]] = {}
        self.check(self.sim.feed(Start(now=0.0)))
        # Nor would many supervisors get through their start.
        if data.draw(st.sampled_from([True, True, True, False])):
            self.everybody_comes_up()

    # -- what children do ------------------------------------------------------------------------------------

    def starting(self) -> list[str]:
        """List the children whose start is not answered yet."""
        return [name for name, life in self.sim.lives.items() if not life.up]

    def ending(self) -> list[str]:
        """List the children that may end now."""
        return [name for name, life in self.sim.lives.items() if life.up or life.told]

    @precondition(lambda self: self.starting())
    @rule(data=st.data())
    def comes_up(self, data: st.DataObject) -> None:
        """Let a starting child come up."""
        self.check(self.sim.started(data.draw(st.sampled_from(self.starting()))))

    @precondition(lambda self: self.starting())
    @rule()
    def everybody_comes_up(self) -> None:
        """Let every start succeed, as long as there is one."""
        while starting := self.starting():
            self.check(self.sim.started(starting[0]))

    @precondition(lambda self: self.starting())
    @rule(data=st.data(), reason=REASONS)
    def fails_to_start(self, data: st.DataObject, reason: ExitReason) -> None:
        """Let a starting child fail, or be stopped before it came up."""
        self.check(self.sim.start_failed(data.draw(st.sampled_from(self.starting())), reason))

    @precondition(lambda self: self.ending())
    @rule(data=st.data(), reason=REASONS, random=st.floats(0.0, 0.99))
    def ends(self, data: st.DataObject, reason: ExitReason, random: float) -> None:
        """Let a child end that is up, asked or not, or that was told to stop while it started."""
        self.check(self.sim.ended(data.draw(st.sampled_from(self.ending())), reason, random))

    @precondition(lambda self: any(life.up for life in self.sim.lives.values()))
    @rule(data=st.data())
    def crashes(self, data: st.DataObject) -> None:
        """Let a child crash that is up."""
        up = [name for name, life in self.sim.lives.items() if life.up]
        self.check(self.sim.ended(data.draw(st.sampled_from(up)), CRASH))

    @precondition(lambda self: self.sim.retries)
    @rule()
    def retry_falls_due(self) -> None:
        """Let the earliest retry fall due."""
        self.check(self.sim.retry())

    @rule(seconds=st.floats(0.0, 6.0))
    def time_passes(self, seconds: float) -> None:
        """Move the clock, with no event."""
        self.sim.now += seconds

    @rule(name=st.sampled_from(NAMES), incarnation=st.integers(0, 30), token=st.integers(0, 99), reason=REASONS)
    def stale_news(self, name: str, incarnation: int, token: int, reason: ExitReason) -> None:
        """Feed news of lives that are over or never were; nothing may come of it."""
        before = self.sim.state
        now = self.sim.now
        given: list[Command] = []
        if name not in self.sim.lives or self.sim.lives[name].incarnation != incarnation:
            given += self.sim.feed(ChildStarted(name, incarnation, now=now))
            given += self.sim.feed(ChildEnded(name, incarnation, reason, now=now))
            given += self.sim.feed(ChildStartFailed(name, incarnation, reason, now=now))
        if all(token != known for _, known in self.sim.retries):
            given += self.sim.feed(RetryDue(token, now=now))
        given += self.sim.feed(Start(now=now))
        assert (given, self.sim.state) == ([], before)

    # -- what people ask -------------------------------------------------------------------------------------

    @rule(
        data=st.data(), name=st.sampled_from(NAMES), what=st.sampled_from(["start", "terminate", "restart", "delete"])
    )
    def asks(self, data: st.DataObject, name: str, what: str) -> None:
        """Ask for a child to be started, terminated, restarted or deleted, whether that makes sense or not."""
        match what:
            case "start":
                self.sim.start_child(data.draw(specs(name)))
            case "terminate":
                self.sim.terminate_child(name)
            case "restart":
                self.sim.restart_child(name)
            case _:
                self.sim.delete_child(name)
        self.check(self.sim.last)

    @precondition(lambda self: self.patience < 0)
    @rule()
    def stop(self) -> None:
        """Stop the supervisor, in those runs that are meant to be stopped before their end."""
        self.check(self.sim.stop())

    @precondition(lambda self: self.patience < 0)
    @rule()
    def kill(self) -> None:
        """Kill the supervisor, likewise."""
        self.check(self.sim.kill())

    # -- what must hold --------------------------------------------------------------------------------------

    def check(self, given: list[Command]) -> None:
        """Hold the commands of one step against order and limits."""
        self.patience -= 1
        for command in given:
            match command:
                case StartChild(name):
                    self.check_start(name)
                case StopChild(name) | KillChild(name):
                    self.check_stop(name)
                case Report("child_restarting", name):
                    self.check_attempt(name)
                case _:
                    pass

    def check_start(self, name: str) -> None:
        """Starts follow start order: nothing starts before what is older is up, or after the end began."""
        state = self.sim.state
        assert state.stage in ("booting", "running")
        if state.strategy == "one_for_one" and state.stage == "running":
            return
        order = [child.name for child in state.children]
        older = state.children[: order.index(name)]
        assert all(child.status in ("up", "down") for child in older), "an older child is not up yet"
        if state.strategy != "one_for_one":
            assert not any(life.told for life in self.sim.lives.values()), "started while others stop"

    def check_stop(self, name: str) -> None:
        """Stops follow the reverse of start order, unless everything is killed or each was asked for."""
        state = self.sim.state
        if state.killing or (state.strategy == "one_for_one" and state.stage == "running"):
            return
        order = [child.name for child in state.children]
        younger = state.children[order.index(name) + 1 :]
        assert not any(child.leaving for child in younger), "a younger child is still on its way out"
        if state.stage in ("ending", "ended"):
            assert not any(child.live for child in younger), "a younger child still lives"

    def check_attempt(self, name: str) -> None:
        """No period holds more restarts than its intensity allows."""
        child = self.sim.state.child(name)
        assert child is not None
        assert child.spec.restart != "temporary"
        own = child.spec.intensity
        limit = self.sim.state.intensity if own is None else own
        attempts = self.attempts.setdefault(None if own is None else name, [])
        attempts.append(self.sim.now)
        recent = [instant for instant in attempts if self.sim.now - instant <= limit.seconds]
        assert len(recent) <= limit.restarts
        self.check_bounce(name)

    def check_bounce(self, failed: str) -> None:
        """Whoever a restart covers has no life left that is to be kept, except one begun since."""
        state = self.sim.state
        order = [child.name for child in state.children]
        first = {"one_for_one": len(order), "rest_for_one": order.index(failed) + 1, "one_for_all": 0}
        for child in state.children[first[state.strategy] :]:
            assert child.name == failed or child.phase != "up" or child.leaving

    @invariant()
    def boot_is_a_prefix(self) -> None:
        """Until the supervisor has started, what has been started is a prefix of the start order."""
        if any(isinstance(command, Started) for command in self.sim.commands):
            return
        seen = list(dict.fromkeys(c.child_id for c in self.sim.commands if isinstance(c, StartChild)))
        assert seen == self.boot_order[: len(seen)]

    @invariant()
    def never_stuck(self) -> None:
        """When nothing is in flight, there is nothing left to do."""
        pending = [life for life in self.sim.lives.values() if not life.up or life.told]
        if pending or self.sim.retries:
            return
        assert self.sim.state.stage in ("running", "ended")
        assert {child.status for child in self.sim.state.children} <= {"up", "down"}
        if self.sim.state.stage == "running":
            assert all(self.sim.outcome(number) for number in range(1, self.sim.asked + 1))

    @invariant()
    def gives_up_for_good(self) -> None:
        """The end is the last command except for answers that the supervisor is stopping, and comes once."""
        if self.sim.end is not None:
            place = self.sim.commands.index(self.sim.end)
            after = self.sim.commands[place + 1 :]
            assert all(isinstance(c, Answer) and c.outcome == "stopping" for c in after)

    def teardown(self) -> None:
        """After a stop the supervisor ends once all answers are in, with every request answered."""
        if not hasattr(self, "sim"):
            return
        self.check(self.sim.stop())
        while self.sim.end is None:
            told = [name for name, life in self.sim.lives.items() if life.told]
            assert told, "the supervisor waits for nobody and does not end"
            self.check(self.sim.ended(told[0], SHUTDOWN))
            self.never_stuck()
        assert isinstance(self.sim.end, Ended | StartFailed)
        assert all(self.sim.outcome(number) for number in range(1, self.sim.asked + 1))
        assert not self.sim.lives


TestSupervision = Supervision.TestCase
TestSupervision.settings = settings(
    max_examples=200, stateful_step_count=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
