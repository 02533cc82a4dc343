"""What an actor of the script pickles by itself names ``__main__``, where everybody finds it."""

KINDS = """
import collections, csp, dataclasses, enum, functools, pickle, sys, typing

class Color(enum.Enum):
    RED = 1
Flags = enum.Flag("Flags", "A B")
Pair = collections.namedtuple("Pair", "a b")
class Named(typing.NamedTuple):
    a: int
T = typing.TypeVar("T")
UserId = typing.NewType("UserId", int)
class Typed(typing.TypedDict):
    a: int
@functools.cache
def cached(x):
    return x
def decorator(function):
    @functools.wraps(function)
    def wrapper(*args):
        return function(*args)
    return wrapper
@decorator
def wrapped(x):
    return x
@functools.singledispatch
def dispatched(x):
    return x
class Frozen(type):
    def __setattr__(cls, name, value):
        raise AttributeError("frozen")
class Outer(metaclass=Frozen):
    class Inner:
        def method(self): pass
        @staticmethod
        def static(): pass
        @classmethod
        def of_class(cls): pass
@dataclasses.dataclass(slots=True, frozen=True)
class Order:
    item: str
class Proxy:
    def __getattribute__(self, name):
        raise RuntimeError(name)
PROXY = Proxy()

THINGS = [Color, Color.RED, Flags.A | Flags.B, Pair(1, 2), Named(1), T, UserId, Typed, cached, wrapped, dispatched,
          Outer, Outer.Inner, Outer.Inner.method, Outer.Inner.static, Outer.Inner.of_class, Order("soup"), list[T]]

class A(csp.Actor):
    @csp.handler
    def pickled(self):
        return [pickle.dumps(thing) for thing in THINGS]
    @csp.handler
    def guard(self):
        return __name__ == "__main__", sys.modules["__main__"].A is A, repr(Order)
"""


def test_every_kind_of_thing(program):
    """Classes, enums, named tuples, type variables, decorated functions, methods: pickled in an actor they load in the
    program, and in its next run, which starts nothing.
    """
    program.write(
        KINDS
        + """
if __name__ == "__main__":
    if sys.argv[1:] == ["later"]:
        with open("kept", "rb") as file:
            found = pickle.load(file)
        assert "multiprocessing" not in sys.modules
    else:
        with csp.System(warm=0) as system:
            actor = system.spawn(A)
            print(*actor.guard())
            found = actor.pickled()
        with open("kept", "wb") as file:
            pickle.dump(found, file)
    for data, thing in zip(found, THINGS, strict=True):
        assert b"csp" not in data and b"mp_main" not in data, thing
        assert pickle.loads(data) == thing
    print(len(found))
"""
    )
    assert program.run("program.py") == (0, "False True <class '__main__.Order'>\n18\n", "")
    assert program.run("program.py", "later") == (0, "18\n", "")


CHILDREN = """
import csp, multiprocessing, sys

class Order:
    def __init__(self, item):
        self.item = item

def cook(pipe, order):
    pipe.send((type(order).__module__, order, __name__))

class A(csp.Actor):
    @csp.handler
    def cooked(self, method):
        context = multiprocessing.get_context(method)
        here, there = context.Pipe(duplex=False)
        process = context.Process(target=cook, args=(there, Order("soup")))
        process.start()
        there.close()
        module, order, name = here.recv()
        process.join()
        assert type(order) is Order
        return module, order, name, process.exitcode

if __name__ == "__main__":
    with csp.System(warm=0) as system:
        actor = system.spawn(A)
        for method in ("spawn", "forkserver"):
            module, order, name, status = actor.cooked(method)
            assert type(order) is Order
            print(module, name, status)
"""


def test_a_child_process_runs_a_function_of_the_script(program):
    """multiprocessing.Process of a function of the script, with an argument of its class, works in an actor."""
    expected = "__mp_main__ __mp_main__ 0\n" * 2
    assert program.script(CHILDREN) == (0, expected, "")
    program.write(CHILDREN, "shop.py")
    assert program.run("-m", "shop") == (0, expected, "")


def test_what_fails_while_the_script_loads_is_called_as_its_author_calls_it(program):
    """An exception class of the script that ends its loading elsewhere is __main__'s in the traceback."""
    status, _, err = program.script(
        "import csp\n"
        "class Odd(Exception): pass\n"
        "class A(csp.Actor): pass\n"
        "if __name__ != '__main__':\n    raise Odd('not here')\n"
        "csp.System(warm=0).spawn(A)\n"
    )
    assert status == 1
    assert "__main__.Odd: not here" in err
    assert "mp_main" not in err


def test_memory_that_an_actor_shares_by_name(program):
    """A SharedMemory block ends with the interpreter that made it, or opened it, unless it did so with track=False."""
    status, out, err = program.script(
        "import csp, time\n"
        "from multiprocessing import shared_memory\n"
        "class A(csp.Actor):\n"
        "    @csp.handler\n"
        "    def make(self, track):\n"
        "        block = shared_memory.SharedMemory(create=True, size=10, track=track)\n"
        "        block.buf[0] = 42\n"
        "        return block.name\n"
        "    @csp.handler\n"
        "    def look(self, name):\n"
        "        block = shared_memory.SharedMemory(name=name)\n"
        "        return block.buf[0]\n"
        "def there(name):\n"
        "    try: block = shared_memory.SharedMemory(name=name, track=False)\n"
        "    except FileNotFoundError: return False\n"
        "    block.close()\n"
        "    return True\n"
        "if __name__ == '__main__':\n"
        "    names = []\n"
        "    for track in (True, False):\n"
        "        with csp.System(warm=0) as system:\n"
        "            names.append(system.spawn(A).make(track))\n"
        "            assert there(names[-1])\n"
        "    deadline = time.monotonic() + 20\n"
        "    while there(names[0]) and time.monotonic() < deadline: time.sleep(0.01)\n"
        "    print(*map(there, names))\n"
        "    with csp.System(warm=0) as system:\n"
        "        assert system.spawn(A).look(names[1]) == 42\n"
        "    deadline = time.monotonic() + 20\n"
        "    while there(names[1]) and time.monotonic() < deadline: time.sleep(0.01)\n"
        "    print(there(names[1]))\n"
    )
    assert (status, out) == (0, "False True\nFalse\n"), err
    assert "1 leaked shared_memory objects to clean up" in err  # the block's tracker, a process of that interpreter
