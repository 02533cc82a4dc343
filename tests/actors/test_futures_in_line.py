"""Futures never wait for the mailbox: calls that it does not accept stand in line, and can be withdrawn."""

import asyncio
import concurrent.futures
import gc
import os
import signal
import threading

import pytest
from sample_actors import Everything, EverythingBuffered

import csp


@pytest.fixture
def busy(system, wait_until):
    """A rendezvous actor that is busy until the gate is opened: (ref, the future of that, gate)."""
    ref = system.spawn(Everything)
    gate, opened = csp.channel(1)
    waiting = ref.wait_for.future(opened)
    wait_until(lambda: ref._sender.statistics().sent == 1, "the actor has taken it")
    yield ref, waiting, gate
    gate.close()


def test_futures_of_a_busy_actor_are_there_at_once(busy):
    """A hundred futures are asked for while the actor handles nothing; they are answered in order."""
    ref, waiting, gate = busy
    futures = [ref.echo.future(n) for n in range(100)]
    assert ref._sender.statistics().waiting_senders == 100
    assert not any(future.done() or future.running() for future in futures)
    gate.send("go")
    assert waiting.result(10) == "go"
    assert [future.result(10) for future in futures] == list(range(100))


def test_a_future_stands_in_line_with_casts(busy, wait_until):
    """Futures and a cast that another thread waits to send are handled in the order in which they were made."""
    ref, _, gate = busy
    futures = [ref.note.future("first")]
    thread = threading.Thread(target=lambda: ref.note.options(timeout=None).cast("a cast"))
    thread.start()
    wait_until(lambda: ref._sender.statistics().waiting_senders == 2, "the cast stands in line")
    futures.append(ref.note.future("last"))
    gate.send("go")
    assert [future.result(10) for future in futures] == [None, None]
    thread.join()
    assert ref.notes() == ["first", "a cast", "last"]


def test_a_call_in_line_can_be_withdrawn(busy):
    """cancel() of one that was not taken withdraws it: it does not run, and those behind it do."""
    ref, _, gate = busy
    futures = [ref.echo.future(n) for n in range(3)]
    assert futures[1].cancel()
    assert futures[1].cancelled()
    assert futures[1].cancel()
    with pytest.raises(concurrent.futures.CancelledError):
        futures[1].result(0)
    assert ref._sender.statistics().waiting_senders == 2
    gate.send("go")
    assert (futures[0].result(10), futures[2].result(10)) == (0, 2)
    assert not futures[0].cancel()
    assert ref._sender.statistics().sent == 3


@pytest.mark.parametrize("wait", ["result", "wait", "callback", "await"])
def test_the_limit_covers_the_answer(busy, wait):
    """options(timeout=) of a future ends in CallTimeout however it is waited for; the call may still run."""
    ref, waiting, gate = busy
    future = ref.echo.options(timeout=0.05).future(1)
    if wait == "result":
        error = future.exception(10)
    elif wait == "wait":
        done, _ = concurrent.futures.wait([future], 10)
        error = next(iter(done)).exception(0)
    elif wait == "callback":
        told = threading.Event()
        future.add_done_callback(lambda _: told.set())
        assert told.wait(10)
        error = future.exception(0)
    else:

        async def main():
            return await asyncio.wrap_future(future)

        with pytest.raises(csp.CallTimeout) as caught:
            asyncio.run(main())
        error = caught.value
    assert type(error) is csp.CallTimeout
    assert "did not take echo within 0.05 s; it will not run" in str(error)
    gate.send("go")
    assert waiting.result(10) == "go"
    assert ref._sender.statistics().sent == 1


def test_the_limit_of_a_call_that_runs(system):
    """A call that was taken and is not answered in time may still run; its answer is dropped, the next one arrives."""
    ref = system.spawn(EverythingBuffered)
    gate, opened = csp.channel(1)
    late = ref.wait_for.options(timeout=0.05).future(opened)
    with pytest.raises(csp.CallTimeout, match="did not answer within 0.05 s; it may still run"):
        late.result(10)
    gate.send("go")
    assert ref.echo.future("next").result(10) == "next"


def test_many_limits_are_each_kept(busy):
    """Limits in any order: the near ones end, the far ones wait for the answer."""
    ref, _, gate = busy
    limits = [60, 0.05, 0.15, None, 0.1, 60]
    futures = [ref.echo.options(timeout=limit).future(n) for n, limit in enumerate(limits)]
    near = [future for future, limit in zip(futures, limits, strict=True) if limit and limit < 1]
    assert {type(future.exception(10)) for future in near} == {csp.CallTimeout}
    gate.send("go")
    assert [futures[n].result(10) for n in (0, 3, 5)] == [0, 3, 5]


def test_without_a_limit_it_waits(busy):
    """A future of a handler without options has no limit: the five seconds of a call are not its own."""
    ref, _, gate = busy
    future = ref.echo.future(1)
    assert future.timeout is None
    assert ref.echo.options(timeout=5.0).future(2).timeout == 5.0
    gate.send("go")
    assert future.result(10) == 1


def test_the_line_of_an_actor_that_dies(busy, system):
    """Those in line when the actor is gone for good fail with ActorDied, which says that they did not run."""
    ref, waiting, _ = busy
    futures = [ref.echo.future(n) for n in range(3)]
    system.kill(ref)
    for future in futures:
        error = future.exception(10)
        assert (type(error), error.maybe_ran) == (csp.ActorDied, False)
    assert waiting.exception(10).maybe_ran


def test_a_ref_may_be_dropped_before_the_answer(system):
    """A future needs no ref to be kept: its call stays in line."""
    gate, opened = csp.channel(1)
    ref = system.spawn(Everything)
    first = ref.wait_for.future(opened)
    second = ref.echo.future(2)
    del ref
    gc.collect()
    gate.send("go")
    assert (first.result(10), second.result(10)) == ("go", 2)


def test_an_event_loop_is_not_held_up(busy):
    """In a coroutine a future of a busy actor returns to the loop at once."""
    ref, _, gate = busy

    async def main():
        futures = [asyncio.wrap_future(ref.echo.future(n)) for n in range(5)]
        turns = 0
        for _ in range(100):
            await asyncio.sleep(0)
            turns += 1
        gate.send("go")
        return turns, await asyncio.gather(*futures)

    assert asyncio.run(main()) == (100, [0, 1, 2, 3, 4])


# ---- in the middle of itself -----------------------------------------------------------------------------------------


def test_asked_for_by_a_signal_handler_in_the_middle_of_itself(system):
    """A handler asks for a future whatever the main thread is in the middle of, also of asking for one."""
    ref = system.spawn(EverythingBuffered)
    inside = []
    before = signal.signal(signal.SIGUSR1, lambda *_: inside.append(ref.echo.future("inside")))
    stop = threading.Event()

    def rings():
        while not stop.is_set():
            os.kill(os.getpid(), signal.SIGUSR1)
            stop.wait(0.0005)

    thread = threading.Thread(target=rings)
    try:
        thread.start()
        futures = []
        while len(inside) < 50:
            futures.append(ref.echo.future(len(futures)))
            assert futures[-1].result(10) == len(futures) - 1
    finally:
        stop.set()
        thread.join()
        signal.signal(signal.SIGUSR1, before)
    assert {future.result(10) for future in inside} == {"inside"}


def test_asked_for_by_a_finaliser(system):
    """A finaliser that the collector runs in the middle of asking for a future asks for another."""
    ref = system.spawn(EverythingBuffered)
    asked = []

    class Asks:
        def __init__(self):
            self.me = self

        def __del__(self):
            asked.append(ref.echo.future("at the end"))

    threshold = gc.get_threshold()
    gc.set_threshold(1)
    try:
        for n in range(50):
            Asks()
            assert ref.echo.future(n).result(10) == n
    finally:
        gc.set_threshold(*threshold)
        gc.collect()
    assert {future.result(10) for future in asked} == {"at the end"}
    assert len(asked) == 50


def test_a_callback_that_waits_for_another_future_is_told(busy, system):
    """Waiting in a callback for what the same thread completes is CallsSelf, and other futures go on."""
    _, never, gate = busy
    second, opened = csp.channel(1)
    other = system.spawn(EverythingBuffered)
    got, told = [], threading.Event()

    def waits(_):
        try:
            got.append(never.result())
        except csp.CallsSelf as error:
            got.append(str(error))
        told.set()

    done = other.wait_for.future(opened)
    done.add_done_callback(waits)  # before it is answered: so it runs in the receiving thread
    second.send("now")
    assert told.wait(10)
    assert "that of everything.wait_for" in got[0]
    assert other.echo.future(2).result(10) == 2
    gate.send("go")
    assert never.result(10) == "go"


def test_no_limit_at_all_in_an_actor(system):
    """result(timeout=inf) waits in an actor as it does in main."""
    other, ref = system.spawn(Everything), system.spawn(Everything)
    assert ref.future_of_other(other, "asked", timeout=float("inf")) == "asked"


AFTER_MAIN = """
import threading
import csp

class A(csp.Actor):
    @csp.handler
    def f(self, x):
        return x

def serve(system, a, main):
    main.join()
    print(a.f.future(2).result(10), flush=True)
    system.close()

if __name__ == "__main__":
    system = csp.System(warm=0)
    threading.Thread(target=serve, args=(system, system.spawn(A), threading.main_thread())).start()
"""


def test_the_first_future_after_main_has_returned(program):
    """A thread that outlives the main thread asks for its first future."""
    status, out, err = program.script(AFTER_MAIN)
    assert (status, out) == (0, "2\n"), err
