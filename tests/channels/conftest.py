"""What the tests of channels share."""

import pytest

import csp


@pytest.fixture
def rx():
    """The receiving end of a channel on which nothing ever arrives."""
    tx, rx = csp.channel()
    with tx, rx:
        yield rx
