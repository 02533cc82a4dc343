"""The log as main writes it: the time that a line tells."""

import json
import threading
import time
from datetime import datetime

import pytest
import structlog
from sample_actors import Everything

from csp.observe.log import LogPump

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
    values = ("mine", "the actor's own") if "mine" in stamp else ()
    pumped("info", "it happened", WHEN, "ada", values)
    assert lines == [{"actor": "ada", "event": "it happened"} | stamp]


def test_our_own_format_tells_the_time_of_the_event(capfd):
    """A program that has not configured structlog sees local time, that of the event."""
    pumped("info", "it happened", WHEN, "ada", ())
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
