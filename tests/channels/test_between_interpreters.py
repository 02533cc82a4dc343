"""Channels between interpreters: rendezvous, buffers, select and ends, with the main interpreter and among others."""

import pytest

import csp
from csp._native import unbounded_channel
from csp.hosts.interpreter import order, start


@pytest.fixture
def begin():
    """Start entries.<name>(control, *arguments); gives the receiver of its exit message."""
    opened = []

    def begin(name, *arguments):
        exits, ended = unbounded_channel()
        started = start(name, exits, 1)
        order(started, "entries", name, arguments)
        exits.close()
        opened.extend((ended, started.control))
        return ended

    yield begin
    for end in opened:
        end.close()


@pytest.mark.parametrize("capacity", [0, 1, 64])
def test_all_arrive_in_order_through_a_chain(begin, capacity):
    """Messages pass through three interpreters in order, none lost or doubled, and the end follows them."""
    first, into = csp.channel(capacity)
    stages = []
    for _ in range(3):
        out, following = csp.channel(capacity)
        stages.append(begin("relay", into, out))
        into.close()
        out.close()
        into = following
    feeder = begin("feed", first, 5000)
    first.close()
    assert list(into) == list(range(5000))
    assert feeder.recv(timeout=20) == (1, "ended", None)
    assert [ended.recv(timeout=20) for ended in stages] == [(1, "ended", 5000)] * 3


def test_each_message_goes_to_one_of_many(begin):
    """Three senders and three receivers in interpreters: the sums add up, so each message went to exactly one."""
    tx, rx = csp.channel()
    consumers = [begin("consume", rx) for _ in range(3)]
    feeders = [begin("feed", tx, 2000) for _ in range(3)]
    tx.close()
    rx.close()
    assert [ended.recv(timeout=20)[1] for ended in feeders] == ["ended"] * 3
    assert sum(ended.recv(timeout=20)[2] for ended in consumers) == 3 * sum(range(2000))


def test_select_in_another_interpreter(begin):
    """A select there takes jobs and a stop message from here."""
    jobs, jobs_in = csp.channel()
    stop, stop_in = csp.channel()
    out, results = csp.channel()
    ended = begin("use_select", jobs_in, stop_in, out)
    for n in range(50):
        jobs.send(n)
        assert results.recv(timeout=20) == n * 2
    stop.send("enough")
    assert ended.recv(timeout=20) == (1, "ended", ("stopped", "enough"))


def test_the_end_of_an_interpreter_ends_its_channels(begin):
    """A receiver whose last sender dies with its interpreter gets what was sent, then EndOfChannel."""
    out, told = csp.channel(5)
    ended = begin("send_and_fail", out)
    out.close()
    assert ended.recv(timeout=20) == (1, "failed", "ValueError: after sending")
    assert told.recv() == "sent before"
    with pytest.raises(csp.EndOfChannel):
        told.recv()
