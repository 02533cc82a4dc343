"""Whoever is killed, cut off or stopped takes along what it started: its processes and pipelines end."""

import pytest
from sample_lives import Boss

import csp
from csp._native import interpreters


def names():
    return {name.partition("/")[0] for _, name, _ in interpreters()}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "beat"
    path.touch()
    return str(path)


@pytest.mark.parametrize("how", ["parallel", "pipeline", "nested"])
@pytest.mark.parametrize("end", ["kill", "stop", "close"])
def test_nothing_is_left(path, wait_until, how, end):
    """Processes that compute are gone when their actor was killed, stopped or closed; also those of processes."""
    with csp.System(warm=0) as system:
        boss = system.spawn(csp.child(Boss).options(shutdown=0.2))
        boss.go.cast(how, path)
        wait_until(lambda: "beat" in names(), "they compute")
        if end == "kill":
            system.kill(boss)
            system.wait(boss, 10)
            wait_until(lambda: not names() & {"beat", "nested"}, "they are gone")
        elif end == "stop":
            system.stop(boss, grace=0.2)
            wait_until(lambda: not names() & {"beat", "nested"}, "they are gone")
    assert not names() & {"beat", "nested"}


@pytest.mark.leaves("interpreters")
def test_of_one_that_cannot_be_stopped(path, wait_until):
    """An actor inside C code, which no kill reaches, is cut off; what it started has ended long before."""
    here, there = csp.channel(1)
    with csp.System(warm=0) as system:
        boss = system.spawn(csp.child(Boss))
        boss.go.cast("stuck", path, here)
        there.recv(10)
        wait_until(lambda: "beat" in names(), "it computes")
        system.kill(boss)
        wait_until(lambda: "beat" not in names(), "it is gone, though the actor is not", seconds=5)
        wait_until(lambda: "boss" not in names(), "the actor's call has returned")
