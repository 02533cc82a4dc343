"""Every status of the core has a name, a number of its own, a text, and a meaning in Python."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEADER = (ROOT / "native/include/csp/csp.h").read_text(encoding="utf-8")
ERRORS = (ROOT / "native/python/errors.c").read_text(encoding="utf-8")
EXTENSION = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "native/python").rglob("*.c")}

# Those that native_raise leaves to the SystemError of a bug of ours, and where the extension meets them before.
ELSEWHERE = {"OK": "end.c", "FAILED": "errors.c", "INVALID": "locks.c", "STALE": "totals.c"}


def statuses():
    """``(name, number, text)`` of each, from the X-macro."""
    macro = re.search(r"#define CSP_STATUSES\(X\)(?P<body>(?:[^\n]*\\\n)+[^\n]*\n)", HEADER)
    assert macro is not None, "the list of statuses is not where it was"
    return [
        (name, int(number), text) for name, number, text in re.findall(r'X\((\w+), (\d+), "([^"]+)"\)', macro["body"])
    ]


STATUSES = statuses()
MEANT = set(re.findall(r"^\s*case CSP_(\w+):", ERRORS, re.MULTILINE))


def test_the_list_is_read():
    """The parser of this test sees the whole list: it counts what begins an entry, too."""
    assert len(STATUSES) == len(re.findall(r"\bX\([A-Z]", HEADER)) >= 12


def test_numbers():
    """The numbers are those of the list, from 0 and without gaps, as OK must be 0."""
    assert [number for _, number, _ in STATUSES] == list(range(len(STATUSES)))
    assert STATUSES[0][0] == "OK"


def test_texts_differ():
    """No two statuses have the same name or the same text."""
    assert len({name for name, _, _ in STATUSES}) == len({text for _, _, text in STATUSES}) == len(STATUSES)


@pytest.mark.parametrize("name", [name for name, _, _ in STATUSES])
def test_every_status_means_something(name):
    """A status is an exception in errors.c, or is met where it arises; none of both is forgotten."""
    if name in ELSEWHERE:
        assert name not in MEANT, f"{name} is mapped in errors.c: take it out of ELSEWHERE"
        assert f"CSP_{name}" in EXTENSION[ELSEWHERE[name]]
    else:
        assert name in MEANT, f"errors.c says nothing about CSP_{name}"


def test_nothing_else_is_meant():
    """errors.c maps no status that the list does not have."""
    assert {name for name, _, _ in STATUSES} >= MEANT
