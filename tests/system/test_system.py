"""The system itself: its life, its limits, what it counts, and what is said when it is over."""

import _thread
import os
import threading
import time

import pytest
from sample_actors import Account, Everything, HangsInInit
from sample_trees import Tree

import csp
from csp._native import interpreter_counts


@pytest.mark.parametrize("warm", [-1, 1.5, "2", True, 1001])
def test_warm_is_a_number(warm):
    """System(warm=...) takes a number of interpreters and nothing else."""
    with pytest.raises(ValueError, match="warm must be a number of interpreters, 0 or more, at most 1000"):
        csp.System(warm=warm)


def test_everything_is_refused_after_close():
    """A closed system refuses everything with an error that says so; closing again is fine; refs say that the actor is
    dead.
    """
    system = csp.System(warm=1)
    ref = system.spawn(Account, "ada")
    system.close()
    system.close()
    assert repr(system) == "<csp.System closed>"
    for use in (
        lambda: system.spawn(Account, "bob"),
        lambda: system.lookup("account"),
        lambda: system.stop(ref),
        lambda: system.kill(ref),
        lambda: system.supervise(Tree([])),
        lambda: system.stop_supervisor("tree"),
        lambda: system.wait("tree"),
        lambda: system.which_children("tree"),
        system.statistics,
    ):
        with pytest.raises(csp.ActorError, match="the system is closed"):
            use()
    for use in (
        lambda: ref.deposit(1),
        lambda: ref.deposit.cast(1),
        lambda: ref.deposit.future(1).result(10),
        lambda: ref.send(1),
    ):
        with pytest.raises(csp.ActorDied, match=r"account is dead \(shutdown.*\); the call did not run"):
            use()


def test_close_by_an_exception():
    """An exception that leaves the with block closes the system and passes through."""
    with pytest.raises(ZeroDivisionError), csp.System(warm=0) as system:
        system.spawn(Account, "ada")
        1 / 0  # noqa: B018
    assert repr(system) == "<csp.System closed>"


def test_two_systems_share_nothing():
    """Names of one system are unknown in another, and a ref of one means nothing to the other's stop and kill."""
    with csp.System(warm=0) as one, csp.System(warm=0) as two:
        first = one.spawn(Account, "ada")
        second = two.spawn(Account, "bob")
        assert one.lookup("account") == first
        assert two.lookup("account") == second
        two.stop(first)
        assert not two.kill(first)
        assert first.total() == 0
        assert second.total() == 0
        # but a ref works anywhere in the process
        asking = two.spawn(Everything)
        assert asking.echo(first).deposit(5) == 5


def test_statistics():
    """statistics counts actors, interpreters, warm ones and what became of them."""
    with csp.System(warm=0) as system:
        before = system.statistics()
        refs = [system.spawn(Account, str(n)) for n in range(3)]
        seen = system.statistics()
        assert seen["actors"] == 3
        assert seen["interpreters"] == before["interpreters"] + 3
        assert seen["interpreters_started"] == before["interpreters_started"] + 3
        assert (seen["restarts"], seen["dead_letters"], seen["zombies"], seen["warm"]) == (0, 0, 0, 0)
        for ref in refs:
            system.stop(ref)
        assert system.statistics()["actors"] == 0


def test_the_pool_is_filled_and_used(wait_until):
    """As many interpreters as asked for are kept ready, and made up for when actors took them."""
    with csp.System(warm=2) as system:
        wait_until(lambda: system.statistics()["warm"] == 2, "two are warm")
        for n in range(3):
            system.spawn(Account, str(n))
        wait_until(lambda: system.statistics()["warm"] == 2, "two are warm again")


def test_closing_ends_the_filling_of_the_pool(wait_until):
    """A pool that is being filled is no reason to wait: no more get ready at a time than the CPUs are good for, and
    closing starts no others: most of the pool has never been.
    """
    before = interpreter_counts()[1]
    system = csp.System(warm=1000)
    wait_until(lambda: system.statistics()["warm"] > 3, "some are warm")
    seen = system.statistics()
    system.close(timeout=20)
    alive, begun, _, _ = interpreter_counts()
    assert seen["interpreters"] - 1 - seen["warm"] <= 2 * os.process_cpu_count(), "so many get ready at once"
    assert begun - before < 500
    assert alive == 0


def test_spawn_speed(wait_until, capsys):
    """spawn from the pool takes less than half of what it takes cold; medians are shown (from the pool the bar is
    1 ms).
    """
    with csp.System(warm=1) as system:
        warm = []
        for n in range(15):
            wait_until(lambda: system.statistics()["warm"] == 1, "one is warm")
            begun = time.perf_counter()
            system.spawn(Account, str(n))
            warm.append(time.perf_counter() - begun)
    with csp.System(warm=0) as system:
        cold = []
        for n in range(15):
            begun = time.perf_counter()
            system.spawn(Account, str(n))
            cold.append(time.perf_counter() - begun)
    with capsys.disabled():
        print(f"\nspawn: warm median {sorted(warm)[7] * 1e3:.2f} ms, least {min(warm) * 1e3:.2f} ms", end="; ")
        print(f"cold median {sorted(cold)[7] * 1e3:.1f} ms, least {min(cold) * 1e3:.1f} ms")
    assert min(warm) < min(cold) / 2
    assert min(cold) < 0.2


def test_close_with_a_time_limit():
    """close(timeout) kills what is left when the time is up, and says so with CallTimeout; nothing is left running."""
    system = csp.System(warm=0)
    ref = system.spawn(csp.child(Everything).options(shutdown=None))
    here, arrived = csp.channel(1)
    ref.spin.cast(here)
    arrived.recv(timeout=10)
    begun = time.monotonic()
    with pytest.raises(csp.CallTimeout, match="'close' within 0.2 s"):
        system.close(timeout=0.2)
    assert time.monotonic() - begun < 6
    with pytest.raises(csp.ActorDied):
        ref.echo(1)


@pytest.mark.parametrize(
    ("timeout", "kind", "text"),
    [
        (-1, ValueError, "timeout must be at least 0 seconds"),
        (float("nan"), ValueError, "timeout must be at least 0 seconds"),
        ("x", TypeError, "timeout must be a number of seconds or None, not 'x'"),
        (True, TypeError, "timeout must be a number of seconds or None, not True"),
    ],
    ids=["negative", "nan", "text", "bool"],
)
def test_close_with_a_wrong_time_limit(cold_system, timeout, kind, text):
    """A time limit that is none is refused before anything is stopped, also by a system that is closed."""
    ref = cold_system.spawn(Account, "ada")
    with pytest.raises(kind, match=text):
        cold_system.close(timeout)
    assert repr(cold_system) == "<csp.System running>"
    assert ref.deposit(5) == 5
    cold_system.close()
    with pytest.raises(kind, match=text):
        cold_system.close(timeout)


def test_close_with_a_time_limit_and_a_sleeper():
    """A time limit holds for an actor inside a C call too: it is cut off, and ends when its call returns."""
    system = csp.System(warm=0)
    ref = system.spawn(csp.child(Everything).options(shutdown=None))
    here, arrived = csp.channel(1)
    ref.sleep_in_c.cast(here, 4.0)
    arrived.recv(timeout=10)
    with pytest.raises(csp.CallTimeout):
        system.close(timeout=0.1)


def test_close_while_others_wait_for_a_start():
    """Closing ends a start that hangs; the thread that waits for it gets an error."""
    system = csp.System(warm=0)
    here, arrived = csp.channel(1)
    outcome = []

    def start():
        try:
            system.spawn(csp.child(HangsInInit, here).options(shutdown=0.1))
        except Exception as error:
            outcome.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    assert arrived.recv(timeout=10) == "in __init__"
    system.close(timeout=20)
    thread.join(10)
    assert isinstance(outcome[0], csp.ActorError), outcome


def test_spawn_from_many_threads():
    """Many threads may spawn, call and stop at once."""
    with csp.System(warm=2) as system:
        failures = []

        def use(n):
            try:
                for k in range(3):
                    ref = system.spawn(Account, f"{n}", balance=k)
                    assert ref.deposit(n) == n + k
                    system.stop(ref)
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=use, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures
        assert system.statistics()["actors"] == 0


def test_a_child_spec_with_arguments_of_its_own(system):
    """spawn(csp.child(...)) takes name and shutdown from the spec; further arguments are refused."""
    assert system.spawn(csp.child(Account, "ada", balance=3).options(name="ada")).total() == 3
    with pytest.raises(csp.ActorError, match="a child spec holds the arguments itself"):
        system.spawn(csp.child(Account, "ada"), 5)
    with pytest.raises(csp.ActorError, match="isolation='thread' is not supported yet"):
        system.spawn(csp.child(Account, "ada").options(isolation="thread"))


def test_threads_that_are_none_are_refused(monkeypatch):
    """Where a library has replaced threads with tasks of one, a system is refused, with its name and the way out."""

    def spawn_task(function, args=(), kwargs=None):
        raise AssertionError("no thread of csp's is to be one of these")

    spawn_task.__module__ = "gevent.thread"
    monkeypatch.setattr(_thread, "start_new_thread", spawn_task)
    with pytest.raises(csp.StartFailed, match=r"gevent has replaced Python's threads .*patch_all\(thread=False\)"):
        csp.System()
