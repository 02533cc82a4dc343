"""The one clock: held and moved, all of csp goes by it, and nobody has to wait for real time.

Each test is a program of its own: a clock that was moved is ahead of the system's for good.
"""

import pytest

HEAD = """
import threading
import time

import csp
from csp._native import clock_hold, clock_move, clock_release, now, wall_now

HOUR = 3600.0


def moved_until(happened):
    '''Move the clock until it has happened: who is about to sleep until an instant may not have begun yet.'''
    while not happened():
        clock_move(HOUR)
        time.sleep(0.001)


class Patient(csp.Actor):
    def __init__(self, news=None):
        self.news = news
        if news is not None:
            news.send("begins")

    @csp.handler
    def wait(self):
        tx, rx = csp.channel()
        begun = now()
        try:
            rx.recv(timeout=HOUR)
        except TimeoutError:
            return now() - begun
        finally:
            tx.close()

    @csp.handler
    def fail(self):
        raise ValueError("as it was told")

"""

WAITS = {
    "recv": "rx.recv(timeout=HOUR)",
    "recv until": "rx.recv(deadline=now() + HOUR)",
    "send": "tx.send(1, timeout=HOUR)",
    "lock": "lock.acquire(timeout=HOUR)",
    "select": "csp.select(rx, csp.after(HOUR))",
    "sleep": "csp.sleep(HOUR)",
    "alternative": "csp.Alternative(rx, csp.after(HOUR)).select()",
    "condition": "wait_for_condition()",
    "scope": "leave_scope()",
}


@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)
def test_an_hour_is_over_when_the_clock_says_so(program, wait):
    """Whatever is waited for, and by whomever: the main thread here, and another one that moves the clock."""
    status, out, err = program.script(
        HEAD
        + f"""
def leave_scope():
    with csp.move_on_after(HOUR):
        rx.recv()


def wait_for_condition():
    condition = csp.Condition()
    with condition:
        condition.wait_for(lambda: False, timeout=HOUR)


def wait():
    {wait}


if __name__ == "__main__":
    tx, rx = csp.channel()
    lock = csp.Lock()
    threading.Thread(target=lock.acquire).start()
    clock_hold()
    over = []
    mover = threading.Thread(target=moved_until, args=(lambda: over,))
    begun = now()
    mover.start()
    try:
        wait()
    except TimeoutError:
        pass
    over.append(now() - begun)
    mover.join()
    print(over[0] >= HOUR)
"""
    )
    assert (status, out, err) == (0, "True\n", "")


def test_an_actor_waits_by_it(program):
    """In an interpreter of its own; and the limit of its caller goes by the clock, too."""
    status, out, err = program.script(
        HEAD
        + """
if __name__ == "__main__":
    with csp.System() as system:
        patient = system.spawn(Patient)
        clock_hold()
        asked = patient.wait.options(timeout=None).future()
        moved_until(asked.done)
        print(asked.result() >= HOUR)
        late = patient.wait.options(timeout=HOUR / 2).future()
        clock_move(HOUR * 0.6)
        print(type(late.exception()).__name__)
        clock_release()
"""
    )
    assert (status, out) == (0, "True\nCallTimeout\n"), err


def test_a_restart_that_backs_off_for_an_hour(program):
    """The kernel's timers and the reducer's books: its next life begins when the clock is moved, and not before."""
    status, out, err = program.script(
        HEAD
        + """
class Ward(csp.Supervisor):
    def __init__(self, news):
        self.news = news

    def children(self):
        yield csp.child(Patient, self.news).options(name="patient", backoff=csp.Backoff(HOUR, HOUR, jitter=0.0))


if __name__ == "__main__":
    news, heard = csp.channel()
    with csp.System() as system:
        clock_hold()
        started = threading.Thread(target=system.supervise, args=(Ward(news),))
        started.start()
        print(heard.recv())
        started.join()
        begun = now()
        system.lookup("ward/patient").fail.tell()
        again = []
        listener = threading.Thread(target=lambda: again.append(heard.recv()))
        listener.start()
        moved_until(lambda: again)
        listener.join()
        print(again, now() - begun >= HOUR)
        clock_release()
"""
    )
    assert (status, out) == (0, "begins\n['begins'] True\n"), err


def test_time_stamps_go_by_it(program):
    """Also after it was let go: it runs on from where it stood."""
    status, out, err = program.script(
        HEAD
        + """
clock_hold()
a, b = now(), wall_now()
time.sleep(0.01)
print(now() == a, wall_now() == b)
clock_move(HOUR)
print(now() - a == HOUR, abs(wall_now() - b - HOUR) < 1e-3)
clock_release()
c = now()
while now() == c:
    pass
print(HOUR <= now() - a < 2 * HOUR, abs(wall_now() - time.time() - HOUR) < 60)
try:
    clock_move(-1.0)
except ValueError as error:
    print(error)
"""
    )
    assert (status, err) == (0, "")
    assert out == "True True\nTrue True\nTrue True\nthe clock moves forward, by at most 1e9 seconds, not by -1.0\n"
