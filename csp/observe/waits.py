"""The wait graph as values: who waits for what, since when, until when, and who could end it.

It is read from outside, without entering any interpreter, so it also tells of those that are stuck. Two looks are
taken: what is called stuck was found in both, so it had lasted in between, and all of it at once.
"""

import sys
from dataclasses import dataclass

from csp import _native
from csp._native import self_id, thread_count, wait_graph

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from csp._native import _Edge

_IN_A_MESSAGE = 0  # the holder of ends that are on their way
_DOES = {
    "channel": {"receive": "receives from", "send": "sends to"},
    "Event": {"receive": "waits for"},
    "Barrier": {"receive": "waits at"},
    "Condition": {"receive": "waits on"},
}
_COULD = {"receive": "Senders", "send": "Receivers"}


@dataclass(frozen=True, slots=True)
class Peer:
    """An interpreter that could end a wait, because it has what that takes."""

    name: str
    """The interpreter's name: ``main``, or that of its actor or process; "" for an end inside a message."""
    number: int
    """Its number, which is never used again; 0 for an end inside a message."""
    handles: int
    """How many handles it has, of the other direction of a channel."""


@dataclass(frozen=True, slots=True)
class Awaited:
    """One of the things that a wait is for; a select waits for several at once."""

    operation: str
    """``receive``, ``send``, or ``answer`` (of a call). To acquire a lock, or to wait for an event, is to receive."""
    thing: str
    """``channel``, ``call``, or the class of a synchronisation object: ``Lock``, ``Event``, ..."""
    channel: int | None
    """Its number, as its repr shows it; of a channel also the ``channel_id`` of its ends. None for a call."""
    peers: tuple[Peer, ...]
    """Who could end it. Of a call: who has taken it; nobody yet, if it still stands in a mailbox."""

    def __str__(self) -> str:
        if self.operation == "answer":
            taken = f"from {_named(self.peers)}" if self.peers else "of a call that nobody has taken yet"
            return f"waits for the answer {taken}"
        does = _DOES.get(self.thing, {}).get(self.operation, "waits for")
        has = _COULD[self.operation] if self.thing == "channel" else "who could let it go"
        return f"{does} {self.thing} {self.channel} ({has}: {_named(self.peers) or 'nobody'})"


@dataclass(frozen=True, slots=True)
class Wait:
    """One thread that waits inside csp, or one posted message (the call of a future) that stands in line."""

    name: str
    """The waiting interpreter's name: ``main``, or that of its actor or process."""
    number: int
    """Its number, which is never used again."""
    thread: int
    """The thread's number in csp; 0: a posted message, for which no thread waits."""
    since: float | None
    """Instant of ``time.monotonic()`` since when the thread sleeps; None: it does not sleep yet, or is no thread."""
    deadline: float | None
    """Instant of ``time.monotonic()`` at which the wait ends by itself; None: never."""
    awaited: tuple[Awaited, ...]
    """What it is for. Any one of these ends it."""
    stuck: bool
    """Whether all who could end it are stuck themselves: each of their listed threads waits without a deadline.

    Then only a thread that does not wait in csp could end it, if one of these interpreters has any. Of the interpreter
    that asks, that is known: while one of its threads does not wait, it is not stuck.
    """

    @property
    def for_itself(self) -> bool:
        """Whether nobody but the waiting interpreter itself could end it."""
        peers = [peer.number for one in self.awaited for peer in one.peers]
        return bool(peers) and all(number == self.number for number in peers)

    def __str__(self) -> str:
        return self.described(_native.now())

    def described(self, now: float) -> str:
        """In words; *now* is an instant of ``time.monotonic()``."""
        who = f"{self.name} ({self.number})" if self.thread else f"a future's call of {self.name} ({self.number})"
        what = ", or ".join(map(str, self.awaited))
        since = f", for {now - self.since:.1f} s" if self.since is not None else ""
        itself = ", which nobody but itself could end" if self.for_itself else ""
        left = "no deadline" if self.deadline is None else f"{max(0.0, self.deadline - now):.1f} s left"
        return f"{who} {what}{itself}{since}, {left}{', STUCK' if self.stuck else ''}"


class Waits(tuple[Wait, ...]):
    """All waits of the process, those that sleep longest first. Print it."""

    __slots__ = ()

    @property
    def stuck(self) -> Waits:
        """Those of them that are stuck."""
        return Waits(wait for wait in self if wait.stuck)

    def __str__(self) -> str:
        now = _native.now()
        lines = [f"{len(self)} wait{'s' * (len(self) != 1)} in csp", *(f"  {wait.described(now)}" for wait in self)]
        lines += [f"STUCK: {ring}" for ring in _rings(self.stuck)]
        if len(lines) > 1 + len(self):
            lines.append("Only a thread of theirs that does not wait in csp could end that.")
        return "\n".join(lines)


def waits() -> Waits:
    """Who waits for what, in all interpreters of this process, and who could end it.

    It enters no interpreter and waits for no thread, however stuck: it holds each channel's lock only while it reads
    who stands there. Its time grows with the channels, about ten microseconds for each, and with their handles.

    A thread that computes, sleeps (also in csp.sleep) or is in a system call is not listed: it waits for nobody here.
    What the library waits for by itself is listed, too; an actor that has nothing to do receives from its mailbox.
    """
    before = wait_graph()
    return _read(before, wait_graph(), self_id(), thread_count())


# ---- reading ---------------------------------------------------------------------------------------------------------


def _named(peers: Iterable[Peer]) -> str:
    return ", ".join(f"{peer.name} ({peer.number})" if peer.number else "one inside a message" for peer in peers)


def _rings(stuck: Waits) -> list[str]:
    """Who waits for whom, from each on to the first that could end its wait, until it comes round."""
    names = {wait.number: f"{wait.name} ({wait.number})" for wait in stuck}
    after = {wait.number: peer.number for wait in stuck for one in wait.awaited for peer in one.peers}
    shown: set[int] = set()
    rings: list[str] = []
    for number, name in names.items():
        path = [number]
        while path[-1] not in shown:
            shown.add(path[-1])
            path.append(after[path[-1]])
        if path == [number, number]:
            rings.append(f"{name} waits for itself")
        elif len(path) > 1:
            first, *others = (names[one] for one in path)
            rings.append(f"{first} waits for {', which waits for '.join(others)}")
    return rings


def _key(edge: _Edge) -> tuple[object, ...]:
    """Give a key that all edges of one wait share, and no other wait has."""
    _, holder, _, thread, channel, _, way, _, _, _, wait, _ = edge
    return (thread, wait) if thread else (0, holder, channel, way, wait)


def _read(before: list[_Edge], after: list[_Edge], me: int, threads: int) -> Waits:
    """Read what two looks say to the interpreter *me*, which has so many threads."""
    # Asleep at the first look: then it had taken its place in all channels that it waits for.
    lasting = {_key(edge) for edge in before if edge[0] != "holds" and edge[9] is not None}
    names = {edge[1]: edge[2] for edge in after}
    holders: dict[tuple[int, str], list[Peer]] = {}
    of_wait: dict[tuple[object, ...], list[_Edge]] = {}
    for edge in after:
        kind, holder, name, _, channel, _, way, _, count, _, _, _ = edge
        if kind == "holds":
            holders.setdefault((channel, way), []).append(Peer(name, holder, count))
        else:
            of_wait.setdefault(_key(edge), []).append(edge)
    found: dict[tuple[object, ...], tuple[_Edge, tuple[Awaited, ...]]] = {}
    for key, edges in of_wait.items():
        asking = [edge for edge in edges if edge[0] == "asks"]
        awaited = [_awaited(edge, holders, names) for edge in asking or edges]
        found[key] = edges[0], tuple(awaited)
    of_threads = {key: one for key, one in found.items() if one[0][3]}
    mine = sum(edge[1] == me for edge, _ in of_threads.values())
    stuck = _stuck(of_threads, lasting, {me} if mine < threads else set())
    seen = [
        Wait(edge[2], edge[1], edge[3], edge[9], edge[7], awaited, key in stuck)
        for key, (edge, awaited) in found.items()
    ]
    now = _native.now()
    return Waits(sorted(seen, key=lambda wait: (wait.since or now, wait.number, wait.thread)))


def _awaited(edge: _Edge, holders: dict[tuple[int, str], list[Peer]], names: dict[int, str]) -> Awaited:
    kind, _, _, _, channel, asked, way, _, _, _, _, thing = edge
    if kind == "asks":
        peers = (Peer(names.get(asked, ""), asked, 1),) if asked else ()
        return Awaited("answer", "call", None, peers)
    other = "send" if way == "receive" else "receive"
    return Awaited(way, thing, channel, tuple(holders.get((channel, other), ())))


def _stuck(
    found: dict[tuple[object, ...], tuple[_Edge, tuple[Awaited, ...]]],
    lasting: set[tuple[object, ...]],
    running: set[int],
) -> set[tuple[object, ...]]:
    """Find the waits that nobody can end who does not wait in one: the largest set that depends on itself alone."""
    stuck = {key for key, (edge, _) in found.items() if edge[7] is None and key in lasting}
    while True:
        free = running | {edge[1] for key, (edge, _) in found.items() if key not in stuck}
        blocked = {found[key][0][1] for key in stuck} - free
        can_go_on = {key for key in stuck if not all(_ends_in(one, blocked) for one in found[key][1])}
        if not can_go_on:
            return stuck
        stuck -= can_go_on


def _ends_in(awaited: Awaited, blocked: set[int]) -> bool:
    return bool(awaited.peers) and all(peer.number in blocked for peer in awaited.peers)


# ---- a hint ----------------------------------------------------------------------------------------------------------

_hinted: set[int] = set()


def hint() -> None:
    """Say, in main's thread, which has waited for a while, where it waits for itself; once for a channel.

    Only where every thread of this interpreter is stuck, and no signal handler of the program could end it. What a
    signal handler raises goes through.
    """
    from signal import default_int_handler, getsignal, valid_signals

    handled = (getsignal(number) for number in valid_signals())
    if any(callable(handler) and handler is not default_int_handler for handler in handled):
        return
    try:  # from here on an Exception is no signal handler's
        text = _hint(waits())
        if text is not None and sys.stderr is not None:
            sys.stderr.write(text)
            sys.stderr.flush()
    except Exception:  # noqa: BLE001, S110  (a hint that cannot be given is none)
        pass


def _hint(seen: Waits) -> str | None:
    me = self_id()
    alone = [wait for wait in seen.stuck if wait.number == me and wait.for_itself]
    told = [one for wait in alone for one in wait.awaited if one.channel is not None and one.channel not in _hinted]
    _hinted.update(one.channel for one in told if one.channel is not None)
    lines = [
        f"csp: main waits without a deadline and {one}: it waits for itself. {_way_out(one)} "
        "(docs/how-to/debug-a-hang.md)\n"
        for one in told
    ]
    return "".join(lines) or None


def _way_out(awaited: Awaited) -> str:
    if awaited.thing != "channel":
        return "No other interpreter has a handle of it"
    if awaited.operation == "receive":
        return "Close the Senders that were given away"
    return "Give a Receiver to who is to receive, or the channel a buffer"
