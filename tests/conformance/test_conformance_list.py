"""The README of this folder says of each item of the conformance list which test has it: that is true, and whole."""

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TESTS = HERE.parent
README = (HERE / "README.md").read_text(encoding="utf-8")

# What is in the README without being an item of somebody's list: tests of the crew, and of the README.
OURS = {"test_members", "test_conformance_list"}


def cells():
    """The second column of all tables."""
    rows = [line.split(" | ", 1)[1] for line in README.splitlines() if line.startswith("| ") and "---" not in line]
    return [cell.removesuffix(" |") for cell in rows if cell != "test |"]


def names_of(file):
    """The tests in a file: functions of Python, or CASEs of C."""
    text = file.read_text(encoding="utf-8")
    pattern = r"^def test_(\w+)\(" if file.suffix == ".py" else r"^CASE\((\w+),"
    return {*re.findall(pattern, text, re.MULTILINE)}


def found(path):
    """The file that is meant by `test_file` or `folder/test_file`, or None."""
    base = TESTS / path.removeprefix("tests/") if "/" in path else HERE / path
    return next((base.with_suffix(suffix) for suffix in (".py", ".c") if base.with_suffix(suffix).exists()), None)


def references():
    """What the tables name, as (file or None for any of this folder, test or None for all of the file)."""
    for cell in cells():
        file = None
        for name, colon in re.findall(r"`([^`]+)`(:?)", cell):
            if name.startswith("test_") or "/" in name:
                file = name if colon else None
                yield name, None
            else:
                yield file, name


def own_tests():
    """The tests of this folder by file."""
    return {file.stem: names_of(file) for file in sorted(HERE.glob("test_*.py"))}


@pytest.mark.parametrize(("file", "test"), [*dict.fromkeys(references())])
def test_what_the_table_names_is_there(file, test):
    """Every file and every test that stands in the table exists, a test in the file that stands before it."""
    if file is None:
        assert any(test in names for names in own_tests().values()), f"no test_{test} in this folder"
    elif test is None:
        assert found(file) is not None or (TESTS / file.removeprefix("tests/")).is_dir(), f"no {file}"
    else:
        assert test in names_of(found(file)), f"no {test} in {file}"


def test_every_test_is_in_the_table():
    """No test of this folder is without an item."""
    named = {test for _, test in references()}
    whole = {*re.findall(r"`(test_\w+)`, all", README)}
    left = {file: names - named for file, names in own_tests().items() if file not in OURS | whole}
    assert {file: sorted(names) for file, names in left.items() if names} == {}


def test_nothing_is_skipped():
    """No test of this folder may leave itself out."""
    for file in HERE.glob("*.py"):
        if file.stem != "test_conformance_list":
            text = file.read_text(encoding="utf-8")
            assert not re.search(r"pytest\.(mark\.)?(skip|skipif|xfail|importorskip)\b", text), file.name
