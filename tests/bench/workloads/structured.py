"""structured: a document goes over and comes back; microseconds per round trip. Four documents (documents.py).

It is encoded and decoded twice in each trip (round_trips.py).
"""

from tests.bench import round_trips
from tests.bench.documents import DOCUMENTS
from tests.bench.workload import FREE, LESS, PINNED, Measure, Scale, Workload

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.workload import Figure

WORKLOAD = Workload(
    "structured", *(Measure(f"structured-{name}", "us", LESS) for name in DOCUMENTS), cpus=(FREE, PINNED)
)
_FIRST = 8  # trips of the first try


def _values() -> dict[str, object]:
    return {name: make() for name, make in DOCUMENTS.items()}


@WORKLOAD.peer("csp")
def channels(scale: Scale) -> Iterator[Figure]:
    """Rendezvous channels between two interpreters; main sleeps."""
    return round_trips.channels(_values(), scale, _FIRST)


@WORKLOAD.peer("multiprocessing Pipe")
def pipe(scale: Scale) -> Iterator[Figure]:
    """multiprocessing.Pipe between two processes (spawn)."""
    from multiprocessing import get_context

    context = get_context("spawn")
    mine, theirs = context.Pipe()
    process = context.Process(target=round_trips.echo_pipe, args=(theirs,))
    process.start()

    def run(value: object, count: int) -> float:
        return round_trips.exchange(mine.send, mine.recv, value, count)

    try:
        yield from round_trips.rounds(run, _values(), scale, _FIRST)
    finally:
        mine.send(None)
        process.join()


@WORKLOAD.peer("multiprocessing Queue")
def process_queue(scale: Scale) -> Iterator[Figure]:
    """multiprocessing.Queue between two processes (spawn)."""
    return round_trips.process_queues(_values(), scale, _FIRST)


@WORKLOAD.peer("interpreters.Queue")
def interpreters_queue(scale: Scale) -> Iterator[Figure]:
    """concurrent.interpreters.Queue, main and an interpreter. It polls every 10 ms, so it is up only in its turn."""
    return round_trips.interpreter_queues(_values(), scale, 2)
