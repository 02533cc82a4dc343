"""Names, time limits and supervisors that are none: refused where they are given, and the text says what is legal."""

import pytest
from sample_actors import Account
from sample_trees import Asks, Childs, Inner, Tree

import csp


def asks(name):
    return csp.child(Asks).options(name=name)


@pytest.mark.parametrize("name", [7, "", "  ", "a/b", "/"])
def test_names_that_would_collide(system, name):
    """A supervisor's name and its children's are texts without "/", so that "supervisor/child" means one place."""
    with pytest.raises(csp.ChildSpecError, match=r"supervisor Tree: name=.* use a text that is not empty and has no"):
        system.supervise(Tree([asks("w")]), name=name)
    with pytest.raises(csp.ChildSpecError, match=r"child Asks: name=.* use a text that is not empty"):
        system.supervise(Tree([asks(name)]))
    with pytest.raises(csp.ChildSpecError, match=r"child Inner: name=.* use a text that is not empty"):
        system.supervise(Tree([csp.child(Inner, [asks("w")]).options(name=name)]))
    assert system.statistics()["actors"] == 0


def test_the_name_of_an_actor_alone_may_have_a_path(system):
    """An actor that nobody supervises may be named with a "/"; a name that is in use is refused, whoever has it."""
    ref = system.spawn(csp.child(Account, "bob").options(name="account/bob"))
    assert system.lookup("bob") == ref
    system.supervise(Tree([asks("w")]))
    with pytest.raises(csp.ActorError, match="there is an actor named 'tree/w' already"):
        system.spawn(asks("tree/w"))


@pytest.mark.parametrize("name", [7, None, ["tree"]])
def test_questions_about_what_is_no_name(system, name):
    """What asks for a name refuses anything else, and says whose name it takes."""
    for ask in (system.stop_supervisor, system.which_children, system.wait):
        with pytest.raises(TypeError, match=f"{ask.__name__} takes the name of a supervisor.*, as a str, not"):
            ask(name)
    for lookup in (system.lookup, system.spawn(Asks).look):
        with pytest.raises(TypeError, match="lookup takes the name of an actor, as a str, not"):
            lookup(name)


@pytest.mark.parametrize(
    ("limit", "kind"), [("x", TypeError), (True, TypeError), (-1, ValueError), (float("nan"), ValueError)]
)
def test_time_limits_that_are_none(system, limit, kind):
    """stop and wait refuse a number of seconds that is none, as calls do; nobody is asked to stop."""
    ref = system.spawn(Account, "ada")
    system.supervise(Tree([]))
    with pytest.raises(kind, match="grace must be"):
        system.stop(ref, grace=limit)
    with pytest.raises(kind, match="timeout must be"):
        system.wait("tree", limit)
    assert ref.deposit(5) == 5


@pytest.mark.parametrize("limit", [10**400, float("inf")])
def test_time_limits_beyond_all_clocks(limit):
    """A time limit that no clock can count to is none: as None would, stop, wait and close wait until it is done."""
    system = csp.System(warm=0)
    ref = system.spawn(Account, "ada")
    system.stop(ref, grace=limit)
    with pytest.raises(csp.ActorDied, match="shutdown"):
        ref.total()
    system.supervise(Tree([]))
    system.stop_supervisor("tree")
    assert system.wait("tree", limit) == "shutdown"
    system.close(limit)
    assert repr(system) == "<csp.System closed>"


def test_actors_are_no_supervisors(system, program):
    """supervise and csp.run of an actor say that it is one, and the two ways to start it."""
    for actor in (Account, Account("ada")):
        with pytest.raises(
            csp.ChildSpecError, match=r"Account is an actor, .* yield csp.child\(Account, .* spawn\(Account"
        ):
            system.supervise(actor)
    status, _, err = program.script(
        "import csp\n"
        "class Needy(csp.Actor):\n    def __init__(self, needs):\n        pass\n"
        "if __name__ == '__main__':\n    csp.run(Needy)\n"
    )
    assert status == 1
    assert "Needy is an actor" in err


def test_supervisors_without_children_are_named(system, shown, wait_until):
    """A supervisor whose class has no children(), a misspelled one for example, starts, and a warning names the class;
    one whose children() gives none is no news.
    """
    shown.begin()
    system.supervise(Tree([csp.child(Childs), csp.child(Tree, [])]), name="top")
    assert [info[:2] for info in system.which_children("top")] == [("childs", "up"), ("tree", "up")]
    system.spawn(Asks).say("later")
    wait_until(lambda: "later" in shown.err(), "a later event is in the log")
    (line,) = (line for line in shown.err().splitlines() if "no children" in line)
    assert "warning" in line
    assert "actor=top" in line
    assert "supervisor=Childs" in line


def test_no_system_inside_an_actor(system):
    """A System made inside an actor is refused, and the text says what there is instead."""
    with pytest.raises(csp.StartFailed, match=r"main interpreter; inside an actor use self.spawn and self.lookup"):
        system.spawn(Asks).make_a_system()
