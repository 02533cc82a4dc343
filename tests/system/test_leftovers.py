"""What a tree keeps of children that are gone for good: nothing. Nested supervisors, stopped and waited for."""

import pytest

import csp


class Child(csp.Actor):
    def __init__(self, out=None, bad=False):
        if bad:
            raise ValueError("does not start")

    @csp.handler
    def crash(self):
        raise RuntimeError("crash")

    @csp.handler
    def quit(self):
        self.stop()


class Top(csp.Supervisor):
    intensity = csp.Intensity(restarts=0, seconds=60)

    def __init__(self, *children, **attributes):
        self.specs = children
        for name, value in attributes.items():
            setattr(self, name, value)

    def children(self):
        return self.specs


@pytest.mark.parametrize("how", ["stopped", "gave up", "did not start", "temporary child"])
def test_a_tree_that_is_over_holds_no_ends(system, how):
    """A channel whose sender only the children of a tree were given ends with the tree, or with its temporary child."""
    tx, rx = csp.channel()
    spec = csp.child(Child, tx).options(restart="temporary" if how == "temporary child" else "permanent")
    bad = csp.child(Child, bad=True).options(name="bad")
    tree = Top(spec, bad) if how == "did not start" else Top(spec, csp.child(Child).options(name="other"))
    if how == "did not start":
        with pytest.raises(csp.StartFailed):
            system.supervise(tree)
    else:
        system.supervise(tree)
    del tree, spec
    tx.close()
    if how == "stopped":
        system.stop_supervisor("top")
    elif how == "gave up":
        system.lookup("top/child").crash.cast()
        with pytest.raises(csp.EscalationError):
            system.wait("top")
    elif how == "temporary child":
        system.lookup("top/child").quit.cast()
    with pytest.raises(csp.EndOfChannel):
        rx.recv(timeout=10)


@pytest.fixture
def nested(system):
    """A tree "top" with a supervisor "inner", which has an actor, and an actor beside it."""
    inner = csp.child(Top, csp.child(Child)).options(name="inner", restart="transient")
    system.supervise(Top(inner, csp.child(Child).options(name="beside")))
    return system


def test_a_nested_supervisor_is_stopped_by_its_path(nested):
    """stop_supervisor of a path terminates that supervisor at the one above: it stays down, and the rest stays up."""
    nested.stop_supervisor("top/inner")
    assert [(name, status) for name, status, *_ in nested.which_children("top")] == [
        ("inner", "down"),
        ("beside", "up"),
    ]
    with pytest.raises(csp.NoSuchActor):
        nested.which_children("top/inner")
    assert nested.lookup("top/beside").name == "top/beside"
    nested.stop_supervisor("top/inner")
    assert nested.wait("top/inner") == "shutdown"


def test_a_nested_supervisor_is_waited_for_by_its_path(nested, wait_until):
    """wait of a path ends when that supervisor is gone for good, by itself or with its tree."""
    from test_calls import Background

    waiting = Background(nested.wait, "top/inner")
    nested.stop_supervisor("top")
    assert waiting.result() == "shutdown"
    with pytest.raises(csp.NoSuchActor, match="no supervisor or actor is named 'top/nobody'"):
        nested.wait("top/nobody")


def test_a_nested_supervisor_that_gives_up(system):
    """One that gives up, and is not restarted, is an EscalationError for who waits for it."""
    inner = csp.child(Top, csp.child(Child)).options(name="inner", restart="temporary")
    system.supervise(Top(inner, csp.child(Child).options(name="beside")))
    system.lookup("top/inner/child").crash.cast()
    with pytest.raises(csp.EscalationError, match="too many restarts"):
        system.wait("top/inner")


class Listed(csp.Supervisor):
    children = [csp.child(Child).options(name="a"), csp.child(Child).options(name="b")]  # noqa: RUF012  (as people write it)


def test_children_may_be_a_list(system):
    """``children`` that is a list of child specs, and no method, is what the supervisor has."""
    system.supervise(Listed())
    assert [line[0] for line in system.which_children("listed")] == ["a", "b"]


EXITS = """
import sys
import csp

class A(csp.Actor):
    pass

class Nested(csp.Supervisor):
    def children(self):
        {leave}
        yield csp.child(A)

class Top(csp.Supervisor):
    def children(self):
        yield csp.child({child})

if __name__ == "__main__":
    csp.run({what})
"""


@pytest.mark.parametrize("what", ["Nested", "Top"])
@pytest.mark.parametrize("leave", ["sys.exit('no config')", "raise KeyboardInterrupt", "raise ValueError('no config')"])
def test_children_that_leave_end_the_program(program, what, leave):
    """A children() that exits, at the root or below, is a program that could not start: status 1, and why."""
    status, _, err = program.script(EXITS.format(leave=leave, child="Nested", what=what))
    assert status == 1
    assert "could not start" in err
    assert "KeyboardInterrupt" in err or "no config" in err
