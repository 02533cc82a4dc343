"""Packed values."""

from typing import assert_type

import csp


def made() -> None:
    packed = csp.pack({"one": 1})
    assert_type(packed, csp.Packed[dict[str, int]])
    assert_type(packed.open(), dict[str, int])
    assert_type(packed.nbytes, int)
    csp.pack()  # rejected: call-arg
    packed.open(1)  # rejected: call-arg


def covariant(packed: csp.Packed[bool], tx: csp.Sender[csp.Packed[int]]) -> None:
    wider: csp.Packed[int] = packed
    tx.send(wider)
    tx.send(packed)
    tx.send(True)  # rejected: arg-type
    narrower: csp.Packed[str] = packed  # rejected: assignment
    assert_type(narrower, csp.Packed[str])
