"""The fuzzers know the whole C interface: a function that they never call is one whose mistakes they cannot find."""

import re

from tests.layers.test_exported_symbols import ROOT, declared

# What no fuzzer calls, and why.
NOT_FUZZED: dict[str, str] = {
    "csp_forward": "what is believed of a message belongs to one channel; tests/native/test_forward.c races it",
}


def code():
    """The fuzzers without comments and texts."""
    files = sorted((ROOT / "tests/fuzz").glob("*.[ch]"))
    return "\n".join(
        re.sub(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"', "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
        for file in files
    )


def test_every_function_is_called_by_a_fuzzer():
    """Each function of csp.h is called in tests/fuzz, or it is said above why not; what is said is not out of date."""
    called = set(re.findall(r"\b(csp_\w+)\(", code()))
    assert sorted(declared() - called) == sorted(NOT_FUZZED)
