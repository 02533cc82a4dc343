"""A thread that is stopped while it has the lock of one channel delays nobody on the others."""

import ctypes
import time
from pathlib import Path

import alone
import alternatives
import pytest
import roles
from compiling import compile_extension

import csp
from csp.ffi import ffi, from_receiver, from_sender, lib

SOURCE = Path(__file__).parent / "stopped_holder.c"
FLAGS = ("-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wconversion", "-Werror")
TRIES = 1000
LOOK = 0.02  # seconds after which a probe that has not come back waits, most likely, for the lock


class Holder:
    """The thread of stopped_holder.c, on a channel of its own."""

    def __init__(self, library):
        self._c = library
        self._ends = [turn(end) for turn, end in zip((from_sender, from_receiver), csp.channel(1), strict=True)]
        assert self._c.holder_begin(*(ctypes.c_void_p(int(ffi.cast("uintptr_t", end))) for end in self._ends)) == 0

    def stop_under_the_lock(self):
        """Stop it again and again until it seems to be where a probe cannot have the lock."""
        for _ in range(TRIES):
            self._c.holder_stop()
            deadline = time.monotonic() + LOOK
            while time.monotonic() < deadline:
                if self._c.holder_probed():
                    break
                time.sleep(0)
            else:
                return
            self._c.holder_go()
        pytest.fail("it was never stopped under the lock")

    @property
    def has_the_lock(self):
        """Whether it has had the lock all the time since it was stopped: the probe waits for it still."""
        return not self._c.holder_probed()

    def go(self):
        """Let it work on, which lets the probe have the lock."""
        self._c.holder_go()

    def end(self):
        """End the thread and its channel."""
        self._c.holder_end()
        for end in self._ends:
            lib.csp_end_free(end)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """stopped_holder.c, compiled and loaded."""
    folder = tmp_path_factory.mktemp("stopped")
    return ctypes.CDLL(compile_extension("stopped_holder", SOURCE, folder, linked=True, flags=FLAGS))


def use_other_channels(crew, capacity):
    """Transfers, batches, selects, alternatives, timeouts and endings on channels that are made and dropped."""
    pairs = [csp.channel(capacity) for _ in range(4)]
    drainers = [
        crew.start(roles.drain, pairs[0][1]),
        crew.start(roles.drain_by_select, [rx for _, rx in pairs[:2]]),
        crew.start(alternatives.choose_until_all_are_over, [rx for _, rx in pairs[2:]]),
    ]
    feeders = [crew.start(roles.feed, tx, range(100)) for tx, _ in pairs]
    for end in [end for pair in pairs for end in pair]:
        end.close()
    for feeder in feeders:
        feeder.result()
    *plain, chosen = [drainer.result() for drainer in drainers]
    assert sorted(plain[0] + plain[1]) == sorted([*range(100)] * 2)
    assert chosen == [[*range(100)]] * 2
    assert crew.run(alone.identities, capacity)
    tx, rx = csp.channel(capacity)
    assert crew.run(alternatives.choose_in_vain, [rx], 20) == 20
    tx.close()
    assert crew.run(roles.recv, rx) == "EndOfChannel"


def test_a_stopped_lock_holder_does_not_delay_others(crew, capacity, library):
    """While a thread is stopped under the lock of its channel, processes do whatever they like on others."""
    holder = Holder(library)
    try:
        for _ in range(TRIES):
            holder.stop_under_the_lock()
            try:
                use_other_channels(crew, capacity)
                if holder.has_the_lock:  # the probe was not only slow: it waited until now
                    return
            finally:
                holder.go()
        pytest.fail("it was never stopped under the lock")
    finally:
        holder.end()
