"""Actors that wait outside of csp, in all the ways of the table in docs/how-to/stop-things.md; and what a kill does.

As a program it kills one actor for each way, and writes what it measured as JSON: (way, function, seconds) lists, with
null for those that had not ended within two seconds.
"""

import concurrent.futures
import fcntl
import json
import os
import queue
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable

import csp
from csp._native import interpreter_thread, interpreters, look_into_interpreter


def short_sleeps() -> None:
    while True:
        time.sleep(0.1)


def stubborn_sleep() -> None:
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass


def receive_from_socket() -> None:
    a, _b = socket.socketpair()
    a.recv(1)


def receive_with_timeout() -> None:
    a, _b = socket.socketpair()
    a.settimeout(60)
    a.recv(1)


def accept() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.accept()


def wait_in_select() -> None:
    a, _b = socket.socketpair()
    select.select([a], [], [], 60)


def wait_in_epoll() -> None:
    select.epoll().poll(60)


def read_pipe() -> None:
    reading, _writing = os.pipe()
    os.read(reading, 1)


def read_line() -> None:
    reading, _writing = os.pipe()
    with open(reading) as file:
        file.readline()


def run_program() -> None:
    subprocess.run([sys.executable, "-c", "import time; time.sleep(8)"], check=False)


def lock_file() -> None:
    with tempfile.TemporaryFile() as a, open(f"/proc/self/fd/{a.fileno()}", "rb") as b:
        fcntl.flock(a, fcntl.LOCK_EX)
        fcntl.flock(b, fcntl.LOCK_EX)


def wait_for_signal() -> None:
    signal.sigwait({signal.SIGUSR1})


def acquire_lock() -> None:
    lock = threading.Lock()
    lock.acquire()
    with lock:
        pass


def acquire_rlock() -> None:
    lock = threading.RLock()
    holding = threading.Event()

    def hold() -> None:
        with lock:
            holding.set()
            threading.Event().wait()

    threading.Thread(target=hold).start()
    holding.wait()
    lock.acquire(timeout=60)


def wait_for_event() -> None:
    threading.Event().wait()


def wait_for_event_with_timeout() -> None:
    threading.Event().wait(60)


def acquire_semaphore() -> None:
    threading.Semaphore(0).acquire()


def wait_at_barrier() -> None:
    threading.Barrier(2).wait()


def get_from_queue() -> None:
    queue.Queue[object]().get()


def get_from_simple_queue() -> None:
    queue.SimpleQueue[object]().get()


def wait_for_future() -> None:
    concurrent.futures.Future[object]().result()


def join_thread() -> None:
    thread = threading.Thread(target=time.sleep, args=(60,))
    thread.start()
    thread.join()


def compute_in_python() -> None:
    while True:
        pass


def compute_in_c() -> None:
    sum(range(2_000_000_000))


def match_for_long() -> None:
    re.match(r"(a+)+$", "a" * 30 + "b")


# As the table in docs/how-to/stop-things.md has them.
WAYS: dict[str, tuple[Callable[[], None], ...]] = {
    "`time.sleep`, also in a loop that catches everything": (lambda: time.sleep(60), short_sleeps, stubborn_sleep),
    "`recv` and `accept` of a socket, with and without a timeout": (
        receive_from_socket,
        receive_with_timeout,
        accept,
    ),
    "`select.select`, `selectors`, `epoll`": (wait_in_select, wait_in_epoll),
    "`os.read` of a pipe, `readline` of a file": (read_pipe, read_line),
    "`subprocess.run`, `Popen.wait` (the program itself goes on)": (run_program,),
    "`fcntl.flock`, `signal.sigwait`": (lock_file, wait_for_signal),
    "`Lock`, `RLock`, `Condition`, `Event`, `Semaphore`, `Barrier` of `threading`": (
        acquire_lock,
        acquire_rlock,
        wait_for_event,
        wait_for_event_with_timeout,
        acquire_semaphore,
        wait_at_barrier,
    ),
    "`get` of a `queue.Queue` or `SimpleQueue`, `result` of a `Future`": (
        get_from_queue,
        get_from_simple_queue,
        wait_for_future,
    ),
    "`Thread.join` (the other thread is ended, too)": (join_thread,),
    "a loop in Python": (compute_in_python,),
    "C code that computes and keeps the GIL: `sum(range(10**10))`, `re.match`": (compute_in_c, match_for_long),
}


class Waits(csp.Actor):
    """Waits as it is told."""

    @csp.handler
    def wait(self, way: str, number: int) -> None:
        WAYS[way][number]()


# ---- the program -----------------------------------------------------------------------------------------------------

COMPUTES = "C code that computes"
PYTHON = "a loop in Python"


def id_of(name: str) -> int:
    return next((id for id, other, _ in interpreters() if other == name), 0)


def has_come(way: str, id: int) -> bool:
    """Whether it is where it is to wait: it sleeps inside of its function, or computes."""
    threads = look_into_interpreter(id, 0.05)
    if threads is None:
        return False
    if way.startswith(COMPUTES):  # the innermost frame is all that can be known
        return threads[0][0][2] in {"compute_in_c", "match", "prefixmatch"}
    inside = any(file == __file__ and function != "Waits.wait" for frames in threads for file, _, function in frames)
    with open(f"/proc/self/task/{interpreter_thread(id)}/stat") as stat:
        sleeps = stat.read().rpartition(")")[2].split()[0] == "S"
    return inside and (sleeps or way == PYTHON or "loop" in way)


def until(condition: Callable[[], bool], seconds: float) -> float | None:
    """Wait for it; gives how long that took."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            return None
        time.sleep(0.002)
    return time.monotonic() - began


def main() -> None:
    measured: list[tuple[str, str, float | None]] = []
    with csp.System(warm=2) as system:
        for way, functions in WAYS.items():
            for number, function in enumerate(functions):
                name = f"w{len(measured)}"
                actor = system.spawn(csp.child(Waits).options(name=name))
                actor.wait.options(timeout=None).future(way, number)
                id = id_of(name)
                assert until(lambda way=way, id=id: has_come(way, id), 20) is not None, (way, function)
                system.kill(actor)
                took = until(lambda name=name: id_of(name) == 0, 2.0)
                measured.append((way, function.__name__, took))
        print(json.dumps(measured), flush=True)
        os._exit(0)  # what computes would be waited for


if __name__ == "__main__":
    main()
