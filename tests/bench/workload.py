"""What a workload is: a name, what it measures, and the peers that do the same work each in its own way.

A peer is a generator function. It gets a Scale, sets its machinery up, yields one figure per round for as long as it is
asked, and takes everything down when it is closed. It runs in a process of its own (see child.py).

Workers import the files of ``workloads`` inside fresh interpreters and processes, so neither this file nor those import
anything heavy at their top.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# One for each measure; None: this peer does not do that.
type Figure = float | tuple[float | None, ...]
type Peer = Callable[[Scale], Iterator[Figure]]

FREE = "free"
PINNED = "pinned"
LESS = "less"
MORE = "more"


class Unavailable(Exception):
    """This peer cannot run here; the text says why. It is left out, and the reason is shown."""


class Scale:
    """How much a round does."""

    __slots__ = ("quick", "seconds")

    def __init__(self, *, quick: bool) -> None:
        self.quick = quick
        self.seconds = 0.04 if quick else 0.4

    def pick(self, normal: int, quick: int) -> int:
        """A count for workloads whose rounds are not measured out in seconds."""
        return quick if self.quick else normal


class Measure:
    """One column of figures: ``unit``, and whether LESS or MORE of it is better."""

    __slots__ = ("better", "name", "unit")

    def __init__(self, name: str, unit: str, better: str) -> None:
        self.name = name
        self.unit = unit
        self.better = better


class Workload:
    """A workload; its peers sign up with the ``peer`` decorator, ours first."""

    def __init__(self, name: str, *measures: Measure, cpus: tuple[str, ...], rounds: int = 7) -> None:
        self.name = name
        self.measures = measures
        self.cpus = cpus
        self.rounds = rounds
        self.peers: dict[str, Peer] = {}

    def peer(self, name: str) -> Callable[[Peer], Peer]:
        """Sign a generator function up under *name*. The first is the one all others are compared with."""

        def sign_up(function: Peer) -> Peer:
            assert name not in self.peers, name
            self.peers[name] = function
            return function

        return sign_up


def timed(run: Callable[[int], float], scale: Scale, first: int = 8) -> Iterator[tuple[int, float]]:
    """Yield ``(count, seconds)`` per round, where *run* does ``count`` operations and returns the seconds they took.

    The count is found by doing more and more, which warms up as well, and then stays. The very first run tells
    nothing about it, because the workers may still be starting.
    """
    count = first
    run(count)
    while (elapsed := run(count)) < scale.seconds / 4:
        count = int(count * min(16.0, max(2.0, 0.5 * scale.seconds / max(elapsed, 1e-9))))
    count = max(1, int(count * min(8.0, scale.seconds / elapsed)))
    while True:
        yield count, run(count)


def each_us(run: Callable[[int], float], scale: Scale, first: int = 8) -> Iterator[float]:
    """Yield microseconds per operation."""
    for count, seconds in timed(run, scale, first):
        yield seconds / count * 1e6


def per_second(run: Callable[[int], float], scale: Scale, first: int = 8) -> Iterator[float]:
    """Yield operations per second."""
    for count, seconds in timed(run, scale, first):
        yield count / seconds
