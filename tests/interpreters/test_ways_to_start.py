"""Ways to start a program: what works in the program works in its actors, or is refused with what is so."""

import os
import py_compile
import subprocess
import sys
import zipfile

import pytest

WAY = """
import csp, os, sys

class Echo(csp.Actor):
    @csp.handler
    def echo(self, value):
        return value
    @csp.handler
    def argv(self):
        return sys.argv

def double(x):
    return x * 2

def main():
    os.chdir("/")
    with csp.System(warm=1) as system:
        print(system.spawn(Echo).echo(20), csp.pipeline([1]).map(double).collect())

if __name__ == "__main__":
    main()
"""


def test_a_thread_goes_on_when_the_main_thread_has_returned(program):
    """The script's body is over, and CPython has taken __main__.__file__ away: actors and pipelines start as before."""
    text = WAY.replace(
        "    main()\n",
        "    import threading\n    threading.Thread(target=after, args=(threading.main_thread(),)).start()\n",
    )
    status, out, err = program.script(
        text.replace("if __name__", "def after(main_thread):\n    main_thread.join()\n    main()\n\nif __name__")
    )
    assert (status, out) == (0, "20 [2]\n"), err


@pytest.mark.parametrize("way", ["cProfile", "pdb"])
def test_programs_that_run_the_script(program, way):
    """A profiler or debugger runs the script, which a relative path names, and changes its folder then."""
    program.write(WAY, "way.py")
    command = {
        "cProfile": ("-m", "cProfile", "-o", os.devnull, "way.py"),
        "pdb": ("-m", "pdb", "-c", "continue", "way.py"),
    }[way]
    status, out, err = program.run(*command, given="quit\n", timeout=60)
    assert "20 [2]\n" in out, err
    assert status == 0


@pytest.mark.parametrize(
    "command", [("cProfile", "-m", "way"), ("trace", "--count", "--ignore-dir=/", "--summary", "way.py")], ids=str
)
def test_a_program_that_keeps_the_names_of_the_script_to_itself(program, command):
    """python -m cProfile -m and python -m trace run the script, but not as __main__: refused with that reason."""
    program.write(WAY, "way.py")
    status, _, err = program.run("-m", *command, timeout=60)
    assert status == 1
    assert "actor class 'Echo' calls its module __main__, but is not in the program's" in err


def test_compiled_scripts(program):
    """A script that was compiled runs from its .pyc, as __main__ of a folder and of an archive, too."""
    source = program.write(WAY, "way.py")
    py_compile.compile(source, program.folder / "compiled.pyc")
    source.rename(program.write("", "app/__main__.py"))
    py_compile.compile(program.folder / "app/__main__.py", program.folder / "app/__main__.pyc")
    (program.folder / "app/__main__.py").unlink()
    with zipfile.ZipFile(program.folder / "app.pyz", "w") as archive:
        archive.write(program.folder / "app/__main__.pyc", "__main__.pyc")
    for what in ("compiled.pyc", "app", "app.pyz"):
        status, out, err = program.run(what)
        assert (status, out) == (0, "20 [2]\n"), (what, err)


@pytest.mark.parametrize("shell", ["{python} <(cat way.py)", "cat way.py | {python} /dev/stdin"])
def test_a_script_that_cannot_be_read_twice(program, shell):
    """A pipe is read once: what came through it is refused before anything starts, with that reason."""
    program.write(WAY, "way.py")
    done = subprocess.run(
        ["bash", "-c", shell.format(python=sys.executable)],
        cwd=program.folder,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert "actor class 'Echo' came from /dev/" in done.stderr
    assert "a pipe or device that cannot be read a second time: put it into a file" in done.stderr


def test_a_script_that_is_a_file_on_standard_input(program):
    """python /dev/stdin < script reads a file, which can be read again."""
    with program.write(WAY, "way.py").open() as file:
        done = subprocess.run(
            [sys.executable, "/dev/stdin"],
            stdin=file,
            cwd=program.folder,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert (done.returncode, done.stdout) == (0, "20 [2]\n"), done.stderr


MODULE = "import csp\nclass A(csp.Actor):\n    @csp.handler\n    def one(self): return 1\ndef double(x): return x * 2\n"


@pytest.mark.parametrize("warm", [0, 1])
def test_the_folder_changes_after_the_start(program, warm):
    """python -c has "" in sys.path, and people put relative folders there: both stay what they were after os.chdir."""
    program.write(MODULE, "shop.py")
    program.write(MODULE, "lib/depot.py")
    code = f"""
import csp, os, sys
sys.path.insert(0, 'lib')
import shop, depot
os.chdir('/')
with csp.System(warm={warm}) as system:
    print(system.spawn(shop.A).one(), system.spawn(depot.A).one())
print(csp.pipeline([1]).map(shop.double).map(depot.double, workers=1).collect())
"""
    assert program.run("-c", code) == (0, "1 1\n[4]\n", "")


def test_a_prompt_that_changes_its_folder_first(program):
    """ "" means where the program is now, too: a prompt that goes to the project's folder and imports there."""
    program.write(MODULE, "project/shop.py")
    code = "import csp, os\nos.chdir('project')\nimport shop\nprint(csp.pipeline([1]).map(shop.double).collect())"
    assert program.run("-c", code) == (0, "[2]\n", "")


def test_a_folder_that_is_gone(program):
    """A program whose folder was deleted starts actors of what it can still import."""
    program.write(MODULE, "kept/shop.py")
    code = """
import csp, os, sys
sys.path.append(os.path.abspath('kept'))
import shop
os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone')
print(csp.pipeline([1]).map(shop.double).collect())
"""
    assert program.run("-c", code) == (0, "[2]\n", "")


def test_odd_entries_of_the_paths(program):
    """Entries that are no plain str: enum members arrive as their text, in sys.path what is no str is ignored."""
    program.write("value = 44\n", "lib/neighbour.py")
    status, out, err = program.script(
        WAY.replace("class Echo", "import neighbour\nclass Echo")
        .replace(
            "import csp, os, sys",
            "import csp, enum, os, pathlib, sys\n"
            "class Setting(enum.StrEnum):\n    LIB = os.path.abspath('lib')\n    FAST = 'fast'\n"
            "if __name__ == '__main__':\n"
            "    sys.path[:0] = [Setting.LIB, pathlib.Path('/nowhere'), None, b'/bytes', 'with \\udcff', '']\n"
            "    sys.argv = [sys.argv[0], Setting.FAST, pathlib.Path('/here'), 5]\n",
        )
        .replace("system.spawn(Echo).echo(20)", "[*map(type, argv := system.spawn(Echo).argv())], argv[1:]")
    )
    assert status == 0, err
    assert out == "[<class 'str'>, <class 'str'>, <class 'str'>, <class 'str'>] ['fast', '/here', '5'] [2]\n"


def test_a_prompt_after_a_script(program):
    """python -i: classes of the script start as before, those typed at the prompt are refused with what to do."""
    program.write(WAY.replace("    main()\n", "    pass\n"), "way.py")
    typed = """
main()
class Typed(csp.Actor):
    pass

try:
    csp.System(warm=0).spawn(Typed)
except csp.NotImportable as error:
    print(error)

"""
    status, out, err = program.run("-i", "way.py", given=typed)
    assert status == 0, err
    assert out == (
        "20 [2]\nthe script has no 'Typed' in another interpreter; is it defined only under some condition, or was it "
        "typed at the prompt? Then put it into a file\n"
    )


def test_a_child_process_of_multiprocessing(program):
    """In a child by spawn, where the script is called __mp_main__, actors of the script start, too."""
    status, out, err = program.script(
        WAY.replace(
            "    main()\n",
            "    import multiprocessing\n"
            "    for method in ('spawn', 'forkserver'):\n"
            "        child = multiprocessing.get_context(method).Process(target=main)\n"
            "        child.start(); child.join(); print(child.exitcode)\n",
        )
    )
    assert (status, out) == (0, "20 [2]\n0\n20 [2]\n0\n"), err


TOP_LEVEL = {
    "pipeline": "import csp\ndef work(x): return x\nprint(csp.pipeline([1]).map(work).collect())\n",
    "parallel": "import csp\ndef work(): pass\nwith csp.parallel() as par:\n    par.start(work)\n",
    "system": "import csp\nclass A(csp.Actor): pass\nwith csp.System(warm=0) as system:\n    system.spawn(A)\n",
}


@pytest.mark.parametrize("what", TOP_LEVEL)
def test_a_module_that_starts_something_at_its_top_level(program, what):
    """A module whose import starts interpreters is refused in them, by its name and line; it does not start without
    end.
    """
    program.write(TOP_LEVEL[what], "shop.py")
    status, _, err = program.run("-c", "import shop")
    assert status == 1
    line = 4 if what == "parallel" else 3
    assert f"while shop is being imported into another interpreter, by its line {line}. Put what starts actors" in err


def test_a_module_that_a_message_brings_in(program):
    """The same when a worker imports the module only because an item is of a class of it."""
    program.write("def show(thing): return repr(thing)\n", "other.py")
    program.write(
        "import csp, other\nclass Thing: pass\nprint(csp.pipeline([Thing()]).map(other.show).collect())\n", "shop.py"
    )
    status, _, err = program.run("-c", "import shop")
    assert status == 1
    assert "while shop is being imported into another interpreter, by its line 3" in err


def test_a_running_function_starts_what_it_likes(program):
    """What an actor's handler runs, code from a text included, starts processes; nothing is being imported there."""
    status, out, err = program.script(
        "import csp\n"
        "def double(x): return x * 2\n"
        "class A(csp.Actor):\n"
        "    @csp.handler\n"
        "    def carry_out(self, text):\n"
        "        exec(text, globals())\n"
        "        return found\n"
        "if __name__ == '__main__':\n"
        "    with csp.System(warm=0) as system:\n"
        "        print(system.spawn(A).carry_out('found = csp.pipeline([1, 2]).map(double).collect()'))\n"
    )
    assert (status, out) == (0, "[2, 4]\n"), err
