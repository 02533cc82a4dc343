"""The working copy of one step of the reducer.

The reducer is pure from the outside: it takes a value and returns a value. Inside one step, the parts share
this object instead of handing ``(state, commands)`` pairs from each to each; it is made for one event and
dropped after it.
"""

from typing import Any

import attrs

from csp.exits import SHUTDOWN, ExitReason
from csp.supervision.child import ChildSpec
from csp.supervision.child_state import ChildState, Starter
from csp.supervision.commands import Answer, Command, KillChild, Report, ReportKind, StartChild, StopChild
from csp.supervision.state import SupervisorState


class Transition:
    """One event being handled: the state so far and the commands so far.

    Attributes:
        state: the state so far.
        commands: the commands so far, in order.
        now: the instant of the event, in monotonic seconds.
        random: the random number of the event.
    """

    def __init__(self, state: SupervisorState, now: float, random: float) -> None:
        self.state = state
        self.commands: list[Command] = []
        self.now = now
        self.random = random

    def update(self, **changes: Any) -> None:
        """Change fields of the state."""
        self.state = attrs.evolve(self.state, **changes)

    def child(self, name: str) -> ChildState:
        """Return the child of that name, which must be there."""
        child = self.state.child(name)
        if child is None:
            raise LookupError(name)
        return child

    def put(self, child: ChildState) -> None:
        """Store a changed child in its place."""
        self.update(children=self.state.children.put(child))

    def add(self, spec: ChildSpec[Any], starter: Starter) -> None:
        """Add a new child as the last in start order."""
        new = ChildState(spec, incarnation=self.state.used_incarnations, starter=starter)
        self.update(children=self.state.children.add(new))

    def forget(self, child: ChildState) -> None:
        """Remove a child and its spec."""
        self.update(
            children=self.state.children.remove(child.name),
            used_incarnations=max(self.state.used_incarnations, child.incarnation),
        )

    def give(self, command: Command) -> None:
        """Give a command."""
        self.commands.append(command)

    def report(self, kind: ReportKind, child: ChildState, reason: ExitReason | None = None, **details: object) -> None:
        """Give a report about a child."""
        self.give(Report(kind, child.name, child.incarnation, reason, details))

    def doom(self, child: ChildState, *, wanted: bool) -> None:
        """Decide that the present life of a child, if any, is to end, and whether another is to follow.

        Nothing is told to the child yet: that happens in its turn, see :mod:`csp.supervision.ordering`. Who
        waited for it to be up, and now waits in vain, is told.
        """
        if not wanted and child.starter is not None:
            self.give(Answer(child.starter.request_id, "start_failed", child.name, reason=SHUTDOWN))
            child = attrs.evolve(child, starter=None)
        fate = "doomed" if child.live and not child.leaving else child.fate
        self.put(attrs.evolve(child, fate=fate, wanted=wanted, gate=child.gate if wanted else None))

    def start(self, child: ChildState) -> None:
        """Begin the next life of a child."""
        again = child.last_reason is not None and child.starter is None
        begun = attrs.evolve(
            child,
            incarnation=child.incarnation + 1,
            phase="starting",
            restarts=child.restarts + (1 if again else 0),
        )
        self.put(begun)
        self.give(StartChild(begun.name, begun.incarnation, begun.spec))

    def stop(self, child: ChildState) -> None:
        """Tell a child to end, in the way that its spec says or, when killing, at once."""
        if self.state.killing or child.spec.shutdown == "kill":
            self.put(attrs.evolve(child, fate="killing"))
            self.give(KillChild(child.name, child.incarnation))
        else:
            self.put(attrs.evolve(child, fate="stopping"))
            self.give(StopChild(child.name, child.incarnation, child.spec.shutdown))
