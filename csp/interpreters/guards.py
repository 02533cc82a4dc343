"""What the process must not do while interpreters live, and what it must do before it ends.

Only the main interpreter forks, and only it ends the process; in any other, install does nothing.
"""

import sys

from csp._native import cancel_interpreter, interpreter_counts, interpreters, kill_interpreter, self_id
from csp.errors import ForkRefused, StartFailed

# Seconds that interpreters which nobody stopped are given at the end of the program, before and after being killed.
EXIT_GRACE = 2.0

_installed = False
_main_holder = 0


def _is_main() -> bool:
    from _interpreters import get_current, get_main

    return bool(get_current()[0] == get_main()[0])


def install() -> None:
    """Put the guards up, once."""
    global _installed, _main_holder
    if _installed:
        return
    _installed = True
    if not _is_main():
        return
    _main_holder = self_id()
    sys.addaudithook(_refuse_fork)
    import atexit

    atexit.register(_end_interpreters)


def refuse_tracing() -> None:
    """Raise StartFailed while tracemalloc runs: CPython hangs or crashes when it makes an interpreter then."""
    if _main_holder:
        from _tracemalloc import is_tracing

        if is_tracing():
            raise StartFailed(
                "tracemalloc is on, and CPython hangs or crashes when it makes an interpreter then "
                "(python/cpython#134604): run without -X tracemalloc, PYTHONTRACEMALLOC and tracemalloc.start()"
            )


def _living() -> int:
    """Interpreters that live, those included that were given up with threads in them that nobody could stop."""
    counts = interpreter_counts()
    return counts[0] + counts[3]


def _refuse_fork(event: str, _args: tuple[object, ...]) -> None:
    if event in {"os.fork", "os.forkpty"}:
        alive = _living()
        if alive:
            raise ForkRefused(
                f"{event} while {alive} interpreter(s) of csp live: the child would be killed by a segmentation fault "
                '(CPython gh-139759). Use subprocess without preexec_fn, or multiprocessing with "spawn" or '
                '"forkserver"'
            )
    elif event == "subprocess.Popen":
        frame = sys._getframe(1)
        if frame.f_locals.get("preexec_fn") is not None and _living():
            raise ForkRefused(
                "subprocess with preexec_fn while interpreters of csp live: the child would be killed by a "
                "segmentation fault (CPython gh-139759). Use the arguments that replace it: start_new_session, "
                "process_group, user, group, umask, cwd, env"
            )


def _end_interpreters() -> None:
    """At the end of the program: stop what is left. CPython would hang or crash on interpreters that still run."""
    import os
    import time

    for step in (cancel_interpreter, kill_interpreter):
        for id, _, _ in interpreters():
            step(id)
        deadline = time.monotonic() + EXIT_GRACE
        while _living() and time.monotonic() < deadline:
            time.sleep(0.005)
        if not _living():
            return
    left = [f"{name} ({id})" for id, name, _ in interpreters()]
    threads = interpreter_counts()[3]
    if threads:
        left.append(f"the threads that {threads} ended one(s) started")
    text = (
        f"csp: {_living()} interpreter(s) cannot be stopped (they are inside C code): {', '.join(left)}. "
        "Ending the process without them.\n"
    )
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is sys.stderr:
                stream.write(text)
            stream.flush()
        except Exception:  # noqa: BLE001, S110  (a stream that is closed, or None, must not keep the process)
            pass
    os._exit(70)
