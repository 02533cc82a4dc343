"""What the tests run in interpreters of their own: functions of (control, *arguments). Imports nothing but csp."""

import csp
from csp._native import channel, start_interpreter, unbounded_channel


def nothing(control):
    return None


def echo(control, *arguments):
    return arguments


def modules(control):
    import sys

    return tuple(sorted(sys.modules))


def paths(control):
    import sys

    return tuple(sys.path), tuple(sys.argv), sys.path is not None


def fail(control):
    raise ValueError("on purpose")


def leave(control):
    raise SystemExit(3)


def unsendable(control):
    return lambda: 0


class Mute(Exception):
    def __str__(self):
        raise RuntimeError("no text")


def fail_mutely(control):
    raise Mute


def wait(control, here):
    here.send("here")
    return control.recv()


def spin(control, here):
    here.send("here")
    while True:
        pass


class SpinsInDestructor:
    def __init__(self, here):
        self.here = here

    def __del__(self):
        self.here.send("here")
        while True:
            pass


def spin_in_destructor(control, here):
    """What is raised there, nobody can catch; and at its end the interpreter has something of that kind to say."""
    import atexit

    def fail():
        raise LookupError("failed at exit")

    atexit.register(fail)
    SpinsInDestructor(here)


def swallow(control, here):
    here.send("here")
    while True:
        try:
            while True:
                here.statistics()
        except:  # noqa: E722
            pass


def sleep(control, here, seconds):
    import time

    here.send("here")
    time.sleep(seconds)
    return "slept"


def import_refusing(control):
    import _cffi_backend

    return _cffi_backend


def nest(control, depth):
    """Start an interpreter from here, and that one the next, and so on; gives how deep it went and the argv
    down there.
    """
    if depth == 0:
        import sys

        return 0, tuple(sys.argv), tuple(sys.path)
    from csp.hosts.interpreter import order, start

    exits, ended = unbounded_channel()
    started = start("nested", exits, 5)
    order(started, "entries", "nest", (depth - 1,))
    tag, ending, detail = ended.recv(timeout=20)
    assert (tag, ending) == (5, "ended"), (tag, ending, detail)
    return detail[0] + 1, detail[1], detail[2]


def start_thread(control, here, how, seconds):
    """Return while a thread of this interpreter still does something."""
    import threading
    import time

    import out_of_reach

    def park():
        tx, rx = csp.channel()
        here.send("thread")
        rx.recv()
        tx.close()

    def spin():
        here.send("thread")
        while True:
            pass

    def nap():
        out_of_reach.go()
        here.send("thread")
        time.sleep(seconds)

    threading.Thread(target={"park": park, "spin": spin, "nap": nap}[how]).start()
    return "returned"


def use_after_cancel(control, here):
    """Wait; when told to stop, say so on a channel, which works after resuming."""
    from csp._native import self_resume

    try:
        here.send("here")
        control.recv()
    except csp.Stopped:
        self_resume()
        here.send("cleaned up")
        return "stopped"


def fork(control):
    import os

    return os.fork()


def run_program(control):
    import subprocess
    import sys

    return subprocess.run([sys.executable, "-c", "print(6 * 7)"], capture_output=True, text=True, check=True).stdout


def hold_end(control, here):
    """Keep an end in a global: it closes with the interpreter."""
    globals()["kept"] = here
    return "kept"


def keep_in_threading(control, what):
    """Keep one of our objects where the interpreter's very last clean-up finds it: the fork hooks hold this module."""
    import threading

    if what == "call":
        from csp._native import cast

        tx, rx = channel(1)
        cast(tx, ("name",), 0)
        threading.kept = rx.recv()
    elif what == "error":
        threading.kept = csp.Stopped()
    else:
        tx, rx = csp.channel()
        threading.kept = {"sender": tx, "offer": tx.offer(1), "timer": csp.after(5), "skip": csp.skip()}[what]


def ends_in_cycle(control, end):
    cycle = [end]
    cycle.append(cycle)
    globals()["cycle"] = cycle


def start_raw(control, function):
    """Start without the wrapper: for its argument checks."""
    return start_interpreter is not None


def consume(control, inbox):
    return sum(inbox)


def relay(control, inbox, outbox):
    count = 0
    for value in inbox:
        outbox.send(value)
        count += 1
    return count


def use_select(control, jobs, stop, out):
    while True:
        guard, value = csp.select(stop, jobs, priority=True)
        if guard is stop:
            return "stopped", value
        out.send(value * 2)


def atexit_note(control, out):
    import atexit

    def note():
        try:
            out.send("from atexit")
        except BaseException as error:
            import sys

            sys.stderr.write(repr(error))

    atexit.register(note)


def feed(control, out, count):
    for n in range(count):
        out.send(n)


def send_and_fail(control, out):
    out.send("sent before")
    raise ValueError("after sending")


# ---- what is left running --------------------------------------------------------------------------------------------


def start_pool(control, here, jobs, seconds):
    """Return while a pool that nobody shuts down has *jobs* to do, each *seconds* long; they say when they are done."""
    import time
    from concurrent.futures import ThreadPoolExecutor

    def job(number):
        time.sleep(seconds)
        here.send(number)

    executor = globals()["kept_pool"] = ThreadPoolExecutor(1)
    for number in range(jobs):
        executor.submit(job, number)
    return "returned"


def use_pool_and_wait(control, here):
    """Wait, with an idle pool that nobody will shut down."""
    from concurrent.futures import ThreadPoolExecutor

    executor = globals()["kept_pool"] = ThreadPoolExecutor(2)
    here.send(executor.submit(int, 3).result())
    control.recv()


def thread_that_is_told(control, here, told):
    """Return while a thread waits for a message; it says what came out of the wait."""
    import threading

    def wait():
        try:
            told.send(("got", here.recv()))
        except csp.Stopped:
            from csp._native import self_resume

            self_resume()
            told.send(("stopped", None))

    threading.Thread(target=wait).start()
    return "returned"


def exit_handler(control, here, how):
    """Return with an exit handler that takes its time."""
    import atexit
    import threading

    import out_of_reach

    own = threading.get_ident()

    def handler():
        here.send(threading.get_ident() == own)
        if how == "park":
            control.recv()
        while how == "spin":
            pass
        out_of_reach.sleep(2.5)

    atexit.register(handler)
    return "returned"


def ending_order(control, out):
    """Tell in which order threads are told, joined, and exit handlers run, on this thread or another."""
    import atexit
    import threading

    own = threading.get_ident()
    stop = threading.Event()

    def say(what):
        out.send((what, threading.get_ident() == own))

    def work():
        stop.wait()
        say("thread")

    atexit.register(say, "exit handler")
    threading._register_atexit(say, "told")
    threading._register_atexit(stop.set)
    threading.Thread(target=work).start()


def give_ends_to_thread(control, here, wait, told):
    here.close()
    return thread_that_is_told(control, wait, told)
