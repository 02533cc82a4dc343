"""How files are named, and how long they get."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SUFFIXES = {".py", ".pyi", ".c", ".h"}
NAMELESS = {"util", "utils", "helper", "helpers", "misc", "common", "tools", "base", "stuff"}

# A file of more lines should be two. Lists of test cases may be longer: they are read one case at a time.
CAPS = {"csp": 350, "native": 350, "examples": 350, "tests": 700}

# Longer ones, how long they may get, and why they are one file.
LONGER = {
    "csp/_native.pyi": (530, "one module has one stub"),
    "native/core/alternatives/alternative.c": (
        400,
        "one that is kept: its guards and its waits share one lock",
    ),
    "native/core/channels/end.c": (380, "all that may become of a handle"),
    "native/core/sync/broadcast.c": (420, "one turn, that every subscriber takes part in"),
    "native/core/sync/locks.c": (380, "four kinds that are taken and released the same way"),
    "native/include/csp/csp.h": (720, "the whole C interface is one header: what is not in it is not promised"),
}


def sources(folder):
    """The files of ours in a folder."""
    return [
        path
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in SUFFIXES and not {"__pycache__", "build"} & set(path.parts)
    ]


ALL = [path for folder in CAPS for path in sources(folder)]


def length(path):
    """The lines of a file."""
    return len(path.read_text(encoding="utf-8").splitlines())


def test_names_say_what_a_file_holds():
    """No file is called utils, or by another name that anything fits under."""
    assert [str(path) for path in ALL if set(re.split(r"[_\W]+", path.stem.lower())) <= NAMELESS] == []


@pytest.mark.parametrize("folder", CAPS)
def test_files_are_short(folder):
    """No file is longer than its folder's cap, or than what it was given instead, with a reason."""
    wrong = []
    for path in sources(folder):
        name = str(path.relative_to(ROOT))
        most, _ = LONGER.get(name, (CAPS[folder], ""))
        if length(path) > most:
            wrong.append(f"{name} has {length(path)} lines, at most {most}: which two files is it?")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", LONGER)
def test_longer_files_are_still_longer(name):
    """An exception that is not needed any more is none."""
    folder = Path(name).parts[0]
    assert length(ROOT / name) > CAPS[folder], f"{name} fits under the cap again: take it out of LONGER"


# A check that is switched off says why: in brackets behind a noqa, in a second comment behind an ignored type.
OFF = re.compile(r"#\s*(noqa|type: ?ignore|pyright: ?ignore)\b")
REASONED = re.compile(
    r"# noqa: [A-Z]+[0-9]+(, [A-Z]+[0-9]+)*  \(\S.*\)$|# (type|pyright): ignore\[[a-zA-Z, -]+\]  # \S.*$"
)


@pytest.mark.parametrize("folder", ["csp", "examples"])
def test_exceptions_from_the_checks_have_reasons(folder):
    """Where a checker is told to look away, the same line says why."""
    silent = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in sources(folder)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if OFF.search(line) and not REASONED.search(line)
    ]
    assert not silent, "\n".join(silent)


@pytest.mark.parametrize("path", [p for p in ALL if p.suffix in {".c", ".h"}], ids=lambda path: path.name)
def test_c_files_say_their_licence(path):
    """A C file may be taken out of the tree: one line says under which terms."""
    assert path.read_text(encoding="utf-8").startswith("/* SPDX-License-Identifier: MIT")


def test_test_files_have_names_of_their_own():
    """pytest imports test files by their names alone: two of one name in two folders end a whole run."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted({name for name in names if names.count(name) > 1}) == []
