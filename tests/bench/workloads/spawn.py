"""spawn: start workers one after the other; milliseconds until one has run its first code and is known to be ready.

spawn-memory and spawn-rss: what each of them adds to the memory of all processes together while they live and idle, as
PSS and as RSS. The peers that say "and end" or "and close" are not workers but interpreters without a use: created and
ended at once, and for the memory created, measured and then ended.
"""

import time

from tests.bench.workload import FREE, LESS, PINNED, Measure, Scale, Workload

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from typing import Any

    type Figures = tuple[float, float, float]

WORKLOAD = Workload(
    "spawn",
    Measure("spawn", "ms", LESS),
    Measure("spawn-memory", "KiB", LESS),
    Measure("spawn-rss", "KiB", LESS),
    cpus=(FREE, PINNED),
    rounds=5,
)


def _figures(started: Callable[[], float], count: int, stop: Callable[[], None]) -> Figures:
    """Start *count* with a function that gives the seconds for one; weigh them; stop them."""
    from tests.bench.memory import kib

    before = kib()
    times = [started() for _ in range(count)]
    after = kib()
    stop()
    return sum(times) / count * 1e3, (after[0] - before[0]) / count, (after[1] - before[1]) / count


def _seconds(run: Callable[[], object]) -> float:
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin


def _rounds(worker: Callable[[], AbstractContextManager[object]], count: int) -> Iterator[Figures]:
    """Rounds with workers that are context managers: ready when entered, gone when left."""
    from contextlib import ExitStack

    while True:
        with ExitStack() as stack:

            def started(stack: ExitStack = stack) -> float:
                return _seconds(lambda: stack.enter_context(worker()))

            yield _figures(started, count, stack.close)


# ---- ours ------------------------------------------------------------------------------------------------------------


def _actors(scale: Scale, warm: int) -> Iterator[Figures]:
    import csp
    from tests.bench.actors import Idle

    count = scale.pick(8, 3)
    with csp.System(warm=warm) as system:

        def wait_for_pool() -> None:
            while system.statistics()["warm"] < warm:
                time.sleep(0.002)

        def one() -> float:
            wait_for_pool()
            begin = time.perf_counter()
            refs.append(system.spawn(Idle))
            return time.perf_counter() - begin

        def stop() -> None:
            while refs:
                system.stop(refs.pop())

        refs: list[Any] = []
        one()  # imports what it needs in main
        stop()
        while True:
            wait_for_pool()
            yield _figures(one, count, stop)


@WORKLOAD.peer("csp actor, from the pool")
def pooled(scale: Scale) -> Iterator[Figures]:
    """system.spawn with an interpreter kept warm; waiting for the pool to fill again is not counted."""
    return _actors(scale, 1)


@WORKLOAD.peer("csp actor, cold")
def cold(scale: Scale) -> Iterator[Figures]:
    """system.spawn without a pool."""
    return _actors(scale, 0)


@WORKLOAD.peer("csp bare interpreter, create and end")
def bare(scale: Scale) -> Iterator[Figures]:
    """Py_NewInterpreterFromConfig and Py_EndInterpreter on a thread of its own; csp._native is imported, no more.

    For the memory: interpreters that wait for their order, without what an actor imports.
    """
    import csp
    from csp._native import start_interpreter, unbounded_channel
    from csp.hosts.interpreter import start

    count = scale.pick(8, 3)
    exits, ended = unbounded_channel()
    waiting = []

    def one() -> float:
        tx, rx = csp.channel()
        with tx, rx:
            begin = time.perf_counter()
            start_interpreter("bare", "builtins", "id", rx, exits, 1)
            ended.recv()
            seconds = time.perf_counter() - begin
        waiting.append(start("waiting", exits, 2))
        _until(lambda: waiting[-1].control.statistics().waiting_receivers > 0)
        return seconds

    def stop() -> None:
        while waiting:
            waiting.pop().control.close()
            ended.recv()

    one()
    stop()
    while True:
        yield _figures(one, count, stop)


def _until(condition: Callable[[], bool]) -> None:
    while not condition():
        time.sleep(0.001)


# ---- peers -----------------------------------------------------------------------------------------------------------


@WORKLOAD.peer("interpreters.create and close")
def interpreters_create(scale: Scale) -> Iterator[Figures]:
    """concurrent.interpreters: create() and close() on main; nothing runs in it."""
    from concurrent import interpreters

    count = scale.pick(8, 3)
    alive = []

    def one() -> float:
        seconds = _seconds(lambda: interpreters.create().close())
        alive.append(interpreters.create())
        return seconds

    def stop() -> None:
        while alive:
            alive.pop().close()

    one()
    stop()
    while True:
        yield _figures(one, count, stop)


def nothing() -> None:
    """The first code of a worker."""


@WORKLOAD.peer("InterpreterPoolExecutor(1)")
def interpreter_pool(scale: Scale) -> Iterator[Figures]:
    """An executor with one worker, until its first answer."""
    from concurrent.futures import InterpreterPoolExecutor
    from contextlib import contextmanager

    @contextmanager
    def worker() -> Iterator[None]:
        with InterpreterPoolExecutor(1) as pool:
            pool.submit(nothing).result()
            yield

    return _rounds(worker, scale.pick(8, 3))


@WORKLOAD.peer("threading.Thread")
def thread(scale: Scale) -> Iterator[Figures]:
    """A thread, until it has set an event."""
    import threading
    from contextlib import contextmanager

    def wait(ready: threading.Event, end: threading.Event) -> None:
        ready.set()
        end.wait()

    @contextmanager
    def worker() -> Iterator[None]:
        ready, end = threading.Event(), threading.Event()
        mine = threading.Thread(target=wait, args=(ready, end))
        mine.start()
        ready.wait()
        yield
        end.set()
        mine.join()

    return _rounds(worker, scale.pick(200, 20))


def wait_for_end(connection: Any) -> None:
    """Say that it runs; wait until it may end."""
    connection.send(None)
    connection.recv()


def _processes(method: str, scale: Scale) -> Iterator[Figures]:
    from contextlib import contextmanager
    from multiprocessing import get_context

    context: Any = get_context(method)

    @contextmanager
    def worker() -> Iterator[None]:
        mine, theirs = context.Pipe()
        process = context.Process(target=wait_for_end, args=(theirs,))
        process.start()
        mine.recv()
        yield
        mine.send(None)
        process.join()

    with worker():  # starts the servers
        pass
    yield from _rounds(worker, scale.pick(5, 2))


@WORKLOAD.peer("multiprocessing, spawn")
def process_spawn(scale: Scale) -> Iterator[Figures]:
    """A process with the start method "spawn", until it has sent a message."""
    return _processes("spawn", scale)


@WORKLOAD.peer("multiprocessing, forkserver")
def process_forkserver(scale: Scale) -> Iterator[Figures]:
    """The same with "forkserver", which is running already."""
    return _processes("forkserver", scale)
