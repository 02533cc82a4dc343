"""An alternative: wait for whichever is ready first of two channels, an offer to send, and a deadline.

    $ python select_timeout.py

prints:

    work done: 0
    work done: 1
    work done: 4
    note: the worker is tired
    nothing for 0.1 seconds
    the worker took the order: rest
"""

import csp


def work(orders: csp.Receiver[str], done: csp.Sender[int], notes: csp.Sender[str]) -> None:
    for number in range(3):
        done.send(number * number)
    notes.send("the worker is tired")
    orders.recv()


if __name__ == "__main__":
    with csp.parallel() as par:
        orders, ordered = csp.channel()
        done_in, done = csp.channel()
        notes_in, notes = csp.channel()
        par.start(work, ordered, done_in, notes_in)

        patience = 10.0  # seconds: its interpreter has yet to start
        while True:
            guard, value = csp.select(done, notes, csp.after(patience))
            if guard is done:
                print("work done:", value)
            elif guard is notes:
                print("note:", value)
                patience = 0.1
            else:
                print("nothing for 0.1 seconds")
                break

        rest = orders.offer("rest")
        guard, _ = csp.select(rest, done, timeout=5.0)
        if guard is rest:
            print("the worker took the order: rest")
