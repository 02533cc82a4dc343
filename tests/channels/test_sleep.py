"""csp.sleep: as time.sleep, and it hears what every wait hears (that it is told to stop: tests/interpreters)."""

import math
import os
import signal
import threading
import time
from decimal import Decimal

import pytest

import csp


@pytest.mark.parametrize("seconds", [0, 0.02, Decimal("0.02")])
def test_it_sleeps_as_long(seconds):
    """At least so many seconds, of any number type."""
    began = time.monotonic()
    csp.sleep(seconds)
    assert time.monotonic() - began >= float(seconds)


def test_it_sleeps_until_an_instant():
    """deadline= is an instant of time.monotonic(); one that is past is no sleep."""
    instant = time.monotonic() + 0.02
    csp.sleep(deadline=instant)
    assert time.monotonic() >= instant
    csp.sleep(deadline=instant)


@pytest.mark.parametrize(
    ("args", "kwargs", "error"),
    [
        ((), {}, TypeError),
        ((None,), {}, TypeError),
        ((1,), {"deadline": 1.0}, TypeError),
        ((1, 2), {}, TypeError),
        ((), {"seconds": 1}, TypeError),
        ((True,), {}, TypeError),
        (("1",), {}, TypeError),
        ((-1,), {}, ValueError),
        ((math.nan,), {}, ValueError),
    ],
    ids=str,
)
def test_what_is_no_time(args, kwargs, error):
    """It takes seconds or a deadline, one of them, and judges it as every wait does."""
    with pytest.raises(error):
        csp.sleep(*args, **kwargs)


def test_a_signal_wakes_the_main_thread():
    """The exception of a signal handler comes out of it, also out of an endless one."""

    class Rings(Exception):
        pass

    def ring(*_):
        raise Rings

    before = signal.signal(signal.SIGUSR1, ring)
    try:
        threading.Timer(0.02, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        with pytest.raises(Rings):
            csp.sleep(math.inf)
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_other_threads_run_meanwhile():
    """The GIL is free while it sleeps, also for no time at all."""
    stop = threading.Event()
    turns = []

    def counts():
        while not stop.is_set():
            turns.append(None)
            csp.sleep(0)

    thread = threading.Thread(target=counts)
    thread.start()
    seen = len(turns)
    csp.sleep(0.05)
    assert len(turns) > seen
    stop.set()
    thread.join()
