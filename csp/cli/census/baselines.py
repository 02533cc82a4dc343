"""The work of the census done plainly, to compare with: in one interpreter, and in its threads.

``on_progress`` is called in the thread of the caller, after every file, with how many are done and how many
there are. The seconds are wall-clock time from before the first file is opened until the last report is
added, which includes starting the threads.
"""

from csp.cli.census.measure import measure
from csp.cli.census.totals import Totals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from csp.cli.census.measure import Report

type OnProgress = Callable[[int, int], object]
"""Called with the number of files done and the number of all files."""


def one_interpreter(files: Sequence[str], root: str, on_progress: OnProgress | None = None) -> tuple[Totals, float]:
    """Measure one file after the other. Return the totals and the seconds it took."""
    from time import perf_counter

    begin = perf_counter()
    totals = _collect((measure(path, root) for path in files), len(files), on_progress)
    return totals, perf_counter() - begin


def threads(files: Sequence[str], root: str, n: int, on_progress: OnProgress | None = None) -> tuple[Totals, float]:
    """Measure the files in ``n`` threads of this interpreter. Return the totals and the seconds it took.

    If ``on_progress`` raises, no further file is begun.
    """
    import warnings
    from concurrent.futures import ThreadPoolExecutor
    from time import perf_counter

    begin = perf_counter()
    # Threads share the warning filters: whichever of the lists they save and restore is in force, it ignores.
    with warnings.catch_warnings(action="ignore"), ThreadPoolExecutor(n) as pool:
        try:
            reports = pool.map(measure, files, [root] * len(files))
            totals = _collect(reports, len(files), on_progress)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return totals, perf_counter() - begin


def _collect(reports: Iterable[Report], count: int, on_progress: OnProgress | None) -> Totals:
    totals = Totals()
    for done, report in enumerate(reports, 1):
        totals.add(report)
        if on_progress is not None:
            on_progress(done, count)
    return totals
