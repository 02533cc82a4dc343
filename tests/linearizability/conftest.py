"""What all tests of this folder run with: a crew of each kind."""

import sys
from pathlib import Path

import pytest
from crew import KINDS, Crew

sys.path.append(str(Path(__file__).parent))  # the members import players.py


@pytest.fixture(scope="module", params=list(KINDS))
def crew(request):
    """Four processes of one kind."""
    made = Crew(request.param, 4)
    yield made
    assert made.replace_the_stuck() == 0
    made.end()
