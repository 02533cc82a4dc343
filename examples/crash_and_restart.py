"""A supervised actor crashes. A new life takes over its name, its ref and its mailbox, and starts from ``__init__``.

What waited in the mailbox is handled by the new life. What the old life knew is gone, and so is the message that
crashed it.

    $ python crash_and_restart.py

prints:

    before the crash: 6
    after the crash: 30
    counter up, life 2, 1 restart, ended by failed: ZeroDivisionError: division by zero
    its supervisor gave up: too many restarts
"""

import csp


class Counter(csp.Actor):
    mailbox = csp.Buffered(64)  # a queue in front: the casts below do not wait

    def __init__(self) -> None:
        self.total = 0

    @csp.handler
    def add(self, number: int) -> int:
        self.total += number
        return self.total

    @csp.handler
    def crash(self) -> None:
        print(1 / 0)


class Desk(csp.Supervisor):
    strategy = "one_for_one"
    intensity = csp.Intensity(restarts=1, seconds=60.0)  # one restart a minute; one more and Desk gives up

    def children(self):
        yield csp.child(Counter)


if __name__ == "__main__":
    with csp.System() as system:
        system.supervise(Desk())
        counter = system.lookup("desk/counter")
        for number in (1, 2, 3):
            counter.add.cast(number)
        print("before the crash:", counter.add(0))

        counter.crash.cast()  # an exception in a cast ends this life
        counter.add.cast(10)  # accepted by the mailbox, whoever lives behind it
        counter.add.cast(20)
        print("after the crash:", counter.add(0))

        [(name, status, life, _kind, restarts, reason)] = system.which_children("desk")
        print(f"{name} {status}, life {life}, {restarts} restart, ended by {reason}")

        counter.crash.cast()
        try:
            system.wait("desk")
        except csp.EscalationError as error:
            first_line = str(error).splitlines()[0]
            print("its supervisor gave up:", "too many restarts" if "too many restarts" in first_line else first_line)
