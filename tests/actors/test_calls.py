"""Calling, casting, asking and sending; and every way in which that can fail."""

import gc
import pickle
import threading
import time
import traceback
from pathlib import Path

import pytest
from sample_actors import (
    Account,
    DropsNewest,
    DropsOldest,
    Everything,
    EverythingBuffered,
    Odd,
    Own,
    QuietRecorder,
    Recorder,
    Refuses,
    Unreadable,
    WithNames,
    WithNamesChild,
)

import csp
from csp.errors import RemoteError
from observed import raised_in


class Background:
    def __init__(self, function, *args, **keywords):
        self.outcome = []
        self.thread = threading.Thread(target=self._run, args=(function, args, keywords))
        self.thread.start()

    def _run(self, function, args, keywords):
        try:
            self.outcome.append((True, function(*args, **keywords)))
        except BaseException as error:
            self.outcome.append((False, error))

    def done(self):
        return bool(self.outcome)

    def error(self, seconds=20):
        self.thread.join(seconds)
        assert not self.thread.is_alive(), "it still waits"
        ok, value = self.outcome.pop()
        assert not ok, f"it returned {value!r}"
        return value

    def result(self, seconds=20):
        self.thread.join(seconds)
        assert not self.thread.is_alive(), "it still waits"
        ok, value = self.outcome.pop()
        if ok:
            return value
        try:
            raise value
        finally:
            del value


@pytest.fixture
def actor(system):
    return system.spawn(Everything)


def busy(system, cls, wait_until):
    """An actor that is held in a handler; gives (ref, let_go)."""
    ref = system.spawn(cls)
    here, arrived = csp.channel()
    gate, opened = csp.channel(1)
    ref.announce_and_wait.cast(here, opened)
    here.close()
    assert arrived.recv(timeout=10) == "here"
    opened.close()
    arrived.close()

    def let_go():
        try:
            gate.send("go")
        except csp.BrokenChannel:
            pass  # the actor is dead
        gate.close()

    return ref, let_go


# ---- calls -----------------------------------------------------------------------------------------------------------


def test_call_returns_the_answer(system):
    """A call runs the handler in the actor, with positional and keyword arguments, and gives its result."""
    ada = system.spawn(Account, "ada", balance=10)
    assert ada.deposit(5) == 15
    assert ada.deposit(amount=5, note="thanks") == (20, "thanks")
    assert ada.deposit(-1, "note") == (19, "note")
    assert ada.total() == 19


@pytest.mark.parametrize("value", [None, 1, "text", (1, (2,)), [1, {"a": {2}}], 2**70])
def test_arguments_and_answers_travel(actor, value):
    """What is given arrives in the handler, and what it returns arrives here, natively carried or not."""
    assert actor.echo(value) == value
    assert actor.echo(1, value, key=value) == ((1, value), {"key": value})


def test_keywords_of_any_name(actor):
    """No name of a keyword argument is taken: they are all the user's."""
    keywords = dict.fromkeys(("self_", "name", "timeout", "sender", "actor", "args", "on_restart", "cls"), 1)
    assert actor.echo(**keywords) == ((), keywords)


def test_calls_are_handled_in_order(system):
    """The casts of one sender are handled in the order in which they were sent."""
    ref = system.spawn(QuietRecorder)
    for n in range(50):
        ref.send(n)
    assert ref.all_seen() == list(range(50))


def test_the_handlers_own_exception(actor):
    """An exception arrives with its own type, text and attributes, and the lines that raised it in its traceback; the
    actor lives.
    """
    with pytest.raises(ValueError, match="^not that$") as caught:
        actor.raise_("value", "not that")
    assert caught.value.__cause__ is None
    last = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert (Path(last.filename).name, last.name, last.line) == (
        "sample_actors.py",
        "raise_",
        "raise kinds[kind](*args)",
    )
    with pytest.raises(Own) as own:
        actor.raise_("own", 7)
    assert own.value.code == 7
    assert actor.echo(1) == 1


def test_causes_of_the_handlers_exception(actor):
    """What the handler's exception came from arrives with it."""
    with pytest.raises(ValueError, match="second") as caught:
        actor.raise_from()
    assert repr(caught.value.__cause__) == "KeyError('first')"
    assert raised_in(caught.value.__cause__) == ["raise_from"]


def test_exceptions_with_a_constructor_of_their_own(actor):
    """An exception whose constructor does not take its args can be caught by its class all the same."""
    with pytest.raises(Odd, match="^a and b$") as caught:
        actor.raise_("odd", "a", "b")
    assert (caught.value.left, caught.value.right) == ("a", "b")


def test_exceptions_that_cannot_travel(actor):
    """An exception that does not pickle is a RemoteError with its type and text, which says why."""
    with pytest.raises(RemoteError, match=r"^sample_actors\.Holding: x\n.*generator cannot travel.*__reduce__"):
        actor.raise_("holding", "x")
    assert actor.echo(1) == 1


def test_wrong_arguments_are_the_callers_error(actor, system):
    """Calling a handler with the wrong arguments is its TypeError in the caller, and the actor lives."""
    ada = system.spawn(Account, "ada")
    with pytest.raises(TypeError, match="deposit"):
        ada.deposit()
    with pytest.raises(TypeError, match="amount"):
        ada.deposit(1, amount=2)
    assert ada.total() == 0


@pytest.mark.parametrize("what", ["lambda", "deep", "closed end"])
def test_answers_that_cannot_travel(actor, what):
    """A result that cannot travel is an error in the caller, never the end of the actor."""
    expected, text = {
        "lambda": (csp.NotShareable, "^the result of give cannot be sent: message: builtins.function cannot travel"),
        "deep": ((RecursionError, csp.NotShareable), None),
        "closed end": (csp.ClosedEnd, "holds an end that is closed"),
    }[what]
    with pytest.raises(expected, match=text):
        actor.give(what)
    assert actor.echo(1) == 1


def test_answer_that_cannot_be_read_here(actor):
    """A result that fails while it is read here raises that here, in calls and in futures; the actor lives."""
    with pytest.raises(LookupError, match="cannot be read anywhere"):
        actor.give("unreadable")
    with pytest.raises(LookupError, match="cannot be read anywhere"):
        actor.give.future("unreadable").result(10)
    assert actor.echo.future(1).result(10) == 1


def test_exception_that_holds_a_closed_end(actor):
    """An exception that holds a closed end arrives as text, and the actor lives."""
    with pytest.raises((ValueError, RemoteError), match="it holds an end"):
        actor.raise_closed_end()
    assert actor.echo(1) == 1


def test_arguments_that_cannot_travel(actor):
    """Arguments that cannot travel are refused here, by name and the path inside them; nothing reaches the actor."""
    tx, _rx = csp.channel()
    tx.close()
    for attempt in (actor.echo, actor.echo.cast, actor.echo.future):
        with pytest.raises(
            csp.NotShareable, match=r"^argument 1 of echo cannot be sent: message\['a'\]: builtins.function"
        ):
            attempt(1, {"a": lambda: 0})
        with pytest.raises(csp.NotShareable, match=r"^argument 'x' of echo cannot be sent: message\[0\]: builtins"):
            attempt(1, x=(lambda: 0,))
        with pytest.raises(csp.ClosedEnd, match=r"^argument 1 of echo cannot be sent: a message holds an end that is"):
            attempt(1, [tx])
    with pytest.raises(csp.NotShareable):
        actor.send(lambda: 0)
    assert actor.echo(1) == 1


def test_arguments_that_cannot_be_read_there(actor, shown):
    """Arguments that fail while the actor reads them are the caller's error; cast or sent, they are logged. It
    lives.
    """
    shown.begin()
    with pytest.raises(LookupError, match="cannot be read anywhere"):
        actor.echo(Unreadable())
    with pytest.raises(LookupError, match="cannot be read anywhere"):
        actor.echo.future(Unreadable()).result(10)
    actor.echo.cast(Unreadable())
    actor.send(Unreadable())
    assert actor.echo(1) == 1


# ---- time ------------------------------------------------------------------------------------------------------------


def test_call_timeout(system, wait_until):
    """A call that is not answered in time is CallTimeout, which says that it may still run; its answer is dropped."""
    ref = system.spawn(Everything)
    gate, opened = csp.channel(1)
    with pytest.raises(csp.CallTimeout, match=r"everything.wait_for did not answer within 0.05 s; it may still run"):
        ref.wait_for.options(timeout=0.05)(opened)
    gate.send("late")
    assert ref.echo("next") == "next"


def test_call_timeout_covers_the_mailbox(system, wait_until):
    """A call that a busy actor does not even take in time is CallTimeout too, and never runs."""
    ref, let_go = busy(system, QuietBusy, wait_until)
    with pytest.raises(csp.CallTimeout):
        ref.note.options(timeout=0.05)("never")
    with pytest.raises(csp.CallTimeout, match="did not take note within 0.05 s; it will not run"):
        ref.note.options(timeout=0.05).cast("never")
    with pytest.raises(csp.CallTimeout, match="did not take note within 0.05 s; it will not run"):
        ref.note.options(timeout=0.05).future("never").result(10)
    with pytest.raises(TimeoutError):
        ref.send("never", timeout=0.05)
    let_go()
    assert ref.notes() == []


class QuietBusy(Everything):
    def receive(self, message):
        self.noted.append(message)


def test_options_are_checked_and_copied(actor):
    """options gives a changed copy, and refuses what is no time limit or no choice."""
    quick = actor.echo.options(timeout=0.5)
    assert quick is not actor.echo
    assert quick(1) == 1
    assert actor.echo.options(timeout=None)(1) == 1
    assert quick.options(on_restart="fail")(1) == 1
    for wrong in (-1, float("nan")):
        with pytest.raises(ValueError, match="timeout must be at least 0 seconds"):
            actor.echo.options(timeout=wrong)
    for wrong in ("1", True):
        with pytest.raises(TypeError, match="timeout must be a number of seconds or None"):
            actor.echo.options(timeout=wrong)
    with pytest.raises(ValueError, match='on_restart must be "wait" or "fail"'):
        actor.echo.options(on_restart="retry")
    with pytest.raises(TypeError):
        actor.echo.options(retries=3)


# ---- casts and sends -------------------------------------------------------------------------------------------------


def test_rendezvous_cast_returns_when_taken(system, wait_until):
    """Without a buffer a cast to a busy actor waits, and returns when the actor takes it, before it is handled."""
    ref, let_go = busy(system, Everything, wait_until)
    out, told = csp.channel(1)
    casting = Background(ref.tell.cast, out, "told")
    wait_until(lambda: ref._sender.statistics().waiting_senders == 1, "the cast waits at the mailbox")
    assert not casting.done()
    let_go()
    assert casting.result() is None
    assert told.recv(timeout=10) == "told"


def test_buffered_cast_returns_at_once(system, wait_until):
    """With a buffer casts to a busy actor return at once while there is room, and are handled in order later."""
    ref, let_go = busy(system, EverythingBuffered, wait_until)
    out, told = csp.channel(10)
    for n in range(4):
        ref.tell.options(timeout=0).cast(out, n)
    with pytest.raises(csp.CallTimeout):
        ref.tell.options(timeout=0.01).cast(out, "no room")
    let_go()
    assert [told.recv(timeout=10) for _ in range(4)] == [0, 1, 2, 3]


def test_full_refusing_mailbox(system, wait_until):
    """With overflow="error" a full mailbox refuses calls, casts, futures and sends with MailboxFull, at once."""
    ref, let_go = busy(system, Refuses, wait_until)
    out, told = csp.channel(10)
    ref.tell.cast(out, "fits")
    for attempt in (
        lambda: ref.echo(1),
        lambda: ref.tell.cast(out, "does not fit"),
        lambda: ref.echo.future(1).result(10),
        lambda: ref.send(1),
    ):
        with pytest.raises(csp.MailboxFull, match="the mailbox of refuses is full"):
            attempt()
    let_go()
    assert told.recv(timeout=10) == "fits"
    assert ref.echo(2) == 2


@pytest.mark.parametrize(("cls", "kept"), [(DropsOldest, "second"), (DropsNewest, "first")])
def test_dropping_mailboxes(system, wait_until, cls, kept):
    """A dropping mailbox never makes a sender wait and keeps the newest or the oldest."""
    ref, let_go = busy(system, cls, wait_until)
    out, told = csp.channel(10)
    ref.tell.options(timeout=0).cast(out, "first")
    ref.tell.options(timeout=0).cast(out, "second")
    let_go()
    assert told.recv(timeout=10) == kept
    assert ref._sender.statistics().dropped == 1


@pytest.mark.parametrize("cls", [DropsOldest, DropsNewest])
def test_a_dropped_call_is_told(system, wait_until, cls):
    """The caller whose call was dropped by the policy gets MailboxFull at once, not a death and not a timeout."""
    ref, let_go = busy(system, cls, wait_until)
    calls = [Background(ref.echo, n) for n in range(2)]
    wait_until(lambda: any(call.done() for call in calls), "one of the two calls is over")
    let_go()
    outcomes = []
    for call in calls:
        call.thread.join(20)
        outcomes.append(call.outcome.pop())
    assert sorted(ok for ok, _ in outcomes) == [False, True]
    (error,) = [value for ok, value in outcomes if not ok]
    assert isinstance(error, csp.MailboxFull), repr(error)
    assert "dropped the call" in str(error)
    waiting = ref.echo.future(1)
    assert waiting.result(10) == 1


def test_plain_messages_go_to_receive(system):
    """ref.send brings a plain message to receive, tuples and None included."""
    ref = system.spawn(QuietRecorder)
    messages = [1, None, ("a", 1), {"b": [2]}, (), "x" * 1000]
    for message in messages:
        ref.send(message)
    assert ref.all_seen() == messages


def test_unexpected_message_is_logged(system, actor, shown, wait_until):
    """The default receive logs what nobody expected, with the actor's name, and the actor lives."""
    shown.begin()
    actor.send({"nobody": "expected"})
    assert actor.echo(1) == 1

    def logged():
        seen = shown.err()
        return "unexpected message" in seen and "everything" in seen and "{'nobody': 'expected'}" in seen

    wait_until(logged, "the log says that a message was unexpected")


def test_cast_to_nothing_of_an_exception(system, shown, wait_until):
    """A cast whose handler raises ends the actor; the log has the traceback, and later callers get ActorDied."""
    shown.begin()
    ref = system.spawn(Everything)
    ref.raise_.cast("value", "in a cast")

    def logged():
        seen = shown.err()
        return "actor crashed" in seen and "ValueError: in a cast" in seen and "raise kinds[kind]" in seen

    wait_until(logged, "the log has the crash with its traceback")
    with pytest.raises(csp.ActorDied, match="in a cast"):
        ref.echo(1)


# ---- handlers and refs -----------------------------------------------------------------------------------------------


def test_no_such_handler(actor):
    """What is no handler cannot be called: NoSuchHandler names the nearest, and is an AttributeError."""
    with pytest.raises(
        csp.NoSuchHandler, match=r"everything \(Everything\) has no handler 'ecko'; did you mean 'echo'\?"
    ):
        actor.ecko(1)
    with pytest.raises(csp.NoSuchHandler, match="'helper'.*Only methods marked with @csp.handler"):
        actor.helper()
    with pytest.raises(csp.NoSuchHandler, match=r"'balance'; it has: echo, .*\. Only"):
        _ = actor.balance
    assert not hasattr(actor, "on_start")
    with pytest.raises(AttributeError):
        actor.echo = 1
    assert actor.hidden_handler() == "not for others"


def test_inherited_and_removed_handlers(system):
    """Handlers are inherited; an override without @handler takes one away; an actor calls its own as plain methods."""
    child = system.spawn(WithNamesChild)
    assert child.kept() == "kept"
    assert child.added() == "plain"
    with pytest.raises(csp.NoSuchHandler):
        child.taken_away()
    assert system.spawn(WithNames).taken_away() == "never"


@pytest.mark.parametrize("name", ["send", "_private", "run", "receive", "mailbox", "on_stop", "stop", "lookup"])
def test_reserved_names(name):
    """A handler cannot take a name that the ref or the actor needs."""
    with pytest.raises(TypeError, match=rf"Bad\.{name} cannot be a handler"):
        type("Bad", (csp.Actor,), {name: csp.handler(lambda self: None)})


def test_handler_decorates_methods_only():
    """@csp.handler of something that cannot be called is refused."""
    with pytest.raises(TypeError, match="decorates a method"):
        csp.handler(5)


def test_handlers_are_plain_functions():
    """An async or generator function is refused as a handler where the class is made, with what to do instead."""

    async def later(self):
        pass

    async def items(self):
        yield 1

    def counting(self):
        yield 1

    for function in (later, items, staticmethod(later)):
        with pytest.raises(TypeError, match=r"is an async function.*plain functions for now: write it with def"):
            csp.handler(function)
    with pytest.raises(TypeError, match=r"counting is a generator function.*return a list, or send the items"):
        csp.handler(counting)


def test_dir_of_a_ref(system):
    """dir tells the handlers, send, name and id, and nothing else that is public."""
    ref = system.spawn(WithNamesChild)
    assert [name for name in dir(ref) if not name.startswith("_")] == ["added", "id", "kept", "name", "send"]
    assert "__eq__" in dir(ref)


def test_refs_are_values(system, actor):
    """Refs of one actor are equal and hash alike, others differ; repr tells name and class."""
    other = system.spawn(Everything)
    again = system.lookup("everything")
    assert again == actor
    assert again is not actor
    assert hash(again) == hash(actor)
    assert actor != other
    assert actor != "everything"
    assert {actor: 1, again: 2} == {actor: 2}
    assert repr(actor) == "<csp.Ref everything (Everything)>"
    assert repr(actor.echo) == "<handler echo of actor everything>"


def test_refs_travel_inside_messages(system, actor):
    """A ref inside a message works where it arrives, and comes back equal."""
    other = system.spawn(Everything)
    assert other.ask_other(actor, "through a ref") == "through a ref"
    back = other.echo({"ref": [actor]})["ref"][0]
    assert back == actor
    assert back.echo(5) == 5


def test_refs_are_not_pickled_outside_of_messages(actor):
    """A ref holds an end of a channel: plain pickle refuses it."""
    with pytest.raises(csp.NotShareable):
        pickle.dumps(actor)


def test_own_ref(system, actor):
    """self.me is a working ref for others, equal to the one that spawn gave; self.name is the actor's name."""
    me = actor.own_ref()
    assert me == actor
    assert me.echo("round") == "round"
    assert actor.own_name() == "everything"


# ---- an actor and itself ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["call_me", "cast_me", "future_me", "send_me"])
def test_calling_oneself_is_detected(actor, how):
    """An actor that calls, casts, asks or sends to itself over its rendezvous mailbox gets CallsSelf, not a hang."""
    with pytest.raises(csp.CallsSelf):
        getattr(actor, how).options(timeout=3)()
    assert actor.echo(1) == 1


def test_casting_to_oneself_with_a_buffer(system):
    """With a buffered mailbox an actor may cast to itself; a call would still wait for itself."""
    ref = system.spawn(EverythingBuffered)
    assert ref.cast_me() is None
    with pytest.raises(csp.CallsSelf):
        ref.call_me()
    assert ref.echo(1) == 1


def test_a_thread_of_the_actor_may_cast_to_it(actor):
    """Another thread inside the actor's interpreter is not the actor: what it casts is handled."""
    out, told = csp.channel(1)
    actor.thread_casts_me(out)
    assert told.recv(timeout=10) == "from my thread"


# ---- death -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["exit", "interrupt", "stopped"])
def test_base_exceptions_end_the_actor(system, kind):
    """SystemExit and its like end the actor; the caller gets ActorDied with maybe_ran, the next one without."""
    ref = system.spawn(Everything)
    with pytest.raises(csp.ActorDied, match="everything") as first:
        ref.raise_(kind, "the reason")
    assert first.value.maybe_ran
    assert "the reason" in str(first.value) or kind == "stopped"
    with pytest.raises(csp.ActorDied, match="the call did not run") as second:
        ref.echo(1)
    assert not second.value.maybe_ran
    with pytest.raises(csp.ActorDied):
        ref.echo.cast(1)
    with pytest.raises(csp.ActorDied):
        ref.send(1)


def test_everyone_waiting_is_told_at_once(system, wait_until):
    """When an actor dies, whoever is parked at its mailbox and whoever it was serving get ActorDied at once."""
    ref = system.spawn(Everything)
    here, arrived = csp.channel()
    gate, opened = csp.channel(1)
    served = Background(ref.announce_and_wait.options(timeout=None), here, opened)
    assert arrived.recv(timeout=10) == "here"
    parked = [Background(ref.echo.options(timeout=None), n) for n in range(20)]
    casting = [Background(ref.echo.options(timeout=None).cast, n) for n in range(5)]
    sending = [Background(ref.send, n) for n in range(5)]
    futures = [Background(lambda n=n: ref.echo.future(n).result()) for n in range(5)]
    everybody = parked + casting + sending + futures
    wait_until(lambda: ref._sender.statistics().waiting_senders == 35, "35 wait at the mailbox")
    begun = time.monotonic()
    system.kill(ref)
    error = served.error()
    assert isinstance(error, csp.ActorDied)
    assert error.maybe_ran
    for waiting in everybody:
        error = waiting.error()
        assert isinstance(error, csp.ActorDied), repr(error)
        assert not error.maybe_ran
    assert time.monotonic() - begun < 2.0
    gate.close()


def test_buffered_calls_of_a_dead_actor_did_not_run(system, wait_until):
    """Calls that waited in the buffer when the actor died get ActorDied with maybe_ran False; the dead letters are
    counted.
    """
    ref, let_go = busy(system, EverythingBuffered, wait_until)
    buffered = [Background(ref.echo.options(timeout=None), n) for n in range(3)]
    wait_until(lambda: len(ref._sender) == 3, "three calls are in the buffer")
    before = system.statistics()["dead_letters"]
    system.kill(ref)
    for waiting in buffered:
        error = waiting.error()
        assert isinstance(error, csp.ActorDied)
        assert not error.maybe_ran
    assert system.statistics()["dead_letters"] == before + 3
    let_go()


def test_death_tells_its_reason(system, wait_until):
    """ActorDied says why the actor ended: stopped by whom, or over which exception."""
    ref = system.spawn(Everything)
    system.stop(ref)
    with pytest.raises(csp.ActorDied, match="shutdown") as dead:
        ref.echo(1)
    assert dead.value.reason
    ref = system.spawn(Everything)
    ref.raise_.cast("own", 99)
    with pytest.raises(csp.ActorDied, match="Own: 99"):
        wait_until(lambda: ref.echo(1) and False, "the actor is dead")


def test_callers_in_other_actors_are_told(system, wait_until):
    """An actor that waits for another one that dies gets ActorDied as its handler's exception."""
    victim, let_go = busy(system, Everything, wait_until)
    asking = system.spawn(Everything)
    waiting = Background(asking.ask_other.options(timeout=None), victim, 1)
    wait_until(lambda: victim._sender.statistics().waiting_senders == 1, "the other actor waits")
    system.kill(victim)
    assert isinstance(waiting.error(), csp.ActorDied)
    assert asking.echo(1) == 1
    let_go()


def test_recorder_sees_the_calls_of_its_life(system):
    """__init__, on_start, the messages, on_stop: in this order, with the reason."""
    out, told = csp.channel(20)
    ref = system.spawn(Recorder, out)
    ref.send("plain")
    ref.work("call")
    system.stop(ref)
    out.close()
    assert list(told) == [
        "__init__",
        "on_start",
        ("receive", "plain"),
        ("work", "call"),
        "on_stop",
        "shutdown",
    ]


def test_refs_keep_nothing_alive(system):
    """A ref that is dropped leaves no end behind, and an actor does not end because nobody refers to it."""
    ref = system.spawn(Everything)
    before = ref._sender.statistics().senders
    more = [system.lookup("everything") for _ in range(5)]
    assert ref._sender.statistics().senders == before + 5
    del more
    gc.collect()
    assert ref._sender.statistics().senders == before
