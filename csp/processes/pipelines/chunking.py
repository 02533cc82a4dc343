"""How many items travel in one message, and how many may be under way.

A chunk is one item, unless the stages have been seen to take mere microseconds for one, with its copying: then a chunk
is as many as they do in TARGET, so that the cost of a message is shared.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from csp.processes.pipelines.stages import Stage

# Nanoseconds of work in a chunk: some ten times what a message costs that finds its receiver asleep.
TARGET = 200_000
# Items in a chunk, at most.
MOST = 1024
# By how much the default window grows for stages of microseconds, when items must go one by one.
DEEPEN = 64


class Chunking:
    """The sizes for some stages that are linked; they follow what chunks are seen to cost.

    Args:
        stages: whose windows and workers decide how many items may be under way.
        one_by_one: an item goes in before the next is asked for, so that no chunk holds more than one.

    Attributes:
        chunk: items in a chunk, at most.
        limit: items under way, at most.
    """

    __slots__ = ("_cost", "_last", "_most", "_one_by_one", "_share", "_size", "_window", "chunk", "limit")

    def __init__(self, stages: Sequence[Stage], *, one_by_one: bool) -> None:
        self._one_by_one = one_by_one
        # Each worker has an item, and one to go on with; two more are on their way.
        self._share = sum(2 * stage.workers + 2 for stage in stages)
        given = any(stage.window for stage in stages)
        self._window = sum(stage.window or 2 * stage.workers + 2 for stage in stages) if given else 0
        # Sizes beyond this change nothing.
        self._most = max(1, self._window // self._share) if given else DEEPEN if one_by_one else MOST
        self._cost = 0.0  # nanoseconds that an item takes
        self._last = 0.0  # ... in the last chunk
        self._size = 0  # items that are done in TARGET
        self._resize(1)

    def learn(self, count: int, cost: int) -> None:
        """Hear what a chunk of *count* items took, in nanoseconds; set the sizes by it."""
        size = self._size
        if size < self._most or cost * size > TARGET * count:
            # What two chunks in a row took: one alone may have lost its CPU for a while. Slower is believed sooner than
            # faster: a chunk that is too large delays, one that is too small only costs.
            this = cost / count or 1.0
            each, self._last = min(this, self._last or this), this
            mean = self._cost or each
            self._cost = mean = mean + (each - mean) / (2 if each > mean else 4)
            self._resize(max(1, min(int(TARGET / mean), size * 2, self._most)))

    def _resize(self, size: int) -> None:
        self._size = size
        self.chunk = 1 if self._one_by_one else size
        self.limit = self._window or self._share * size
