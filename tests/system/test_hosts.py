"""What runs a life is behind one small interface: a further kind of host is a class and a line in the table."""

import threading

import pytest
from sample_lives import Imports

import csp
from csp._native import unbounded_channel
from csp.actors import client
from csp.actors.context import Order
from csp.hosts import kinds
from csp.kernel import entry, kernel, life


class Puppet:
    """A host in which nothing runs: it notes what is asked of it, and does what the test says."""

    id = 0

    def __init__(self, name, exits, tag):
        self.name, self.exits, self.tag = name, exits, tag
        self.calls = []

    def begin(self, module, function, arguments):
        self.calls.append(("begin", module, function))
        self.order = Order(*arguments)

    def ask(self, message):
        self.calls.append(("ask", message))

    def cancel(self):
        self.calls.append(("cancel",))

    def kill(self):
        self.calls.append(("kill",))

    def end_within(self, seconds):
        self.calls.append(("end_within", seconds))

    def fence(self):
        self.calls.append(("fence",))

    def close(self):
        self.calls.append(("close",))

    def tell(self, *news):
        """Say something to the kernel, as the code of an actor does."""
        self.order.kernel.send(news)


class Stage:
    """A kernel in a thread of the test, whose hosts of the kind "thread" are puppets."""

    def __init__(self, monkeypatch, wait_until):
        self.puppets = []
        monkeypatch.setitem(kinds.KINDS, "thread", self.make)
        self.wait_until = wait_until
        self.kernel, inbox = unbounded_channel()
        log, self.lines = unbounded_channel()
        self.thread = threading.Thread(
            target=lambda: entry.serve(kernel.Kernel(inbox, self.kernel, log, 0)), name="kernel"
        )
        self.thread.start()

    def make(self, *arguments):
        self.puppets.append(Puppet(*arguments))
        return self.puppets[-1]

    def spawn(self, **options):
        """The ref of an actor on a puppet, and that."""
        refs = []
        what = csp.child(Imports).options(isolation="thread", **options)
        spawning = threading.Thread(target=lambda: refs.append(client.spawn(self.kernel, what, (), {})))
        spawning.start()
        self.wait_until(lambda: self.puppets and self.puppets[-1].calls, "it has its order")
        puppet = self.puppets[-1]
        puppet.tell("started", puppet.order.life)
        spawning.join(10)
        return refs[0], puppet

    def close(self):
        client.ask(self.kernel, ("close", False), 20)
        self.thread.join(10)


@pytest.fixture
def stage(monkeypatch, wait_until):
    monkeypatch.setattr(life, "STOPPED_FOR", 0.05)
    monkeypatch.setattr(life, "KILLED_FOR", 0.05)
    return Stage(monkeypatch, wait_until)


def test_a_life_on_another_kind_of_host(stage):
    """It gets the order of an actor, its news are heard under the life's number, and its exit ends it."""
    ref, puppet = stage.spawn(name="ada")
    assert (ref.name, puppet.name, puppet.order.name, puppet.order.life) == ("ada", "ada", "ada", puppet.tag)
    assert puppet.calls == [("begin", "csp.actors.entry", "run")]
    puppet.tell("ended", puppet.order.life, "normal", "normal", "")
    stage.wait_until(lambda: ("close",) in puppet.calls, "its actor's end is heard")
    assert [call[0] for call in puppet.calls] == ["begin", "close", "end_within"]
    puppet.exits.send((puppet.tag, "ended", None))
    stage.close()


def test_the_ladder_is_the_hosts(stage):
    """One that does nothing is asked, cancelled, killed and fenced, in that order, and then not waited for."""
    ref, puppet = stage.spawn(shutdown=0.0)
    client.ask(stage.kernel, ("stop", ref._id, ref._sender.channel_id, 0.0), 20)
    assert [call[0] for call in puppet.calls] == ["begin", "ask", "cancel", "kill", "fence", "close"]
    assert client.ask(stage.kernel, ("statistics",), 20)[3] == ("zombies", 1)
    stage.close()


def test_an_exit_without_last_words(stage):
    """A host that ends by itself takes its actor with it, and the reason is what the exit says."""
    ref, puppet = stage.spawn()
    puppet.exits.send((puppet.tag, "failed", "the lights went out"))
    reason = client.ask(stage.kernel, ("wait_actor", ref._id, ref._sender.channel_id), 20)
    assert "the lights went out" in reason
    stage.close()


def test_a_kind_that_is_not_in_the_table_is_refused(stage):
    """Until there is one, it is refused where it is asked for."""
    with pytest.raises(csp.ActorError, match="isolation='process' is not supported yet"):
        client.spawn(stage.kernel, csp.child(Imports).options(isolation="process"), (), {})
    stage.close()
