"""The rooms of the C core: what may know what, file by file."""

import re
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

CORE = Path(__file__).parents[2] / "native" / "core"

# The lowest first. A file uses its own room and those before it.
ROOMS = ["platform", "holding", "waiting", "channels", "alternatives", "sync", "looking"]

# Files of one name for different systems: one is built, and all offer the same.
SYSTEMS = re.compile(r"(park|cpus)_(?!linux)[a-z]+\.c$")

_COMMENTS = re.compile(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)
# What a file has for others, at the start of a line: functions with their bodies, and variables.
_FUNCTION = re.compile(r"^(?!static|typedef|extern|#|\s)[^;{}()=]*?\b(csp_\w+)\([^;{}]*\)\s*\{", re.MULTILINE)
_VARIABLE = re.compile(r"^(?!static|typedef|extern|#|\s)[^;{}=]*?\b(csp__\w+)(?: = [^;]*)?;", re.MULTILINE)


def files():
    """The files of the core, by their paths in it."""
    return [str(path.relative_to(CORE)) for path in sorted(CORE.rglob("*.[ch]")) if not SYSTEMS.search(path.name)]


@cache
def code(name):
    """A file without comments and texts; includes are kept apart."""
    text = (CORE / name).read_text(encoding="utf-8")
    return _COMMENTS.sub(" ", re.sub(r'^#include ".*$', "", text, flags=re.MULTILINE))


def included(name):
    """The files of the core that a file includes."""
    text = (CORE / name).read_text(encoding="utf-8")
    return {one for one in re.findall(r'^#include "([^"]+)"', text, re.MULTILINE) if (CORE / one).exists()}


@cache
def definitions():
    """``name: file`` of all functions and variables that a C file has for others."""
    found = {}
    for name in files():
        if name.endswith(".c"):
            for pattern in (_FUNCTION, _VARIABLE):
                found |= dict.fromkeys(pattern.findall(code(name)), name)
    return found


@cache
def graph():
    """``file: {file that it uses: why}``; used is what is included, and where stands what is named."""
    uses = {}
    for name in files():
        mine = dict.fromkeys(included(name), "#include")
        for word in set(re.findall(r"\bcsp_\w+", code(name))):
            place = definitions().get(word)
            if place is None or place == name:
                continue
            # A header says what there is in the C file of its name; it uses what its own inline functions name.
            if name.endswith(".c") or (place != name.replace(".h", ".c") and re.search(rf"\b{word}\b", inline(name))):
                mine[place] = word
        uses[name] = mine
    return uses


@cache
def inline(name):
    """The bodies of a header's functions."""
    return "\n".join(re.findall(r"^static inline [^;{]*\{\n?(.*?)\}$", code(name), re.DOTALL | re.MULTILINE))


def room(name):
    """The room that a file is in."""
    return name.partition("/")[0]


def circles(uses):
    """The circles of files, each as a list that ends where it begins: one for each edge that closes one."""
    found, done = [], set()

    def walk(name, path):
        if name in path:
            found.append([*path[path.index(name) :], name])
            return
        if name not in done:
            for other in sorted(uses[name]):
                walk(other, [*path, name])
            done.add(name)

    for name in sorted(uses):
        walk(name, [])
    return found


def told(uses, circle):
    """A circle with its reasons, to be read."""
    return " ".join(f"{one} -[{uses[one][other]}]->" for one, other in pairwise(circle)) + f" {circle[-1]}"


def test_the_files_are_read():
    """Functions, variables and inline functions are found where they are known to be."""
    assert definitions()["csp_send"] == "channels/send.c"
    assert definitions()["csp__load"] == "platform/load.c"
    assert definitions()["csp__gate"] == "holding/gate.c"
    assert graph()["channels/send.c"]["waiting/wait.c"].startswith("csp__")
    assert graph()["holding/gate.c"]["holding/holder.c"] == "csp_holder_id"
    assert len(definitions()) > 200


def test_every_file_has_a_room():
    """No file stands outside, and no room is empty."""
    assert {room(name) for name in files()} == set(ROOMS)


def test_rooms_run_down():
    """What a file includes, calls and names is in its own room or in a lower one."""
    upward = [
        f"{name} uses {other} ({why})"
        for name, uses in graph().items()
        for other, why in uses.items()
        if ROOMS.index(room(other)) > ROOMS.index(room(name))
    ]
    assert upward == []


def missing_on(drawing):
    """The files that a map like that in native/README.md does not name in the lines of their room."""
    rows = re.split(rf"^({'|'.join(ROOMS)})/", drawing, flags=re.MULTILINE)
    drawn = {room: set(re.findall(r"\w+", row)) for room, row in zip(rows[1::2], rows[2::2], strict=True)}
    variants = re.compile(r"(park|cpus)_\w+\.c$")
    return [
        name for name in files() if not variants.search(name) and Path(name).stem not in drawn.get(room(name), set())
    ]


def test_the_map_is_whole():
    """Every file is in native/README.md, in the lines of its room."""
    drawing = (CORE.parent / "README.md").read_text(encoding="utf-8").partition("```text")[2].partition("```")[0]
    assert missing_on(drawing) == []
    assert missing_on(drawing.replace("barrier", "")) == ["sync/barrier.c", "sync/barrier.h"]


def test_no_circle_of_files():
    """Whoever follows includes and calls never comes back to where he was."""
    assert [told(graph(), circle) for circle in circles(graph())] == []


@pytest.mark.parametrize(
    ("uses", "expected"),
    [
        ({"a": {"b": ""}, "b": {"c": ""}, "c": {}}, []),
        ({"a": {"b": ""}, "b": {"c": ""}, "c": {"b": ""}}, [["b", "c", "b"]]),
        ({"a": {"a": ""}}, [["a", "a"]]),
    ],
)
def test_circles_are_found(uses, expected):
    """The walk finds what it is for."""
    assert circles(uses) == expected
