"""Code crosses by import path: what is accepted, what is refused, and how scripts take part. Programs run for real."""

import functools
import zipapp

import entries
import pytest

import csp
from csp.hosts import importing

ACTOR_SCRIPT = """
import csp

class Echo(csp.Actor):
    @csp.handler
    def echo(self, value):
        return value

class Mine:
    def __init__(self, value):
        self.value = value
    def __eq__(self, other):
        return type(other) is Mine and other.value == self.value
    __hash__ = None

def main():
    with csp.System(warm=0) as system:
        ref = system.spawn(Echo)
        back = ref.echo([Mine(5), Mine])
        assert back == [Mine(5), Mine], back
        print("answer", ref.echo(42))

if __name__ == "__main__":
    main()
"""


def outer():
    def inner():
        pass

    return inner


@functools.cache
def decorated():
    pass


class Replaced:
    pass


Old, Replaced = Replaced, 5


class Outer:
    class Inner:
        pass

    @classmethod
    def make(cls):
        return cls

    def method(self):
        return self


class Derived(Outer):
    pass


class Callable:
    def __call__(self, value):
        return value


# ---- path_of and resolve ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", [outer, Outer, Outer.Inner, decorated, entries.echo, csp.Actor])
def test_what_can_be_imported(target):
    """Module-level functions and classes, nested classes and decorated functions have a path that leads back to
    them.
    """
    path = importing.path_of(target, "it")
    assert importing.resolve(*path) is target


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (str.upper, ("builtins", "str.upper")),
        (str.__len__, ("builtins", "str.__len__")),
        (dict.fromkeys, ("builtins", "dict.fromkeys")),
        (len, ("builtins", "len")),
        (Outer.make, ("test_importing", "Outer.make")),
        (Derived.make, ("test_importing", "Derived.make")),
        (Derived.method, ("test_importing", "Outer.method")),
    ],
)
def test_methods_of_classes(target, path):
    """A method of a class, also one written in C or bound to a subclass, is reached through its class."""
    assert importing.path_of(target, "it") == path
    assert importing.resolve(*path) == target


@pytest.mark.parametrize(
    ("target", "text"),
    [
        (outer(), "'outer.<locals>.inner' is defined inside a function.*move it to the top level of test_importing"),
        (lambda: 0, "is a lambda, which no other interpreter can import: give it a name with def"),
        (Old, "is not what `import test_importing` gives under that name"),
        (5, "must be a class or function, not 5"),
        (functools.partial(outer), "must be a class or function, not functools.partial.*so define a function"),
        (Callable(), "must be a class or function, not .*Callable object.*so define a function .def. at the top level"),
        (Outer().method, "is a method of one object, .*Outer.method.*define a function at the top level of a module"),
        ([].append, "is a method of one object, .*append of list object.*that takes the object, or makes it"),
    ],
    ids=["local", "lambda", "replaced", "number", "partial", "callable", "bound method", "bound method in C"],
)
def test_what_cannot_be_imported(target, text):
    """What no other interpreter could import is NotImportable, with the reason and the way out."""
    with pytest.raises(csp.NotImportable, match=text):
        importing.path_of(target, "function")


def test_wrapped_functions_are_accepted():
    """A function that was wrapped under its own name is found as the wrapper is."""

    def wrapper():
        pass

    functools.update_wrapper(wrapper, outer)
    assert importing.path_of(outer, "f") == ("test_importing", "outer")


# ---- scripts ---------------------------------------------------------------------------------------------------------


def test_script(program):
    """A script's own classes work as actors and as messages, in both directions."""
    assert program.script(ACTOR_SCRIPT) == (0, "answer 42\n", "")


def test_exceptions_of_a_script(program):
    """A script's own exceptions are caught by their class, and in texts the script is __main__ as its author knows."""
    status, out, err = program.script(
        "import csp, traceback\n"
        "class Refused(Exception):\n"
        "    def __init__(self, code, text):\n"
        "        super().__init__(f'{code}: {text}')\n"
        "        self.code = code\n"
        "class Bound(Refused):\n"
        "    def __init__(self):\n"
        "        super().__init__(1, 'bound')\n"
        "        self.function = lambda: 0\n"
        "class A(csp.Actor):\n"
        "    @csp.handler\n"
        "    def refuse(self): raise Refused(3, 'x')\n"
        "    @csp.handler\n"
        "    def bound(self): raise Bound\n"
        "    @csp.handler\n"
        "    def give(self): return [Bound()]\n"
        "if __name__ == '__main__':\n"
        "    with csp.System(warm=0) as system:\n"
        "        ref = system.spawn(A)\n"
        "        try: ref.refuse()\n"
        "        except Refused as error: print(error, error.code, traceback.format_exception(error)[-2].split()[5])\n"
        "        for function in (ref.bound, ref.give):\n"
        "            try: function()\n"
        "            except Exception as error: print(error, *traceback.format_exception(error))\n"
    )
    assert status == 0, err
    first, *rest = out.splitlines()
    assert first == "3: x 3 refuse"
    assert rest[0] == "__main__.Bound: 1: bound"
    assert "mp_main" not in out
    assert "message[0].function: builtins.function cannot travel" in out


def test_module_run_with_m(program):
    """The same works with python -m module and python -m package."""
    program.write(ACTOR_SCRIPT, "alone.py")
    assert program.run("-m", "alone") == (0, "answer 42\n", "")
    program.write("", "package/__init__.py")
    program.write("from .helper import number\n" + ACTOR_SCRIPT.replace("42", "number"), "package/__main__.py")
    program.write("number = 43\n", "package/helper.py")
    assert program.run("-m", "package") == (0, "answer 43\n", "")


@pytest.mark.parametrize("what", ["app", "app/", ".", "app.zip"])
def test_folder_or_archive_that_is_run(program, what):
    """The same works for a folder with a __main__.py and for a zip archive of it, also after a change of folder."""
    text = "import os\nfrom neighbour import number\n" + ACTOR_SCRIPT.replace("42", "number")
    text = text.replace("    main()\n", "    os.chdir('/')\n    main()\n")
    folder = "" if what == "." else "app/"
    program.write(text, f"{folder}__main__.py")
    program.write("number = 45\n", f"{folder}neighbour.py")
    if what == "app.zip":
        zipapp.create_archive(program.folder / "app", program.folder / what)
    assert program.run(what) == (0, "answer 45\n", "")


def test_script_in_another_folder(program):
    """A script started by a relative path from elsewhere, which then changes its folder, still works."""
    program.write("value = 44\n", "sub/neighbour.py")
    program.write(
        "import os, neighbour\n"
        + ACTOR_SCRIPT.replace("42", "neighbour.value").replace("main()\n", "os.chdir('/'); main()\n"),
        "sub/there.py",
    )
    status, out, err = program.run("sub/there.py")
    assert (status, out) == (0, "answer 44\n"), err


def test_unguarded_script(program):
    """A script without the __main__ guard gets an error that says how to write it, and ends with it."""
    status, out, err = program.script(ACTOR_SCRIPT.replace('if __name__ == "__main__":\n    main()', "main()"))
    assert status == 1
    assert 'behind `if __name__ == "__main__":`' in err
    assert "NotImportable" in err
    assert "a csp.System would be made while the script is being imported into another interpreter" in err


def test_unguarded_csp_run(program):
    """csp.run without the guard says the same."""
    status, _, err = program.script(
        "import csp\nclass A(csp.Actor): pass\n"
        "class S(csp.Supervisor):\n    def children(self): yield csp.child(A)\ncsp.run(S)\n"
    )
    assert status == 1
    assert 'behind `if __name__ == "__main__":`' in err


def test_unguarded_exit(program):
    """A script that ends itself with sys.exit outside of the guard says the same, and does not end its program
    silently.
    """
    status, _, err = program.script(ACTOR_SCRIPT + "\nimport sys\nif __name__ != '__main__': sys.exit(0)\n")
    assert status == 1
    assert 'behind `if __name__ == "__main__":`' in err


def test_script_that_fails_elsewhere(program):
    """A script that cannot run as a module in another interpreter says which error stopped it."""
    status, _, err = program.script(
        "import csp, threading\nif threading.current_thread() is not threading.main_thread(): 1 / 0\n" + ACTOR_SCRIPT
    )
    assert status == 1
    assert "could not be run once more as a module in another interpreter: ZeroDivisionError" in err


def test_class_defined_under_a_condition(program):
    """A class that exists only in the main run is NotImportable, with a guess why."""
    status, _, err = program.script(
        "import csp\nif __name__ == '__main__':\n    class Echo(csp.Actor): pass\n"
        "    with csp.System(warm=0) as system: system.spawn(Echo)\n"
    )
    assert status == 1
    assert "the script has no 'Echo' in another interpreter; is it defined only under some condition?" in err


def test_command_line_program(program):
    """A class of a -c command is refused with the reason; classes of modules work from there."""
    status, _, err = program.run("-c", "import csp\nclass A(csp.Actor): pass\nwith csp.System(warm=0) as s: s.spawn(A)")
    assert status == 1
    assert "lives in an interactive session or a -c command" in err
    program.write(ACTOR_SCRIPT, "alone.py")
    assert program.run("-c", "import alone; alone.main()") == (0, "answer 42\n", "")


def test_program_from_standard_input(program):
    """A class that came from standard input is refused with the reason."""
    text = (
        "import csp\nclass A(csp.Actor): pass\nif __name__ == '__main__':\n  with csp.System(warm=0) as s: s.spawn(A)\n"
    )
    for command in (("-",), ()):
        status, _, err = program.run(*command, given=text)
        assert status == 1
        assert "standard input" in err or "interactive session" in err
        assert "put it into a file" in err


def test_local_lambda_and_replaced_in_a_script(program):
    """In a script, too, local classes and classes that were replaced are refused before anything starts."""
    status, _, err = program.script(
        "import csp\nclass A(csp.Actor): pass\nB = A\nclass A(csp.Actor): pass\n"
        "if __name__ == '__main__':\n  with csp.System(warm=0) as s: s.spawn(B)\n"
    )
    assert status == 1
    assert "was replaced or decorated away" in err


def test_import_failing_in_the_actor(program):
    """An actor whose module needs an extension that refuses subinterpreters is NotImportable here, with the
    ways out.
    """
    program.write("import csp, _cffi_backend\nclass A(csp.Actor): pass\n", "needs.py")
    status, _, err = program.script(
        "import csp\nif __name__ == '__main__':\n  import needs\n  with csp.System(warm=0) as s: s.spawn(needs.A)\n"
    )
    assert status == 1
    assert "csp.errors.NotImportable: importing needs failed in an own-GIL interpreter" in err
    assert "Keep it out of what this actor or process imports" in err


def test_path_changed_after_the_system_was_made(program):
    """A folder that is added to sys.path later is known to the actors that are spawned later, from the pool too."""
    program.write("import csp\nclass A(csp.Actor):\n    @csp.handler\n    def one(self): return 1\n", "later/late.py")
    status, out, err = program.script(
        "import csp, sys, os\n"
        "if __name__ == '__main__':\n"
        "  for warm in (0, 2):\n"
        "    with csp.System(warm=warm) as s:\n"
        "      sys.path.append(os.path.abspath('later'))\n"
        "      import late\n"
        "      print(s.spawn(late.A).one())\n"
        "      sys.path.pop()\n"
    )
    assert (status, out) == (0, "1\n1\n"), err
