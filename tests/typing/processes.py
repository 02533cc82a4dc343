"""Parallel blocks and pipelines."""

import operator
from collections.abc import Iterator
from typing import assert_type

import csp


def numbers(out: csp.Sender[int], *, count: int = 10) -> None:
    out.send_many(range(count))


def total(given: csp.Receiver[int]) -> int:
    return sum(given)


def blocks() -> None:
    tx: csp.Sender[int]
    rx: csp.Receiver[int]
    words: csp.Sender[str]
    words, _ = csp.channel()
    with csp.parallel(grace=2.0) as par:
        tx, rx = csp.channel()
        par.start(numbers, tx, count=3)
        summing = par.start(total, rx)
        assert_type(summing, csp.Process[int])
        assert_type(par.start_many(2, total, rx)[0].result(), int)
        par.start(numbers, rx)  # rejected: arg-type
        par.start(numbers, words)  # rejected: arg-type
        par.start(numbers, tx, 3)  # rejected: call-arg
        par.start(numbers, tx, count="3")  # rejected: arg-type
        par.start(numbers)  # rejected: call-arg
        par.start("numbers", tx)  # rejected: arg-type
        par.start_many("2", total, rx)  # rejected: arg-type
        par.start_many(2, total)  # rejected: call-arg
    assert_type(summing.result(), int)
    assert_type(summing.result(timeout=1.0), int)
    assert_type(summing.done, bool)
    csp.parallel(grace="soon")  # rejected: arg-type


def parse(path: str) -> bytes:
    return path.encode()


def interesting(data: bytes) -> bool:
    return bool(data)


def merge(counts: dict[bytes, int], batch: tuple[bytes, ...]) -> dict[bytes, int]:
    return counts | dict.fromkeys(batch, 1)


def pipelines(paths: list[str]) -> None:
    parsed = csp.pipeline(paths).map(parse, workers=2)
    assert_type(list(parsed), list[bytes])
    assert_type(parsed.filter(interesting).collect(), list[bytes])
    assert_type(parsed.batch(64).collect(progress=True), list[tuple[bytes, ...]])
    start: dict[bytes, int] = {}
    assert_type(parsed.filter(interesting).batch(64).reduce(merge, start, progress="merging"), dict[bytes, int])
    assert_type(csp.pipeline(range(10)).reduce(operator.add, 0), int)
    assert_type(parsed.for_each(print), None)
    assert_type(parsed.statistics().stages[0].hand_over, float)
    assert_type(parsed.statistics().advice, str)
    for data in parsed:
        assert_type(data, bytes)
    csp.pipeline(3)  # rejected: arg-type
    csp.pipeline([3]).map(parse)  # rejected: arg-type
    csp.pipeline(paths).filter(interesting)  # rejected: arg-type
    parsed.map(parse)  # rejected: arg-type
    parsed.map(interesting, worker=2)  # rejected: call-arg
    parsed.map(interesting, workers="2")  # rejected: arg-type
    parsed.batch("64")  # rejected: arg-type
    parsed.reduce(merge, start)  # rejected: arg-type
    parsed.filter(3)  # rejected: arg-type


def endless() -> Iterator[str]:
    while True:
        yield "path"


assert_type(csp.pipeline(endless()).map(len, workers=1, ordered=False, window=8).collect(), list[int])
