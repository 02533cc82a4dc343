"""Supervisors and child specs."""

from collections.abc import Iterator
from typing import Any, assert_type

import csp


class Ledger(csp.Actor):
    def __init__(self, path: str, *, pages: int = 1) -> None:
        self.path = path


class Branches(csp.Supervisor):
    def children(self) -> Iterator[csp.ChildSpec[Any]]:
        yield csp.child(Ledger, "branch.db")


class Bank(csp.Supervisor):
    strategy = "rest_for_one"
    intensity = csp.Intensity(restarts=3, seconds=5.0)

    def __init__(self, path: str) -> None:
        self.path = path

    def children(self) -> Iterator[csp.ChildSpec[Any]]:
        yield csp.child(Ledger, self.path, pages=3).options(name="ledger", shutdown=5.0)
        yield csp.child(Ledger, self.path).options(restart="transient", backoff=csp.Backoff(0.1, 10.0, jitter=0.2))
        yield csp.child(Ledger, self.path).options(shutdown="kill", intensity=None, significant=True)
        yield csp.child(Branches)
        csp.child(Ledger)  # rejected: call-arg
        csp.child(Ledger, 3)  # rejected: arg-type
        csp.child(Ledger, self.path, pages="3")  # rejected: arg-type
        csp.child(Ledger, self.path, restart="transient")  # rejected: call-arg
        csp.child(Ledger(self.path))  # rejected: arg-type
        csp.child(Ledger, self.path).options(restart="always")  # rejected: arg-type
        csp.child(Ledger, self.path).options(shutdown="soon")  # rejected: arg-type
        csp.child(Ledger, self.path).options(retries=3)  # rejected: call-arg
        csp.child(Ledger, self.path).options(backoff=3.0)  # rejected: arg-type
        csp.Intensity(restarts="3")  # rejected: arg-type
        csp.Backoff(0.1)  # rejected: call-arg


class Wrong(csp.Supervisor):
    strategy = "one_for_some"  # rejected: assignment
    intensity = 3  # rejected: assignment

    def children(self) -> int:  # rejected: override
        return 3


def supervised(system: csp.System) -> None:
    assert_type(system.supervise(Bank("ledger.db"), name="bank"), str)
    assert_type(system.wait("bank", timeout=1.0), str)
    system.stop_supervisor("bank")
    system.supervise(Ledger("ledger.db"))  # rejected: arg-type
    system.supervise(Bank)  # rejected: arg-type
    csp.run(3)  # rejected: arg-type


def programs() -> None:
    csp.run(Bank("ledger.db"), warm=2)


def program_of_a_class() -> None:
    csp.run(Branches)
