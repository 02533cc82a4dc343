"""What threads and programs that are started in an interpreter find around themselves: signal masks and CPUs."""

import os
import subprocess
import threading

import csp


def _status(text):
    """(blocked signals, CPUs) as /proc/PID/status has them."""
    lines = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
    return lines["SigBlk"], lines["Cpus_allowed"]


def _own():
    with open("/proc/thread-self/status") as file:
        return _status(file.read())


def _by_subprocess():
    return _status(subprocess.run(["cat", "/proc/self/status"], capture_output=True, text=True, check=True).stdout)


def _by_posix_spawn():
    out, into = os.pipe()
    with open(out) as file:
        actions = [(os.POSIX_SPAWN_DUP2, into, 1), (os.POSIX_SPAWN_CLOSE, out), (os.POSIX_SPAWN_CLOSE, into)]
        child = os.posix_spawnp("cat", ["cat", "/proc/self/status"], os.environ, file_actions=actions)
        os.close(into)
        seen = _status(file.read())
    os.waitpid(child, 0)
    return seen


def _by_system():
    out, into = os.pipe()
    os.set_inheritable(into, True)
    with open(out) as file:
        os.system(f"cat /proc/self/status >/dev/fd/{into}")
        os.close(into)
        return _status(file.read())


def _by_thread():
    seen = []
    thread = threading.Thread(target=lambda: seen.append(_own()))
    thread.start()
    thread.join()
    return seen[0]


def _tell(connection):
    connection.send(_own())


def _by_multiprocessing():
    import multiprocessing
    import multiprocessing.resource_tracker

    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_tell, args=(there,))
    process.start()
    seen = here.recv()
    process.join()
    here.close()
    there.close()
    multiprocessing.resource_tracker._resource_tracker._stop()  # it would outlive us with a descriptor of ours
    return seen


STARTERS = {
    "subprocess": _by_subprocess,
    "posix_spawn": _by_posix_spawn,
    "system": _by_system,
    "thread": _by_thread,
    "multiprocessing": _by_multiprocessing,
}


def started_by(control, starter):
    """(blocked signals, CPUs) of what was started so."""
    return STARTERS[starter]()


class Named(csp.Actor):
    @csp.handler
    def thread_name(self):
        with open("/proc/thread-self/comm") as file:
            return file.read().rstrip("\n")
