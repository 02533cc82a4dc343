"""One actor: calls, a cast, a future, and an exception that comes back to the caller.

    $ python hello_actor.py

prints:

    15
    25
    refused: ada cannot deposit -1
"""

import csp


class Account(csp.Actor):
    def __init__(self, owner: str, balance: int = 0) -> None:  # runs in the actor's own interpreter
        self.owner, self.balance = owner, balance

    @csp.handler
    def deposit(self, amount: int) -> int:
        if amount <= 0:
            raise ValueError(f"{self.owner} cannot deposit {amount}")
        self.balance += amount
        return self.balance


if __name__ == "__main__":
    with csp.System() as system:
        ada = system.spawn(Account, "ada", balance=10)  # an interpreter with its own GIL, on its own thread
        print(ada.deposit(5))  # a call waits for the answer
        ada.deposit.cast(5)  # a cast does not
        print(ada.deposit.future(5).result())  # a future can be waited for later
        try:
            ada.deposit(-1)
        except ValueError as error:  # raised in the actor, caught here; the actor lives on
            print("refused:", error)
