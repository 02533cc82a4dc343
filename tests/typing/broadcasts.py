"""Broadcasts and watches, extended rendezvous, conditions."""

from typing import Any, assert_type

import csp


class Job:
    """A message."""


class Urgent(Job):
    """A message that is a Job, too."""


def made() -> None:
    tx, rx = csp.broadcast()
    assert_type(tx, csp.Broadcaster[Any])
    assert_type(rx, csp.Receiver[Any])
    values, value = csp.watch(1)
    assert_type(values, csp.Broadcaster[int])
    assert_type(value.recv(), int)
    csp.watch()  # rejected: call-arg
    csp.Broadcaster()  # rejected: call-arg


def used(tx: csp.Broadcaster[Job]) -> None:
    assert_type(tx.send(Urgent(), timeout=1.0), int)
    assert_type(tx.subscribe(1, "drop_oldest").recv(), Job)
    assert_type(tx.latest, Job)
    assert_type(tx.clone(), csp.Broadcaster[Job])
    tx.abort("because")
    tx.send("one")  # rejected: arg-type
    tx.subscribe("one")  # rejected: arg-type


def invariant(urgent: csp.Broadcaster[Urgent], anything: csp.Broadcaster[object]) -> None:
    used(urgent)  # rejected: arg-type
    used(anything)  # rejected: arg-type


def held(rx: csp.Receiver[Job]) -> None:
    with rx.extended(deadline=1.0) as job:
        assert_type(job, Job)
    rx.extended(1.0, 2.0)  # rejected: call-arg


def answered(reply: csp.Reply) -> None:
    reply.fail(ValueError("bad"))
    reply.fail("bad")  # rejected: arg-type
    reply.fail(KeyboardInterrupt())  # rejected: arg-type


def waiting(condition: csp.Condition, lock: csp.Lock) -> None:
    assert_type(lock.acquire(deadline=1.0), bool)
    assert_type(condition.wait_for(lambda: 7, deadline=1.0), int)
    assert_type(condition.clone(), csp.Condition)
    assert_type(condition.closed, bool)
    assert_type(condition.locked(), bool)
    assert_type(condition.statistics().waiting_receivers, int)
    lock.acquire(True, 1.0, 2.0)  # rejected: call-arg
