"""What a channel is, in plain Python: who waits, what is held, which handles are open, and the counts.

Operations of the model never wait. ``send`` and ``receive`` give what a real operation that may not wait gives: a
value, or the name of an exception. ``park_sender`` and ``park_receiver`` put somebody in line; who is served later
stands in ``served``, as (who, outcome), in the order in which it happened.

Who stands in the lines of several channels, as a select does, is (a number, the place of the guard), and the channels
know each other as ``peers``: served in one line, it leaves all.
"""

from collections import deque
from dataclasses import dataclass, field

SENDER, RECEIVER = "sender", "receiver"


@dataclass
class Channel:
    """One channel."""

    capacity: int
    overflow: str = "block"
    held: deque = field(default_factory=deque)
    handles: dict = field(default_factory=lambda: {SENDER: 1, RECEIVER: 1})
    senders: deque = field(default_factory=deque)  # (who, handle, value)
    receivers: deque = field(default_factory=deque)  # (who, handle)
    served: list = field(default_factory=list)
    peers: list = field(default_factory=list)
    sent: int = 0
    received: int = 0
    dropped: int = 0
    undelivered: int = 0
    aborted: bool = False

    @property
    def broken(self):
        """Whether nobody will receive any more."""
        return self.aborted or self.handles[RECEIVER] == 0

    @property
    def over(self):
        """Whether nobody will send any more."""
        return self.aborted or self.handles[SENDER] == 0

    def can_send(self):
        """Whether a send would not have to wait, be it that it fails."""
        return self.broken or self.receivers or self.overflow != "block" or len(self.held) < self.capacity

    def can_receive(self):
        """Whether a receive would not have to wait, be it that it fails."""
        return self.over or self.held or self.senders

    def send(self, value):
        """Send one message, at once or not."""
        if self.broken:
            return "BrokenChannel"
        if self.receivers:
            who, _ = self.receivers.popleft()
            self.sent += 1
            self.received += 1
            self._serve(who, value)
            return None
        full = len(self.held) >= self.capacity
        if full and (self.capacity == 0 or self.overflow in {"block", "error"}):
            return "WouldBlock"
        self.sent += 1
        self.dropped += full
        if full and self.overflow == "drop_newest":
            self.lose(value)
            return None
        oldest = self.held.popleft() if full else None
        self.held.append(value)
        if full:
            self.lose(oldest)
        return None

    def receive(self):
        """Receive one message, at once or not."""
        if self.held:
            value = self.held.popleft()
            if self.senders:
                self.held.append(self._from_first_sender())
        elif self.senders:
            value = self._from_first_sender()
        else:
            return "EndOfChannel" if self.over else "WouldBlock"
        self.received += 1
        return value

    def _from_first_sender(self):
        who, _, value = self.senders.popleft()
        self.sent += 1
        self._serve(who, None)
        return value

    def _serve(self, who, outcome):
        self.served.append((who, outcome))
        for peer in self.peers:
            peer.leave(who[0])

    def leave(self, number):
        """Whoever has that number leaves both lines."""
        for line in (self.senders, self.receivers):
            for parked in [parked for parked in line if parked[0][0] == number]:
                line.remove(parked)

    def park_sender(self, who, handle, value):
        """Somebody waits to send *value* through *handle*."""
        self.senders.append((who, handle, value))

    def park_receiver(self, who, handle):
        """Somebody waits to receive through *handle*."""
        self.receivers.append((who, handle))

    def clone(self, direction):
        """One more handle."""
        self.handles[direction] += 1

    def close(self, direction, handle=None):
        """One handle less; who waits through it, if it is named, learns that it is closed."""
        for line in (self.senders, self.receivers):
            for parked in [parked for parked in line if handle is not None and parked[1] == handle]:
                if parked in line:
                    line.remove(parked)
                    self._serve(parked[0], "ClosedEnd")
        self.handles[direction] -= 1
        if self.handles[direction] == 0:
            if direction == SENDER:
                self._release(self.receivers, "EndOfChannel")
            else:
                self._break()
        elif direction == RECEIVER and self._in_own_buffer() == self.handles[RECEIVER]:
            self._break()  # nobody could ever receive what would have to be received first

    def _in_own_buffer(self):
        return sum(
            isinstance(value, Handle) and value.channel is self and value.direction == RECEIVER for value in self.held
        )

    def abort(self):
        """The end of both directions."""
        if not self.aborted:
            self.aborted = True
            self._release(self.receivers, "EndOfChannel")
            self._break()

    def _break(self):
        self._release(self.senders, "BrokenChannel")
        while self.held:  # one that is lost may hold the last handle, so that we come here again in the middle
            self.undelivered += 1
            self.lose(self.held.popleft())

    def _release(self, line, outcome):
        while line:
            self._serve(line.popleft()[0], outcome)

    def lose(self, value):
        """A message is gone, with the handle that it may hold."""
        if isinstance(value, Handle):
            value.channel.close(value.direction)


@dataclass(frozen=True)
class Handle:
    """A message that holds a handle of a channel."""

    channel: Channel = field(compare=False, repr=False)
    direction: str
