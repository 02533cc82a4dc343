"""The table shows what was counted, in any terminal."""

import io
import os
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csp.cli.census.measure import Report
from csp.cli.census.table import _columns, render
from csp.cli.census.totals import Totals

REPORTS: list[Report] = [
    ("a.py", 1_234_567, 2_345, 12, (1_000, "Class.method", 17), (9, 120), None),
    ("package/b.py", 10, 1, 0, (5, "f", 1), (3, 4), None),
    ("bad.py", 3, 0, 0, (0, "", 0), (0, 0), "SyntaxError: invalid syntax (line 2)"),
    ("gone.py", 0, 0, 0, (0, "", 0), (0, 0), "FileNotFoundError: No such file or directory"),
]

EXPECTED = """\
Census of /lib
--------------
  files                4
  lines        1,234,580
  functions        2,346
  classes             12
  with errors          2
  digest  DIGEST

Longest functions, one per file
  lines  function      where
  1,000  Class.method  a.py:17
      5  f             package/b.py:1

Deepest nesting, one per file
  blocks  where
       9  a.py:120
       3  package/b.py:4

Files that do not parse or cannot be read
  bad.py
      SyntaxError: invalid syntax (line 2)
  gone.py
      FileNotFoundError: No such file or directory

Workers
  restarts survived  3

Time
  one interpreter  12.00 s
  8 threads        12.50 s  0.96 times as fast
  csp, 8 workers    2.00 s  6.00 times as fast
"""

texts = st.text(max_size=60) | st.text("ab/ ", min_size=50, max_size=300)
encodings = st.sampled_from(["utf-8", "ascii", "latin-1", "cp437", "cp1252", "utf-16", "shift_jis", "koi8-r"])


@st.composite
def totals_of_anything(draw: st.DrawFn) -> Totals:
    """Draw totals with the worst of names and errors."""
    totals = Totals()
    for path in draw(st.sets(texts, max_size=8)):
        function = (draw(st.integers(1, 10**7)), draw(texts), draw(st.integers(1, 10**7)))
        error = draw(st.none() | texts)
        totals.add((path, draw(st.integers(0, 10**9)), 1, 1, function, (draw(st.integers(0, 99)), 1), error))
    return totals


def test_everything() -> None:
    """Columns are aligned, numbers have thousands separators, and every section is there."""
    totals = Totals(REPORTS)
    text = render(
        totals,
        "/lib",
        restarts=3,
        one_interpreter=12.0,
        threads=12.5,
        csp=2.0,
        workers=8,
        width=80,
        encoding="ascii",
    )
    assert text == EXPECTED.replace("DIGEST", totals.digest())


def test_what_is_not_known_is_not_shown() -> None:
    """What is not given has no section, and without the time of one interpreter nothing is compared."""
    text = render(Totals(REPORTS[:2]), "/lib", width=80, encoding="ascii")
    assert not {"Workers", "Time", "Files that do not parse or cannot be read"} & set(text.splitlines())
    text = render(Totals(), "/lib", csp=2.0, width=80, encoding="ascii")
    assert "Longest" not in text
    assert text.endswith("\nTime\n  csp, workers  2.00 s\n")
    assert "as fast" not in text


def test_no_restart_is_shown() -> None:
    """Zero restarts are a fact, and shown."""
    assert "restarts survived  0\n" in render(Totals(), "/lib", restarts=0, width=80, encoding="ascii")


def test_zero_seconds() -> None:
    """A time too short to be measured divides nothing by zero."""
    assert "0.00 s" in render(Totals(), "/lib", one_interpreter=0.0, threads=0.0, csp=0.0, width=80)


def test_top_five() -> None:
    """Five of the longest and five of the deepest are shown, the most extreme first."""
    rows: list[Report] = [(f"{n}.py", n, 1, 0, (n, f"f{n}", 1), (n, 1), None) for n in range(1, 8)]
    text = render(Totals(rows), "/lib", width=80, encoding="ascii")
    shown = [line.split()[-1] for line in text.splitlines() if ".py:1" in line]
    assert shown == [f"{n}.py:1" for n in (7, 6, 5, 4, 3)] * 2


def test_many_errors() -> None:
    """Of very many errors only the first are shown, and how many more there are."""
    rows: list[Report] = [(f"{n:04}.py", 1, 0, 0, (0, "", 0), (0, 0), "E: x") for n in range(2_000)]
    text = render(Totals(rows), "/lib", width=80, encoding="ascii")
    assert text.count("E: x") == 20
    assert text.endswith("  0019.py\n      E: x\n  and 1,980 more\n")


def test_errors_are_never_cut() -> None:
    """In a narrow terminal an error goes over several lines and loses nothing."""
    error = "SyntaxError: " + "a rather long explanation of what is wrong " * 3 + "(line 1234)"
    text = render(Totals([("x.py", 1, 0, 0, (0, "", 0), (0, 0), error)]), "/lib", width=40, encoding="ascii")
    assert error in " ".join(text.split())


def test_long_paths_keep_their_end() -> None:
    """A path too long for its column loses its beginning, where it says least."""
    path = "folder/" * 30 + "name.py"
    rows: list[Report] = [(path, 1, 1, 0, (1, "Class.method", 1), (1, 1), None)]
    text = render(Totals(rows), "/lib", width=60, encoding="utf-8")
    assert "Class.method  \N{HORIZONTAL ELLIPSIS}" in text
    assert text.count("folder/name.py:1\n") == 2
    assert "Class.method  ..." in render(Totals(rows), "/lib", width=60, encoding="ascii")


def test_control_characters_are_escaped() -> None:
    """A file name cannot move the cursor, colour the terminal or begin a line."""
    report: Report = ("\x1b[31m\n\r\u202e\udcff.py", 1, 1, 0, (1, "f", 1), (1, 1), "E: \x1b\x07")
    text = render(Totals([report]), "/lib\x1b", width=100, encoding="utf-8")
    assert r"\x1b[31m\n\r\u202e\udcff.py" in text
    assert r"E: \x1b\x07" in text
    assert set(text) - {"\n"} == {c for c in text if c.isprintable()}


@given(totals_of_anything(), texts, st.integers(1, 200), encodings)
def test_always_fits(totals: Totals, root: str, width: int, encoding: str) -> None:
    """Whatever the names are, every line fits, the text can be encoded, and it ends in one newline."""
    text = render(
        totals,
        root,
        restarts=12,
        one_interpreter=1e6,
        threads=1e-9,
        csp=3.0,
        workers=128,
        width=width,
        encoding=encoding,
    )
    text.encode(encoding)
    lines = text.split("\n")
    assert max(map(_columns, lines)) <= max(width, 40)
    assert lines[-1] == ""
    assert lines[-2] != ""
    assert all(c.isprintable() for line in lines for c in line)


def test_wide_characters_are_aligned() -> None:
    """A character that takes two columns of a terminal is counted as two."""
    rows: list[Report] = [
        ("a.py", 1, 1, 0, (2, "変数", 1), (1, 1), None),
        ("b.py", 1, 1, 0, (1, "abcd", 1), (1, 1), None),
    ]
    text = render(Totals(rows), "/lib", width=80, encoding="utf-8")
    assert "      2  変数      a.py:1\n      1  abcd      b.py:1\n" in text


def test_what_cannot_be_written_is_escaped() -> None:
    """A character that the encoding lacks is shown by its number, so that names stay apart."""
    rows: list[Report] = [("\u5909.py", 1, 0, 0, (0, "", 0), (1, 1), None)]
    assert "  \\u5909.py:1\n" in render(Totals(rows), "/lib", width=80, encoding="latin-1")
    assert "  \u5909.py:1\n" in render(Totals(rows), "/lib", width=80, encoding="shift_jis")


def test_asks_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a width the terminal's is taken, up to 120 columns; without an encoding that of stdout."""
    rows: list[Report] = [("x" * 500 + ".py", 1, 1, 0, (1, "f", 1), (1, 1), None)]
    for columns, expected in ((70, 70), (500, 120), (10, 40)):
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), "ascii"))
        text = render(Totals(rows), "/lib")
        assert text.isascii()
        assert max(map(len, text.splitlines())) == expected
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), "utf-8"))
    assert "\N{BOX DRAWINGS LIGHT HORIZONTAL}" in render(Totals(rows), "/lib")


@pytest.mark.parametrize("encoding", [None, "no-such-encoding", "hex", "undefined"])
def test_unknown_encoding_is_ascii(encoding: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the encoding is not known, or there is no stdout, the text is ASCII."""
    monkeypatch.setattr(sys, "stdout", None)
    assert render(Totals(REPORTS), f"/lib{os.sep}\xe9", width=80, encoding=encoding).isascii()
