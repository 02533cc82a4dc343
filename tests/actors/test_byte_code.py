"""Actors that compile what they import say so, once."""

import shutil

import pytest

SCRIPT = """
import csp, large, os, sys

class A(csp.Actor):
    @csp.handler
    def value(self):
        return large.value0

if __name__ == "__main__":
    with csp.System(warm=1) as system:
        for _ in range(3):
            assert system.spawn(A).value() == 0
"""


@pytest.fixture
def large(program):
    """A module that takes a while to compile, and the script that has actors import it. Of all modules it is the only
    one without byte code on disk.
    """
    program.write("value0 = 0\n", "large.py")
    script = program.write(SCRIPT)
    assert program.run(script) == (0, "", "")
    shutil.rmtree(program.folder / "__pycache__")
    program.write("".join(f"def f{i}(a, b): return (a + b) * {i}\nvalue{i} = {i}\n" for i in range(1000)), "large.py")
    return script


def said(err):
    return [line for line in err.splitlines() if "actors start slowly" in line]


def test_no_byte_code_is_written(program, large):
    """Under -B (PYTHONDONTWRITEBYTECODE) a line says why actors start slowly and what to do, one for all of them; with
    byte code on disk there is none.
    """
    status, _, err = program.run("-B", large)
    assert status == 0, err
    (line,) = said(err)
    assert line.endswith("modules=1")
    assert "because='PYTHONDONTWRITEBYTECODE or -B'" in line
    assert "python -m compileall" in line
    assert program.run("-m", "compileall", "-q", program.folder)[0] == 0
    assert program.run("-B", large) == (0, "", "")


def test_byte_code_is_written(program, large):
    """Where Python writes byte code nothing is said, not even by the first actor."""
    assert program.run(large) == (0, "", "")


def test_byte_code_cannot_be_written(program, large):
    """Where its folder cannot be written the line names the folder."""
    (program.folder / "__pycache__").write_text("in the way")
    status, _, err = program.run(large)
    assert status == 0, err
    (line,) = said(err)
    assert f"because='{program.folder / '__pycache__'} cannot be written'" in line
    assert "PYTHONPYCACHEPREFIX" in line
