"""Child specs say what they mean, or say what is wrong with them."""

import pickle
from typing import Any

import attrs
import pytest

from csp.errors import ChildSpecError, SupervisionError
from csp.supervision.child import ISOLATIONS, ChildSpec, child
from csp.supervision.intensity import Backoff, Intensity
from csp.supervision.strategy import RESTARTS

from .simulated_driver import Branch


class Account:
    """A class with arguments."""

    def __init__(self, owner: str, balance: int = 0) -> None:
        self.owner, self.balance = owner, balance


class TestChild:
    """What :func:`child` makes."""

    def test_holds_class_and_arguments(self) -> None:
        """It keeps the class and its arguments, and calls nothing."""
        spec = child(Account, "ada", balance=10)
        assert (spec.cls, spec.args, dict(spec.kwargs)) == (Account, ("ada",), {"balance": 10})

    def test_defaults(self) -> None:
        """A child is permanent, has five seconds to stop, and is named after its class."""
        spec = child(Account, "ada")
        assert (spec.name, spec.restart, spec.shutdown, spec.kind) == ("account", "permanent", 5.0, "worker")
        assert (spec.backoff, spec.intensity, spec.significant, spec.isolation) == (None, None, False, None)

    def test_supervisor_as_a_child(self) -> None:
        """A supervisor class is a child of kind supervisor that has no limit on its stop."""
        spec = child(Branch)
        assert (spec.name, spec.shutdown, spec.kind) == ("branch", None, "supervisor")

    def test_settings_do_not_clash_with_arguments(self) -> None:
        """Arguments named like our settings, or like our parameter, go to the class."""

        class Clash:
            def __init__(self, cls: int, name: str, restart: bool, shutdown: str) -> None: ...

        spec = child(Clash, cls=1, name="n", restart=True, shutdown="x")
        assert spec.kwargs == {"cls": 1, "name": "n", "restart": True, "shutdown": "x"}
        assert (spec.name, spec.restart) == ("clash", "permanent")

    @pytest.mark.parametrize("value", [Account("ada"), "Account", len, None, lambda: None])
    def test_refuses_what_is_no_class(self, value: Any) -> None:
        """An instance, a name or a function is refused."""
        with pytest.raises(ChildSpecError, match="is not a class"):
            child(value)

    def test_refuses_a_supervisor_instance(self) -> None:
        """An instance of a supervisor is refused with the name of the class to use."""
        with pytest.raises(ChildSpecError, match="did you mean Branch"):
            child(Branch())  # type: ignore[arg-type]

    def test_pickles(self) -> None:
        """A spec with everything set survives a pickle."""
        spec = child(Account, "ada", balance=1).options(
            name="account/ada",
            restart="transient",
            shutdown="kill",
            backoff=Backoff(0.1, 10.0, jitter=0.2),
            intensity=Intensity(10, 60.0),
            significant=True,
            isolation="process",
        )
        assert pickle.loads(pickle.dumps(spec)) == spec

    def test_is_frozen(self) -> None:
        """A spec cannot be changed in place."""
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            child(Account, "ada").name = "x"  # type: ignore[misc]


class TestOptions:
    """What ``.options`` makes of it."""

    def test_returns_a_changed_copy(self) -> None:
        """The copy has the new settings and all else of the original, which does not change."""
        spec = child(Account, "ada")
        changed = spec.options(name="bob", shutdown=0)
        assert changed == ChildSpec(Account, ("ada",), {}, name="bob", shutdown=0)
        assert (spec.name, spec.shutdown) == ("account", 5.0)

    def test_changes_add_up(self) -> None:
        """A second call keeps what the first one set."""
        spec = child(Account, "ada").options(restart="temporary").options(shutdown=None)
        assert (spec.restart, spec.shutdown) == ("temporary", None)

    @pytest.mark.parametrize("restart", RESTARTS)
    @pytest.mark.parametrize("shutdown", [0, 0.0, 5.0, 10_000, None, "kill"])
    @pytest.mark.parametrize("isolation", [None, *ISOLATIONS])
    def test_legal_values(self, restart: Any, shutdown: Any, isolation: Any) -> None:
        """Every combination of legal values is taken (OTP's child_specs)."""
        spec = child(Account, "ada").options(restart=restart, shutdown=shutdown, isolation=isolation)
        assert (spec.restart, spec.shutdown, spec.isolation) == (restart, shutdown, isolation)

    @pytest.mark.parametrize(
        ("changes", "text"),
        [
            ({"name": ""}, r"child Account: name='' is not legal; use a text"),
            ({"name": 3}, r"child Account: name=3"),
            ({"restart": "always"}, r'restart=\'always\' .* use "permanent", "transient" or "temporary"'),
            ({"restart": None}, r"child 'account': restart=None"),
            ({"shutdown": -1}, r"shutdown=-1 is not legal; use a number of seconds"),
            ({"shutdown": True}, r"shutdown=True"),
            ({"shutdown": "brutal_kill"}, r'None to wait without limit, or "kill"'),
            ({"shutdown": float("inf")}, r"shutdown=inf .* None to wait without limit"),
            ({"shutdown": float("nan")}, r"shutdown=nan"),
            ({"backoff": 0.1}, r"backoff=0.1 .* use a csp.Backoff"),
            ({"intensity": 3}, r"intensity=3 .* use a csp.Intensity"),
            ({"significant": "yes", "restart": "transient"}, r"use True or False"),
            ({"significant": True}, r'use restart="transient" or "temporary" together with it'),
            ({"isolation": "greenlet"}, r'use "interpreter", "thread" or "process", or None'),
        ],
    )
    def test_every_wrong_value_has_its_error(self, changes: dict[str, Any], text: str) -> None:
        """A wrong value is refused with the child, the field, the value and what is legal."""
        with pytest.raises(ChildSpecError, match=text):
            child(Account, "ada").options(**changes)

    def test_unknown_option(self) -> None:
        """An option that does not exist is refused with those that do, and not as a TypeError."""
        with pytest.raises(ChildSpecError, match=r"child 'account': there is no option 'retries'; use \"name\", "):
            child(Account, "ada").options(retries=3)  # type: ignore[call-arg]

    def test_errors_have_their_place(self) -> None:
        """The error is a SupervisionError and a ValueError, so both kinds of callers catch it."""
        assert issubclass(ChildSpecError, SupervisionError)
        assert issubclass(ChildSpecError, ValueError)
