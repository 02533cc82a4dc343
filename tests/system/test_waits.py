"""csp.waits(): who waits for what, until when, and who could end it; and the hint to a main that waits for itself."""

import itertools
import signal
import threading

import pytest

import csp
from csp._native import self_id
from csp.observe.waits import _hint

_numbers = itertools.count(2**63)  # of channels that there never are


def on(end):
    """The waits for the channel or object of this end."""
    return [wait for wait in csp.waits() if any(one.channel == end.channel_id for one in wait.awaited)]


@pytest.fixture
def waiting(wait_until):
    """Give a function that has something wait in a thread, and gives the only Wait for that end's channel."""
    threads = []

    def begin(work, end):
        def body():
            try:
                work()
            except csp.CspError, TimeoutError:
                pass

        threads.append(threading.Thread(target=body, daemon=True))
        threads[-1].start()
        wait_until(lambda: [wait.since for wait in on(end)] not in ([], [None]), "it waits")
        (wait,) = on(end)
        return wait

    yield begin
    for thread in threads:
        thread.join(10)


DEADLINES = {
    "recv": (lambda rx: rx.recv(), False),
    "recv with a timeout": (lambda rx: rx.recv(timeout=1.5), True),
    "select": (csp.select, False),
    "select with a timeout": (lambda rx: csp.select(rx, timeout=1.5), True),
    "select with a timer": (lambda rx: csp.select(rx, csp.after(1.5)), True),
    "alternative": (lambda rx: csp.Alternative(rx).select(), False),
    "alternative with a timer": (lambda rx: csp.Alternative(rx, csp.after(1.5)).select(), True),
}


@pytest.mark.parametrize(("work", "has_deadline"), DEADLINES.values(), ids=DEADLINES)
def test_a_wait_says_whether_it_has_a_deadline(waiting, work, has_deadline):
    """A timeout and a timer are deadlines; without any the wait ends only by somebody else."""
    tx, rx = csp.channel()
    wait = waiting(lambda: work(rx), rx)
    assert (wait.deadline is not None) == has_deadline
    if wait.deadline is not None:
        assert 0 < wait.deadline - wait.since <= 1.6
    assert (", no deadline" in str(wait)) != has_deadline
    tx.send(1)


def test_a_wait_is_named(waiting):
    """Operation, channel, and who could end it, with what each of them has."""
    tx, rx = csp.channel()
    more = tx.clone()
    wait = waiting(rx.recv, rx)
    assert (wait.name, wait.stuck) == ("main", False)
    assert wait.awaited == (csp.Awaited("receive", "channel", rx.channel_id, (csp.Peer("main", wait.number, 2),)),)
    assert f"receives from channel {rx.channel_id} (Senders: main ({wait.number}))" in str(wait)
    assert wait.for_itself
    assert ", which nobody but itself could end" in str(wait)
    more.close()
    tx.send(1)


def test_a_select_is_one_wait_for_several_things(waiting):
    """Any one of them would end it."""
    (tx, rx), lock = csp.channel(), csp.Lock()
    with lock:
        wait = waiting(lambda: csp.select(rx, lock), rx)
        a_channel, a_lock = sorted(wait.awaited, key=lambda one: one.thing == "Lock")
        assert (a_channel.operation, a_channel.thing, a_channel.channel) == ("receive", "channel", rx.channel_id)
        assert (a_lock.operation, a_lock.thing) == ("receive", "Lock")
        assert f"waits for Lock {a_lock.channel} (who could let it go: main" in str(wait)
        assert f"Lock {a_lock.channel}" in repr(lock)
        assert ", or " in str(wait)
        tx.send(1)


def test_an_end_inside_a_message(waiting):
    """A handle that is on its way is nobody's, and could come to anybody."""
    tx, rx = csp.channel()
    carrier, carried = csp.channel(1)
    carrier.send(tx)
    tx.close()
    wait = waiting(rx.recv, rx)
    assert wait.awaited[0].peers == (csp.Peer("", 0, 1),)
    assert "one inside a message" in str(wait)
    carried.recv().send(1)


def test_a_call_names_who_has_taken_it(waiting, wait_until):
    """It waits for the answer, not at the channel."""
    tx, rx = csp.channel()
    wait = waiting(lambda: tx.call("x", timeout=20), tx)
    assert wait.awaited[0].operation == "send"
    reply, _ = rx.recv()
    wait_until(lambda: any(wait.awaited[0].operation == "answer" for wait in csp.waits()), "it waits for the answer")
    (asks,) = [wait for wait in csp.waits() if wait.awaited[0].operation == "answer"]
    assert [peer.name for peer in asks.awaited[0].peers] == ["main"]
    assert "waits for the answer from main" in str(asks)
    reply.answer(1)


def meet(incoming, outgoing, timeout=None):
    """Receive, then send."""
    outgoing.send(incoming.recv(timeout=timeout))


def ring(par, timeout=None):
    """Two processes, each of which waits for the other; their channels."""
    (a_tx, a), (b_tx, b) = csp.channel(), csp.channel()
    par.start(meet, a, b_tx, timeout)
    par.start(meet, b, a_tx, timeout)
    watched = a.clone()
    for end in (a, a_tx, b, b_tx):
        end.close()
    return watched


class Over(Exception):
    """Leaves a block whose processes would never end."""


def test_a_deadlock_is_called_stuck(wait_until):
    """Two that wait for each other, without a deadline: nobody else could end it."""
    with pytest.raises(Over), csp.parallel(grace=0.5) as par:
        watched = ring(par)
        watched.close()
        wait_until(lambda: len(csp.waits().stuck) == 2, "both wait")
        stuck = csp.waits().stuck
        assert {wait.name for wait in stuck} == {"meet"}
        assert {peer.number for wait in stuck for one in wait.awaited for peer in one.peers} == {
            wait.number for wait in stuck
        }
        one, other = stuck
        said = f"STUCK: meet ({one.number}) waits for meet ({other.number}), which waits for meet ({one.number})\n"
        assert said in str(csp.waits())
        raise Over


def test_each_ring_is_told_by_itself():
    """Rings, one who waits for itself, and who waits for one of a ring: a line for each."""

    def wait(name, number, *peers):
        awaited = csp.Awaited("receive", "channel", 7, tuple(csp.Peer(f"p{peer}", peer, 1) for peer in peers))
        return csp.Wait(name, number, number, None, None, (awaited,), stuck=True)

    waits = csp.Waits([wait("p1", 1, 2), wait("p2", 2, 3), wait("p3", 3, 1), wait("p4", 4, 4), wait("p5", 5, 4)])
    assert [line for line in str(waits).splitlines() if line.startswith("STUCK")] == [
        "STUCK: p1 (1) waits for p2 (2), which waits for p3 (3), which waits for p1 (1)",
        "STUCK: p4 (4) waits for itself",
        "STUCK: p5 (5) waits for p4 (4)",
    ]


def test_nothing_that_waits():
    """Without waits one line is printed, which says so."""
    assert str(csp.Waits()) == "0 waits in csp"


def compute(ready, over):
    """Never wait, and never let go of anything."""
    with ready:
        ready.send(1)
    while not over.is_set():
        pass


def test_it_does_not_wait_for_who_computes():
    """An interpreter that keeps its GIL hides nothing, and is no wait itself."""
    over, (tx, rx) = csp.Event(), csp.channel()
    with csp.parallel() as par:
        par.start(compute, tx, over)
        tx.close()
        rx.recv()
        assert not [wait for wait in csp.waits() if wait.name == "compute"]
        over.set()


def test_a_thread_in_c_code_may_end_a_wait(waiting):
    """A thread of this interpreter that has no Python frame, and does not wait in csp, counts as one that runs."""
    tx, rx = csp.channel()
    made = threading.Lock()
    made.acquire()
    helper = threading.Thread(target=made.acquire, daemon=True)
    helper.start()
    wait = waiting(rx.recv, rx)
    assert not wait.stuck
    made.release()
    helper.join()
    tx.send(1)


def test_two_that_wait_with_a_deadline_are_not_stuck(wait_until):
    """They end by themselves."""
    with pytest.raises((Over, csp.ProcessFailed)), csp.parallel(grace=0.5) as par:
        watched = ring(par, 20)
        wait_until(lambda: len([w for w in csp.waits() if w.name == "meet" and w.since]) == 2, "both wait")
        assert csp.waits().stuck == ()
        watched.close()
        raise Over


def relay(incoming, outgoing):
    """Pass on what comes."""
    for message in incoming:
        outgoing.send(message)


def test_a_ring_that_goes_on_is_never_stuck():
    """A token that is passed around: of three at least two wait at any time, and at no look all of them are stuck."""
    with pytest.raises(Over), csp.parallel(grace=0.5) as par:
        pairs = [csp.channel() for _ in range(3)]
        for (_, incoming), (outgoing, _) in zip(pairs, pairs[1:] + pairs[:1], strict=True):
            par.start(relay, incoming, outgoing)
        pairs[0][0].send(1)
        for pair in pairs:
            for end in pair:
                end.close()
        assert [csp.waits().stuck for _ in range(300)] == [()] * 300
        raise Over


# ---- the hint --------------------------------------------------------------------------------------------------------

# Early, and heard of: "asked" is printed when the moment has come, whatever is said then.
HASTE = """
import csp
from csp._native import set_hint_delay
from csp.observe import waits

def asked(hint=waits.hint):
    hint()
    print("asked", flush=True)

set_hint_delay(0.1)
waits.hint = asked
"""

FORGOT_CLOSE = """
def double(xs, out):
    for x in xs:
        out.send(2 * x)

if __name__ == "__main__":
    with csp.parallel() as par:
        tx, xs = csp.channel()
        out, results = csp.channel()
        par.start(double, xs, out)
        tx.close()
        print(list(results))  # the block itself still has `out`
"""


def test_main_that_waits_for_itself_is_told(program):
    """Who receives until the end of a channel whose Sender it has itself is told so, when the others have gone."""
    running = program.start(program.write(HASTE + FORGOT_CLOSE))
    line = running.stderr.readline()
    assert line.startswith("csp: main waits without a deadline and receives from channel ")
    assert "it waits for itself" in line
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=20)
    assert "csp: main waits" not in err


def test_it_is_told_once(program):
    """csp looks again, and says nothing twice."""
    running = program.start(program.write(HASTE + "tx, rx = csp.channel()\nrx.recv()\n"))
    assert [running.stdout.readline() for _ in range(3)] == ["asked\n"] * 3
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=20)
    assert err.count("csp: main waits") == 1


WAYS_OUT = {
    ("receive", "channel"): "Close the Senders that were given away",
    ("send", "channel"): "Give a Receiver to who is to receive, or the channel a buffer",
    ("receive", "Lock"): "No other interpreter has a handle of it",
}


@pytest.mark.parametrize(("operation", "thing"), WAYS_OUT)
def test_the_hint_says_what_to_do(operation, thing):
    """Another thing for each kind of wait; and each channel is told of once."""
    me = self_id()
    awaited = csp.Awaited(operation, thing, channel := next(_numbers), (csp.Peer("main", me, 1),))
    waits = csp.Waits([csp.Wait("main", me, 1, None, None, (awaited,), stuck=True)])
    said = _hint(waits)
    assert f" {thing} {channel} " in said
    assert WAYS_OUT[operation, thing] in said
    assert _hint(waits) is None


HANDLED = """
import signal

if __name__ == "__main__":
    tx, rx = csp.channel(1)
    signal.signal(signal.SIGUSR1, lambda *_: tx.send("told"))
    print(rx.recv())
"""

HELPED = """
import sys
import threading

if __name__ == "__main__":
    tx, rx = csp.channel(1)
    threading.Thread(target=lambda: tx.send(sys.stdin.readline().strip())).start()
    print(rx.recv())
"""

LIMITED = """
if __name__ == "__main__":
    tx, rx = csp.channel(1)
    try:
        rx.recv(timeout=1.0)
    except TimeoutError:
        print("told")
"""


@pytest.mark.parametrize("text", [HANDLED, HELPED, LIMITED], ids=["a signal handler", "a thread", "a deadline"])
def test_no_hint_where_something_else_could_end_the_wait(program, text):
    """A signal handler of the program, or another thread of it, may send, or the time be up: nothing is said."""
    running = program.start(program.write(HASTE + text))
    assert running.stdout.readline() == "asked\n"
    if text is HANDLED:
        running.send_signal(signal.SIGUSR1)
    out, err = running.communicate("told\n", timeout=20)
    assert (out.replace("asked\n", ""), err) == ("told\n", "")


RAISES = """
import signal

def give_up(*_):
    raise ValueError("given up")

def hint():
    signal.raise_signal(signal.SIGUSR1)  # as if it came while the hint is made

waits.hint = hint
if __name__ == "__main__":
    tx, rx = csp.channel(1)
    signal.signal(signal.SIGUSR1, give_up)
    try:
        rx.recv()
    except ValueError as error:
        print(error)
"""


def test_what_a_signal_handler_raises_during_the_hint_is_not_lost(program):
    """It comes out of the wait, as at any other moment."""
    assert program.script(HASTE + RAISES) == (0, "given up\n", "")


def test_a_hint_that_cannot_be_written(program):
    """Without a standard error nothing is said, and the wait goes on."""
    text = "import sys\nsys.stderr = None\ntx, rx = csp.channel()\nrx.recv()\n"
    running = program.start(program.write(HASTE + text))
    assert running.stdout.readline() == "asked\n"
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=20)
    assert running.returncode != 0
