"""The report of a deadlock: the wait graph names the exact cycle of the naive philosophers, and none in the others."""

import philosophers
import pytest
from waits import cycle

import csp
from csp._native import wait_graph

SEATS = 5
MEALS = 100

# To the wait graph a process is a holder, and all threads of one interpreter are one: it can tell which of them waits
# where, and not which of them has the ends that could wake the others.
HOLDERS = pytest.mark.parametrize("members", ["interpreters", "C API"], indirect=True)


def naive(seat):
    """Everybody picks up the left fork first."""
    return 1


def mixed(seat):
    """One of them picks up the right fork first."""
    return -1 if seat == SEATS - 1 else 1


class Table:
    """Five forks, and philosophers who have all ends but the receivers that this test keeps to end it all."""

    def __init__(self):
        self.forks = [csp.channel(1) for _ in range(SEATS)]
        self.channels = [tx.channel_id for tx, _ in self.forks]
        self.keys = [rx.clone() for _, rx in self.forks]
        for n, (tx, _) in enumerate(self.forks):
            tx.send(n)

    def seat(self, crew, order, role, *arguments):
        """Begin a dinner; gives the tasks."""
        hands = [(self.forks[n], self.forks[(n + 1) % SEATS])[:: order(n)] for n in range(SEATS)]
        tasks = [crew.start(role, *pair, *arguments) for pair in hands]
        for fork in self.forks:
            for end in fork:
                end.close()
        return tasks

    def waits(self):
        """Who waits for a fork, as (holder, thread, channel)."""
        return {(edge[1], edge[3], edge[4]) for edge in wait_graph() if edge[0] == "waits" and edge[4] in self.channels}

    def clear(self, tasks):
        """End a dinner at which nobody will eat."""
        for key in self.keys:
            key.abort("the restaurant closes")
        for task in tasks:
            with pytest.raises(csp.EndOfChannel):
                task.result()
        self.keys.clear()  # pytest holds this table for a while
        self.forks.clear()


@pytest.fixture
def starving(crew, wait_until):
    """A naive dinner at which everybody has the left fork in hand and waits for the right one, and its tasks."""
    table = Table()
    told, tells = csp.channel()
    orders, go = csp.channel()
    tasks = table.seat(crew, naive, philosophers.dine, told, go, 1)
    for _ in range(SEATS):
        tells.recv()
    for _ in range(SEATS):
        orders.send(None)
    wait_until(lambda: len(table.waits()) == SEATS, "all wait for their second fork")
    yield table
    table.clear(tasks)


@HOLDERS
def test_the_wait_graph_names_the_cycle_of_the_naive_philosophers(starving):
    """Each waits for its neighbour alone, around the table, and for nobody else."""
    who = {channel: holder for holder, _, channel in starving.waits()}
    seats = [who[starving.channels[(n + 1) % SEATS]] for n in range(SEATS)]  # by the fork that each one waits for
    assert len({*seats}) == SEATS
    assert cycle(starving.channels) == {(seats[n], seats[(n + 1) % SEATS]) for n in range(SEATS)}


@pytest.mark.parametrize("members", ["threads"], indirect=True)
def test_the_wait_graph_names_the_threads_of_the_naive_philosophers(starving):
    """Threads of one interpreter are one holder: it waits for itself, with five threads, each for another fork."""
    seen = starving.waits()
    assert {channel for _, _, channel in seen} == {*starving.channels}
    assert len({thread for _, thread, _ in seen}) == SEATS
    holders = {edge[1] for edge in wait_graph() if edge[0] == "holds" and edge[4] in starving.channels}
    assert {holder for holder, _, _ in seen} == holders
    assert len(holders) == 1


@HOLDERS
def test_the_wait_graph_names_nobody_who_can_go_on(crew, wait_until):
    """One picks up the right fork first. Some eat and the others wait for them, and nothing moves: no deadlock."""
    table = Table()
    told, tells = csp.channel(SEATS)
    orders, go = csp.channel(SEATS)
    tasks = table.seat(crew, mixed, philosophers.dine, told, go, 2)
    wait_until(lambda: len(table.waits()) + len(tells) == SEATS, "everybody eats or waits")
    assert 0 < len(tells) < SEATS
    assert cycle(table.channels) == set()
    orders.send_many([None] * SEATS)
    for task in tasks:
        task.result()


@HOLDERS
def test_the_wait_graph_names_no_cycle_in_a_dinner_that_goes_on(crew):
    """Looked at all the time, philosophers of whom one picks up the right fork first never deadlock, and all eat."""
    table = Table()
    tasks = table.seat(crew, mixed, philosophers.dine_often, MEALS)
    looks = 0
    while looks < 20 or not all(task.done for task in tasks):
        assert cycle(table.channels) == set()
        looks += 1
    assert [task.result() for task in tasks] == [MEALS] * SEATS
