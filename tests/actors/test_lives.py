"""Starting, stopping and finding actors; the order of their hooks; free-form actors; their logs."""

import threading
import time

import pytest
from sample_actors import (
    Account,
    BadMailbox,
    Everything,
    EverythingBuffered,
    ExitsInInit,
    FailsInInit,
    FailsInStart,
    FreeForm,
    HangsAtExit,
    HangsInInit,
    LeavesThread,
    MadeByNew,
    NewGivesAnother,
    NotExisting,
    Own,
    Recorder,
    WorksOn,
)

import csp
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


def events(told, *, seconds=10):
    """Everything that comes until the channel ends."""
    seen = []
    while True:
        try:
            seen.append(told.recv(timeout=seconds))
        except csp.EndOfChannel:
            return seen


@pytest.fixture
def recorder(system):
    """A function that spawns a Recorder and gives (ref, what it tells)."""

    def spawn(cls=Recorder, **keywords):
        out, told = csp.channel(50)
        ref = system.spawn(cls, out, **keywords)
        out.close()
        return ref, told

    return spawn


# ---- failing starts --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("cls", "text"), [(FailsInInit, "no"), (FailsInStart, "in on_start")])
def test_the_starts_own_exception(system, cls, text):
    """spawn raises what __init__ or on_start raised, with its type, attributes and traceback; nothing is
    left.
    """
    with pytest.raises(Own) as caught:
        system.spawn(cls)
    assert caught.value.code == text
    assert raised_in(caught.value)[1:] == ["__init__" if cls is FailsInInit else "on_start"]
    assert system.statistics()["actors"] == 0
    with pytest.raises(csp.NoSuchActor):
        system.lookup(cls.__name__.lower())


def test_wrong_arguments_of_the_class(system):
    """spawn with arguments that __init__ does not take is its TypeError."""
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'owner'"):
        system.spawn(Account)
    with pytest.raises(TypeError, match="colour"):
        system.spawn(Account, "ada", colour="red")


def test_new_of_the_class(system):
    """A class's __new__ gets the arguments as __init__ does; one that gives no actor is the starter's TypeError."""
    assert system.spawn(MadeByNew, 1, second=2).both() == ((1, 2), (1, 2))
    with pytest.raises(TypeError, match=r"NewGivesAnother.__new__ gave int, and not the actor"):
        system.spawn(NewGivesAnother)


def test_system_exit_in_init_is_a_failed_start(system):
    """SystemExit raised by __init__ is StartFailed in the starter, whose own program goes on."""
    with pytest.raises(csp.StartFailed, match="exitsininit raised SystemExit while it started: leaving"):
        system.spawn(ExitsInInit)


@pytest.mark.parametrize(
    ("what", "error", "text"),
    [
        (NotExisting, csp.StartFailed, "derive it from csp.Actor"),
        (len, csp.StartFailed, "not an actor class"),
        (5, csp.StartFailed, "not an actor class"),
        (BadMailbox, csp.StartFailed, r"BadMailbox.mailbox must be csp.Buffered\(n\), or None"),
        (Account("ada"), csp.StartFailed, "not an actor class"),
    ],
    ids=["plain class", "function", "number", "mailbox", "instance"],
)
def test_what_is_no_actor_class(system, what, error, text):
    """spawn refuses what is no actor class, and says how to make one of it."""
    with pytest.raises(error, match=text):
        system.spawn(what)


def test_local_and_replaced_classes(system):
    """A class inside a function, or one that the module no longer has, is NotImportable with the reason."""

    class Local(csp.Actor):
        pass

    with pytest.raises(csp.NotImportable, match="'.*Local' is defined inside a function.*move it to the top level"):
        system.spawn(Local)
    hidden = type("Account", (csp.Actor,), {"__module__": "sample_actors", "__qualname__": "Account"})
    with pytest.raises(csp.NotImportable, match="is not what `import sample_actors` gives"):
        system.spawn(hidden)


def test_arguments_that_cannot_travel(system):
    """Arguments of the class that cannot travel, or that hold a closed end, are refused before anything starts."""
    begun = system.statistics()["interpreters_started"]
    with pytest.raises(csp.NotShareable, match="^argument 0 of Account cannot be sent: message: builtins.function"):
        system.spawn(Account, lambda: 0)
    with pytest.raises(
        csp.NotShareable, match=r"^argument 'balance' of Account cannot be sent: message\[0\]: builtins"
    ):
        system.spawn(Account, "ada", balance=[lambda: 0])
    tx, _rx = csp.channel()
    tx.close()
    with pytest.raises(csp.ClosedEnd, match="start the actor before closing it"):
        system.spawn(Everything, tx)
    assert system.statistics()["interpreters_started"] == begun


@pytest.mark.parametrize(
    ("capacity", "overflow"), [(0, "block"), (-1, "block"), ("5", "block"), (1, "drop"), (1.5, "block")]
)
def test_bad_buffers(capacity, overflow):
    """csp.Buffered refuses a capacity below 1 and an unknown policy."""
    with pytest.raises(ValueError, match="capacity of at least 1|overflow must be one of"):
        csp.Buffered(capacity, overflow=overflow)


# ---- hooks -----------------------------------------------------------------------------------------------------------


def test_hooks_in_order_with_a_stop_reason(recorder, system):
    """self.stop ends the life after the handler at hand, whose answer arrives; on_stop gets the reason."""
    ref, told = recorder()
    ref.stop_with("enough")
    assert events(told) == ["__init__", "on_start", "on_stop", "enough"]
    with pytest.raises(csp.ActorDied, match="enough"):
        ref.work(1)


def test_stop_answers_the_call_that_stops(system):
    """The handler that calls self.stop still answers its caller."""
    ref = system.spawn(Everything)
    assert ref.stop_self() == "last answer"


def test_on_stop_after_a_crash(recorder):
    """on_stop is called after a crash too, with the text of the exception."""
    ref, told = recorder()
    ref.fail.cast()
    assert events(told) == ["__init__", "on_start", "on_stop", "ValueError: a handler failed"]


@pytest.mark.parametrize("failing", ["on_stop"])
def test_on_stop_that_fails(recorder, system, failing, shown, wait_until):
    """An on_stop that raises makes the end a crash, which is logged; stop returns all the same."""
    shown.begin()
    ref, _told = recorder(fail_in=failing)
    system.stop(ref)

    def logged():
        seen = shown.err()
        return "on_stop: ValueError: failed in on_stop" in seen

    wait_until(logged, "the log tells of the failing on_stop")


def test_channels_work_in_on_stop(system):
    """After Stopped was raised in an actor that waits, its on_stop can use channels."""
    out, told = csp.channel(10)
    ref = system.spawn(ParkedRecorder, out)
    ref.park_for_ever.cast()
    assert [told.recv(timeout=10) for _ in range(3)] == ["__init__", "on_start", "parked"]
    system.stop(ref, grace=0.05)
    assert [told.recv(timeout=10) for _ in range(2)] == ["on_stop", "shutdown"]


class ParkedRecorder(Recorder):
    @csp.handler
    def park_for_ever(self):
        tx, rx = csp.channel()
        self.out.send("parked")
        rx.recv()
        tx.close()


# ---- stopping --------------------------------------------------------------------------------------------------------


def test_stop_of_an_idle_actor_is_quick(system):
    """An idle actor stops at once, whatever the grace; stopping it again is fine."""
    ref = system.spawn(Everything)
    begun = time.monotonic()
    system.stop(ref)
    assert time.monotonic() - begun < 1.0
    system.stop(ref)
    assert not system.kill(ref)


def test_stop_lets_the_handler_finish(system):
    """A busy actor finishes the message at hand within the grace time; its caller gets the answer."""
    ref = system.spawn(Everything)
    here, arrived = csp.channel()
    gate, opened = csp.channel(1)
    serving = Background(ref.announce_and_wait.options(timeout=None), here, opened)
    assert arrived.recv(timeout=10) == "here"
    stopping = Background(system.stop, ref, grace=None)
    gate.send("finish")
    assert serving.result() == "finish"
    stopping.result()


@pytest.mark.parametrize(
    ("handler", "limit"), [("park", 0.5), ("spin", 3.0), ("swallow", 3.0)], ids=["parked", "spinning", "swallowing"]
)
def test_stop_of_an_actor_that_does_not_listen(system, handler, limit):
    """One parked in a channel gets Stopped; a Python loop, a bare except: in it or not, is made to raise. None is cut
    off.
    """
    ref = system.spawn(Everything)
    here, arrived = csp.channel()
    getattr(ref, handler).cast(here)
    arrived.recv(timeout=10)
    begun = time.monotonic()
    system.stop(ref, grace=0.1)
    assert 0.09 < time.monotonic() - begun < 0.1 + limit
    assert system.statistics()["zombies"] == 0
    with pytest.raises(csp.ActorDied):
        ref.echo(1)


def test_stop_of_one_blocked_in_c(system, wait_until, shown):
    """An actor inside a C call is cut off and counted as a zombie; its caller is told; when the call returns it
    ends.
    """
    shown.begin()
    ref = system.spawn(Everything)
    here, arrived = csp.channel()
    calling = Background(ref.sleep_in_c.options(timeout=None), here, 5.0)
    assert arrived.recv(timeout=10) == "asleep"
    begun = time.monotonic()
    system.stop(ref, grace=0.05)
    assert time.monotonic() - begun < 4.5
    with pytest.raises(csp.ActorDied) as dead:
        calling.result()
    assert dead.value.maybe_ran
    counts = system.statistics()
    assert counts["zombies"] == 1

    def logged():
        seen = shown.err()
        return "cannot be stopped and was cut off" in seen

    wait_until(logged, "the log tells of the zombie")
    wait_until(lambda: system.statistics()["zombies"] == 0, "the zombie has ended when its call returned")
    assert system.statistics()["interpreters_abandoned"] == counts["interpreters_abandoned"]


def test_a_shorter_grace_counts(system):
    """A second stop with a shorter grace shortens the first one's."""
    ref = system.spawn(Everything)
    here, arrived = csp.channel()
    ref.park.cast(here)
    arrived.recv(timeout=10)
    patient = Background(system.stop, ref, grace=None)
    hurried = Background(system.stop, ref, grace=0.05)
    begun = time.monotonic()
    hurried.result()
    patient.result()
    assert time.monotonic() - begun < 2.0


@pytest.mark.parametrize("grace", [-1, float("nan")])
def test_stop_refuses_a_negative_grace(system, grace):
    """A grace that is no duration is a ValueError."""
    ref = system.spawn(Everything)
    with pytest.raises(ValueError, match="grace must be at least 0 seconds"):
        system.stop(ref, grace=grace)


@pytest.mark.parametrize("wrong", [5, "everything", None, Everything])
def test_stop_and_kill_take_refs(system, wrong):
    """stop and kill of what is no ref is a TypeError that says where refs come from."""
    for method in (system.stop, system.kill):
        with pytest.raises(TypeError, match="takes the ref of an actor, as spawn and lookup give it"):
            method(wrong)


def test_kill_is_not_asked(system, wait_until):
    """kill ends the life without on_stop, and says whether there was one."""
    out, told = csp.channel(10)
    ref = system.spawn(Recorder, out)
    out.close()
    assert system.kill(ref)
    assert events(told) == ["__init__", "on_start"]
    wait_until(lambda: not system.kill(ref), "the life is over")
    with pytest.raises(csp.ActorDied, match="killed"):
        ref.work(1)


def test_stop_while_it_starts(system, wait_until):
    """Closing the system while an __init__ hangs ends the start; whoever waits for it gets an error."""
    here, arrived = csp.channel()
    starting = Background(system.spawn, HangsInInit, here)
    assert arrived.recv(timeout=10) == "in __init__"
    ref = system.lookup("hangsininit")
    system.stop(ref, grace=0.05)
    with pytest.raises((csp.StartFailed, csp.ActorDied), match="hangsininit"):
        starting.result()


def test_interpreter_that_does_not_end(cold_system, wait_until):
    """An actor whose interpreter hangs in an atexit handler is over for its users at once, and holds nobody up for
    ever: no longer than its shutdown says, and a little.
    """
    system = cold_system
    ref = system.spawn(csp.child(HangsAtExit, 4.0).options(shutdown=0.2))
    system.stop(ref)
    with pytest.raises(csp.ActorDied):
        ref.send(1)
    assert system.statistics()["interpreters"] == 2, "it is over, and its interpreter is not"
    wait_until(lambda: system.statistics()["zombies"] == 1, "it counts as a zombie after a while")
    wait_until(lambda: system.statistics()["zombies"] == 0, "it has ended after all")


def test_thread_left_behind(cold_system, wait_until, shown):
    """An actor that leaves a thread in C behind is over; the log names it and the thread's line; its interpreter is
    abandoned and counted, and ends after the thread.
    """
    shown.begin()
    system = cold_system
    before = system.statistics()["interpreters_abandoned"]
    ref = system.spawn(csp.child(LeavesThread, 4.0).options(shutdown=0.2))
    system.stop(ref)
    with pytest.raises(csp.ActorDied):
        ref.send(1)
    wait_until(
        lambda: system.statistics()["interpreters_abandoned"] == before + 1, "the interpreter counts as abandoned"
    )
    assert system.statistics()["zombies"] == 1
    wait_until(lambda: "an actor has ended and its interpreter cannot yet" in shown.err(), "the log says so")
    told = next(line for line in shown.err().splitlines() if "threads were left running" in line)
    assert "actor=leavesthread" in told
    assert "count=1" in told
    assert "sample_actors.py:" in told
    wait_until(lambda: system.statistics()["interpreters_abandoned"] == before, "it has ended after its thread")
    assert system.statistics()["zombies"] == 0


def test_threads_of_an_actor_that_stops_are_waited_for(cold_system, wait_until):
    """What an actor's threads still do when it has ended well is done, within its shutdown; nobody waits for them."""
    out, told = csp.channel()
    ref = cold_system.spawn(WorksOn, out)
    out.close()
    cold_system.stop(ref)
    assert [told.recv(timeout=10) for _ in range(3)] == [0, 1, 2]
    wait_until(lambda: cold_system.statistics()["interpreters"] == 1, "its interpreter has ended")
    assert cold_system.statistics()["interpreters_abandoned"] == 0
    told.close()


# ---- names -----------------------------------------------------------------------------------------------------------


def test_names(system):
    """An actor is named by its class unless a name is given; a second of the class gets a number."""
    first = system.spawn(Everything)
    second = system.spawn(Everything)
    named = system.spawn(csp.child(Everything).options(name="bank/teller"))
    assert first.own_name() == "everything"
    assert second.own_name().startswith("everything-")
    assert named.own_name() == "bank/teller"
    assert system.lookup("everything") == first
    assert system.lookup("bank/teller") == system.lookup("teller") == named


def test_made_up_names_never_clash(system):
    """A name that spawn made up clashes with none that is given, before or after: it gives way, and both are found."""
    given = system.spawn(csp.child(Everything).options(name="everything-7"))
    made_up = [system.spawn(Everything) for _ in range(8)]
    later = system.spawn(csp.child(Account, "ada").options(name="everything"))
    names = [ref.own_name() for ref in made_up[1:]]
    assert [system.lookup(name) for name in names] == made_up[1:]
    assert system.lookup("everything") == later
    assert system.lookup("everything-7") == given
    for name in names:
        given_too = system.spawn(csp.child(Everything).options(name=name))
        assert given_too.own_name() == name
        assert system.lookup(name) == given_too
    assert [ref.echo(1) for ref in made_up] == [1] * 8
    with pytest.raises(csp.ActorError, match="there is an actor named 'everything' already"):
        system.spawn(csp.child(Account, "bob").options(name="everything"))
    for ref in made_up:
        system.stop(ref)
    assert system.lookup("everything") == later


def test_taken_names(system):
    """A name that is taken is refused; it is free again when its actor is gone."""
    ref = system.spawn(csp.child(Everything).options(name="only"))
    with pytest.raises(csp.ActorError, match="there is an actor named 'only' already"):
        system.spawn(csp.child(Everything).options(name="only"))
    system.stop(ref)
    assert system.spawn(csp.child(Everything).options(name="only")).echo(1) == 1


def test_unknown_and_ambiguous_names(system):
    """lookup of an unknown name suggests the nearest, of an ambiguous one lists the candidates."""
    system.spawn(csp.child(Everything).options(name="left/worker"))
    system.spawn(csp.child(Everything).options(name="right/worker"))
    with pytest.raises(csp.NoSuchActor, match="no actor is named 'left/wroker'; did you mean 'left/worker'"):
        system.lookup("left/wroker")
    with pytest.raises(csp.NoSuchActor, match="'worker' could be any of left/worker, right/worker; use the full name"):
        system.lookup("worker")
    with pytest.raises(csp.NoSuchActor, match="there are 2 actors"):
        system.lookup("zzz")
    with pytest.raises(LookupError):
        system.lookup("")


@pytest.mark.parametrize("wrong", [None, 5, b"x"])
def test_lookup_takes_a_text(system, wrong):
    """lookup of something that is no text is an error, not a broken system."""
    with pytest.raises((TypeError, csp.NoSuchActor)):
        system.lookup(wrong)
    assert system.statistics()["actors"] == 0


# ---- actors that make actors -----------------------------------------------------------------------------------------


def test_spawn_from_inside(system):
    """An actor can start another; it belongs to the system, can be found from outside, and outlives its starter."""
    parent = system.spawn(Everything)
    child = parent.spawn_account("eve", 3)
    assert child.deposit(4) == 7
    assert system.lookup("account") == child
    system.stop(parent)
    assert child.total() == 7
    assert system.spawn(Everything).find("account") == child


def test_failing_start_inside(system):
    """A start that fails inside an actor raises there, and so in its caller, with the type of the start's exception."""
    parent = system.spawn(Everything)
    with pytest.raises(Own, match="inner"):
        parent.spawn_failing()


def test_lookup_from_inside(system):
    """lookup inside an actor finds others, and raises NoSuchActor through the call."""
    asking = system.spawn(Everything)
    assert asking.find("everything") == asking
    with pytest.raises(csp.NoSuchActor, match="no actor is named 'nobody'"):
        asking.find("nobody")


def test_actor_methods_outside(system):
    """What works only inside a living actor says so elsewhere."""
    outside = Account("ada")
    for use in (
        lambda: outside.me,
        lambda: outside.log,
        lambda: outside.name,
        outside.stop,
        lambda: outside.spawn(Account),
    ):
        with pytest.raises(csp.ActorError, match="works only inside a living actor"):
            use()


# ---- free-form actors ------------------------------------------------------------------------------------------------


@pytest.fixture
def free_form(system):
    extra, extra_in = csp.channel()
    out, told = csp.channel(20)
    ref = system.spawn(FreeForm, extra_in, out)
    extra_in.close()
    out.close()
    return ref, extra, told


def test_free_form_actor(free_form):
    """run may receive from the mailbox and other channels; self.handle treats calls, and the end of run ends
    the actor.
    """
    ref, extra, told = free_form
    assert ref.double(21) == 42
    extra.send("hello")
    ref.send("message")
    extra.send("end")
    assert events(told) == [("extra", "hello"), ("plain", "message"), ("on_stop", "normal")]
    with pytest.raises(csp.ActorDied):
        ref.double(1)


def test_stop_of_a_free_form_actor(free_form, system):
    """A free-form actor is stopped by Stopped out of its channel operations, at once."""
    ref, _extra, told = free_form
    begun = time.monotonic()
    system.stop(ref, grace=10)
    assert time.monotonic() - begun < 2.0
    assert events(told) == [("on_stop", "shutdown")]


def test_ends_given_to_an_actor_are_its_own(free_form):
    """Nobody else keeps the ends open that an actor got as arguments: they close when it ends."""
    ref, extra, told = free_form
    extra.send("end")
    assert events(told)[-1] == ("on_stop", "normal")
    with pytest.raises(csp.BrokenChannel):
        extra.send("nobody")


# ---- logs ------------------------------------------------------------------------------------------------------------


def test_logs_reach_standard_error(system, shown, wait_until):
    """self.log renders in the main program, with level, actor and values; what is not plain as its repr."""
    shown.begin()
    ref = system.spawn(Everything)
    ref.log_it("info", "it happened", number=5, thing=[1, 2])
    ref.log_it("warning", "strange", event_="own", self_="x", name="y")
    ref.log_bound({"event": "a reserved name", "timestamp": 1}, "bound")
    ref.log_it("debug", "not shown")
    ref.log_it("error", "last")

    wait_until(lambda: "last" in shown.err(), "the last event is rendered")
    seen = shown.err()
    assert "it happened" in seen
    assert "number=5" in seen
    assert "thing='[1, 2]'" in seen or "thing=[1, 2]" in seen
    assert "actor=everything" in seen
    assert "a reserved name" in seen
    assert "cannot log" not in seen
    assert "not shown" not in seen


def test_a_failing_logger_does_not_silence_the_rest(system, shown, wait_until):
    """When the program's own log configuration raises, the event is named on standard error, and later events are
    logged.
    """
    shown.begin()
    import structlog

    def fail_once(logger, method, event):
        if event["event"] == "breaks it":
            raise ZeroDivisionError("in the processor")
        return event

    structlog.configure(
        processors=[fail_once, structlog.processors.JSONRenderer()], logger_factory=structlog.PrintLoggerFactory()
    )
    try:
        ref = system.spawn(Everything)
        ref.log_it("info", "breaks it")
        ref.log_it("info", "after it")
        wait_until(
            lambda: '"after it"' in shown.out(), "the later event is rendered by the program's own configuration"
        )
        assert "cannot log 'breaks it' of everything: ZeroDivisionError: in the processor" in shown.err()
    finally:
        structlog.reset_defaults()


def test_log_from_an_actor_without_a_system_is_dropped(system):
    """A buffered actor's log never blocks: two hundred events go through or are dropped, and the actor answers."""
    ref = system.spawn(EverythingBuffered)
    for n in range(200):
        ref.log_it.cast("debug", f"event {n}")
    assert ref.echo(1) == 1
