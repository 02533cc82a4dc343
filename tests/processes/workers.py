"""What the tests run in other interpreters: found there by import, so all at module level."""

import sys

import out_of_reach

import csp
from csp._native import wait_graph

# ---- plain functions -------------------------------------------------------------------------------------------------


def double(x):
    return 2 * x


def negate(x):
    return -x


class Shout:
    @classmethod
    def at(cls, x):
        return f"{x}!"


def is_odd(x):
    return x % 2 == 1


def is_small(x):
    return abs(x) < 50


def as_text(x):
    return str(x)


def nobody(_):
    return False


def add(x, y, *, times=1):
    return (x + y) * times


def concatenate(parts):
    return "".join(parts)


def nothing():
    return None


def nothing_with(*args, **kwargs):
    return None


def refuse(x):
    raise ValueError(f"no {x}")


def refuse_seven(x):
    if x == 7:
        raise KeyError("seven")
    return x


def refuse_long(x):
    raise ValueError(len(x))


def leave(x):
    sys.exit(x)


def loaded(_=None):
    return tuple(sorted(sys.modules))


def importing(module):
    __import__(module)
    return loaded()


def length(x):
    return len(x)


def sum_below(_):
    return sum(range(100_000))


def length_or_true(x):
    return True


def spin_or_refuse(x):
    """Refuse a number; with a sender, tell that we are here and then spin."""
    if isinstance(x, csp.Sender):
        spin(x)
    raise ValueError(x)


# ---- values that travel badly ----------------------------------------------------------------------------------------


class Local:
    """Cannot be pickled."""

    def __reduce__(self):
        raise TypeError("it stays here")


class ReadsOnlyAbroad:
    """Can be sent from anywhere and read anywhere but in the main interpreter."""

    def __reduce__(self):
        return read_abroad, ()


class ReadsOnlyAtHome:
    """Can be sent from anywhere and read in the main interpreter alone."""

    def __reduce__(self):
        return read_at_home, ()


def read_abroad():
    if _is_main():
        raise ValueError("not to be read in the main interpreter")
    return ReadsOnlyAbroad()


def read_at_home():
    if not _is_main():
        raise ValueError("to be read in the main interpreter only")
    return ReadsOnlyAtHome()


def _is_main():
    from _interpreters import get_current, get_main

    return get_current()[0] == get_main()[0]


def local(x):
    return Local()


def local_for_seven(x):
    return Local() if x == 7 else x


def abroad(x=None):
    return ReadsOnlyAbroad()


class Refusal(Exception):
    """An exception of one's own."""

    def __init__(self, code):
        super().__init__(f"code {code}")
        self.code = code

    def __reduce__(self):
        return Refusal, (self.code,)


def refuse_with(code):
    raise Refusal(code)


# ---- processes that wait ---------------------------------------------------------------------------------------------


def send_all(tx, values):
    for value in values:
        tx.send(value)


def receive_all(rx):
    return tuple(rx)


def receive_one(rx):
    return rx.recv()


def receive_in(ends):
    """``ends`` is a dict of lists of tuples."""
    return ends["in"][0][0].recv()


def wait(rx):
    """Until something comes, or the channel ends, or Stopped comes."""
    return rx.recv()


def control_waits(control, rx):
    """As an interpreter's order, not as a process."""
    return wait_for_end(rx)


def wait_for_end(rx):
    return tuple(rx)


def fail_when_stopped(ready, rx, text):
    ready.send(None)
    try:
        rx.recv()
    except csp.Stopped:
        raise ValueError(text) from None


def clean_up_when_stopped(ready, rx, done):
    ready.send(None)
    try:
        rx.recv()
    except csp.Stopped:
        done.send_nowait("cleaned up")
        raise


def stop_oneself():
    raise csp.Stopped


def spin(ready):
    ready.send(None)
    while True:
        pass


def sleep(ready, seconds):
    """Sleep where no kill gets it."""
    ready.send(None)
    out_of_reach.sleep(seconds)


def drop_then_wait(tx, rx):
    """Give the only reference to the sending end up, and go on."""
    del tx
    return rx.recv()


def fail_after_peer(tx, peer_gone):
    """End our channel, see the peer die of it, and only then fail ourselves."""
    tx.close()
    try:
        peer_gone.recv()
    except csp.EndOfChannel:
        pass
    raise ValueError("the true reason")


def need_more(rx, alive):
    rx.recv()


def relay(rx, tx):
    for value in rx:
        tx.send(value)


# ---- blocks and pipelines inside a process ---------------------------------------------------------------------------


def nested_sum(n):
    with csp.parallel() as par:
        parts = [par.start(add, i, i) for i in range(n)]
    return sum(part.result() for part in parts)


def nested_failure():
    with csp.parallel() as par:
        par.start(refuse, "inner")


def nested_wait(ready, rx):
    with csp.parallel() as par:
        par.start(wait, rx)
        par.start(clean_up_when_stopped, ready, rx, ready)


def nested_spin(ready):
    with csp.parallel(grace=60) as par:
        par.start(spin, ready)


def nested_pipeline(n):
    return csp.pipeline(range(n)).map(double, workers=2).reduce(add, 0)


def nested_pipeline_waits(ready, rx):
    ready.send(None)
    for _ in csp.pipeline([rx.clone(), rx]).map(wait, workers=2):
        pass


# ---- a pipeline's functions that let a test set the pace -------------------------------------------------------------


def value_of(x):
    """What an end gives when somebody sends it; anything else is its own value."""
    return x.recv() if isinstance(x, csp.Receiver) else x


def reported(pair):
    """Tell the sender in the item that it is here."""
    number, tx = pair
    tx.send(number)
    return number


def reported_then_waits(pair):
    number, tx, rx = pair
    tx.send(number)
    rx.recv()
    return number


# ---- what a test looks at --------------------------------------------------------------------------------------------


def main_waits():
    """Whether the main interpreter waits on a channel."""
    return any(kind == "waits" and name == "main" for kind, _, name, *_ in wait_graph())
