"""What a kill does about an actor that waits outside of csp: it ends in a moment, or its line is named."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from elsewhere import WAYS

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "how-to" / "stop-things.md"
ENDS, NAMED = "within milliseconds", "no: named, then cut off"


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """(way, function, seconds until it had ended or None) of all, and the lines on stderr that name an actor."""
    command = [sys.executable, HERE / "elsewhere.py"]
    ran = subprocess.run(
        command, cwd=tmp_path_factory.mktemp("elsewhere"), capture_output=True, text=True, timeout=100, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout), re.findall(r"an actor that was killed does not end.*", ran.stderr)


@pytest.mark.timeout(120)
def test_the_table_of_the_docs_is_what_is_measured(measured):
    """A kill ends what waits outside of csp as the table in stop-things.md says: every row was tried, and no other."""
    ended = {way: all(took is not None for other, _, took in measured[0] if other == way) for way in WAYS}
    rows = re.findall(
        r"^\| (.*?) \| (.*?) \|$", PAGE.read_text().partition("## What waits outside of csp")[2], re.MULTILINE
    )
    told = {way: ends for way, ends in rows if ends in {ENDS, NAMED}}
    assert told == {way: ENDS if yes else NAMED for way, yes in ended.items()}


@pytest.mark.timeout(120)
def test_what_cannot_be_ended_is_named_with_its_line(measured):
    """An actor that a kill cannot end is named on standard error while it is waited for, with the line of its Python:
    also while C code keeps its GIL.
    """
    stubborn = [function for _, function, took in measured[0] if took is None]
    assert len(measured[1]) == len(stubborn)
    assert "elsewhere.py" in measured[1][0]
    assert "in compute_in_c: sum(range(2_000_000_000))" in measured[1][0]
    assert re.search(r"re/__init__\.py.*in (prefix)?match", measured[1][1])
