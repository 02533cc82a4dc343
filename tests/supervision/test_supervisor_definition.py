"""A supervisor is read and validated before anything is started."""

from collections.abc import Iterator
from typing import Any

import pytest

from csp.errors import ChildSpecError
from csp.supervision.child import ChildSpec, child
from csp.supervision.definition import SupervisorSpec, definition
from csp.supervision.intensity import Intensity
from csp.supervision.strategy import AUTO_SHUTDOWNS, STRATEGIES
from csp.supervision.supervisor import Supervisor

from .simulated_driver import Branch, Worker, worker


def with_children(*children: Any, **attributes: Any) -> Supervisor:
    """Make a supervisor with these children and class attributes."""
    made = type("Bank", (Supervisor,), {**attributes, "children": lambda _: iter(children)})()
    assert isinstance(made, Supervisor)
    return made


class Bank(Supervisor):
    """The example of the documentation, with an argument of its own."""

    strategy = "rest_for_one"
    intensity = Intensity(5, 10.0)

    def __init__(self, path: str) -> None:
        self.path = path

    def children(self) -> Iterator[ChildSpec[Any]]:
        """Yield a worker with the argument, another, and a nested supervisor."""
        yield child(Worker, self.path).options(name="ledger")
        yield child(Worker)
        yield child(Branch)


def test_reads_the_example() -> None:
    """Name, strategy, intensity and the children in order are what the class says."""
    spec = definition(Bank("ledger.db"))
    assert (spec.name, spec.strategy, spec.intensity) == ("Bank", "rest_for_one", Intensity(5, 10.0))
    assert [(c.name, c.args, c.kind) for c in spec.children] == [
        ("ledger", ("ledger.db",), "worker"),
        ("worker", (), "worker"),
        ("branch", (), "supervisor"),
    ]


def test_defaults() -> None:
    """A plain supervisor is one_for_one with three restarts in five seconds and no children."""
    assert definition(Supervisor()) == SupervisorSpec("Supervisor", "one_for_one", Intensity(3, 5.0), "never", ())


def test_nested_supervisor_takes_arguments() -> None:
    """A supervisor class with arguments is a child like any other."""
    spec = child(Bank, "other.db")
    assert (spec.kind, spec.args, spec.shutdown) == ("supervisor", ("other.db",), None)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("auto_shutdown", AUTO_SHUTDOWNS)
def test_sup_flags_legal(strategy: Any, auto_shutdown: Any) -> None:
    """Every strategy goes with every auto_shutdown."""
    spec = definition(with_children(strategy=strategy, auto_shutdown=auto_shutdown))
    assert (spec.strategy, spec.auto_shutdown) == (strategy, auto_shutdown)


@pytest.mark.parametrize(
    ("attributes", "text"),
    [
        ({"strategy": "one_for_some"}, r'strategy=.* use "one_for_one", "one_for_all" or "rest_for_one"'),
        ({"strategy": None}, r"supervisor Bank: strategy=None"),
        ({"intensity": 3}, r"intensity=3 is not legal; use csp.Intensity\("),
        (
            {"auto_shutdown": True},
            r'auto_shutdown=True .* use "never", "any_significant" or "all_significant"',
        ),
    ],
)
def test_sup_flags_wrong(attributes: dict[str, Any], text: str) -> None:
    """A wrong setting is refused with the supervisor, the field, the value and what is legal."""
    with pytest.raises(ChildSpecError, match=text):
        definition(with_children(**attributes))


def test_class_instead_of_spec() -> None:
    """A bare class among the children is refused with the way to wrap it."""
    with pytest.raises(ChildSpecError, match=r"supervisor Bank: .* wrap it: csp\.child\(Worker\)"):
        definition(with_children(Worker))


@pytest.mark.parametrize("value", [None, "worker", ("worker", {}), Branch()])
def test_anything_else_instead_of_spec(value: object) -> None:
    """Any other value among the children is refused with the way to make a spec."""
    with pytest.raises(ChildSpecError, match=r"is not a child spec; wrap it: csp\.child\("):
        definition(with_children(value))


def test_duplicate_names() -> None:
    """Two children of one name are refused with the option that tells them apart."""
    with pytest.raises(ChildSpecError, match=r"two children are named 'worker'.*options\(name="):
        definition(with_children(child(Worker), child(Worker)))


def test_significant_needs_auto_shutdown() -> None:
    """A significant child is refused under a supervisor that never shuts itself down."""
    significant = worker("a", restart="transient", significant=True)
    with pytest.raises(ChildSpecError, match=r"child 'a': significant=True .*any_significant"):
        definition(with_children(significant))
    assert definition(with_children(significant, auto_shutdown="all_significant")).children == (significant,)


@pytest.mark.parametrize("returned", [None, 3])
def test_children_must_be_iterable(returned: Any) -> None:
    """A children() that returns nothing to iterate is refused with what to yield."""
    broken = type("Bank", (Supervisor,), {"children": lambda _: returned})()
    with pytest.raises(ChildSpecError, match=r"children\(\) returns .*; yield child specs"):
        definition(broken)


def test_returned_single_spec() -> None:
    """A children() that returns one spec instead of yielding it is told so."""
    broken = type("Bank", (Supervisor,), {"children": lambda _: child(Worker)})()
    with pytest.raises(ChildSpecError, match="yield it instead"):
        definition(broken)


def test_class_instead_of_supervisor() -> None:
    """A supervisor class is refused with the way to make one, anything else with the base class."""
    with pytest.raises(ChildSpecError, match=r"make a supervisor of it: Branch\(\.\.\.\)"):
        definition(Branch)  # type: ignore[arg-type]
    with pytest.raises(ChildSpecError, match=r"subclass csp\.Supervisor"):
        definition(Worker)  # type: ignore[arg-type]


def test_sup_start_fail_in_children() -> None:
    """An error that children() raises passes through unchanged."""

    class Broken(Supervisor):
        def children(self) -> Iterator[ChildSpec[Any]]:
            yield worker("a")
            raise LookupError("no database")

    with pytest.raises(LookupError, match="no database"):
        definition(Broken())
