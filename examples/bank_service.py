"""A service: a supervision tree that runs until SIGTERM or SIGINT, and is then stopped in order, the youngest first.

Without ``--seconds`` it runs until Ctrl-C, or ``kill``. The exit status is 0 either way.

    $ python bank_service.py --seconds 2

is told to stop after two seconds, and prints:

    bank/ledger: open, accounts=2
    bank/tellers/north: transfer, amount=30
    bank/tellers/south: transfer, amount=12
    bank/customer: refused, error=ada has only 58
    csp: stopping, signal=SIGTERM
    bank/customer: closed, reason=shutdown
    bank/ledger: closed, ada=58, bob=42
"""

import argparse
import os
import signal
import threading
from collections.abc import MutableMapping
from typing import Any

import csp


class Ledger(csp.Actor):
    """Owns the balances. Nobody else can touch them."""

    def __init__(self, accounts: dict[str, int]) -> None:
        self.accounts = accounts
        self.log.info("open", accounts=len(accounts))

    @csp.handler
    def move(self, source: str, target: str, amount: int) -> None:
        if self.accounts[source] < amount:
            raise ValueError(f"{source} has only {self.accounts[source]}")
        self.accounts[source] -= amount
        self.accounts[target] += amount

    def on_stop(self, reason: str) -> None:
        self.log.info("closed", **self.accounts)


class Teller(csp.Actor):
    """Does the work of one counter; may crash without harm to the ledger."""

    def __init__(self) -> None:
        self.ledger = self.lookup("bank/ledger")

    @csp.handler
    def transfer(self, source: str, target: str, amount: int) -> None:
        self.ledger.move(source, target, amount)
        self.log.info("transfer", amount=amount)


class Customer(csp.Actor):
    """A free-form actor: its ``run`` is its whole life."""

    def __init__(self) -> None:
        self.tellers = [self.lookup(f"bank/tellers/{name}") for name in ("north", "south")]

    def run(self) -> None:
        self.tellers[0].transfer("ada", "bob", 30)
        self.tellers[1].transfer("ada", "bob", 12)
        try:
            self.tellers[0].transfer("ada", "bob", 100)
        except ValueError as error:
            self.log.warning("refused", error=str(error))
        for message in self.mailbox:  # until it is told to stop
            self.handle(message)

    def on_stop(self, reason: str) -> None:
        self.log.info("closed", reason=reason)


class Tellers(csp.Supervisor):
    """Tellers do not depend on each other: one restarts alone."""

    def children(self):
        yield csp.child(Teller).options(name="north")
        yield csp.child(Teller).options(name="south")


class Bank(csp.Supervisor):
    """Everything after the ledger depends on it: if it restarts, they do."""

    strategy = "rest_for_one"

    def children(self):
        yield csp.child(Ledger, {"ada": 100, "bob": 0}).options(shutdown=2.0)
        yield csp.child(Tellers)
        yield csp.child(Customer).options(restart="transient")


def configure_logging() -> None:
    """Lines without a time, on standard output. Only the main interpreter renders, so only it pays for structlog."""
    import structlog

    def render(_logger: object, _method: str, event: MutableMapping[str, Any]) -> str:
        actor, text = event.pop("actor", "csp"), event.pop("event")
        return ", ".join([f"{actor}: {text}", *(f"{name}={value}" for name, value in event.items())])

    structlog.configure(
        processors=[render],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
        logger_factory=structlog.PrintLoggerFactory(),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Run a small bank.")
    parser.add_argument("--seconds", type=float, help="stop after so many seconds; default: run until told to stop")
    seconds = parser.parse_args().seconds
    configure_logging()
    if seconds is not None:
        timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGTERM))
        timer.daemon = True
        timer.start()
    csp.run(Bank)
