"""What the wait graph says of a deadlock: who waits for whom, and whether anything could still move.

A process is a holder. Its wait on a channel is over when a holder of the other direction does something; so those are
deadlocked who all wait, and on channels whose other direction is held by none but the deadlocked. Each channel is read
in one instant, different ones in different instants: what is found is true if in between nothing was transferred.
"""

from csp._native import channel_statistics, wait_graph


def cycle(channels):
    """The deadlocked of these channels, as pairs (who, by whom it waits), both holders; none if somebody could go on.

    Also none if something moved meanwhile: then it was no deadlock.
    """
    before = _moves(channels)
    edges = [edge for edge in wait_graph() if edge[4] in channels]
    if _moves(channels) != before:
        return set()
    waits = {(holder, channel, way) for kind, holder, _, _, channel, _, way, *_ in edges if kind == "waits"}
    holds = {(holder, channel, way) for kind, holder, _, _, channel, _, way, *_ in edges if kind == "holds"}

    def wakers(channel, way):
        return {holder for holder, held, other in holds if held == channel and other != way}

    stuck = {holder for holder, _, _ in waits}
    while True:
        free = {who for who, channel, way in waits if who in stuck and wakers(channel, way) - stuck}
        if not free:
            break
        stuck -= free
    return {(who, by) for who, channel, way in waits if who in stuck for by in wakers(channel, way) - {who}}


def _moves(channels):
    seen = [channel_statistics(channel) for channel in channels]
    return [(one.sent, one.received) for one in seen]
