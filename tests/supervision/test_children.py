"""The collection of a supervisor's children: a tuple to whoever looks, whichever version, at a flat cost."""

import gc
import sys
from typing import Any

import attrs
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, rule

import csp
from csp.exits import ExitReason
from csp.supervision import events
from csp.supervision.child_state import ChildState
from csp.supervision.children import Children, children_of
from csp.supervision.definition import definition
from csp.supervision.reducer import reduce
from csp.supervision.state import SupervisorState, initial_state


class Worker(csp.Actor):
    pass


def made(name: str, **changes: Any) -> ChildState:
    return ChildState(csp.child(Worker).options(name=name, significant=name < "c", restart="transient"), **changes)


CHANGES = st.fixed_dictionaries({
    "phase": st.sampled_from(["down", "starting", "up"]),
    "fate": st.sampled_from(["keep", "doomed", "stopping", "killing"]),
    "wanted": st.booleans(),
    "gate": st.sampled_from([None, 1, 2]),
    "incarnation": st.integers(0, 3),
})  # fmt: skip


def check(children: Children, model: tuple[ChildState, ...]) -> None:
    """Whatever can be asked of it is what a look at the whole tuple says."""
    assert tuple(children) == children[:] == model
    assert len(children) == len(model)
    assert tuple(reversed(children)) == model[::-1]
    assert children == children_of(model)
    leaving = [c for c in reversed(model) if c.leaving]
    assert children.youngest_leaving() == (leaving[0] if leaving else None)
    assert children.any_leaving == bool(leaving)
    assert list(children.doomed()) == [c for c in leaving if c.fate == "doomed"]
    assert list(children.spared()) == [c for c in leaving if c.fate != "killing"]
    pending = [c for c in model if c.wanted and c.phase != "up"]
    assert children.first_pending() == (pending[0] if pending else None)
    assert list(children.startable()) == [c for c in pending if c.phase == "down" and c.gate is None]
    assert children.any_live == any(c.live for c in model)
    assert children.any_gated == any(c.gate is not None for c in model)
    assert children.any_significant == any(c.spec.significant and (c.live or c.wanted) for c in model)
    for token in (1, 2):
        assert list(children.gated(token)) == [c for c in model if c.gate == token]
    for name in "abcdef":
        assert children.get(name) == next((c for c in model if c.name == name), None)


class Versions(RuleBasedStateMachine):
    """Any version may be changed further, and looked at, in any order."""

    versions = Bundle("versions")

    @rule(target=versions, names=st.lists(st.sampled_from("abcdef"), unique=True))
    def begin(self, names: list[str]) -> tuple[Children, tuple[ChildState, ...]]:
        model = tuple(made(name) for name in names)
        return children_of(model), model

    @rule(target=versions, version=versions, name=st.sampled_from("abcdef"), changes=CHANGES)
    def change(
        self, version: tuple[Children, tuple[ChildState, ...]], name: str, changes: dict[str, Any]
    ) -> tuple[Children, tuple[ChildState, ...]]:
        children, model = version
        child = made(name, **changes)
        if children.get(name) is None:
            return children.add(child), (*model, child)
        return children.put(child), tuple(child if old.name == name else old for old in model)

    @rule(target=versions, version=versions, name=st.sampled_from("abcdef"))
    def forget(
        self, version: tuple[Children, tuple[ChildState, ...]], name: str
    ) -> tuple[Children, tuple[ChildState, ...]]:
        children, model = version
        if children.get(name) is None:
            return version
        return children.remove(name), tuple(old for old in model if old.name != name)

    @rule(version=versions)
    def look(self, version: tuple[Children, tuple[ChildState, ...]]) -> None:
        check(*version)


TestVersions = Versions.TestCase


def test_it_goes_on_over_a_change() -> None:
    """A loop over a version sees that version, though it is changed meanwhile."""
    children = children_of([made("a"), made("b")])
    seen = []
    for child in children:
        seen.append(child.name)
        children = children.add(made(child.name + "x"))
    assert seen == ["a", "b"]
    assert [child.name for child in children] == ["a", "b", "ax", "bx"]


def test_an_old_version_does_not_live_on() -> None:
    """A newer version does not keep the older ones: only the store and what is in it."""
    children = children_of([made("a")])
    before = len([o for o in gc.get_objects() if isinstance(o, Children)])
    for n in range(1000):
        children = children.put(made("a", incarnation=n))
    gc.collect()
    assert len([o for o in gc.get_objects() if isinstance(o, Children)]) <= before


# ---- cost ------------------------------------------------------------------------------------------------------------


class Many(csp.Supervisor):
    intensity = csp.Intensity(restarts=1000, seconds=5.0)

    def __init__(self, n: int) -> None:
        self.n = n

    def children(self) -> Any:
        return [csp.child(Worker).options(name=f"w{n}") for n in range(self.n)]


def running(n: int) -> SupervisorState:
    """A supervisor of *n* children that are all up."""
    state, orders = reduce(initial_state(definition(Many(n))), events.Start(now=0.0))
    while state.stage == "booting":
        (start,) = [order for order in orders if type(order).__name__ == "StartChild"]
        state, orders = reduce(state, events.ChildStarted(start.child_id, start.incarnation, now=0.0))  # type: ignore[attr-defined]
    return state


def one_start(state: SupervisorState, again: int) -> SupervisorState:
    name = f"new{again}"
    state, _ = reduce(state, events.StartChildRequest(again, csp.child(Worker).options(name=name), now=0.0))
    child = state.child(name)
    assert child is not None
    return reduce(state, events.ChildStarted(name, child.incarnation, now=0.0))[0]


def one_restart(state: SupervisorState, again: int) -> SupervisorState:
    child = state.child("w7")
    assert child is not None
    state, _ = reduce(state, events.ChildEnded("w7", child.incarnation, ExitReason("failed", "x"), now=float(again)))
    return reduce(state, events.ChildStarted("w7", child.incarnation + 1, now=float(again)))[0]


def one_terminate(state: SupervisorState, again: int) -> SupervisorState:
    name = f"w{10 + again}"
    child = state.child(name)
    assert child is not None
    state, _ = reduce(state, events.TerminateChildRequest(again, name, now=0.0))
    return reduce(state, events.ChildEnded(name, child.incarnation, ExitReason("shutdown"), now=0.0))[0]


@pytest.mark.parametrize("what", [one_start, one_restart, one_terminate])
def test_a_step_costs_the_same_with_many_children(what: Any) -> None:
    """One start, restart or termination makes as many calls with 5,000 children as with 50, within a fifth."""
    calls = {}
    for n in (50, 5000):
        state = running(n)
        state = what(state, 1)
        counted = 0

        def count(*_: object) -> None:
            nonlocal counted
            counted += 1

        sys.setprofile(count)
        try:
            state = what(state, 2)
        finally:
            sys.setprofile(None)
        calls[n] = counted
    assert calls[5000] <= 1.2 * calls[50], calls


def test_a_big_supervisor_stops_in_the_order_that_a_small_one_does() -> None:
    """Stopping goes from the youngest to the oldest, one at a time, however many there are."""
    state = running(500)
    state, orders = reduce(state, events.StopRequested(ExitReason("shutdown"), now=0.0))
    stopped = []
    while state.stage != "ended":
        (stop,) = [order for order in orders if type(order).__name__ == "StopChild"]
        stopped.append(stop.child_id)  # type: ignore[attr-defined]
        state, orders = reduce(
            state,
            events.ChildEnded(stop.child_id, stop.incarnation, ExitReason("shutdown"), now=0.0),  # type: ignore[attr-defined]
        )
    assert stopped == [f"w{n}" for n in reversed(range(500))]
    assert attrs.evolve(state, children=()).children == children_of(())
