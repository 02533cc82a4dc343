"""Two threads that carry out one call: each keeps what the call brought, whoever is done first."""

import threading

import csp
from csp import _native


def test_who_began_first_is_done_first():
    """The call is answered after that; the other still knows it, though the reply is gone."""
    tx, rx = csp.channel(4)
    answers, kept = _native.unbounded_channel()
    asked = [_native.post(tx, ("first",), 5, answers, 1)]
    reply, _ = rx.recv()
    begun, both = threading.Event(), threading.Event()
    seen = []

    def first(_):
        begun.set()
        assert both.wait(10)

    def second(_):
        both.set()
        one.join(10)
        seen.append(_native.handled())
        reply.answer(1)
        asked.clear()
        asked.extend(_native.post(tx, ("more",), 5, answers, n) for n in range(3))  # they take the memory that is free
        seen.append(_native.handled())

    one = threading.Thread(target=_native.handle, args=(reply, first, None, (), None))
    one.start()
    assert begun.wait(10)
    _native.handle(reply, second, None, (), None)
    assert seen[0] is not None
    assert seen[0] == seen[1]
    assert not kept.closed
