"""Every public call that waits, made by an interpreter that is then told to stop. It imports this module.

A wait is a function that makes what it needs, and waits for ever. A poll is one that looks once, in a loop for ever.
"""

import csp

# ruff: noqa: PLW0108  (each entry is made when it is waited for, in the interpreter that waits)

HELD = []  # other ends, so that nothing is over


def _empty():
    tx, rx = csp.channel()
    HELD.append((tx, rx))
    return tx, rx


def _full():
    tx, rx = csp.channel(1)
    HELD.append((tx, rx))
    tx.send(0)
    return tx, rx


def _taken(made):
    """A lock or semaphore that somebody has: another handle, in another thread."""
    import threading

    thread = threading.Thread(target=made.acquire)
    thread.start()
    thread.join()
    return made


def _notified_never():
    condition = csp.Condition()
    condition.acquire()
    return condition


def _alternative(*guards):
    made = csp.Alternative(*guards)
    HELD.append(made)
    return made


def _broadcast():
    tx, sub = csp.broadcast(1)
    HELD.append((tx, sub, sub.clone() if hasattr(sub, "clone") else None))
    tx.send(0)
    return tx


def _sleeper():
    csp.sleep(1000)


def _parallel_block():
    with csp.parallel() as par:
        par.start(_sleeper)


def _process():
    with csp.parallel() as par:
        par.start(_sleeper).result()


def slow(item):
    csp.sleep(1000)
    return item


WAITS = {
    "sleep": lambda: csp.sleep(1000),
    "Sender.send": lambda: _empty()[0].send(1),
    "Sender.send_many": lambda: _full()[0].send_many([1, 2]),
    "Sender.call": lambda: _empty()[0].call(1, timeout=None),
    "Receiver.recv": lambda: _empty()[1].recv(),
    "Receiver.recv_many": lambda: _empty()[1].recv_many(4),
    "Receiver.extended": lambda: _empty()[1].extended().__enter__(),
    "Extended.__init__": lambda: csp.Extended(_empty()[1]).__enter__(),
    "Receiver.__next__": lambda: next(iter(_empty()[1])),
    "select": lambda: csp.select(_empty()[1], csp.after(1000)),
    "select of an offer": lambda: csp.select(_empty()[0].offer(1)),
    "select of after": lambda: csp.select(csp.after(1000)),
    "select of tick": lambda: csp.select(csp.tick(1000)),
    "select of at": lambda: csp.select(csp.at(4e9)),
    "select of never": lambda: csp.select(csp.never(), timeout=1000),
    "select of nothing": lambda: csp.select(None, timeout=1000),
    "Alternative.select": lambda: _alternative(_empty()[1]).select(),
    "Alternative.select of timers": lambda: _alternative(csp.after(1000), csp.never()).select(),
    "Lock.acquire": lambda: _taken(csp.Lock()).acquire(),
    "RLock.acquire": lambda: _taken(csp.RLock()).acquire(),
    "Semaphore.acquire": lambda: csp.Semaphore(0).acquire(),
    "Event.wait": lambda: csp.Event().wait(),
    "Condition.acquire": lambda: _taken(csp.Condition()).acquire(),
    "Condition.wait": lambda: _notified_never().wait(),
    "Condition.wait_for": lambda: _notified_never().wait_for(lambda: False),
    "Barrier.wait": lambda: HELD[0].wait(),  # the test has a handle, too: somebody could still come
    "Broadcaster.send": lambda: _broadcast().send(1),
    "Process.result": _process,
    "Parallel.__exit__": _parallel_block,
    "Pipeline.collect": lambda: csp.pipeline([1]).map(slow, workers=1).collect(),
    "Pipeline.__iter__": lambda: next(iter(csp.pipeline([1]).map(slow, workers=1))),
}

POLLS = {
    "recv_nowait": lambda: csp_poll_receiver().recv_nowait(None),
    "recv, timeout 0": lambda: _or_timeout(csp_poll_receiver().recv, timeout=0),
    "recv_many, timeout 0": lambda: _or_timeout(csp_poll_receiver().recv_many, 4, timeout=0),
    "send_nowait": lambda: _or_would_block(csp_poll_sender().send_nowait, 1),
    "send, timeout 0": lambda: _or_timeout(csp_poll_sender().send, 1, timeout=0),
    "send_many, timeout 0": lambda: _or_timeout(csp_poll_sender().send_many, [1, 2], timeout=0),
    "select with a skip": lambda: csp.select(csp_poll_receiver(), csp.skip()),
    "select of a skip": lambda: csp.select(csp.skip()),
    "select with time that is up": lambda: csp.select(csp_poll_receiver(), csp.after(0)),
    "select of time that is up": lambda: csp.select(csp.after(0)),
    "select, timeout 0": lambda: _or_timeout(csp.select, csp_poll_receiver(), timeout=0),
    "priority select with a skip": lambda: csp.select(csp_poll_receiver(), csp.skip(), priority=True),
    "Alternative, timeout 0": lambda: _or_timeout(csp_poll_alternative().select, timeout=0),
    "Alternative with time that is up": lambda: csp_poll_timers().select(),
    "Lock.acquire, not blocking": lambda: csp_poll_lock().acquire(blocking=False),
    "Semaphore.acquire, not blocking": lambda: csp_poll_semaphore().acquire(blocking=False),
    "Event.wait, timeout 0": lambda: csp_poll_event().wait(timeout=0),
    "sleep, 0": lambda: csp.sleep(0),
}

_made = {}


def _once(make):
    def get():
        if make not in _made:
            _made[make] = make()
        return _made[make]

    return get


csp_poll_receiver = _once(lambda: _empty()[1])
csp_poll_sender = _once(lambda: _full()[0])
csp_poll_alternative = _once(lambda: _alternative(_empty()[1]))
csp_poll_timers = _once(lambda: _alternative(csp.after(0)))
csp_poll_lock = _once(lambda: _taken(csp.Lock()))
csp_poll_semaphore = _once(lambda: csp.Semaphore(0))
csp_poll_event = _once(csp.Event)


def _or_timeout(wait, *args, **kwargs):
    try:
        wait(*args, **kwargs)
    except TimeoutError:
        pass


def _or_would_block(wait, *args):
    try:
        wait(*args)
    except csp.WouldBlock:
        pass


def run(control, name, ready, barrier):
    """The entry of the interpreter: wait, or poll, and tell what came out of it."""
    del control
    HELD.append(barrier)
    poll = POLLS.get(name)
    try:
        ready.send(None)
        if poll is None:
            WAITS[name]()
        else:
            while True:
                poll()
    except csp.Stopped:
        return "Stopped"
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return "returned"
