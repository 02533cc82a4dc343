"""What a pipeline is to do: its stages, validated, before anything runs."""

import os

from csp.arguments import whole
from csp.hosts.importing import path_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Function:
    """A function that workers call for each item: a map's, or with *keeps* a filter's."""

    __slots__ = ("keeps", "module", "name")

    def __init__(self, fn: Callable[..., object], keeps: bool) -> None:
        what = "a filter's function" if keeps else "a map's function"
        if not callable(fn):
            raise TypeError(f"{what} must be callable, not {fn!r}")
        self.keeps = keeps
        self.module, self.name = path_of(fn, what)


class Stage:
    """Workers that do the same: each applies all *functions* to the items it takes."""

    __slots__ = ("functions", "ordered", "window", "workers")

    def __init__(self, functions: tuple[Function, ...], workers: int, ordered: bool, window: int | None) -> None:
        self.functions = functions
        self.workers = workers
        self.ordered = ordered
        self.window = window

    @property
    def name(self) -> str:
        """For people: the names of its functions."""
        return "+".join(function.name for function in self.functions)


class Batch:
    """Groups of *size* items, put together by the caller."""

    __slots__ = ("size",)

    def __init__(self, size: int) -> None:
        self.size = whole(size, 1, "batch: the number of items")


type Step = Stage | Batch


def leading_batches(steps: tuple[Step, ...]) -> tuple[tuple[int, ...], tuple[Step, ...]]:
    """Give the sizes of the batches in front of all other steps, and the steps behind them."""
    sizes: list[int] = []
    for step in steps:
        if not isinstance(step, Batch):
            break
        sizes.append(step.size)
    return tuple(sizes), steps[len(sizes) :]


def with_function(
    steps: tuple[Step, ...], function: Function, workers: int | None, ordered: bool, window: int | None
) -> tuple[Step, ...]:
    """Add one function to the steps: in the workers of the step before, unless it asks for any of its own."""
    what = "filter" if function.keeps else "map"
    if workers is not None:
        whole(workers, 1, f"{what}: the number of workers")
    if window is not None:
        whole(window, 1, f"{what}: the window, how many items may be under way,")
    if ordered is not True and ordered is not False:
        raise TypeError(f"{what} takes ordered=True or ordered=False, not {ordered!r}")
    last = steps[-1] if steps else None
    if isinstance(last, Stage) and workers is None and window is None:
        fused = Stage((*last.functions, function), last.workers, last.ordered and ordered, last.window)
        return (*steps[:-1], fused)
    return (*steps, Stage((function,), workers or os.process_cpu_count() or 1, ordered, window))
