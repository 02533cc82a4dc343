"""The four documents that are encoded and sent: data as programs have it. Workers import this file."""

import dataclasses

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


@dataclasses.dataclass
class Small:
    """A small record."""

    number: int
    name: str
    price: float
    open: bool


def fields() -> dict[str, Any]:
    """A dict of ten mixed fields: three strings and a list of 20 floats among them."""
    return {
        "id": 48_213,
        "name": "Ada Lovelace",
        "city": "Marylebone",
        "comment": "notes on the engine, with a table that is the first of its kind",
        "price": 1.25,
        "open": True,
        "parent": None,
        "values": [n / 7 for n in range(20)],
        "created": 1_764_432_000_000_000,
        "place": [51, -1],
    }


def ints() -> list[int]:
    """A list of 1,000 ints, of which a quarter has no ready-made object."""
    return [n * n * 31 % 1_000_003 if n % 4 else n for n in range(1000)]


def nested() -> dict[str, Any]:
    """A nested document of JSON, 50 KB as text."""
    return {
        "version": 3,
        "next": None,
        "users": [
            {
                "id": n,
                "name": f"user {n}",
                "mail": f"user.{n}@example.org",
                "active": n % 3 == 0,
                "score": n * 1.0625,
                "tags": [f"tag{n % 7}", "common", f"rare{n}"],
                "address": {"street": f"{n} Long Lane", "zip": f"{10_000 + n}", "geo": {"lat": n / 3, "lon": -n / 7}},
                "friends": [{"id": m, "since": 2000 + m % 26, "close": None} for m in range(n % 6)],
            }
            for n in range(138)
        ],
    }


def records() -> list[Small]:
    """100 small dataclasses."""
    return [Small(n, f"record {n}", n / 3, n % 2 == 0) for n in range(100)]


DOCUMENTS: dict[str, Callable[[], Any]] = {"fields": fields, "ints": ints, "nested": nested, "records": records}
