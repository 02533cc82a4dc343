"""An actor as its callers see it: spawn, call, cast, future, options."""

from concurrent.futures import Future
from typing import Any, assert_type

import csp


class Account(csp.Actor):
    def __init__(self, owner: str, balance: int = 0) -> None:
        self.owner, self.balance = owner, balance

    @csp.handler
    def deposit(self, amount: int) -> int:
        self.balance += amount
        return self.balance

    @csp.handler
    def transfer(self, amount: int, *, to: Account, note: str | None = None) -> None:
        self.balance -= amount
        to.deposit.cast(amount)

    @csp.handler
    def history(self) -> list[tuple[str, int]]:
        return []

    def audit(self) -> None:
        """No handler."""


class Savings(Account):
    mailbox = csp.Buffered(64, overflow="error")

    @csp.handler
    def deposit(self, amount: int) -> bool:  # a bool is an int
        return amount > 0


class Exact(Account):
    @csp.handler
    def deposit(self, amount: float) -> int:  # rejected by pyright alone: it holds parameters to be invariant
        return round(amount)


class Broken(Account):
    @csp.handler
    def deposit(self, amount: str) -> int:  # rejected: override
        return len(amount)


def spawn(system: csp.System) -> Account:
    assert_type(system.spawn(Account, "ada"), Account)
    assert_type(system.spawn(Account, "ada", balance=10), Account)
    assert_type(system.spawn(csp.child(Account, "ada").options(name="account/ada")), Account)
    assert_type(system.spawn(Savings, "ada"), Savings)
    system.spawn(Account, 3)  # rejected: arg-type
    system.spawn(Account)  # rejected: call-arg
    system.spawn(Account, "ada", 10, 11)  # rejected: call-arg
    system.spawn(Account, "ada", balanse=10)  # rejected: call-arg
    system.spawn(Account, "ada", balance="10")  # rejected: arg-type
    system.spawn("Account", "ada")  # rejected: arg-type
    system.spawn(csp.child(Account, "ada"), 3)  # rejected: call-arg
    system.spawn(csp.child(Account, "ada"), balance=3)  # rejected: call-arg
    return system.spawn(Savings, "ada")


def call(ada: Account) -> None:
    assert_type(ada.deposit(5), int)
    assert_type(ada.deposit(amount=5), int)
    assert_type(ada.history(), list[tuple[str, int]])
    ada.transfer(5, to=ada, note="rent")
    ada.deposit("x")  # rejected: arg-type
    ada.deposit()  # rejected: call-arg
    ada.deposit(5, 6)  # rejected: call-arg
    ada.deposit(amount=5, timeout=1.0)  # rejected: call-arg
    ada.transfer(5, ada)  # rejected: call-arg
    ada.transfer(5, to="ada")  # rejected: arg-type
    ada.withdraw(5)  # rejected: attr-defined


def cast(ada: Account) -> None:
    ada.deposit.cast(5)
    ada.transfer.cast(5, to=ada)
    ada.deposit.cast("x")  # rejected: arg-type
    ada.deposit.cast()  # rejected: call-arg


def tell(ada: Account) -> None:
    assert_type(ada.deposit.tell(5), bool)
    assert_type(ada.deposit.options(timeout=0).tell(amount=5), bool)
    ada.deposit.tell("x")  # rejected: arg-type
    ada.deposit.tell()  # rejected: call-arg


def future(ada: Account) -> None:
    assert_type(ada.deposit.future(5), Future[int])
    assert_type(ada.deposit.future(5).result(), int)
    assert_type(ada.history.future().result(timeout=1.0), list[tuple[str, int]])
    ada.deposit.future("x")  # rejected: arg-type


def options(ada: Account) -> None:
    assert_type(ada.deposit.options(timeout=0.5)(5), int)
    assert_type(ada.deposit.options(timeout=None, on_restart="fail").future(5), Future[int])
    ada.deposit.options(timeout=None).cast(5)
    ada.deposit.options(timeout="0.5")  # rejected: arg-type
    ada.deposit.options(on_restart="restart")  # rejected: arg-type
    ada.deposit.options(0.5)  # rejected: call-arg
    ada.deposit.options(retries=3)  # rejected: call-arg
    ada.deposit.options(timeout=0.5)("x")  # rejected: arg-type


def send(ada: Account) -> None:
    ada.send("anything", timeout=1.0)
    ada.send()  # rejected: call-arg


def keep(system: csp.System, ada: Account) -> None:
    assert_type(system.lookup("ada"), Any)
    assert_type(system.lookup("ada", Account), Account)
    system.lookup("ada", "Account")  # rejected: call-overload
    system.lookup(Account)  # rejected: call-overload
    system.stop(ada, grace=None)
    assert_type(system.kill(ada), bool)
    assert_type(system.statistics(), dict[str, int])
    system.stop(ada, graze=1.0)  # rejected: call-arg
    csp.System(warm="two")  # rejected: arg-type


def in_a_signature(ref: csp.Ref[Account], others: list[csp.Ref[Account]]) -> csp.Ref[Savings]:
    assert_type(ref, Account)
    assert_type(ref.deposit(5), int)
    assert_type(others[0].deposit.tell(5), bool)
    assert_type(ref.name, str)
    assert_type(ref.id, Any)
    ref.deposit("x")  # rejected: arg-type
    ref.name = "bob"  # rejected: misc
    return ref  # rejected: return-value


def gives_refs(system: csp.System) -> None:
    in_a_signature(system.spawn(Account, "ada"), [])
    in_a_signature(system.lookup("ada"), [])
    untyped(system.spawn(Account, "ada"))
    in_a_signature(system.spawn(csp.child(Account, "ada")), [system.lookup("ada", Account)])
    in_a_signature("ada", [])  # rejected: arg-type


def untyped(ref: csp.Ref) -> None:
    assert_type(ref.deposit(5), Any)
    ref.deposit.cast("whatever")
    ref.send("anything")


def handles() -> None:
    call = csp.current_call()
    assert_type(call, csp.CurrentCall | None)
    if call is not None:
        assert_type(call.deadline, float | None)
        assert_type(call.remaining(), float | None)
        assert_type(call.id, int)
        assert_type(call.trace, str)
        assert_type(call.priority, int)
        assert_type(call.is_cast, bool)


def looks(reply: csp.Reply) -> None:
    assert_type(reply.deadline, float | None)
    assert_type(reply.call_id, int)
    assert_type(reply.trace_id, str)
    assert_type(reply.priority, int)
    assert_type(reply.is_cast, bool)
    assert_type(reply.wanted, bool)
