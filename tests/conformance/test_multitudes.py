"""What needs more processes than a crew of eight: matching of 44 and of 55, 23 workers, a chain of 55."""

from collections import Counter

import alone
import pytest
import roles
from crew import KINDS, Crew

import csp

MANY = 55


@pytest.fixture(scope="module", params=list(KINDS))
def members(request):
    """As in conftest, and more of them."""
    made = Crew(request.param, MANY)
    yield made
    made.end()


@pytest.mark.parametrize("parties", [44, 55])
def test_a_multitude_matches(crew, parties):
    """44 that all offer and receive on one rendezvous pair up perfectly; 55 do with one plain sender. None is left."""
    tx, rx = csp.channel()
    tasks = [crew.start(roles.match, tx, rx, name) for name in range(parties)]
    if parties % 2:
        tx.send("plain")
    outcomes = [task.result() for task in tasks]
    senders = [name for name, (what, _) in enumerate(outcomes) if what == "sent"]
    received = [value for what, value in outcomes if what == "received"]
    assert Counter(received) == Counter([*senders, *["plain"] * (parties % 2)])
    assert not any(name == value for name, (_, value) in enumerate(outcomes))
    seen = rx.statistics()
    assert (seen.waiting_senders, seen.waiting_receivers, seen.length) == (0, 0, 0)


@pytest.mark.parametrize("workers", [10, 23])
def test_one_feeds_a_multitude(crew, capacity, workers):
    """One sender and so many receivers: each message goes to exactly one of them, and all learn of the end."""
    tx, rx = csp.channel(capacity)
    drainers = crew.start_many(workers, roles.drain, rx)
    feeder = crew.start(roles.feed, tx, range(1000))
    tx.close()
    rx.close()
    feeder.result()
    assert sorted(n for drainer in drainers for n in drainer.result()) == [*range(1000)]


def test_a_template_is_shared_by_twenty(crew, buffered):
    """Twenty processes select with the same guards, many times each: every use is one transfer."""
    tx, rx = csp.channel(buffered)
    drainer = crew.start(roles.drain, rx)
    senders = crew.start_many(20, alone.repeat_offer, tx, "same", 50)
    tx.close()
    rx.close()
    for sender in senders:
        sender.result()
    assert drainer.result() == ["same"] * 1000


def test_a_long_chain_of_processes(crew, capacity):
    """55 processes that each add one: built, used and torn down."""
    first, into = csp.channel(capacity)
    tasks = []
    for _ in range(MANY):
        out, following = csp.channel(capacity)
        tasks.append(crew.start(roles.add_one, into, out))
        into = following
    first.send(0)
    assert into.recv() == MANY
    for task in tasks:
        task.result()
