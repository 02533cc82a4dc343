"""What the README tells a newcomer to type installs csp from a checkout, and its program runs."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from commands import TOP, run

# What a clone does not have, and git.
BUILT = shutil.ignore_patterns(".git", ".venv*", ".python", ".spin", "build", "dist", "__pycache__", "*.so", ".*_cache")
BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)


def first_blocks() -> dict[str, str]:
    """The first block of the README in each language: its program, what that prints, and how csp is installed."""
    found: dict[str, str] = {}
    for block in BLOCK.finditer((TOP / "README.md").read_text(encoding="utf-8")):
        found.setdefault(block["language"], block["text"])
    return found


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of this tree, as a clone has it."""
    return shutil.copytree(TOP, tmp_path / "csp", ignore=BUILT)


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    """A PATH on which python3.14 is the Python of the tests, and pip held to the versions that are locked."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "python3.14").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (programs / "python3.14").chmod(0o755)
    locked = re.findall(r"^\w[^\s;]*==[^\\\n]*", (TOP / ".ci" / "test.lock").read_text(), re.MULTILINE)
    (tmp_path / "locked.txt").write_text("\n".join(locked) + "\n")
    held = str(tmp_path / "locked.txt")
    path = f"{programs}:/usr/local/bin:/usr/bin:/bin"
    return {"PATH": path, "PIP_CONSTRAINT": held, "PIP_BUILD_CONSTRAINT": held, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


@pytest.mark.timeout(600)
def test_the_readme_installs_a_checkout_and_its_program_runs(checkout: Path, settings: dict[str, str]) -> None:
    """The lines of the README, typed in a new folder beside a checkout, and then its program, by the Python made so."""
    blocks = first_blocks()
    lines = f"set -eu\n{blocks['sh']}"
    said = run("installing as the README says", "bash", "-c", lines, cwd=checkout.parent, timeout=500, **settings)
    assert re.search(r"^ok    the native core loads ", said, re.MULTILINE), said
    folder = checkout.parent / "try-csp"
    (folder / "hello_actor.py").write_text(blocks["python"])
    printed = run("running the README's program", "venv/bin/python", "hello_actor.py", cwd=folder, timeout=60)
    assert printed == blocks["text"]
    place = run("finding csp", "venv/bin/python", "-c", "import csp; print(csp.__file__)", cwd=folder, timeout=60)
    assert place.startswith(str(folder / "venv")), place


def test_a_checkout_that_was_not_built_says_what_to_do(checkout: Path) -> None:
    """A program that is run in the checkout finds the sources before what is installed: the error says so."""
    # -S: without the finder of the checkout that these tests are of.
    done = subprocess.run(
        [sys.executable, "-S", "-c", "import csp; csp.System"],
        cwd=checkout,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
        timeout=60,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "ModuleNotFoundError: No module named 'csp._native'" in done.stderr
    assert f"csp in {checkout / 'csp'} was not built" in done.stderr
    assert "run it in another folder" in done.stderr
