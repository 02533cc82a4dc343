"""Every example runs, quickly, and prints what its docstring says."""

import ast
import shutil
import time

import pytest
from doc_pages import EXAMPLES, matches
from doc_programs import run

# What examples print whose docstrings do not say it.
SAID_HERE = {
    "csp_parallel.py": """\
produced [300, 200]
consumed 500
totals   {'blue': 173095, 'red': 381979}
failed   process int raised ValueError: invalid literal for int() with base 10: 'seven'
""",
    "pipeline_primes.py": """\
148933 primes below 2000000, 14871 pairs of twins, the largest prime is 1999993
""",
}

LONGEST = 15.0  # seconds, on a machine that does other things as well; alone it takes less than 3


def docstring_of(file):
    """The docstring of a module, without importing it."""
    return ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""


def arguments_of(text):
    """What follows the file's name where the docstring says how to run it: ``python bank_service.py --seconds 1``."""
    lines = [line.split() for line in text.splitlines() if line.strip().startswith("$ python ")]
    return lines[0][3:] if lines else []


def output_of(text):
    """The indented lines below the line that ends with ``prints:``, or None."""
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines) if line.rstrip().endswith("rints:")]
    if not starts:
        return None
    return "\n".join(line.removeprefix("    ") for line in lines[starts[-1] + 1 :]).strip()


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.name)
def test_example_prints_what_its_docstring_says(file, tmp_path):
    """An example copied elsewhere, so that it stands alone, ends well and prints its output."""
    text = docstring_of(file)
    copy = shutil.copy(file, tmp_path / file.name)
    began = time.monotonic()

    status, out, err = run(copy, *arguments_of(text))

    told = f"{file.name}\n--- stdout\n{out}--- stderr\n{err}"
    assert status == 0, told
    assert time.monotonic() - began < LONGEST, told
    expected = output_of(text) or SAID_HERE.get(file.name)
    assert expected, f"the docstring of {file.name} does not say what it prints: a line that ends with 'prints:'"
    assert matches(expected, out), f"{told}--- but the docstring says\n{expected}"


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.name)
def test_example_says_what_it_shows_and_is_guarded(file):
    """Every example has a docstring, and does nothing when it is imported: actors import it."""
    source = file.read_text(encoding="utf-8")
    assert docstring_of(file), file.name
    assert 'if __name__ == "__main__":' in source, file.name
