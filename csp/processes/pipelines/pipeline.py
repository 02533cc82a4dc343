"""Pipelines: an iterable, functions that run on it in interpreters of their own, and what becomes of the results."""

from csp._native import unseen, unseen_iterator
from csp.arguments import seconds
from csp.generic import Generic, T_co
from csp.hosts.crew import GRACE
from csp.processes.pipelines.stages import Batch, Function, leading_batches, with_function

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable
    from typing import Any

    from csp.processes.pipelines.figures import Figures
    from csp.processes.pipelines.progress import Progress
    from csp.processes.pipelines.stages import Step
    from csp.processes.pipelines.statistics import PipelineStatistics


@unseen
def pipeline[T](iterable: Iterable[T], *, grace: float = GRACE) -> Pipeline[T]:
    """Work on the items of *iterable* in many interpreters at once.

    .. code-block:: python

        total = csp.pipeline(paths).map(parse, workers=4).filter(interesting).batch(64).reduce(merge, {})

    A pipeline is a value: each method gives a new one. Nothing runs before it is asked for results, by iterating over
    it or by ``collect``, ``reduce`` or ``for_each``. Then the workers are started, each an interpreter with its own
    GIL, and when the results are over, or the iteration is closed, they have ended.

    **What runs where.** The functions of map and filter are imported by the workers by name, so they must be defined at
    module level; items and results travel as messages do (copied). *iterable*, batch, and the functions of reduce and
    for_each belong to the caller and run in its thread, which feeds the workers while it collects. So an iterable that
    makes the caller wait for its next item makes ready results wait, too; except a channel's Receiver, for which the
    caller waits together with the results.

    **Bounds.** For each stage at most ``window`` items are under way, counted from when they were taken from the
    iterable until their results were given out. So memory stays flat for an endless iterable, and an iterator is not
    taken further than that. A window that is given is never exceeded. The default is ``2 * workers + 2``; for a stage
    that takes microseconds for an item it grows, up to 64-fold, and up to 1024-fold when the iterable is a collection
    (a list, a range, ...), whose items may then travel in chunks.

    **Failures.** When a function raises, all workers are stopped and ProcessFailed is raised: it names the function and
    the item (``.item``), and its cause is the function's own exception with its traceback. The same when a worker is
    killed, when an item or a result cannot travel, or when a function cannot be imported there. What the iterable
    raises stops all workers and propagates as it is; so do Ctrl-C and being stopped oneself.

    (A pipeline of processes: CSP, Hoare 1978. The shape of the methods: Java's streams, Rust's iterators.)

    Args:
        iterable: where the items come from. An iterator is used up by the first run.
        grace: seconds that workers are given to stop at a failure or an early end, before they are killed; and again
            before they are cut off.

    Raises:
        TypeError: *iterable* is none.
    """
    if not hasattr(iterable, "__iter__") and not hasattr(iterable, "__getitem__"):
        raise TypeError(f"csp.pipeline takes an iterable, not {iterable!r}")
    return Pipeline(iterable, (), seconds(grace, "grace"))


class Pipeline(Generic[T_co]):
    """What csp.pipeline() gives, which see. What it is to do never changes; it keeps the figures of its last run."""

    __slots__ = ("_figures", "_grace", "_source", "_steps")

    def __init__(self, source: Iterable[Any], steps: tuple[Step, ...], grace: float) -> None:
        self._source = source
        self._steps = steps
        self._grace = grace
        self._figures: Figures | None = None

    # ---- stages -----------------------------------------------------------------------------------------------------

    @unseen
    def map[R](
        self, fn: Callable[[T_co], R], *, workers: int | None = None, ordered: bool = True, window: int | None = None
    ) -> Pipeline[R]:
        """Replace each item by ``fn(item)``.

        Without *workers* and *window*, right after a map or filter, *fn* runs in the same workers: nothing travels.

        Args:
            fn: a function, class or method of a class that can be imported by name.
            workers: how many interpreters call it. Default: the CPUs that this process may use.
            ordered: whether the results keep the order of the items. False gives each as soon as it is there; one
                unordered stage loses the order of all that it is linked with, up to the next batch.
            window: how many items may be under way; see csp.pipeline.

        Raises:
            NotImportable: a lambda, a nested function, a method of an object. Give it a name at module level.
            ValueError: *workers* or *window* below 1.
        """
        return self._with(fn, False, workers, ordered, window)

    @unseen
    def filter(
        self,
        fn: Callable[[T_co], object],
        *,
        workers: int | None = None,
        ordered: bool = True,
        window: int | None = None,
    ) -> Pipeline[T_co]:
        """Keep the items for which ``fn(item)`` is true. It runs in workers; arguments and errors are those of map."""
        return self._with(fn, True, workers, ordered, window)

    @unseen
    def batch(self, n: int) -> Pipeline[tuple[T_co, ...]]:
        """Join each *n* items that follow each other into a tuple; the last may be shorter. The caller does it.

        In front of all maps and filters it costs what itertools.batched does, and a batch counts as one item of their
        windows. Between others it holds up to ``n - 1`` items beside those under way. Raises ValueError for *n* below
        1.
        """
        return Pipeline(self._source, (*self._steps, Batch(n)), self._grace)

    # ---- results ----------------------------------------------------------------------------------------------------

    def __iter__(self) -> Generator[T_co]:
        """Run; give the results as they are asked for. Blocks for each. Closing the generator ends the workers."""
        return unseen_iterator(self._results(None))

    @unseen
    def collect(self, *, progress: bool | str = False) -> list[T_co]:
        """Run; the results in a list. Blocks until all workers have ended.

        *progress* shows a bar on a terminal's stderr, and nothing elsewhere; a str is its label. Raises as
        csp.pipeline says.
        """
        return list(self._results(progress))

    @unseen
    def reduce[A](self, fn: Callable[[A, T_co], A], initial: A, *, progress: bool | str = False) -> A:
        """Run; ``fn(fn(fn(initial, x0), x1), x2)`` and so on. Blocks until all workers have ended.

        *fn* runs in the caller's thread; what it raises stops the workers and propagates. *progress* as in collect.
        Raises as csp.pipeline says.
        """
        result = initial
        results = self._results(progress)
        try:
            for value in results:
                result = fn(result, value)
        finally:
            results.close()
        return result

    @unseen
    def for_each(self, fn: Callable[[T_co], object], *, progress: bool | str = False) -> None:
        """Run; call *fn* with each result, in the caller's thread. Else as reduce."""
        results = self._results(progress)
        try:
            for value in results:
                fn(value)
        finally:
            results.close()

    @unseen
    def statistics(self) -> PipelineStatistics:
        """Where the run that began last spent its time, and an advice if handing over cost more than the work.

        .. code-block:: python

            lengths = csp.pipeline(lines).map(len)
            lengths.collect()
            print(lengths.statistics())

        Complete when the run has come to its end; before that, and after a failure or an early end, as workers said
        it, which they do every second. Never blocks. Raises RuntimeError if it was not run.
        """
        if self._figures is None:
            raise RuntimeError(f"{self!r} has not run: ask for its results first, and keep it in a variable until then")
        return self._figures.statistics()

    def __repr__(self) -> str:
        steps = "".join(
            f".batch({step.size})" if isinstance(step, Batch) else f".map({step.name}, workers={step.workers})"
            for step in self._steps
        )
        return f"csp.pipeline(...){steps}"

    # ---- inside -----------------------------------------------------------------------------------------------------

    def _with(
        self, fn: Callable[..., object], keeps: bool, workers: int | None, ordered: bool, window: int | None
    ) -> Pipeline[Any]:
        steps = with_function(self._steps, Function(fn, keeps), workers, ordered, window)
        return Pipeline(self._source, steps, self._grace)

    def _results(self, progress: bool | str | None) -> Generator[T_co]:
        from csp.hosts.crew import Crew
        from csp.processes.pipelines.run import Run
        from csp.processes.pipelines.source import Source

        sizes, steps = leading_batches(self._steps)
        crew = Crew()
        source = Source(self._source, sizes, crew.inbox)
        bar = _bar(progress, source.length) if progress else None
        run = Run(source, steps, crew, self._grace, bar)
        self._figures = run.figures
        chunks = run.chunks()
        try:
            for values in chunks:
                yield from values  # type: ignore[misc]  # the types of the steps were checked when they were added
        finally:
            chunks.close()
            if bar is not None:
                bar.finish()


def _bar(progress: bool | str, total: int | None) -> Progress | None:
    from csp.processes.pipelines.progress import progress_bar

    return progress_bar(progress, total)
