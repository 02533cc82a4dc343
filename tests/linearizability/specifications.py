"""What channels are, one operation at a time: the specifications that histories are held to.

Operations: ``send`` and ``recv`` of (channel, value), ``close_sender`` and ``close_receiver`` of a channel, ``abort``,
and ``select`` of ((channel, value or RECEIVE), ...). Results of a send: OK, NOT_NOW (it would have to wait, or waited
in vain), BROKEN; of a receive: the value, NOT_NOW, END; of a select: (guard, result of that guard), or NOT_NOW, BROKEN
or END alone, as an exception does not say from which guard it came.
"""

from typing import NamedTuple

OK, NOT_NOW, BROKEN, END, RECEIVE = "ok", "not now", "broken", "end", "receive"


class Buffer(NamedTuple):
    """The state of one channel."""

    held: tuple[int, ...]
    senders: int
    receivers: int


class Buffered:
    """Channels with buffers: bounded queues, first in, first out, with an end on each side."""

    def __init__(self, capacities, processes, overflow="block"):
        self.capacities = capacities
        self.overflow = overflow
        self.start = tuple(Buffer((), processes, processes) for _ in capacities)

    def steps(self, history):
        """Every operation takes effect alone."""
        return [(i,) for i in range(len(history))]

    def after(self, state, operations):
        """The state after the one operation, or None if its result could not be."""
        (operation,) = operations
        if operation.name == "select":
            return self._select(state, operation)
        number = operation.argument[0]
        following = self._one(number, state[number], operation.name, operation.argument[1:], operation.result)
        return following and (*state[:number], following, *state[number + 1 :])

    def _select(self, state, operation):
        result = operation.result
        if type(result) is str:
            possible = [
                self._one(number, state[number], *_operation_of(value), result) is not None
                for number, value in operation.argument
            ]
            # NOT_NOW: no guard was ready at that instant. Else: some guard's channel was over.
            return state if (all if result == NOT_NOW else any)(possible) else None
        guard, result = result
        number, value = operation.argument[guard]
        name, given = _operation_of(value)
        following = self._one(number, state[number], name, given, result)
        return following and (*state[:number], following, *state[number + 1 :])

    def _one(self, number, buffer, name, given, result):
        held, senders, receivers = buffer
        if name == "send":
            return self._send(self.capacities[number], buffer, given[0], result)
        if name == "recv":
            if receivers <= 0 or not held:
                over = receivers <= 0 or senders <= 0
                return buffer if result == (END if over else NOT_NOW) else None
            return buffer._replace(held=held[1:]) if result == held[0] else None
        if name == "close_sender":
            return buffer._replace(senders=senders - 1)
        if name == "close_receiver":
            return Buffer(held if receivers > 1 else (), senders, receivers - 1)
        assert name == "abort", name
        return Buffer((), senders, 0)

    def _send(self, capacity, buffer, value, result):
        held = buffer.held
        if buffer.receivers <= 0:
            return buffer if result == BROKEN else None
        if len(held) < capacity:
            return buffer._replace(held=(*held, value)) if result == OK else None
        if self.overflow == "drop_oldest":
            return buffer._replace(held=(*held[1:], value)) if result == OK else None
        if self.overflow == "drop_newest":
            return buffer if result == OK else None
        return buffer if result == NOT_NOW else None


class Rendezvous:
    """Channels without: a send and the receive of its value are one event, so that both are under way at that instant.

    When a try fails depends on whether the other side had already parked, which no clock of ours sees: it always may.
    """

    def __init__(self, channels, processes):
        self.start = tuple(Buffer((), processes, processes) for _ in range(channels))

    def steps(self, history):
        """Each send with its receive; None if a value was received twice, never sent, or sent and not received."""
        givers, takers, steps = {}, {}, []
        for i, operation in enumerate(history):
            sent, received = _moved(operation)
            for moved, by in ((sent, givers), (received, takers)):
                if moved is not None and by.setdefault(moved, i) != i:
                    return None
            if sent is None and received is None:
                steps.append((i,))
        if givers.keys() != takers.keys() or any(givers[moved] == takers[moved] for moved in givers):
            return None
        return steps + [(giver, takers[moved]) for moved, giver in givers.items()]

    def after(self, state, operations):
        """The state after a transfer, or after an operation that moved nothing."""
        if len(operations) == 2:
            number = _moved(operations[0])[0][0]
            _, senders, receivers = state[number]
            return state if senders > 0 and receivers > 0 else None
        (operation,) = operations
        if operation.name == "select":
            possible = [self._may_end(state[number], operation.result) for number, _ in operation.argument]
            return state if operation.result == NOT_NOW or any(possible) else None
        number = operation.argument[0]
        buffer = state[number]
        if operation.name == "close_sender":
            buffer = buffer._replace(senders=buffer.senders - 1)
        elif operation.name == "close_receiver":
            buffer = buffer._replace(receivers=buffer.receivers - 1)
        elif operation.name == "abort":
            buffer = buffer._replace(receivers=0, senders=0)
        elif operation.result != NOT_NOW and not self._may_end(buffer, operation.result):
            return None
        return (*state[:number], buffer, *state[number + 1 :])

    def _may_end(self, buffer, result):
        return (result == BROKEN and buffer.receivers <= 0) or (result == END and buffer.senders <= 0)


def _operation_of(value):
    return ("recv", ()) if value == RECEIVE else ("send", (value,))


def _moved(operation):
    """((channel, value) that it sent, (channel, value) that it received), None for what it did not."""
    name, argument, result = operation.name, operation.argument, operation.result
    if name == "select" and type(result) is not str:
        guard, result = result
        number, value = argument[guard]
        name, given = _operation_of(value)
        argument = (number, *given)
    if name == "send" and result == OK:
        return argument, None
    if name == "recv" and result not in {NOT_NOW, END}:
        return None, (argument[0], result)
    return None, None
