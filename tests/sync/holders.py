"""What the tests run in interpreters of their own: functions of (control, here, *arguments).

Imports nothing but csp.
"""

import csp


def obey(control):
    """Wait for the order in which way to end."""
    how = control.recv()
    if how == "fails":
        raise ValueError("on purpose")
    return how


def hold(control, here, handle):
    """Acquire it and end without releasing it."""
    handle.acquire()
    here.send("held")
    return obey(control)


def hold_with(control, here, handle):
    """Acquire it for the length of a `with` and end inside."""
    with handle:
        here.send("held")
        return obey(control)


def hold_in_a_nap(control, here, handle, seconds):
    """Acquire it, and be where nothing can reach us."""
    import time

    handle.acquire()
    here.send("held")
    time.sleep(seconds)


def keep(control, here, handle):
    """Have a handle and do nothing with it."""
    here.send("kept")
    return obey(control)


def wait_on(handle):
    """The blocking operation of each."""
    if isinstance(handle, csp.Condition):
        with handle:
            return handle.wait()
    if isinstance(handle, (csp.Event, csp.Barrier)):
        return handle.wait()
    return handle.acquire()


def wait(control, here, handle):
    """Wait for it; say what came of that."""
    here.send("waits")
    try:
        return wait_on(handle)
    except (csp.Stopped, csp.SyncError) as error:
        return type(error).__name__, str(error)


def add_slowly(control, here, exclusive, counter, times):
    """Count in two steps that only exclusion makes one."""
    for _ in range(times):
        with exclusive:
            seen = counter.value
            counter.exchange(seen + 1)


def add(control, here, counter, times):
    for _ in range(times):
        counter.add()


def meet(control, here, barrier, rounds, arrived):
    """Come to the barrier again and again; gives the indices, and whether all had come each time."""
    indices, together = [], True
    for n in range(1, rounds + 1):
        arrived.add()
        indices.append(barrier.wait())
        together = together and arrived.value >= n * barrier.parties
    return indices, together


def produce(control, here, condition, stock, count):
    """A bounded buffer of three under one condition: put in."""
    for _ in range(count):
        with condition:
            condition.wait_for(lambda: stock.value < 3)
            stock.add(1)
            condition.notify_all()


def consume(control, here, condition, stock, count):
    """Take out; gives the most that was ever there."""
    most = 0
    for _ in range(count):
        with condition:
            condition.wait_for(lambda: stock.value > 0)
            most = max(most, stock.value)
            stock.add(-1)
            condition.notify_all()
    return most


def choose(control, here, lock, jobs):
    """Take the lock or a job, whatever comes first, until told to end."""
    got = []
    while True:
        guard, value = csp.select(control, lock, jobs, priority=True)
        if guard is control:
            return got
        got.append("lock" if guard is lock else value)
        here.send(got[-1])
        if guard is lock:
            lock.release()
            lock = None


def come_when_told(control, here, barrier):
    here.send("has it")
    control.recv()
    return wait(control, here, barrier)


def clean_up(control, here, lock):
    """Wait for a lock; when told to stop, say so and wait again."""
    from csp._native import self_resume

    try:
        lock.acquire()
    except csp.Stopped:
        self_resume()
        here.send("stopped")
        with lock:
            return lock.locked()


def use_closed(control, here, handle):
    handle.close()


def give_back(control, here, handle):
    return handle
