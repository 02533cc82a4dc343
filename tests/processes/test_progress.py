"""The progress bar: what it says, when it draws, and that nobody else sees it."""

import io
import os
import sys

import pytest
import workers
from hypothesis import given
from hypothesis import strategies as st

import csp
from csp.processes.pipelines.progress import PERIOD, Progress, progress_bar


class Terminal(io.StringIO):
    """A terminal of so many columns that remembers what was written."""

    def isatty(self):
        return True


class Clock:
    """Seconds, turned by hand."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def on_terminal(monkeypatch):
    """Make stderr a terminal, from the call on: pytest has put a file of its own there for each phase of a test."""

    def replace():
        made = Terminal()
        monkeypatch.setattr(sys, "stderr", made)
        return made

    return replace


def drawn(terminal):
    """The states of the line, one after the other."""
    return [line.removesuffix("\x1b[K") for line in terminal.getvalue().replace("\n", "").split("\r")[1:]]


class TestLine:
    """What the line says."""

    def bar(self, label="", total=None, count=0):
        bar = Progress(label, total, Terminal(), Clock())
        bar.count = count
        return bar

    @pytest.mark.parametrize(
        ("label", "total", "count", "seconds", "text"),
        [
            ("", None, 0, 0, "0  0.0/s  0:00"),
            ("files", None, 1500, 2, "files 1500  750.0/s  0:02"),
            ("", 100, 25, 10, " 25% [#######                       ] 25/100  2.5/s  0:10  eta 0:30"),
            ("sum", 100, 100, 10, "sum 100% [##############################] 100/100  10.0/s  0:10"),
            ("", 0, 0, 1, "100% [##############################] 0/0  0.0/s  0:01"),
            ("", None, 2_500_000, 1, "2500000  2.5M/s  0:01"),
            ("", None, 3, 7384, "3  0.0/s  2:03:04"),
            ("", 4, 0, 1, "  0% [                              ] 0/4  0.0/s  0:01"),
        ],
    )
    def test_text(self, label, total, count, seconds, text):
        """Count, rate and time; with a total the part as well, a bar and the time left."""
        assert self.bar(label, total, count).line(79, 1000.0 + seconds) == text

    def test_narrow(self):
        """In a narrow terminal the bar shrinks, then goes, and at last the text is cut."""
        bar = self.bar("x", 100, 50)
        assert bar.line(50, 1010.0) == "x  50% [#####      ] 50/100  5.0/s  0:10  eta 0:10"
        assert bar.line(43, 1010.0) == "x  50%  50/100  5.0/s  0:10  eta 0:10"
        assert bar.line(10, 1010.0) == "x  50%  50"

    @given(
        width=st.integers(1, 200),
        total=st.none() | st.integers(0, 10**9),
        count=st.integers(0, 10**9),
        seconds=st.floats(0, 1e6),
        label=st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=30),
    )
    def test_fits(self, width, total, count, seconds, label):
        """The line never exceeds the width, whatever the numbers."""
        bar = self.bar(label, total, count if total is None else min(count, total))
        assert len(bar.line(width, 1000.0 + seconds)) <= width


class TestDrawing:
    """When it draws."""

    def test_at_most_ten_a_second(self):
        """The first event draws, and then one in each PERIOD."""
        clock, terminal = Clock(), Terminal()
        bar = Progress("", 1000, terminal, clock)
        for _ in range(1000):
            bar.advance()
            clock.now += PERIOD / 100
        assert 10 <= len(drawn(terminal)) <= 11

    def test_finish(self):
        """finish draws the last state and goes to the next line, once."""
        clock, terminal = Clock(), Terminal()
        bar = Progress("", 3, terminal, clock)
        for _ in range(3):
            bar.advance()
        bar.finish()
        bar.finish()
        assert terminal.getvalue().count("\n") == 1
        assert "3/3" in drawn(terminal)[-1]

    def test_count_stays_within_total(self):
        """A short last batch does not lead beyond the total."""
        bar = Progress("", 10, Terminal(), Clock())
        bar.advance(8)
        bar.advance(8)
        assert bar.count == 10

    def test_width(self, monkeypatch):
        """It asks the terminal for its width at every drawing."""
        clock, terminal = Clock(), Terminal()
        terminal.fileno = lambda: 99
        widths = [os.terminal_size((60, 10)), os.terminal_size((30, 10)), OSError()]

        def width(fileno):
            given = widths.pop(0)
            if isinstance(given, OSError):
                raise given
            return given

        monkeypatch.setattr(os, "get_terminal_size", width)
        bar = Progress("x" * 200, 10, terminal, clock)
        for _ in range(3):
            bar.advance()
            clock.now += 1
        assert [len(line) for line in drawn(terminal)] == [59, 29, 79]

    def test_broken_terminal(self):
        """A terminal that went away disturbs nobody."""
        terminal = Terminal()
        bar = Progress("", None, terminal, Clock())
        terminal.close()
        bar.advance()
        bar.finish()


class TestWanted:
    """Who sees a bar."""

    def test_only_on_a_terminal(self, monkeypatch):
        """Without a terminal, or without stderr, there is none."""
        monkeypatch.setattr(sys, "stderr", io.StringIO())
        assert progress_bar(True, 3) is None
        monkeypatch.setattr(sys, "stderr", None)
        assert progress_bar(True, 3) is None

    def test_only_if_wanted(self, on_terminal):
        """False gives none; True one without a label, a text one with it."""
        terminal = on_terminal()
        assert progress_bar(False, 3) is None
        progress_bar(True, 3).finish()
        progress_bar("files", 3).finish()
        assert drawn(terminal)[0].startswith("  0%")
        assert drawn(terminal)[1].startswith("files   0%")

    def test_refusal(self, on_terminal):
        """Anything else is refused."""
        on_terminal()
        with pytest.raises(TypeError, match="progress must be True, False or a label"):
            progress_bar(3, None)


class TestInPipelines:
    """What a pipeline shows."""

    def test_collection(self, on_terminal):
        """It counts the items of the source, up to their number."""
        terminal = on_terminal()
        total = (
            csp.pipeline(range(100))
            .map(workers.double, workers=2)
            .filter(workers.is_odd)
            .reduce(lambda a, b: a + b, 0, progress="double")
        )
        assert total == 0
        assert drawn(terminal)[-1].startswith("double 100% ")
        assert " 100/100 " in drawn(terminal)[-1]
        assert terminal.getvalue().endswith("\n")

    def test_batches(self, on_terminal):
        """Also when they go in as batches, the last of which is short."""
        terminal = on_terminal()
        csp.pipeline(range(100)).batch(30).map(workers.length, workers=1).collect(progress=True)
        assert " 100/100 " in drawn(terminal)[-1]

    def test_iterator(self, on_terminal):
        """Of an iterator it knows no total."""
        terminal = on_terminal()
        csp.pipeline(iter(range(5))).map(workers.double, workers=1).for_each(lambda _: None, progress=True)
        assert drawn(terminal)[-1].startswith("5  ")

    def test_without_workers(self, on_terminal):
        """Also when the caller does it all."""
        terminal = on_terminal()
        csp.pipeline(range(10)).batch(3).collect(progress=True)
        assert " 10/10 " in drawn(terminal)[-1]

    def test_failure(self, on_terminal):
        """After a failure the line is finished, so that the traceback begins on its own."""
        terminal = on_terminal()
        with pytest.raises(csp.ProcessFailed):
            csp.pipeline(range(10)).map(workers.refuse_seven, workers=1).collect(progress=True)
        assert terminal.getvalue().endswith("\n")

    def test_silent_elsewhere(self, program):
        """A program whose stderr is no terminal writes nothing to it."""
        status, out, err = program.script(
            "import csp\n"
            "if __name__ == '__main__':\n"
            "    print(csp.pipeline(range(3)).map(abs, workers=1).collect(progress=True))\n"
        )
        assert (status, out, err) == (0, "[0, 1, 2]\n", "")
