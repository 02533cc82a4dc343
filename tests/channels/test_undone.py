"""Messages that go back to their channel, because whoever received them could not use them."""

import pytest

import csp

_full = []


class Unreadable:
    """Whoever reads it fills the channel that it came from, and fails."""

    def __init__(self, tx):
        self.tx = tx

    def __reduce__(self):
        _full.append(self.tx)
        return _fill_and_fail, ()


def _fill_and_fail():
    _full.pop().send_many([3, 4, 5])
    raise ValueError("on purpose")


def test_what_went_back_is_the_oldest():
    """It stands beside the buffer, takes no place of it, and is the first that "drop_oldest" drops."""
    tx, rx = csp.channel(3, overflow="drop_oldest")
    tx.send_many([Unreadable(tx), 1, 2])
    with pytest.raises(ValueError, match="on purpose"):
        rx.recv_many(3)
    assert len(rx) == 5
    tx.send(6)
    assert (rx.recv(), tx.statistics().dropped) == (2, 1)
    tx.send_many([7, 8])
    assert (rx.recv_many(9), tx.statistics().dropped) == ([5, 6, 7, 8], 3)
