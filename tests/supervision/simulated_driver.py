"""A driver that starts nothing: it feeds the reducer, keeps the lives in a table, and checks every command.

Each test drives it by hand (``auto=False``) or lets it answer at once, as a machine would on which every
start and stop succeeds except those named in ``start_fails``, ``start_hangs`` and ``stop_hangs``.
"""

from typing import Any

from csp.exits import KILLED, SHUTDOWN, ExitReason
from csp.supervision.child import ChildSpec, child
from csp.supervision.commands import (
    Answer,
    Command,
    Ended,
    KillChild,
    Outcome,
    Report,
    ScheduleRetry,
    StartChild,
    Started,
    StartFailed,
    StopChild,
)
from csp.supervision.definition import SupervisorSpec
from csp.supervision.events import (
    ChildEnded,
    ChildStarted,
    ChildStartFailed,
    DeleteChildRequest,
    Event,
    KillRequested,
    RestartChildRequest,
    RetryDue,
    Start,
    StartChildRequest,
    StopRequested,
    TerminateChildRequest,
)
from csp.supervision.intensity import Intensity
from csp.supervision.reducer import reduce
from csp.supervision.state import SupervisorState, count_children, initial_state, which_children
from csp.supervision.strategy import AutoShutdown, Strategy
from csp.supervision.supervisor import Supervisor

ABC = ("a", "b", "c")
CRASH = ExitReason("failed", "ValueError: boom", "Traceback ...")


class Worker:
    """What the children of the tests are made of; never made."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        raise AssertionError("the pure part makes no children")


class Branch(Supervisor):
    """A supervisor as a child."""


def worker(name: str, *args: object, **options: Any) -> ChildSpec[Any]:
    """Describe a worker."""
    return child(Worker, *args).options(name=name, **options)


class Life:
    """One life in the driver's table."""

    def __init__(self, incarnation: int) -> None:
        self.incarnation = incarnation
        self.up = False
        self.told: StopChild | KillChild | None = None


class SimulatedDriver:
    """Drive one supervisor."""

    def __init__(
        self,
        *children: ChildSpec[Any],
        strategy: Strategy = "one_for_one",
        intensity: Intensity | None = None,
        auto_shutdown: AutoShutdown = "never",
        auto: bool = True,
    ) -> None:
        limit = Intensity() if intensity is None else intensity
        self.state: SupervisorState = initial_state(SupervisorSpec("Sup", strategy, limit, auto_shutdown, children))
        self.now = 0.0
        self.auto = auto
        self.start_fails: set[str] = set()
        self.start_hangs: set[str] = set()
        self.stop_hangs: set[str] = set()
        self.lives: dict[str, Life] = {}
        self.last_incarnation: dict[str, int] = {}
        self.retries: list[tuple[float, int]] = []
        self.commands: list[Command] = []
        self.asked = 0
        self.last: list[Command] = []

    # -- events ----------------------------------------------------------------------------------------------

    def feed(self, event: Event) -> list[Command]:
        """Feed one event; return the commands it led to, and those of the automatic answers."""
        before = len(self.commands)
        self._feed(event)
        while self.auto and (answer := self._next_answer()) is not None:
            self._feed(answer)
        self.last = self.commands[before:]
        return self.last

    def start(self) -> list[Command]:
        """Start the supervisor."""
        return self.feed(Start(now=self.now))

    def started(self, name: str) -> list[Command]:
        """Let a starting child come up."""
        return self.feed(ChildStarted(name, self.lives[name].incarnation, now=self.now))

    def start_failed(self, name: str, reason: ExitReason = CRASH) -> list[Command]:
        """Let a starting child fail."""
        return self.feed(ChildStartFailed(name, self.lives[name].incarnation, reason, now=self.now))

    def ended(self, name: str, reason: ExitReason = CRASH, random: float = 0.0) -> list[Command]:
        """Let a child end."""
        return self.feed(ChildEnded(name, self.lives[name].incarnation, reason, now=self.now, random=random))

    def retry(self) -> list[Command]:
        """Let the earliest retry fall due, moving the clock to it."""
        due, token = min(self.retries)
        self.now = max(self.now, due)
        return self.feed(RetryDue(token, now=self.now))

    def stop(self, reason: ExitReason = SHUTDOWN) -> list[Command]:
        """Stop the supervisor."""
        return self.feed(StopRequested(reason, now=self.now))

    def kill(self, reason: ExitReason = KILLED) -> list[Command]:
        """Kill the supervisor."""
        return self.feed(KillRequested(reason, now=self.now))

    def start_child(self, spec: object) -> Answer | None:
        """Request a new child; return the answer if there is one at once."""
        return self._request(StartChildRequest(self._ask(), spec, now=self.now))

    def terminate_child(self, name: str) -> Answer | None:
        """Request that a child stops; return the answer if there is one at once."""
        return self._request(TerminateChildRequest(self._ask(), name, now=self.now))

    def restart_child(self, name: str) -> Answer | None:
        """Request that a child that is down starts; return the answer if there is one at once."""
        return self._request(RestartChildRequest(self._ask(), name, now=self.now))

    def delete_child(self, name: str) -> Answer | None:
        """Request that a child that is down is forgotten; return the answer if there is one at once."""
        return self._request(DeleteChildRequest(self._ask(), name, now=self.now))

    # -- what happened ---------------------------------------------------------------------------------------

    @property
    def up(self) -> list[str]:
        """The names of the children that are up, in start order."""
        return [info.child_id for info in which_children(self.state) if info.status == "up"]

    @property
    def names(self) -> list[str]:
        """The names of all children, in start order."""
        return [info.child_id for info in which_children(self.state)]

    def status(self, name: str) -> str:
        """Say how a child is."""
        return next(info.status for info in which_children(self.state) if info.child_id == name)

    def counts(self) -> list[int]:
        """Count specs, active, supervisors, workers."""
        return list(count_children(self.state))

    def outcome(self, request_id: int) -> Outcome | None:
        """Look up the answer to a request."""
        return next((c.outcome for c in self.commands if isinstance(c, Answer) and c.request_id == request_id), None)

    @property
    def end(self) -> Ended | StartFailed | None:
        """The last command of all, when it has been given."""
        return next((c for c in self.commands if isinstance(c, Ended | StartFailed)), None)

    # -- the driver's side of the contract -------------------------------------------------------------------

    def _ask(self) -> int:
        self.asked += 1
        return self.asked

    def _request(self, event: Event) -> Answer | None:
        asked = self.asked
        given = self.feed(event)
        return next((c for c in given if isinstance(c, Answer) and c.request_id == asked), None)

    def _next_answer(self) -> Event | None:
        for name, life in self.lives.items():
            if life.told is not None and name not in self.stop_hangs:
                reason = KILLED if isinstance(life.told, KillChild) else SHUTDOWN
                return ChildEnded(name, life.incarnation, reason, now=self.now)
            if not life.up and life.told is None and name not in self.start_hangs:
                if name in self.start_fails:
                    return ChildStartFailed(name, life.incarnation, CRASH, now=self.now)
                return ChildStarted(name, life.incarnation, now=self.now)
        return None

    def _feed(self, event: Event) -> None:
        match event:
            case ChildStarted(name, incarnation) if self._is_present(name, incarnation):
                self.lives[name].up = True
            case ChildStartFailed(name, incarnation) | ChildEnded(name, incarnation) if self._is_present(
                name, incarnation
            ):
                del self.lives[name]
            case RetryDue(token):
                self.retries = [(due, other) for due, other in self.retries if other != token]
            case _:
                pass
        before = self.state
        frozen = repr(before)
        self.state, given = reduce(before, event)
        assert repr(before) == frozen, "the reducer changed the state it was given"
        assert reduce(before, event) == (self.state, given), "the reducer is not a function"
        for command in given:
            self._carry_out(command)
        self._compare()

    def _is_present(self, name: str, incarnation: int) -> bool:
        return name in self.lives and self.lives[name].incarnation == incarnation

    def _carry_out(self, command: Command) -> None:
        assert self.end is None or isinstance(command, Answer), f"{command} after {self.end}"
        match command:
            case StartChild(name, incarnation, spec):
                assert name not in self.lives, f"two lives of {name!r}"
                assert incarnation > self.last_incarnation.get(name, 0), f"incarnation {incarnation} used again"
                assert spec.name == name
                self.last_incarnation[name] = incarnation
                self.lives[name] = Life(incarnation)
            case StopChild(name, incarnation):
                assert self._is_present(name, incarnation), f"{command} for a child already gone"
                assert self.lives[name].told is None, f"{command} twice"
                self.lives[name].told = command
            case KillChild(name, incarnation):
                assert self._is_present(name, incarnation), f"{command} for a child already gone"
                assert not isinstance(self.lives[name].told, KillChild), f"{command} twice"
                self.lives[name].told = command
            case ScheduleRetry(delay, token):
                assert delay >= 0
                self.retries.append((self.now + delay, token))
            case Answer(request_id):
                assert self.outcome(request_id) is None, f"request {request_id} answered twice"
            case Started():
                assert not any(isinstance(c, Started) for c in self.commands), "started twice"
            case Ended() | StartFailed():
                assert not self.lives, f"{command} while {sorted(self.lives)} live"
            case Report():
                pass
        self.commands.append(command)

    def _compare(self) -> None:
        """Hold the reducer's view of who lives against the table."""
        seen = {child.name: (child.incarnation, child.phase == "up") for child in self.state.children if child.live}
        assert seen == {name: (life.incarnation, life.up) for name, life in self.lives.items()}


def starts(commands: list[Command]) -> list[str]:
    """List the children started by these commands, in order."""
    return [command.child_id for command in commands if isinstance(command, StartChild)]


def stops(commands: list[Command]) -> list[str]:
    """List the children told to stop or killed by these commands, in order."""
    return [command.child_id for command in commands if isinstance(command, StopChild | KillChild)]


def reports(commands: list[Command]) -> list[tuple[str, str]]:
    """List kind and child of the reports among these commands, progress reports left out."""
    return [
        (command.kind, command.child_id)
        for command in commands
        if isinstance(command, Report) and command.kind != "child_started"
    ]


def started(*names: str, strategy: Strategy = "one_for_one", restarts: int = 3) -> SimulatedDriver:
    """Start a supervisor of permanent workers."""
    sim = SimulatedDriver(*map(worker, names), strategy=strategy, intensity=Intensity(restarts, 3600.0))
    sim.start()
    return sim


def up(*names: str, strategy: Strategy = "one_for_one", restarts: int = 3) -> SimulatedDriver:
    """Start a supervisor of permanent workers; from then on the test gives the answers."""
    sim = SimulatedDriver(*map(worker, names), strategy=strategy, intensity=Intensity(restarts, 3600.0))
    sim.start()
    sim.auto = False
    return sim
