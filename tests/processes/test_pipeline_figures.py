"""A pipeline says where its time went, and when handing over cost more than the work."""

import pytest
import workers

import csp
from csp.processes.pipelines.meter import EVERY, SURE, Meter


def test_small_work_is_told():
    """When handing over costs more than the work, the statistics say so, and what to do."""
    pipeline = csp.pipeline(iter(range(3000))).map(workers.double, workers=1)
    pipeline.collect()
    seen = pipeline.statistics()
    assert seen.hand_over > seen.work > 0
    assert seen.advice.startswith("handing over costs more than the work, ")
    assert ".batch(n)" in seen.advice
    assert str(seen).endswith(seen.advice)


def test_large_work_is_not():
    """When the work is larger there is no advice."""
    pipeline = csp.pipeline(range(30)).map(workers.sum_below, workers=1)
    pipeline.collect()
    seen = pipeline.statistics()
    assert seen.work > seen.hand_over > 0
    assert seen.advice == ""


def test_items_and_stages():
    """Items are counted for each stage, of all its workers; a batch is one, and what a filter drops does not go on."""
    pipeline = (
        csp.pipeline(range(1000))
        .batch(10)
        .map(workers.length, workers=2)
        .filter(workers.nobody)
        .map(workers.double, workers=1)
    )
    pipeline.collect()
    seen = pipeline.statistics()
    assert seen.items == 1000
    assert [(stage.name, stage.workers, stage.items) for stage in seen.stages] == [
        ("length+nobody", 2, 100),
        ("double", 1, 0),
    ]
    assert seen.work == sum(stage.work for stage in seen.stages)
    assert "length+nobody (2 workers): 100 items, " in str(seen)


def test_last_run():
    """They are of the run that began last; other pipelines made of the same have their own."""
    doubled = csp.pipeline([1, 2, 3]).map(workers.double, workers=1)
    doubled.collect()
    doubled.collect()
    assert doubled.statistics().items == 3
    with pytest.raises(RuntimeError, match=r"csp\.pipeline\(\.\.\.\).* has not run"):
        doubled.map(workers.negate).statistics()


def test_without_workers():
    """Where nothing is handed over there is nothing to advise."""
    pipeline = csp.pipeline(range(10)).batch(3)
    pipeline.collect()
    assert pipeline.statistics().advice == ""


def test_a_meter_stands_for_what_it_left_out(monkeypatch):
    """The first rounds are measured, then each EVERYth, which stands for the others; pauses do not count."""
    now = [0]
    monkeypatch.setattr("csp.processes.pipelines.meter.thread_time_ns", lambda: now[0])
    meter = Meter()
    measured = 0
    for _ in range(SURE + 10 * EVERY):
        meter.begin()
        measured += meter.on
        now[0] += 5
        meter.pause()
        now[0] += 1000
        meter.resume()
        now[0] += 2
        meter.end()
    assert measured == SURE + 10
    assert meter.total() == 7 * (SURE + 10 * EVERY)
