"""Names of csp in an actor, and the names of actors: nothing is hidden unseen, and a ref tells who it leads to."""

import pytest
from sample_actors import Account
from shaped_actors import Assigns, Box, Named, Shaped, WithName

import csp

OURS = ["name", "log", "me", "mailbox", "stop", "spawn", "lookup", "handle", "on_start", "on_stop", "receive", "run"]


def test_an_attribute_called_name(system):
    """``self.name = ...`` fails where it stands, says whose the name is, and proposes another."""
    with pytest.raises(csp.ReservedName, match=r"Named: self.name is csp's own, the name under which.*self.label"):
        system.spawn(Named, "bob")


def test_no_attribute_of_ours_is_hidden(system):
    """Assigning or deleting one of our names is refused with words, and the name is what it was."""
    ref = system.spawn(Assigns)
    for name in OURS:
        text, still = ref.assign(name)
        assert text.startswith(f"Assigns: self.{name} is csp's own, ")
        assert "call the attribute otherwise, for example self." in text
        assert still
        assert f"self.{name} is csp's own" in ref.delete(name)


def test_other_names_are_the_users(system):
    """What is not ours can be assigned, also what only a ref has."""
    ref = system.spawn(Assigns)
    names = ["id", "send", "title", "names", "kernel", "options", "state"]
    assert [ref.assign(name) for name in names] == [None] * len(names)


@pytest.mark.parametrize("name", OURS[:8])
def test_a_class_cannot_take_our_names(name):
    """An attribute, a property or a method under one of our names is refused when the class is made."""
    if name == "mailbox":
        return
    for value in (False, property(lambda self: 1), lambda self: 1):
        with pytest.raises(csp.ReservedName, match=rf"Bad.{name}: an actor's {name} is csp's own, .* for example \w+"):
            type("Bad", (csp.Actor,), {name: value})
        mixin = type("Mixin", (), {name: value})
        with pytest.raises(csp.ReservedName, match=rf"Bad.{name} \(from Mixin\)"):
            type("Bad", (mixin, csp.Actor), {})


@pytest.mark.parametrize("name", OURS[8:])
def test_a_hook_must_be_a_method(name):
    """``run = False`` in a class says what run is there for."""
    with pytest.raises(csp.ReservedName, match=rf"Bad.{name} must be a method that csp calls.* and not False"):
        type("Bad", (csp.Actor,), {name: False})


def test_a_field_called_name(system):
    """A dataclass field under one of our names fails at the class, as far as it can be seen there, or at the start."""
    with pytest.raises(csp.ReservedName, match="WithName.*name is csp's own"):
        system.spawn(WithName, "bob")


def test_a_check_that_was_kept_away(system):
    """A class that does not pass __init_subclass__ on is looked at when it is started."""

    class Silent(csp.Actor):
        def __init_subclass__(cls):
            pass

    class Bad(Silent):
        stop = False

    with pytest.raises(csp.ReservedName, match="Bad.stop"):
        system.spawn(Bad)


@pytest.mark.parametrize("name", ["monitor", "link", "after", "every", "subscribe", "restore", "forward", "aio"])
def test_names_that_are_kept(name):
    """Names of methods that actors will have cannot be handlers; the error says that they are kept."""
    with pytest.raises(csp.ReservedName, match=f"Bad.{name} cannot be a handler: that name is kept"):
        type("Bad", (csp.Actor,), {name: csp.handler(lambda self: None)})


def test_the_actor_itself_does_not_travel(system):
    """An actor object where a ref belongs is refused where it is sent, with the way out: no copy answers for it."""
    ref, other = system.spawn(Shaped), system.spawn(Assigns)
    plain = Account("ada")
    for call in (lambda: ref.whatever(plain), lambda: ref.two(1, [plain]), lambda: ref.send({"account": plain})):
        with pytest.raises(csp.NotShareable, match=r"sample_actors.Account cannot travel.*this is an actor object.*"):
            call()
    with pytest.raises(csp.NotShareable, match=r"message\['account'\]: .*spawn\(Account, \.\.\.\)"):
        csp.channel(1)[0].send({"account": plain})
    with pytest.raises(csp.NotShareable, match=r"an actor sends self.me"):
        other.send_itself(ref)
    assert other.send_me(ref) == ((other,), {})
    with pytest.raises(csp.NotShareable, match="argument 0 of Shaped"):
        system.spawn(Shaped, plain)


def test_a_ref_has_a_name_and_an_id(system, cold_system):
    """``ref.name`` is what lookup takes; ``ref.id`` is one actor's alone in the process, and stays in copies."""
    one, two = system.spawn(Assigns), system.spawn(Assigns)
    assert system.lookup(one.name) == one
    assert one.name != two.name
    assert len({one.id, two.id, cold_system.spawn(Assigns).id}) == 3
    assert one.name_and_id() == (one.name, one.name, one.id)
    assert system.lookup(one.name).id == one.id
    for attribute in ("name", "id"):
        with pytest.raises(AttributeError):
            setattr(one, attribute, 1)


def test_lookup_with_a_class(system):
    """lookup(name, Class) gives the ref when the actor is one, or has all of its handlers; else NoSuchActor."""
    ref = system.spawn(Account, "ada")
    assert system.lookup(ref.name, Account) == ref
    with pytest.raises(csp.NoSuchActor, match=r"is a Account, and no Shaped: it has no handler 'around'"):
        system.lookup(ref.name, Shaped)
    with pytest.raises(csp.NoSuchActor, match="and no Named: it has another class"):
        system.lookup(ref.name, Named)
    with pytest.raises(csp.StartFailed, match="is not an actor class"):
        system.lookup(ref.name, int)


def test_ref_in_a_signature():
    """``csp.Ref[Account]`` can be written, and looked at, at run time."""

    def pay(to: csp.Ref[Account], box: csp.Ref[Box[int]]) -> csp.Ref:
        return to

    hints = pay.__annotations__
    assert hints["to"].__origin__ is csp.Ref
    assert hints["to"].__args__ == (Account,)
    assert hints["return"] is csp.Ref
