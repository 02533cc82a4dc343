"""Dining philosophers of the tests of this folder: a fork is a message in a channel of capacity 1, which lies there or
is in somebody's hand.

A philosopher has only the ends that its two hands need, so that the wait graph knows who could put down which fork.
"""


def dine(near, far, told, go, pause):
    """Eat once, with a pause after so many forks: say so, and wait for the order to go on. Hands are pairs of ends."""
    (near_tx, near_rx), (far_tx, far_rx) = near, far
    fork = near_rx.recv()
    if pause == 1:
        told.send(None)
        go.recv()
    other = far_rx.recv()
    if pause == 2:
        told.send(None)
        go.recv()
    far_tx.send(other)
    near_tx.send(fork)


def dine_often(near, far, meals):
    """Eat so often, without a word; gives how often."""
    (near_tx, near_rx), (far_tx, far_rx) = near, far
    for _ in range(meals):
        fork = near_rx.recv()
        other = far_rx.recv()
        far_tx.send(other)
        near_tx.send(fork)
    return meals
