"""The log as main writes it: the time that a line tells, what becomes of odd events, and the stdlib's logging."""

import io
import json
import logging
import sys
import threading
import time
import warnings
from datetime import datetime

import pytest
import structlog
from odd_exceptions import Talker
from sample_actors import Everything

import csp
from csp.system.log import LogPump

WHEN = 1_000_000_000.25  # 2001-09-09T01:46:40.25 UTC
LOCAL = datetime.fromtimestamp(WHEN).astimezone()


@pytest.fixture
def configured():
    """Configure structlog as a program would, with these processors before a JSON renderer; gives the lines so far."""
    lines = []

    class Written:
        def msg(self, line):
            lines.append(json.loads(line))

        info = warning = error = debug = msg

    def configure(*processors):
        structlog.configure(
            processors=[*processors, structlog.processors.JSONRenderer()], logger_factory=lambda *_: Written()
        )
        return lines

    yield configure
    structlog.reset_defaults()


def pumped(*event):
    """Render one event, as an actor would have sent it."""
    pump = LogPump(10)
    pump.sender.send(event)
    pump.close()


@pytest.mark.parametrize(
    ("stamper", "stamp"),
    [
        (structlog.processors.TimeStamper(), {"timestamp": WHEN}),
        (structlog.processors.TimeStamper(fmt="iso"), {"timestamp": "2001-09-09T01:46:40.250000Z"}),
        (structlog.processors.TimeStamper(fmt="ISO", utc=False), {"timestamp": LOCAL.replace(tzinfo=None).isoformat()}),
        (structlog.processors.TimeStamper(fmt="%H:%M:%S %Z", key="at"), {"at": "01:46:40 UTC"}),
        (structlog.processors.TimeStamper(fmt="%H:%M:%S %z", utc=False), {"timestamp": LOCAL.strftime("%H:%M:%S %z")}),
        (structlog.processors.MaybeTimeStamper(fmt="iso"), {"timestamp": "2001-09-09T01:46:40.250000Z"}),
        (structlog.processors.MaybeTimeStamper(key="mine"), {"mine": "the actor's own"}),
        (structlog.processors.add_log_level, {"level": "info"}),
    ],
    ids=["epoch", "iso", "iso local", "format", "format local", "maybe", "maybe kept", "none"],
)
def test_a_programs_own_time_stamper_tells_the_time_of_the_event(configured, stamper, stamp):
    """A TimeStamper in the program's configuration keeps its format and key, and gives the event's time; where there is
    none, none is added.
    """
    lines = configured(stamper)
    values = {"mine": "the actor's own"} if "mine" in stamp else {}
    pumped("info", "it happened", WHEN, "ada", values)
    assert lines == [{"actor": "ada", "event": "it happened"} | stamp]


def test_our_own_format_tells_the_time_of_the_event(capfd):
    """A program that has not configured structlog sees local time, that of the event."""
    pumped("info", "it happened", WHEN, "ada", {})
    assert LOCAL.replace(tzinfo=None).isoformat() in capfd.readouterr().err


def test_a_line_that_is_written_late(configured, system, wait_until):
    """An actor's event that waits in the log channel while main writes another is stamped when the actor logged it."""
    gate = threading.Event()

    def wait(logger, method, event):
        gate.wait(20)
        return event

    lines = configured(wait, structlog.processors.TimeStamper())
    ref = system.spawn(Everything)
    before = time.time()
    ref.log_it("info", "early")
    after = time.time()
    wait_until(lambda: time.time() > after + 0.02, "the time of writing is another")
    gate.set()
    wait_until(lambda: lines, "it is written")
    assert before <= lines[0]["timestamp"] <= after


# ---- what actors say -------------------------------------------------------------------------------------------------


@pytest.fixture
def written(shown, wait_until):
    """Called with nothing: begin to keep standard error. With a text: wait until it is there; gives all of it."""

    def keep(text=""):
        if not text:
            shown.begin()
        wait_until(lambda: text in shown.err(), f"{text!r} is written")
        return shown.err()

    return keep


def test_a_log_call_never_raises_and_loses_nothing(system, written):
    """A value or event whose repr raises, an exception as event, one that does not pickle: each is a line."""
    written()
    system.spawn(Talker).log_odd()
    seen = written("connection lost")
    assert "value='<Half whose repr raised>'" in seen
    assert seen.count("<its text raised>") == 2
    assert "cannot log" not in seen


def test_tracebacks_and_stacks_are_made_where_they_are(system, written):
    """exception(), exc_info= and stack_info= bring the traceback and the stack of the actor; without one, nothing."""
    written()
    system.spawn(Talker).log_places()
    written("Stack (most recent call last)")
    seen = written('self.log.info("where", stack_info=True)')
    assert seen.count("ValueError: inner 5") == 3
    assert "NoneType" not in seen


@pytest.mark.parametrize(("level", "lowest"), [("debug", "debug"), (None, "info"), ("error", "error")])
def test_the_lowest_level_is_the_programs_choice(written, level, lowest):
    """System(log_level=...) says what is shown of self.log; info, if it does not."""
    written()
    order = ["debug", "info", "warning", "error", "critical"]
    with csp.System(warm=0, log_level=level) as system:
        system.spawn(Talker).log_levels()
    seen = written("it is critical")
    assert [name for name in order if f"it is {name}" in seen] == order[order.index(lowest) :]


def test_the_environment_chooses_the_level(written, monkeypatch):
    """CSP_LOG_LEVEL is the default of log_level; what is no level is refused by name."""
    written()
    monkeypatch.setenv("CSP_LOG_LEVEL", "debug")
    with csp.System(warm=0) as system:
        system.spawn(Talker).log_levels()
    written("it is debug")
    with pytest.raises(ValueError, match="log_level must be one of debug, info, .* not 'loud'"):
        csp.System(log_level="loud")


def test_the_pump_survives_any_event(shown):
    """What cannot be read, and a processor that exits, are told; the events after them are written."""
    shown.begin()
    pump = LogPump(10)
    pump.sender.send(Unreadable())
    pump.sender.send(("info", "half an event"))
    pump.sender.send(("info", "it happened", WHEN, "ada", {}))
    pump.close()
    seen = shown.err()
    assert seen.count("cannot log") == 2
    assert "it happened" in seen
    assert pump.lost == 0


class Unreadable:
    def __reduce__(self):
        return _raise, ()


def _raise():
    raise SystemExit("while it is read")


@pytest.mark.parametrize("stream", [None, "closed"])
def test_what_nobody_can_read_is_counted(monkeypatch, stream, wait_until):
    """Without a standard error lines go nowhere else; how many, the statistics tell."""
    gone = None
    if stream == "closed":
        gone = io.StringIO()
        gone.close()
    out = io.StringIO()
    with csp.System(warm=0) as system:
        monkeypatch.setattr(sys, "stderr", gone)
        monkeypatch.setattr(sys, "stdout", out)
        ref = system.spawn(Talker)
        ref.log_levels()
        system._log.sender.send(("info", "the last", 0.0, "nobody", {}))
        wait_until(lambda: system.statistics()["log_lost"] == 5, "five lines are counted as lost")
        monkeypatch.undo()
    assert out.getvalue() == ""


# ---- logging and warnings --------------------------------------------------------------------------------------------


@pytest.fixture
def records():
    """A handler of main's root logger; gives the records that came to it."""
    got = []

    class Keeps(logging.Handler):
        def emit(self, record):
            got.append(record)

    handler = Keeps()
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    yield got
    root.removeHandler(handler)
    root.setLevel(level)


def test_logging_in_an_actor_meets_mains_configuration(records, system, wait_until):
    """A record reaches main's logger of its name, with its place, time, extras and the actor's name; below main's level
    nothing comes.
    """
    logging.getLogger().setLevel(logging.INFO)
    before = time.time()
    ref = system.spawn(Talker)
    ref.use_logging("talker.part", logging.DEBUG, "not shown")
    ref.use_logging("talker.part", logging.INFO, "got %s of %d", "one", 2, extra={"request": 7, "odd": [1]})
    ref.use_logging("talker", logging.WARNING, "%d fits not", "this")
    ref.use_logging_exception()
    wait_until(lambda: len(records) == 3, "three records are there")
    first, second, third = records
    assert (first.name, first.levelname, first.getMessage()) == ("talker.part", "INFO", "got one of 2")
    assert (first.threadName, first.actor, first.funcName, first.request, first.odd) == (
        "talker", "talker", "use_logging", 7, "[1]",
    )  # fmt: skip
    assert before <= first.created <= time.time()
    assert "arguments that do not fit it: ('this',)" in second.getMessage()
    assert "ValueError: inner 6" in third.exc_text
    assert "odd_exceptions.py" in logging.Formatter("%(filename)s %(message)s").format(third)


def test_an_actor_knows_the_lowest_level_that_main_shows(records, system):
    """That of the root logger, or of a more talkative one; a logger of main's that is quieter stays so."""
    logging.getLogger().setLevel(logging.ERROR)
    assert system.spawn(Talker).level() == logging.ERROR
    logging.getLogger("talker").setLevel(logging.DEBUG)
    try:
        ref = system.spawn(Talker)
        assert ref.level() == logging.DEBUG
        ref.use_logging("other", logging.INFO, "not shown")
        ref.use_logging("talker", logging.DEBUG, "shown")
        ref.use_logging("other", logging.ERROR, "shown, too")
    finally:
        logging.getLogger("talker").setLevel(logging.NOTSET)


def test_the_scripts_own_logger_is_the_same_in_its_actors(program):
    """What a script logs to getLogger(__name__) in an actor meets what main has configured for that logger."""
    status, out, err = program.script(
        """
import logging, sys
import csp

log = logging.getLogger(__name__)

class A(csp.Actor):
    @csp.handler
    def work(self):
        log.info("from the actor")

if __name__ == "__main__":
    to_stdout = logging.StreamHandler(sys.stdout)
    to_stdout.setFormatter(logging.Formatter("%(name)s %(message)s"))
    log.addHandler(to_stdout)
    log.setLevel(logging.INFO)
    log.info("from main")
    with csp.System(warm=0) as system:
        system.spawn(A).work()
"""
    )
    assert (status, out, err) == (0, "__main__ from main\n__main__ from the actor\n", "")


def test_warnings_of_an_actor_meet_mains_filters(records, system, wait_until, monkeypatch):
    """A warning is shown by main's own showwarning, as often as main's filters say; an error filter there cannot
    lose it.
    """
    shown = []
    monkeypatch.setattr(warnings, "showwarning", lambda *args, **kwargs: shown.append(args))
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.filterwarnings("ignore", message="quiet")
        warnings.filterwarnings("error", message="as an error")
        monkeypatch.setattr(warnings, "showwarning", lambda *args, **kwargs: shown.append(args))
        ref = system.spawn(Talker)
        ref.warn("quiet")
        ref.warn("as an error")
        ref.warn("careful", RuntimeWarning)
        wait_until(lambda: len(shown) == 2, "two are shown")
    assert [(str(args[0]), args[1]) for args in shown] == [("as an error", UserWarning), ("careful", RuntimeWarning)]
    assert shown[1][2].endswith("odd_exceptions.py")


class Crashing(csp.Supervisor):
    intensity = csp.Intensity(restarts=3, seconds=60)

    def children(self):
        yield csp.child(Talker)


def test_the_same_crash_is_told_once_and_then_counted(written):
    """A child that crashes the same way four times has its traceback in the log once, and then how often it was."""
    written()
    with csp.System(warm=0) as system:
        system.supervise(Crashing(), name="top")
        for _ in range(4):
            system.lookup("top/talker").crash.cast()
        with pytest.raises(csp.EscalationError):
            system.wait("top")
    seen = written("supervisor gave up")
    assert seen.count("in crash\n") == 1
    assert [f"same_traceback={n}" in seen for n in (2, 3, 4)] == [True] * 3
