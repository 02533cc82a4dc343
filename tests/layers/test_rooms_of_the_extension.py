"""native/python: no circle of files, a header speaks for its own file, and its rooms are those of native/core."""

import re
from pathlib import Path, PurePosixPath

import pytest
from c_sources import needs, read, rooms, sources, told

ROOT = Path(__file__).parents[2]
FILES = sources(ROOT / "native/python")
CORE = sources(ROOT / "native/core")
NEEDS = needs(FILES)


def test_no_circle_of_files():
    """From no file does a way lead back to it: by what it includes, and by who defines what it calls."""
    assert told(NEEDS) == ""


def test_no_circle_of_rooms():
    """And from no folder; a file at the top is one by itself."""
    assert told(rooms(NEEDS)) == ""


HEADERS = [path for path in FILES if path.endswith(".h") and path.removesuffix("h") + "c" in FILES]


def test_every_file_has_its_header():
    """A C file whose functions others call says so in a header of its name; module.c is called by Python alone."""
    silent = {path for path in FILES if path.endswith(".c")} - {path.removesuffix("h") + "c" for path in HEADERS}
    assert silent == {"module.c"}


@pytest.mark.parametrize("path", HEADERS)
def test_a_header_speaks_for_its_own_file(path):
    """It declares what the file of its name defines, all of it and nothing else."""
    assert FILES[path].declares == FILES[path.removesuffix("h") + "c"].defines


# ---- the mirror of the core ------------------------------------------------------------------------------------------

MIRRORED = [
    (mine, theirs)
    for mine in FILES
    for theirs in CORE
    if mine.endswith(".c") and PurePosixPath(mine).name == PurePosixPath(theirs).name
]


def fits(mine, theirs):
    """Whether a file stands where the mirror has it: in the core file's room, or that one has none."""
    room = PurePosixPath(theirs).parent
    return room in {PurePosixPath(), PurePosixPath(mine).parent}


def test_the_mirror_sees_something():
    """There are files of one name on both sides: what both have by nature."""
    assert {"alternatives/select.c", "channels/reply.c", "sync/barrier.c"} <= {mine for mine, _ in MIRRORED}


@pytest.mark.parametrize(("mine", "theirs"), MIRRORED)
def test_rooms_mirror_those_of_the_core(mine, theirs):
    """What wraps native/core/X/y.c is native/python/X/y.c."""
    assert fits(mine, theirs), f"native/python/{mine} and native/core/{theirs}"


@pytest.mark.parametrize(("mine", "theirs"), MIRRORED)
def test_a_name_of_the_core_is_borne_by_what_wraps_it(mine, theirs):
    """A file that is called as one of the core calls what that one defines."""
    assert {name for name in FILES[mine].uses & CORE[theirs].defines if name.startswith("csp_")}


# ---- the map ---------------------------------------------------------------------------------------------------------

MAP = (ROOT / "native/README.md").read_text(encoding="utf-8").partition("## python/")[2]


def rows(table):
    """``[{a unit: the row says so}]`` of a table whose first cell is a room or names files, from top to bottom."""
    found = []
    for line in table.splitlines():
        first, *others = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and others[0] not in {"knows", "holds"}:
            room = re.match(r"`(\w+/)`", first)
            names = re.findall(r"`(\w+)", others[0] if room or first == "at the top" else first)
            found.append({(room[1] if room else "") + name for name in names})
    return found


ROOMS, INTERPRETERS = (rows(table) for table in MAP.split("Beginning and ending"))
OUTSIDE = {unit for unit in NEEDS if unit.startswith(("include/", "interpreters/"))}


def wrong_ways(floors, units):
    """The units that are on no floor, and the ways that lead up; the floors are given from the ground up."""
    floor_of = {unit: number for number, floor in enumerate(floors) for unit in floor}
    lost = [f"{unit} is not on the map" for unit in sorted(units - floor_of.keys())]
    return lost + [
        why
        for unit in sorted(units & floor_of.keys())
        for other, why in NEEDS[unit].items()
        if other in units and floor_of.get(other, 0) > floor_of[unit]
    ]


def test_the_map_is_true():
    """Every file is in native/README.md, and stands on what is in its own row or in a lower one."""
    assert wrong_ways(ROOMS[::-1], NEEDS.keys() - OUTSIDE) == []


def test_the_map_of_interpreters_is_true():
    """The same for the table of that room, whose ground is its first row."""
    files = [{f"interpreters/{name}" for name in row} for row in INTERPRETERS]
    assert wrong_ways(files, {unit for unit in NEEDS if unit.startswith("interpreters/")}) == []


# ---- that all this would be seen -------------------------------------------------------------------------------------


def extension(**texts):
    """Made-up files: end_c="..." is channels/end.c."""
    paths = {name: f"channels/{name[:-2]}.{name[-1]}" for name in texts}
    return {paths[name]: read(paths[name][:-2], text) for name, text in texts.items()}


def test_a_circle_of_includes_is_seen():
    """Two headers that include each other are told with both their lines."""
    files = extension(end_h='#include "channels/reply.h"\n', reply_h='#include "channels/end.h"\n')
    assert sorted(told(needs(files)).splitlines()) == [
        "channels/end.h includes channels/reply.h",
        "channels/reply.h includes channels/end.h",
    ]


def test_a_circle_of_calls_is_seen():
    """Two files that call each other without a word in any header."""
    files = extension(
        end_c="int end(void) {\n    return reply();\n}\n",
        reply_c="int reply(void) {\n    return end();\n}\n",
    )
    assert sorted(told(needs(files)).splitlines()) == ["channels/end.c uses reply", "channels/reply.c uses end"]


def test_a_table_of_functions_counts_as_well():
    """Who names another's function in a table, or another's table, stands on it."""
    files = extension(
        end_c="PyMethodDef end_methods[] = {\n    {reply},\n};\n",
        reply_c="int reply(void) {\n    return add(end_methods);\n}\n",
    )
    assert sorted(told(needs(files)).splitlines()) == ["channels/end.c uses reply", "channels/reply.c uses end_methods"]


@pytest.mark.parametrize(
    "text",
    [
        "/* as reply() does */\nint end(void) {\n    return 0;\n}\n",
        'const char *end = "reply";\n',
        "static int reply(void) {\n    return 0;\n}\nint end(void) {\n    return 0;\n}\n",
    ],
    ids=["comment", "text", "static"],
)
def test_words_and_private_functions_are_no_calls(text):
    """Another's name in a comment or a text does not count, and a static function is no definition for others."""
    files = extension(end_c=text, reply_c="int reply(void) {\n    return end();\n}\n")
    assert "reply" not in files["channels/end.c"].defines
    if "static" not in text:
        assert told(needs(files)) == ""


def test_what_a_header_declares_is_read():
    """Prototypes and extern variables, also two of a line; not what is inline, a type or a macro."""
    header = read(
        "channels/end",
        "#define END(x) \\\n    end(x)\ntypedef struct {\n    int of;\n} end_object;\nextern PyType_Spec one, two[];\n"
        "static inline int inlined(void) {\n    return 1;\n}\nbool made(int (*act)(void *context));\nint end(int x);\n",
    )
    assert header.declares == {"one", "two", "made", "end"}
    assert header.defines == set()


@pytest.mark.parametrize(
    ("mine", "theirs", "right"),
    [
        ("sync/barrier.c", "sync/barrier.c", True),
        ("sync/barrier.c", "barrier.c", True),
        ("sync/barrier.c", "channels/barrier.c", False),
        ("barrier.c", "sync/barrier.c", False),
    ],
)
def test_a_wrong_room_is_seen(mine, theirs, right):
    """Of files of one name, only the room counts; a core file without a room has no say."""
    assert fits(mine, theirs) is right


def test_a_wrong_map_is_seen():
    """One that is upside down, and one without a file."""
    assert any("channels/sender.c" in line for line in wrong_ways(ROOMS, NEEDS.keys() - OUTSIDE))
    assert "types is not on the map" in wrong_ways(ROOMS[:-1], NEEDS.keys() - OUTSIDE)
