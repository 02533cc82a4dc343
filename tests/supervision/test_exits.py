"""An exit reason is a small immutable value that loads anywhere."""

import copy
import pickle
import subprocess
import sys
from typing import Any

import pytest

from csp.exits import KINDS, NORMAL, ExitReason


@pytest.mark.parametrize("name", ["exits", "value", "supervision.supervisor", "supervision.intensity"])
def test_imports_little(name: str) -> None:
    """What loads inside actors imports nothing that costs: a fresh Python that imports it has no attrs, no typing."""
    code = (
        f"import sys; before = set(sys.modules); import csp.{name}; "
        "print(*sorted(m for m in set(sys.modules) - before if not m.startswith('csp')))"
    )
    shown = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True).stdout
    assert set(shown.split()) <= {"math", "_math_integer", "math.integer"}  # one module since 3.15, three files


def test_clean_kinds() -> None:
    """Normal and shutdown are clean, failed and killed are not."""
    assert [kind for kind in KINDS if ExitReason(kind).clean] == ["normal", "shutdown"]  # type: ignore[arg-type]


def test_unknown_kind_is_refused() -> None:
    """A kind that does not exist is a ValueError that lists those that do."""
    with pytest.raises(ValueError, match="use one of normal, shutdown, failed, killed"):
        ExitReason("crashed")  # type: ignore[arg-type]


def test_is_a_value() -> None:
    """It is equal by content, hashable, and survives copying and pickling with its cause."""
    reason = ExitReason("failed", "ValueError: x", "Traceback", ExitReason("killed", "too slow"))
    for twin in (copy.copy(reason), copy.deepcopy(reason), pickle.loads(pickle.dumps(reason))):
        assert twin == reason
        assert hash(twin) == hash(reason)
        assert twin.cause == reason.cause
    assert reason != ExitReason("failed", "ValueError: x")
    assert reason != "failed"


def test_does_not_change() -> None:
    """Its fields can be neither set nor deleted, and it takes no new ones."""
    reason: Any = NORMAL
    with pytest.raises(AttributeError, match="'kind' cannot be set"):
        reason.kind = "failed"
    with pytest.raises(AttributeError, match="'other' cannot be set"):
        reason.other = 1
    with pytest.raises(AttributeError, match="'kind' cannot be deleted"):
        del reason.kind


def test_tells_its_causes() -> None:
    """Its text is one line with all causes, and its root is the last of them."""
    root = ExitReason("failed", "ValueError: x", "a long traceback")
    middle = ExitReason("shutdown", "inner gave up", cause=root)
    reason = ExitReason("shutdown", "outer gave up", cause=middle)
    assert str(reason) == "shutdown: outer gave up <- shutdown: inner gave up <- failed: ValueError: x"
    assert reason.root is root
    assert str(NORMAL) == "normal"
    assert NORMAL.root is NORMAL
