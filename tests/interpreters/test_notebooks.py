"""Notebooks: commands run beside actors, and what is defined in a cell is refused with what to do.

IPython is no dependency: a stand-in has what csp looks at, its names and behaviour taken from IPython 9.
"""

SHELL = """
import builtins, csp, os, subprocess

class Shell:
    def __init__(self):
        self.system = self.system_piped
    def system_piped(self, command):
        pid, terminal = os.forkpty()
        if pid == 0:
            os.execlp("sh", "sh", "-c", command)
        os.waitpid(pid, 0)
    def system_raw(self, command):
        subprocess.call(command, shell=True)

shell = Shell()
builtins.get_ipython = lambda: shell

class A(csp.Actor):
    pass
def double(x):
    return x * 2
"""


def test_commands_beside_actors(program):
    """A notebook's ``!command`` would fork for its terminal; beside actors it runs without one."""
    status, out, err = program.script(
        SHELL
        + "if __name__ == '__main__':\n    with csp.System(warm=0) as system:\n        shell.system('echo listed')\n"
    )
    assert (status, out) == (0, "listed\n"), err


def test_what_a_cell_defines(program):
    """An actor and a function of a cell are refused before anything starts: put them into a file, from a cell too."""
    status, out, err = program.run(
        "-c",
        SHELL
        + """
with csp.System(warm=0) as system:
    for do in (lambda: system.spawn(A), lambda: csp.pipeline([1]).map(double)):
        try: do()
        except csp.NotImportable as error: print(error)
""",
    )
    assert status == 0, err
    first, second = out.splitlines()
    assert first == (
        "actor class 'A' lives in a notebook cell or an IPython session, which no other interpreter can import: put it "
        "into a file (begin the cell with %%writefile shop.py) and import it from there"
    )
    assert second.startswith("a map's function 'double' lives in a notebook cell")
