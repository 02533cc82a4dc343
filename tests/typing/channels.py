"""Channels and alternatives."""

from typing import Any, assert_type

import csp


class Job:
    """A message."""


class Urgent(Job):
    """A message that is a Job, too."""


def made() -> None:
    tx, rx = csp.channel()
    assert_type(tx, csp.Sender[Any])
    assert_type(rx, csp.Receiver[Any])
    csp.channel(64, "drop_oldest")
    csp.channel(capacity=64, overflow="error")
    csp.channel("64")  # rejected: arg-type
    csp.channel(64, "drop")  # rejected: arg-type
    csp.channel(64, buffered=True)  # rejected: call-arg
    csp.Sender()  # rejected: call-arg
    csp.Receiver(tx)  # rejected: arg-type


def annotated() -> None:
    tx: csp.Sender[int]
    rx: csp.Receiver[int]
    tx, rx = csp.channel(8)
    tx.send(1)
    assert_type(rx.recv(), int)
    tx.send("one")  # rejected: arg-type


def annotated_by_half() -> None:
    tx: csp.Sender[int]
    tx, rx = csp.channel(8)
    tx.send(1)
    assert_type(rx, csp.Receiver[Any])
    tx.send("one")  # rejected: arg-type


def given_back() -> tuple[csp.Sender[int], csp.Receiver[int]]:
    return csp.channel(8)


class Holder:
    rx: csp.Receiver[str]

    def __init__(self) -> None:
        self.tx: csp.Sender[str]
        self.tx, self.rx = csp.channel()
        assert_type(self.rx.recv(), str)
        self.tx.send(b"bytes")  # rejected: arg-type


def sending(tx: csp.Sender[int]) -> None:
    tx.send(1, timeout=0.5)
    tx.send(1, 0.5)
    tx.send(1, timeout=None)
    tx.send_nowait(True)
    tx.send_many(range(10), timeout=1)
    assert_type(tx.clone(), csp.Sender[int])
    with tx as same:
        assert_type(same, csp.Sender[int])
    tx.send()  # rejected: call-arg
    tx.send(1.5)  # rejected: arg-type
    tx.send(message=1)  # rejected: call-arg
    tx.send(1, timeout="soon")  # rejected: arg-type
    tx.send(1, until=2.0)  # rejected: call-arg
    tx.send(1, deadline=2.0)
    tx.send_nowait("one")  # rejected: arg-type
    tx.send_many(1)  # rejected: arg-type
    tx.send_many(["one"])  # rejected: list-item
    tx.recv()  # rejected: attr-defined


def receiving(rx: csp.Receiver[int]) -> None:
    assert_type(rx.recv(), int)
    assert_type(rx.recv(timeout=0.5), int)
    assert_type(rx.recv_nowait(), int)
    assert_type(rx.recv_nowait(None), int | None)
    assert_type(rx.recv_many(10), list[int])
    for number in rx:
        assert_type(number, int)
    assert_type(next(rx), int)
    assert_type(len(rx), int)
    rx.recv(timeout="soon")  # rejected: arg-type
    rx.recv_nowait(default=None)  # rejected: call-overload
    rx.recv_many()  # rejected: call-arg
    rx.send(1)  # rejected: attr-defined


def seen(tx: csp.Sender[int]) -> None:
    statistics = tx.statistics()
    assert_type(statistics, csp.Statistics)
    assert_type(statistics.sent, int)
    assert_type(statistics.overflow, str)
    assert_type(statistics.aborted, bool)
    assert_type(tx.closed, bool)
    statistics.sent = 3  # rejected: misc
    tx.closed = True  # rejected: misc


def who_sends_any_job_sends_an_urgent_one(
    jobs: csp.Sender[Job], urgent: csp.Sender[Urgent], some: csp.Receiver[Job], hot: csp.Receiver[Urgent]
) -> None:
    def put(out: csp.Sender[Urgent]) -> None:
        out.send(Urgent())

    def put_any(out: csp.Sender[Job]) -> None:
        out.send(Job())

    def take(given: csp.Receiver[Job]) -> Job:
        return given.recv()

    def take_urgent(given: csp.Receiver[Urgent]) -> Urgent:
        return given.recv()

    put(jobs)
    put(urgent)
    put_any(jobs)
    put_any(urgent)  # rejected: arg-type
    take(some)
    take(hot)
    take_urgent(hot)
    take_urgent(some)  # rejected: arg-type


def mobile(tx: csp.Sender[csp.Sender[int]], rx: csp.Receiver[csp.Sender[int]]) -> None:
    reply: csp.Sender[int]
    reply, answers = csp.channel()
    tx.send(reply)
    rx.recv().send(3)
    assert_type(answers, csp.Receiver[Any])
    tx.send(3)  # rejected: arg-type
    rx.recv().send("three")  # rejected: arg-type


def choosing(
    jobs: csp.Receiver[Job], control: csp.Receiver[str], results: csp.Sender[int], more: list[csp.Receiver[Job]]
) -> None:
    guard, value = csp.select(jobs, control, results.offer(1), csp.after(0.5), None)
    if guard is jobs:
        assert_type(value, Any)
    csp.select(jobs, csp.at(3.0), csp.tick(0.1), csp.never(), csp.skip(), priority=True, timeout=1.0)
    csp.select(jobs if more else None, control)
    csp.select(*more, timeout=1.0)
    only, job = csp.select(jobs, timeout=1.0)
    assert_type(only, csp.Receiver[Job])
    assert_type(job, Job)
    csp.select(results)  # rejected: call-overload
    csp.select(jobs, results)  # rejected: call-overload
    csp.select(jobs, 0.5)  # rejected: call-overload
    csp.select(jobs, control, wait=False)  # rejected: call-overload
    csp.select(jobs, control, timeout="soon")  # rejected: call-overload
    csp.select([jobs, control])  # rejected: call-overload
    results.offer("one")  # rejected: arg-type
    csp.after("soon")  # rejected: arg-type
    csp.skip(1)  # rejected: call-arg


def kept_as_errors(error: csp.BrokenChannel, died: csp.ActorDied) -> None:
    assert_type(error.unsent, object)
    assert_type(died.reason, str)
    assert_type(died.maybe_ran, bool)
