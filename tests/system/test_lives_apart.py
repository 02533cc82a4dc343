"""A life does not suffer from what the one before has left: the clean-up of an interpreter that still runs."""

import socket

import pytest
from sample_lives import Marked, Refuses, Server
from sample_trees import Tree

import csp


@pytest.fixture
def system():
    with csp.System(warm=2) as system:
        yield system


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_one_crash_is_one_restart(system, port):
    """A start that fails while the life before still cleans up is tried again when that is done, and not counted."""
    system.supervise(Tree([csp.child(Server, port)], intensity=csp.Intensity(restarts=1, seconds=60)))
    server = system.lookup("server")
    server.crash.cast()
    assert server.ping.options(timeout=30)() == "pong"
    assert system.statistics()["restarts"] == 1


def test_the_overlap_is_said(system, port, shown):
    """The log says that a start failed for what the life before may still hold, and with which error."""
    shown.begin()
    system.supervise(Tree([csp.child(Server, port)]))
    server = system.lookup("server")
    server.crash.cast()
    assert server.ping.options(timeout=30)() == "pong"
    system.close()
    assert shown.err().count("a start failed while the life before still cleaned up") == 1
    assert "Address already in use" in shown.err()


@pytest.mark.parametrize(("after", "overlaps"), [("end", True), ("interpreter", False)])
def test_after_says_what_a_life_follows(system, tmp_path, after, overlaps):
    """after="interpreter" starts the next life when the interpreter of the last has ended; "end" starts it before."""
    out, seen = csp.channel(10)
    child = csp.child(Marked, out, str(tmp_path / "marker")).options(after=after)
    system.supervise(Tree([child]))
    assert seen.recv(10) is False
    system.lookup("marked").crash.cast()
    assert seen.recv(10) is overlaps


def test_a_group_restart_waits_as_well(system, tmp_path):
    """Under one_for_all a sibling with after="interpreter" starts when its own interpreter before has ended."""
    out, seen = csp.channel(10)
    first = csp.child(Marked, out, str(tmp_path / "first")).options(name="first", after="interpreter")
    second = csp.child(Marked, out, str(tmp_path / "second")).options(name="second", after="interpreter")
    system.supervise(Tree([first, second], strategy="one_for_all"))
    assert [seen.recv(10), seen.recv(10)] == [False, False]
    system.lookup("first").crash.cast()
    assert [seen.recv(10), seen.recv(10)] == [False, False]


def test_a_tree_started_again_waits_as_well(system, port):
    """A tree started again under the name of one that was just stopped waits in the same way."""
    for _ in range(2):
        name = system.supervise(Tree([csp.child(Server, port)]))
        assert system.lookup("server").ping() == "pong"
        system.stop_supervisor(name)


def test_stopped_while_it_waits(system, tmp_path, wait_until):
    """A child that waits for the interpreter before can be stopped, and its tree with it, at once and for good."""
    out, seen = csp.channel(10)
    child = csp.child(Marked, out, str(tmp_path / "marker"), 3.0).options(after="interpreter")
    name = system.supervise(Tree([child]))
    assert seen.recv(10) is False
    system.lookup("marked").crash.cast()
    wait_until(lambda: system.which_children(name)[0][1] == "restarting", "the next life waits")
    system.stop_supervisor(name)
    assert system.wait(name).startswith("shutdown")
    assert system.statistics()["actors"] == 0
    system.close()
    assert seen.recv_nowait(None) is None, "the next life never began"


def test_killed_while_it_waits(system, tmp_path, wait_until):
    """A kill of a life that waits is the end of that life, like any crash; the next one waits in its stead."""
    out, seen = csp.channel(10)
    child = csp.child(Marked, out, str(tmp_path / "marker"), 1.0).options(after="interpreter")
    name = system.supervise(Tree([child]))
    assert seen.recv(10) is False
    ref = system.lookup("marked")
    ref.crash.cast()
    wait_until(lambda: system.which_children(name)[0][1] == "restarting", "the next life waits")
    assert system.kill(ref)
    assert seen.recv(10) is False


def test_a_start_that_always_fails_is_counted(system, tmp_path):
    """Where the life before was not to blame, the supervisor gives up as ever: one attempt more, and no end of them."""
    out, seen = csp.channel(100)
    child = csp.child(Refuses, out, str(tmp_path / "file"))
    name = system.supervise(Tree([child], intensity=csp.Intensity(restarts=3, seconds=60)))
    system.lookup("refuses").crash.cast(str(tmp_path / "file"))
    with pytest.raises(csp.EscalationError, match="there is the file"):
        system.wait(name, 30)
    assert 1 + 3 <= seen.statistics().length <= 1 + 4


def test_what_after_may_be(system):
    """after takes "end" or "interpreter", and says so."""
    with pytest.raises(csp.ChildSpecError, match='after=.later. is not legal; use "end" or "interpreter"'):
        csp.child(Server, 1).options(after="later")
