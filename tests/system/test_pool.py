"""The pool gives whoever starts something the interpreter that gets it going soonest."""

import threading

import csp
from csp.hosts import pool
from csp.hosts.interpreter import Interpreter


def test_one_that_is_ready_is_taken_first(monkeypatch, wait_until):
    """An interpreter that is not ready yet, held up by a busy main for example, is passed over for a younger one that
    is; with none ready the oldest is taken.
    """
    channels = [csp.channel() for _ in range(3)]
    starts = iter(Interpreter(number, sender) for number, (sender, _) in enumerate(channels))
    monkeypatch.setattr(pool, "start", lambda name, exits, tag, *, preload: next(starts))
    tags = iter((10, 11, 12))
    held = pool.Pool(3, (), None, lambda: next(tags), lambda delay, look: None, lambda: None)
    held.fill()
    assert held.ready() == 0
    waits = threading.Thread(target=channels[1][1].recv)
    waits.start()
    wait_until(lambda: held.ready() == 1, "the second is ready")
    tag, started = held.take()
    assert (tag, started.id) == (11, 1)
    started.control.send("an order")
    waits.join()
    assert [held.take()[0], held.take()[0], held.take()] == [10, 12, None]
    for sender, receiver in channels:
        sender.close()
        receiver.close()
