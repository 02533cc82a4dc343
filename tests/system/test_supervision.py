"""Supervision with real actors: who is restarted, in which order, how often, and what survives."""

import threading
import time

import pytest
from sample_trees import FailsLater, Inner, RendezvousWorker, Tree, Worker

import csp
from observed import slowness


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


class Told:
    """What the workers told, in order."""

    def __init__(self):
        self.out, self.rx = csp.channel(1000)
        self.times = []

    def next(self, count, seconds=15):
        """The next *count* events as (name, event)."""
        seen = []
        for _ in range(count):
            try:
                name, event, when = self.rx.recv(timeout=seconds)
            except TimeoutError:
                pytest.fail(f"only {seen} was told, {count} events were expected")
            self.times.append((name, event, when))
            seen.append((name, event))
        return seen

    def rest(self):
        """What was told and not asked for."""
        seen = []
        while (event := self.rx.recv_nowait(None)) is not None:
            seen.append(event[:2])
        return seen


@pytest.fixture
def told():
    made = Told()
    yield made
    made.out.close()
    made.rx.close()


def worker(told, name, plan="", cls=Worker, **options):
    return csp.child(cls, told.out, plan).options(name=name, **options)


def inits(*names):
    return [(name, "init") for name in names]


def up(system, tree="tree"):
    """The names of the children that are up."""
    return [info[0] for info in system.which_children(tree) if info[1] == "up"]


def crash(ref, text="on purpose"):
    with pytest.raises(csp.ActorDied):
        ref.crash(text)


# ---- strategies ------------------------------------------------------------------------------------------------------


def test_children_start_in_order(system, told):
    """supervise starts the children one after the other in the order given, and returns when all are up."""
    assert system.supervise(Tree([worker(told, n) for n in "abc"])) == "tree"
    assert told.next(3) == inits("a", "b", "c")
    assert up(system) == ["a", "b", "c"]
    assert told.rest() == []
    assert [info[3] for info in system.which_children("tree")] == ["worker"] * 3


@pytest.mark.parametrize(
    ("strategy", "after"),
    [
        ("one_for_one", inits("b")),
        ("rest_for_one", [("c", "stop shutdown"), *inits("b", "c")]),
        ("one_for_all", [("c", "stop shutdown"), ("a", "stop shutdown"), *inits("a", "b", "c")]),
    ],
)
def test_strategies(system, told, strategy, after, wait_until):
    """A crash of the middle child restarts it alone, it and the later ones, or all; stops youngest first, starts in
    order.
    """
    system.supervise(Tree([worker(told, n) for n in "abc"], strategy))
    told.next(3)
    ref = system.lookup("tree/b")
    ref.add(5)
    crash(ref)
    assert told.next(2 + len(after)) == [("b", "crashing"), ("b", "stop SystemExit: on purpose"), *after]
    wait_until(lambda: up(system) == ["a", "b", "c"], "all three are up again")
    assert ref.add(1) == 1, "the state of the crashed life is gone"
    assert told.rest() == []
    assert system.statistics()["restarts"] >= 1


@pytest.mark.parametrize(
    ("restart", "how", "back"),
    [
        ("permanent", "crash", True),
        ("permanent", "finish", True),
        ("transient", "crash", True),
        ("transient", "finish", False),
        ("temporary", "crash", False),
        ("temporary", "finish", False),
    ],
)
def test_restart_types(system, told, restart, how, back, wait_until):
    """permanent comes back always, transient after a crash, temporary never; who does not come back has no mailbox."""
    system.supervise(Tree([worker(told, "a", restart=restart), worker(told, "b")]))
    told.next(2)
    ref = system.lookup("a")
    if how == "crash":
        crash(ref)
        told.next(2)
    else:
        ref.finish()
        assert told.next(1) == [("a", "stop normal")]
    if back:
        assert told.next(1) == inits("a")
        assert ref.add(3) == 3
    else:
        wait_until(lambda: up(system) == ["b"], "only b is up")
        with pytest.raises(csp.ActorDied):
            wait_until(lambda: ref.add(3) and False, "the mailbox is closed")
        with pytest.raises(csp.NoSuchActor):
            system.lookup("tree/a")
        assert [info[0] for info in system.which_children("tree")] == (["a", "b"] if restart == "transient" else ["b"])
    assert told.rest() == []


def test_kill_is_a_crash(system, told):
    """A killed child is restarted, without its on_stop."""
    system.supervise(Tree([worker(told, "a")]))
    told.next(1)
    ref = system.lookup("a")
    assert system.kill(ref)
    assert told.next(1) == inits("a")
    assert ref.add(1) == 1
    assert system.which_children("tree")[0][4:] == (1, "killed")


def test_stop_of_a_supervised_actor_terminates_it(system, told, wait_until):
    """system.stop of a supervised actor terminates it at its supervisor, which does not restart it."""
    system.supervise(Tree([worker(told, "a"), worker(told, "b")]))
    told.next(2)
    system.stop(system.lookup("a"))
    assert told.next(1) == [("a", "stop shutdown")]
    assert up(system) == ["b"]
    assert told.rest() == []


# ---- intensity and escalation ----------------------------------------------------------------------------------------


def test_escalation(system, told, wait_until):
    """One restart too many and the supervisor gives up: the others stop, the error names offender and cause."""
    system.supervise(Tree([worker(told, "good"), worker(told, "bad")], intensity=csp.Intensity(restarts=2, seconds=60)))
    told.next(2)
    ref = system.lookup("bad")
    waiting = Background(system.wait, "tree")
    for _ in range(2):
        crash(ref)
        assert told.next(3)[-1] == ("bad", "init")
    crash(ref, "the last straw")
    assert told.next(3)[-1] == ("good", "stop shutdown")
    with pytest.raises(csp.EscalationError, match="supervisor Tree gave up over child 'bad'") as gave_up:
        waiting.result()
    assert "SystemExit: the last straw" in str(gave_up.value)
    assert "sample_trees.py" in str(gave_up.value)
    with pytest.raises(csp.EscalationError, match="bad"):
        system.wait("tree", timeout=5)
    system.stop_supervisor("tree")
    with pytest.raises(csp.ActorDied):
        ref.add(1)
    with pytest.raises(csp.NoSuchActor):
        system.which_children("tree")


def test_own_intensity(system, told, wait_until):
    """A child's own intensity is counted for it alone."""
    system.supervise(
        Tree(
            [worker(told, "a", intensity=csp.Intensity(restarts=10, seconds=60)), worker(told, "b")],
            intensity=csp.Intensity(restarts=1, seconds=60),
        )
    )
    told.next(2)
    a, b = system.lookup("a"), system.lookup("b")
    for _ in range(4):
        crash(a)
        told.next(3)
    crash(b)
    told.next(3)
    wait_until(lambda: up(system) == ["a", "b"], "both are up")
    crash(b)
    with pytest.raises(csp.EscalationError, match="'b'"):
        system.wait("tree", timeout=10)


def test_nested_trees(system, told, wait_until):
    """A supervisor is a child: its children are named by their path, and its giving up is a crash one level above."""
    inner = csp.child(
        Inner, [worker(told, "x"), worker(told, "y")], intensity=csp.Intensity(restarts=1, seconds=60)
    ).options(name="inner")
    system.supervise(Tree([worker(told, "a"), inner, worker(told, "b")], "rest_for_one"))
    assert told.next(4) == inits("a", "x", "y", "b")
    assert [info[0] for info in system.which_children("tree/inner")] == ["x", "y"]
    ref = system.lookup("tree/inner/x")
    y = system.lookup("y")
    crash(ref)
    assert told.next(3)[-1] == ("x", "init")
    assert told.rest() == []
    crash(ref)
    # The inner supervisor gives up; the outer one stops what came after it, and starts both again.
    assert told.next(7) == [
        ("x", "crashing"),
        ("x", "stop SystemExit: on purpose"),
        ("y", "stop shutdown"),
        ("b", "stop shutdown"),
        *inits("x", "y", "b"),
    ]
    wait_until(lambda: up(system) == ["a", "inner", "b"], "everything is up again")
    assert ref.add(1) == 1, "the mailbox has survived the restart of the supervisor"
    assert y.add(1) == 1
    assert system.which_children("tree")[1][3] == "supervisor"


def test_escalation_through_levels(system, told):
    """When the level above has no restarts left either, the whole tree gives up, and the error names the first
    cause.
    """
    inner = csp.child(Inner, [worker(told, "x")], intensity=csp.Intensity(restarts=0)).options(name="inner")
    system.supervise(Tree([inner], intensity=csp.Intensity(restarts=0)))
    told.next(1)
    crash(system.lookup("x"), "deep down")
    with pytest.raises(csp.EscalationError, match="deep down") as gave_up:
        system.wait("tree", timeout=10)
    assert "gave up over child 'inner'" in str(gave_up.value)
    assert "gave up over child 'x'" in str(gave_up.value)


def test_stale_kill_of_a_restarted_supervisor(system, told, wait_until):
    """The time limit of a nested supervisor's stop is over when it has stopped: its next life is not killed by it."""
    inner = csp.child(Inner, [worker(told, "x")]).options(name="inner", shutdown=0.5)
    system.supervise(Tree([worker(told, "a"), inner], "one_for_all"))
    assert told.next(2) == inits("a", "x")
    crash(system.lookup("a"))
    assert told.next(5)[-2:] == inits("a", "x")
    wait_until(lambda: up(system) == ["a", "inner"], "all is up again")
    with pytest.raises(TimeoutError):  # nothing is told for longer than the limit
        told.rx.recv(timeout=1.2)
    assert up(system) == ["a", "inner"]
    assert system.lookup("x").add(1) == 1


def test_auto_shutdown(system, told):
    """A supervisor with a significant child stops when that one has ended for good."""
    system.supervise(
        Tree(
            [worker(told, "a"), worker(told, "main", restart="transient", significant=True)],
            auto_shutdown="any_significant",
        )
    )
    told.next(2)
    system.lookup("main").finish()
    assert told.next(2) == [("main", "stop normal"), ("a", "stop shutdown")]
    assert "significant child 'main'" in system.wait("tree", timeout=10)


# ---- the mailbox survives --------------------------------------------------------------------------------------------


def test_mailbox_survives_in_order(system, told, wait_until):
    """Buffered messages and parked senders get through a restart in order, with the same ref."""
    system.supervise(Tree([worker(told, "a"), worker(told, "r", cls=RendezvousWorker)]))
    told.next(2)
    for name, buffered in (("a", True), ("r", False)):
        ref = system.lookup(name)
        here, arrived = csp.channel(1)
        gate, opened = csp.channel(1)
        ref.hold_and_crash.cast(here, opened)
        opened.close()
        assert arrived.recv(timeout=10) == "here"
        calls = []
        for n in range(10):
            if buffered:
                ref.note.cast(n)
                calls.append(Background(ref.add.options(timeout=None), 1))
                wait_until(lambda ref=ref, n=n: len(ref._sender) == 2 * (n + 1), "both are in the buffer")
            else:
                calls.append(Background(ref.note.options(timeout=None), n))
                wait_until(lambda ref=ref, n=n: ref._sender.statistics().waiting_senders == n + 1, "the call waits")
        gate.close()
        events = told.next(2 + 10)
        assert events[:2] == [(name, "stop SystemExit: held and crashed"), (name, "init")]
        assert events[2:] == [(name, ("note", n)) for n in range(10)]
        results = [call.result() for call in calls]
        assert results == (list(range(1, 11)) if buffered else [None] * 10)
        arrived.close()
        here.close()
    assert system.statistics()["dead_letters"] == 0


def test_calls_wait_or_fail_while_restarting(system, told, wait_until):
    """Between two lives a call waits for the next one, or is ActorRestarting at once if the caller wants that."""
    system.supervise(Tree([worker(told, "a", backoff=csp.Backoff(0.8, 0.8))]))
    told.next(1)
    ref = system.lookup("a")
    crash(ref)
    wait_until(lambda: system.which_children("tree")[0][1] == "restarting", "the child waits for its restart")
    quick = ref.add.options(on_restart="fail")
    for attempt in (quick, quick.cast, quick.future):
        with pytest.raises(csp.ActorRestarting, match="tree/a is being restarted; add did not run"):
            attempt(1)
    assert ref.add(2) == 2
    assert quick(3) == 5


def test_ends_in_arguments_survive_restarts(system, told):
    """A child's channel arguments work in each of its lives."""
    system.supervise(Tree([worker(told, "a")]))
    told.next(1)
    ref = system.lookup("a")
    for n in range(3):
        crash(ref)
        assert told.next(3)[-1] == ("a", "init")
        ref.note(n)
        assert told.next(1) == [("a", ("note", n))]


def test_leftovers_are_dead_letters(system, told, wait_until):
    """What waits in the mailbox of a child that does not come back is counted as dead letters, and its senders are
    told.
    """
    system.supervise(Tree([worker(told, "a", restart="temporary")]))
    told.next(1)
    ref = system.lookup("a")
    here, arrived = csp.channel(1)
    gate, opened = csp.channel(1)
    ref.hold_and_crash.cast(here, opened)
    opened.close()
    arrived.recv(timeout=10)
    for n in range(3):
        ref.note.cast(n)
    waiting = Background(ref.add.options(timeout=None), 1)
    wait_until(lambda: len(ref._sender) == 4, "four messages wait")
    gate.close()
    with pytest.raises(csp.ActorDied) as dead:
        waiting.result()
    assert not dead.value.maybe_ran
    wait_until(lambda: system.statistics()["dead_letters"] == 4, "four dead letters are counted")


@pytest.mark.parametrize(
    ("restart", "how", "reason"),
    [
        ("transient", "hold_and_finish", "normal"),
        ("temporary", "hold_and_finish", "normal"),
        ("temporary", "hold_and_crash", "failed: SystemExit: held and crashed"),
        ("temporary", "hold", "killed"),
    ],
)
def test_the_reason_of_the_last_life_is_told(system, told, restart, how, reason, shown, wait_until):
    """Whoever waits for a child that does not come back, or comes later, is told why its last life ended; so is the
    log, with the dead letters. A temporary child's spec is forgotten by then.
    """
    shown.begin()
    system.supervise(Tree([worker(told, "a", restart=restart)]))
    told.next(1)
    ref = system.lookup("a")
    here, arrived = csp.channel(1)
    gate, opened = csp.channel(1)
    getattr(ref, how).cast(here, opened)
    opened.close()
    arrived.recv(timeout=10)
    waiting = Background(ref.add.options(timeout=None), 1)
    wait_until(lambda: len(ref._sender) == 1, "the call waits in the mailbox")
    if reason == "killed":
        system.kill(ref)
    else:
        gate.close()
    with pytest.raises(csp.ActorDied) as waited:
        waiting.result()
    with pytest.raises(csp.ActorDied) as late:
        ref.add(1)
    assert (waited.value.reason, late.value.reason) == (reason, reason)

    def logged():
        return [line for line in shown.err().splitlines() if "dead letters" in line]

    (line,) = wait_until(logged, "the dead letters are logged")
    assert line.rpartition("reason=")[2].strip("'\"") == reason


def test_the_reason_below_a_supervisor_that_gave_up(system, told, wait_until):
    """The children of a nested supervisor that does not come back are dead of what ended each of them."""
    inner = csp.child(Inner, [worker(told, "x"), worker(told, "y")], intensity=csp.Intensity(restarts=0))
    system.supervise(Tree([inner.options(name="inner", restart="temporary"), worker(told, "b")]))
    told.next(3)
    x, y = system.lookup("x"), system.lookup("y")
    crash(x, "x is over")
    wait_until(lambda: up(system) == ["b"], "the inner supervisor is gone")
    for ref, reason in ((x, "failed: SystemExit: x is over"), (y, "shutdown")):
        with pytest.raises(csp.ActorDied) as dead:
            ref.add(1)
        assert dead.value.reason == reason


# ---- stopping --------------------------------------------------------------------------------------------------------


def test_ordered_stop(system, told):
    """A tree stops youngest first, one after the other, nested supervisors in their place."""
    inner = csp.child(Inner, [worker(told, "x"), worker(told, "y")]).options(name="inner")
    system.supervise(Tree([worker(told, "a"), inner, worker(told, "b", "slow stop"), worker(told, "c")]))
    told.next(5)
    system.stop_supervisor("tree")
    assert told.next(5) == [(name, "stop shutdown") for name in ("c", "b", "y", "x", "a")]
    assert system.statistics()["actors"] == 0
    assert system.wait("tree", timeout=5).startswith("shutdown")


def test_closing_stops_everything_youngest_first(told):
    """Leaving the system stops trees and single actors in reverse order of their start."""
    with csp.System(warm=0) as system:
        system.spawn(csp.child(Worker, told.out).options(name="first"))
        system.supervise(Tree([worker(told, "a"), worker(told, "b")]))
        system.spawn(csp.child(Worker, told.out).options(name="last"))
        told.next(4)
    assert told.next(4) == [(name, "stop shutdown") for name in ("last", "b", "a", "first")]


@pytest.mark.parametrize(
    ("handler", "arguments", "shutdown", "least", "most"),
    [
        ("spin", (), 0.4, 0.4, 4.0),
        ("nap", (0.6,), 5.0, 0.3, 4.0),
        ("nap", (4.0,), 0.2, 0.2, 3.6),
        ("spin", (), "kill", 0.0, 2.0),
    ],
    ids=["killed after its time", "finishes in its time", "cut off", "killed outright"],
)
def test_shutdown_times(system, told, handler, arguments, shutdown, least, most, wait_until):
    """A child that is busy is given its shutdown time, then killed, then cut off; "kill" gives it none."""
    system.supervise(Tree([worker(told, "a"), worker(told, "busy", shutdown=shutdown)]))
    told.next(2)
    here, arrived = csp.channel(1)
    getattr(system.lookup("busy"), handler).cast(here, *arguments)
    arrived.recv(timeout=10)
    begun = time.monotonic()
    system.stop_supervisor("tree")
    took = time.monotonic() - begun
    assert least <= took < most * slowness() + 0.5
    assert told.next(1)[0][1] == "stop shutdown"
    wait_until(lambda: system.statistics()["zombies"] == 0, "nothing stays behind")


def test_stop_in_the_middle_of_a_back_off(system, told, wait_until):
    """A tree whose child waits for its restart stops at once, and the child does not start again."""
    system.supervise(Tree([worker(told, "a"), worker(told, "b", backoff=csp.Backoff(30, 30))]))
    told.next(2)
    crash(system.lookup("b"))
    told.next(2)
    wait_until(lambda: system.which_children("tree")[1][1] == "restarting", "b waits")
    begun = time.monotonic()
    system.stop_supervisor("tree")
    assert time.monotonic() - begun < 5
    assert told.next(1) == [("a", "stop shutdown")]
    assert told.rest() == []


def test_backoff_grows(system, told):
    """Each restart in a row waits longer, by the times that the children themselves took."""
    system.supervise(Tree([worker(told, "a", backoff=csp.Backoff(0.1, 0.4, reset_after=60))]))
    told.next(1)
    ref = system.lookup("a")
    gaps = []
    for _ in range(4):
        crash(ref)
        told.next(3)
        crashed, begun = told.times[-3][2], told.times[-1][2]
        gaps.append(begun - crashed)
    for gap, delay in zip(gaps, (0.1, 0.2, 0.4, 0.4), strict=True):
        assert delay <= gap < delay + 0.5 * slowness(), gaps


# ---- starts that fail ------------------------------------------------------------------------------------------------


def test_failing_start(system, told):
    """If a child cannot start, what was started is stopped again, in reverse order, and StartFailed says which
    and why.
    """
    with pytest.raises(csp.StartFailed, match="child 'bad' of supervisor Tree failed to start") as failed:
        system.supervise(
            Tree([worker(told, "a"), worker(told, "b"), worker(told, "bad", "never starts"), worker(told, "c")])
        )
    assert "ValueError: it never starts" in str(failed.value)
    assert "sample_trees.py" in str(failed.value)
    assert told.next(5) == [*inits("a", "b", "bad"), ("b", "stop shutdown"), ("a", "stop shutdown")]
    assert told.rest() == []
    assert system.statistics()["actors"] == 0
    system.supervise(Tree([worker(told, "a")]))


def test_failing_start_in_a_nested_tree(system, told):
    """A start that fails deep down fails the whole start, with the first cause in the text."""
    inner = csp.child(Inner, [worker(told, "x"), worker(told, "bad", "never starts")]).options(name="inner")
    with pytest.raises(csp.StartFailed, match="inner") as failed:
        system.supervise(Tree([worker(told, "a"), inner]))
    assert "it never starts" in str(failed.value)
    assert told.next(5)[-2:] == [("x", "stop shutdown"), ("a", "stop shutdown")]
    assert system.statistics()["actors"] == 0


def test_failing_restart_is_retried(system, told, tmp_path):
    """A restart whose start fails is tried again and counted, until the supervisor gives up over it."""
    path = str(tmp_path / "fail")
    system.supervise(Tree([csp.child(FailsLater, told.out, path)], intensity=csp.Intensity(restarts=3, seconds=60)))
    told.next(1)
    with pytest.raises(csp.ActorDied):
        system.lookup("failslater").crash(path)
    with pytest.raises(csp.EscalationError, match="not yet"):
        system.wait("tree", timeout=15)
    assert told.next(3) == [("failslater", "init fails")] * 3
    assert told.rest() == []


def test_wrong_trees(system, told):
    """What is no supervisor, or has children that are none, is refused before anything starts."""
    with pytest.raises(csp.StartFailed, match=r"not its class: Tree\(\.\.\.\)"):
        system.supervise(Tree)
    with pytest.raises(csp.ChildSpecError, match="is not a supervisor"):
        system.supervise(5)
    with pytest.raises(csp.ChildSpecError, match="is not a child spec; wrap it"):
        system.supervise(Tree([Worker]))
    with pytest.raises(csp.ChildSpecError, match="two children are named 'a'"):
        system.supervise(Tree([worker(told, "a"), worker(told, "a")]))
    with pytest.raises(csp.ActorError, match="isolation='process' is not supported yet"):
        system.supervise(Tree([worker(told, "a", isolation="process")]))
    with pytest.raises(csp.NotImportable):

        class Local(csp.Actor):
            pass

        system.supervise(Tree([csp.child(Local)]))
    with pytest.raises(csp.ActorError, match=r"system.supervise"):
        system.spawn(csp.child(Tree, []))
    with pytest.raises(csp.StartFailed, match="not an actor class"):
        system.supervise(Tree([csp.child(int)]))
    assert told.rest() == []


def test_names_of_trees(system, told):
    """Two trees need two names; an unknown one is NoSuchActor, and lists those there are."""
    system.supervise(Tree([worker(told, "a")]))
    with pytest.raises(csp.ActorError, match="there is a supervisor named 'tree' already"):
        system.supervise(Tree([worker(told, "b")]))
    assert system.supervise(Tree([worker(told, "b")]), name="second") == "second"
    for use in (system.stop_supervisor, system.which_children, system.wait):
        with pytest.raises(csp.NoSuchActor, match="no supervisor( or actor)? is named 'third'; there is second, tree"):
            use("third")
    with pytest.raises(csp.CallTimeout):
        system.wait("second", timeout=0.05)


def test_empty_tree(system):
    """A supervisor without children is up at once, and stops."""
    system.supervise(Tree([]))
    assert system.which_children("tree") == []
    system.stop_supervisor("tree")


# ---- nobody starves it -----------------------------------------------------------------------------------------------


def test_a_busy_main_does_not_delay_a_restart(system, told, capsys, wait_until):
    """While main holds its GIL in one C call a crashed child is restarted, by the children's own clocks.

    With a warm interpreter, and a class whose module imports no extension module: CPython 3.13 and newer run the init
    function of every extension module, the built-in ones of a new interpreter included, in the main interpreter first,
    so that a first import of one waits for main's GIL.
    """
    system.supervise(Tree([worker(told, "a")]))
    told.next(1)
    ref = system.lookup("a")
    ref.add(1)
    wait_until(lambda: system.statistics()["warm"] >= 1, "an interpreter is warm")
    ref.crash.cast()
    begun = time.monotonic()
    sum(range(2 * 10**8))
    busy = time.monotonic() - begun
    told.next(3)
    (_, first, crashed), _, (_, last, restarted) = told.times[-3:]
    assert (first, last) == ("crashing", "init")
    latency = restarted - crashed
    with capsys.disabled():
        print(f"\nrestart latency with main busy for {busy * 1e3:.0f} ms: {latency * 1e3:.1f} ms")
    assert latency < busy / 2


def test_a_busy_actor_does_not_delay_a_restart(system, told):
    """A child in a Python loop does not keep the supervisor from restarting another."""
    system.supervise(Tree([worker(told, "a"), worker(told, "busy", shutdown="kill")]))
    told.next(2)
    here, arrived = csp.channel(1)
    system.lookup("busy").spin.cast(here)
    arrived.recv(timeout=10)
    crash(system.lookup("a"))
    told.next(3)
    (_, _, crashed), _, (_, last, restarted) = told.times[-3:]
    assert last == "init"
    assert restarted - crashed < 1.0 * slowness()


def test_restart_latency(system, told, capsys, wait_until):
    """From the crash to the next __init__: median of 20, with a warm interpreter each time (asserted 100 ms)."""
    system.supervise(Tree([worker(told, "a")]))
    told.next(1)
    ref = system.lookup("a")
    took = []
    for _ in range(20):
        wait_until(lambda: system.statistics()["warm"] >= 1, "an interpreter is warm")
        crash(ref)
        told.next(3)
        took.append(told.times[-1][2] - told.times[-3][2])
    median = sorted(took)[10]
    with capsys.disabled():
        print(f"\nrestart latency: median {median * 1e3:.2f} ms, most {max(took) * 1e3:.2f} ms")
    assert median < 0.1 * slowness()
