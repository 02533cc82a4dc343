"""Modules of the main interpreter alone, imported where an actor meets them: the error offers what works."""

import pytest

ACTOR = """
import csp

class Probe(csp.Actor):
    @csp.handler
    def meet(self, name):
        __import__(name)

if __name__ == "__main__":
    with csp.System(warm=0) as system:
        probe = system.spawn(Probe)
        try:
            probe.meet("faulthandler")
        except ImportError as error:
            print(error.__notes__)
"""

GUARD = 'behind `if __name__ == "__main__":`'
OFFERED = {
    "faulthandler": "start the program with `python -X faulthandler`",
    "readline": "there is one terminal",
    "curses": "there is one terminal",
    "tracemalloc": "memory is traced in the whole process",
    "_cffi_backend": "use it in the main interpreter, or in a child process",
}


@pytest.mark.parametrize("module", OFFERED)
def test_a_script_that_imports_it_at_its_top(program, module):
    """The script cannot run in the actor: the error names the module, what works instead, and the guard."""
    status, _, err = program.script(f"import {module}\n{ACTOR}")
    assert status == 1
    said = err.splitlines()[-1]
    assert said.startswith("csp.errors.NotImportable: the script ")
    assert "ImportError: module " in said
    assert OFFERED[module] in said
    assert GUARD in said


def test_a_module_of_the_program_that_imports_it(program):
    """The same where the actor's class lives in a module of its own."""
    program.write("import faulthandler, csp\nclass Crashes(csp.Actor): pass\n", "crashes.py")
    status, _, err = program.script(
        "import csp, crashes\nif __name__ == '__main__':\n    with csp.System(warm=0) as system:\n"
        "        system.spawn(crashes.Crashes)\n"
    )
    assert status == 1
    said = err.splitlines()[-1]
    assert said.startswith("csp.errors.NotImportable: importing crashes failed in an own-GIL interpreter: ")
    assert OFFERED["faulthandler"] in said


def test_an_import_inside_a_handler(program):
    """There the ImportError itself comes to the caller, with the way out as a note."""
    status, out, err = program.script(ACTOR)
    assert (status, err) == (0, "")
    assert OFFERED["faulthandler"] in out


def test_what_is_offered_works(program):
    """Behind the guard faulthandler is imported in the main interpreter alone, and actors start."""
    status, out, err = program.script(f"if __name__ == '__main__':\n    import faulthandler\n{ACTOR}")
    assert (status, err) == (0, "")
    assert OFFERED["faulthandler"] in out
