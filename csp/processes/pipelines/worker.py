"""What a pipeline's worker runs: it takes chunks of items, applies its stage's functions, and passes the chunk on.

Messages of a pipeline begin with what they are. In the caller's inbox there are exits, too: see csp.hosts.crew.is_exit.

    (CHUNK, segment, chunk, cost, items)    a chunk on its way; cost: the nanoseconds that its slowest stage so far took
    (SPENT, segment, stage, items, work, hand_over)    what a worker has done since the last one, for the figures
    (GAVE_UP, segment, stage, function, why, failure, shown, item)    a worker gave up; why is one of those below

A chunk stays whole, also when filters leave nothing of it: that is how the caller knows that its items are done with.
"""

from time import perf_counter_ns

from csp._native import Receiver, Sender
from csp.errors import BrokenChannel, ClosedEnd, EndOfChannel, NotShareable, Stopped
from csp.hosts.importing import resolve
from csp.hosts.own import granted
from csp.processes.pipelines.meter import Meter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

type Chunk = tuple[int, int, int, int, tuple[object, ...]]
type _Apply = tuple[bool, Callable[[object], object]]

# What a message is. An int below 256 is there already, wherever it arrives; a word would be made anew each time.
CHUNK, SPENT, GAVE_UP = 0, 1, 2
# Why a worker gave up: a function could not be imported, raised, or returned what cannot travel; or a chunk could not
# be read.
IMPORT, RAISED, RESULT, ITEM = "import", "raised", "result", "item"
# Nanoseconds of a send that may have gone into waking its receiver; what is beyond goes into copying.
WAKE = 50_000
# Nanoseconds between two messages about what a worker has done.
REPORT = 1_000_000_000


class _GivenUp(Exception):
    """The caller knows why."""


def work(
    control: Receiver[object],  # noqa: ARG001  (nothing more is to be ordered)
    grace: float,
    segment: int,
    stage: int,
    jobs: Receiver[Chunk],
    out: Sender[Chunk],
    inbox: Sender[object],
    paths: tuple[tuple[bool, str, str], ...],
) -> str:
    """Serve until *jobs* ends. *paths* are the functions: whether it is a filter's, and where to import it from."""

    granted.set(grace)

    def give_up(why: str, function: int, error: BaseException, item: object = None) -> _GivenUp:
        from csp.messages.failure import pack
        from csp.messages.shapes import show

        failure, shown = pack(error), show(item)
        try:
            inbox.send((GAVE_UP, segment, stage, function, why, failure, shown, item))
        except NotShareable, ClosedEnd:
            inbox.send((GAVE_UP, segment, stage, function, why, failure, shown, None))
        return _GivenUp()

    def report(items: int, work: int, hand_over: int) -> None:
        inbox.send((SPENT, segment, stage, items, work, hand_over))

    try:
        apply: list[_Apply] = []
        for keeps, module, name in paths:
            try:
                apply.append((keeps, resolve(module, name)))
            except Exception as error:
                raise give_up(IMPORT, len(apply), error) from error
        _serve(jobs, out, apply, give_up, report)
    except Stopped:
        return "stopped"
    except _GivenUp:
        return "gave up"
    return "done"


def _serve(
    jobs: Receiver[Chunk],
    out: Sender[Chunk],
    apply: list[_Apply],
    give_up: Callable[..., _GivenUp],
    report: Callable[[int, int, int], None],
) -> None:
    __tracebackhide__ = True  # what the functions raise is the user's
    sending = 0  # nanoseconds that it took to send the last chunk on; the next is about as large
    meter = Meter()
    count = work = told = 0
    due = perf_counter_ns() + REPORT
    while True:
        meter.begin()
        try:
            _, segment, chunk, cost, came = jobs.recv()
        except EndOfChannel:
            try:
                report(count, work, meter.total() - told)
            except BrokenChannel:
                pass  # the pipeline has been given up
            return
        except Exception as error:
            raise give_up(ITEM, 0, error) from error
        if meter.on:
            meter.pause()
        began = perf_counter_ns()
        items: Sequence[object] = came
        trail: list[Sequence[object]] = [items]  # what went into each function, and what came out of the last
        item: object = None
        done: list[object] = []
        try:
            for keeps, function in apply:
                done = []
                if keeps:
                    for item in items:
                        if function(item):
                            done.append(item)
                else:
                    for item in items:
                        done.append(function(item))
                items = done
                trail.append(done)
        except Stopped:
            raise
        except BaseException as error:
            raise give_up(RAISED, len(trail) - 1, error, item) from error
        ended = perf_counter_ns()
        if meter.on:
            meter.resume()
        count += len(came)
        work += ended - began
        try:
            out.send((CHUNK, segment, chunk, max(cost, ended - began + sending), tuple(items)))
        except (NotShareable, ClosedEnd) as error:
            raise _blame(trail, apply, error, give_up) from error
        sending = max(0, perf_counter_ns() - ended - WAKE)
        if meter.on:
            meter.end()
        if ended > due:
            total = meter.total()
            report(count, work, total - told)
            count, work, told, due = 0, 0, total, ended + REPORT
        del came, items, item, done, trail  # else the next wait would keep alive what they hold


def _blame(
    trail: list[Sequence[object]], apply: list[_Apply], error: Exception, give_up: Callable[..., _GivenUp]
) -> _GivenUp:
    """Find the result that cannot travel, and the item that the last map made it of."""
    from csp.messages.probe import why_it_cannot_travel

    made = max((index for index, (keeps, _) in enumerate(apply) if not keeps), default=0)
    for value in trail[-1]:
        refusal = why_it_cannot_travel(value)
        if refusal is not None:
            for result, item in zip(trail[made + 1], trail[made], strict=False):
                if result is value:
                    return give_up(RESULT, made, refusal, item)
    return give_up(RESULT, made, error)
