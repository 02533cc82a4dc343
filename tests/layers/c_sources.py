"""C files as the tests of this folder look at them: what each includes, defines for others, declares and uses.

There is no compiler in it. A file and its header are one unit: ``channels/end`` for ``channels/end.c`` and
``channels/end.h``.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path

COMMENTS_AND_TEXTS = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
INCLUDES = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
PREPROCESSOR = re.compile(r"^[ \t]*#(?:[^\n\\]|\\\n|\\.)*", re.MULTILINE)
FUNCTION = re.compile(r"\b(\w+)\s*\((?:[^()]|\([^()]*\))*\)\s*$")
VARIABLE = re.compile(r"\b(\w+)\s*(?:\[[^\]]*\]\s*)*$")
PRIVATE = re.compile(r"\b(?:static|typedef)\b")


@dataclass(frozen=True)
class Source:
    """One C file."""

    unit: str
    includes: frozenset[str]  # as they are written
    defines: frozenset[str]  # functions and variables that other files can see
    declares: frozenset[str]  # and those that it says exist
    uses: frozenset[str]  # every word that is neither in a comment nor in a text


def top_level(code: str) -> str:
    """The code with all that stands in braces left out."""
    depth, kept = 0, []
    for part in re.split(r"([{}])", code):
        if part == "{":
            kept.append("{}" if depth == 0 else "")
            depth += 1
        elif part == "}":
            depth -= 1
        elif depth == 0:
            kept.append(part)
    return "".join(kept)


def read(unit: str, text: str) -> Source:
    """What a file of that text includes, defines, declares and uses."""
    code = COMMENTS_AND_TEXTS.sub(" ", text)
    defines, declares = set(), set()
    # A body ends its statement, unless something follows on its line: the name of a type, or the end of a value.
    for statement in re.findall(r"(?:[^;{}]|\{\}(?=[^\n]*;))*(?:\{\}|;)", top_level(PREPROCESSOR.sub("", code))):
        before, _, value = statement.removesuffix("{}").removesuffix(";").strip().partition("=")
        before, value = before.strip(), value or statement.endswith("{}")
        if not before or PRIVATE.search(before):
            continue
        if function := FUNCTION.search(before):
            (defines if value else declares).add(function[1])
        elif before.startswith("extern"):
            declares |= {name[1] for one in before.split(",") if (name := VARIABLE.search(one))}
        elif not re.match(r"(?:struct|union|enum)\b\s*\w*$", before) and (variable := VARIABLE.search(before)):
            defines.add(variable[1])
    words = frozenset(re.findall(r"[A-Za-z_]\w*", INCLUDES.sub("", code)))
    return Source(unit, frozenset(INCLUDES.findall(text)), frozenset(defines), frozenset(declares), words)


def sources(folder: Path) -> dict[str, Source]:
    """All C files below the folder, by their path in it."""
    paths = [path.relative_to(folder) for path in sorted(folder.rglob("*.[ch]"))]
    return {
        path.as_posix(): read(path.with_suffix("").as_posix(), (folder / path).read_text(encoding="utf-8"))
        for path in paths
    }


def needs(files: Mapping[str, Source]) -> dict[str, dict[str, str]]:
    """``{unit: {a unit that it stands on: why}}``: it includes its header, or uses what only it defines."""
    owners = {name: file.unit for file in files.values() for name in file.defines}
    found: dict[str, dict[str, str]] = {file.unit: {} for file in files.values()}
    for path, file in files.items():
        own = {name for other in files.values() if other.unit == file.unit for name in other.defines}
        for header in file.includes & files.keys():
            found[file.unit][files[header].unit] = f"{path} includes {header}"
        for name in file.uses & owners.keys() - own:
            found[file.unit].setdefault(owners[name], f"{path} uses {name}")
    for unit, others in found.items():
        others.pop(unit, None)
    return found


def circle(graph: Mapping[str, Iterable[str]]) -> list[str]:
    """One circle, the first unit again at its end; empty when there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def told(graph: Mapping[str, Mapping[str, str]]) -> str:
    """The reasons for a circle, a line each; "" when there is none."""
    way = circle(graph)
    return "\n".join(graph[here][there] for here, there in pairwise(way))


def room_of(unit: str) -> str:
    """The folder of a unit; one that stands at the top is a room by itself."""
    return unit.rpartition("/")[0] or unit


def rooms(graph: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """The same graph between rooms."""
    found: dict[str, dict[str, str]] = {room_of(unit): {} for unit in graph}
    for unit, others in graph.items():
        for other, why in others.items():
            if room_of(other) != room_of(unit):
                found[room_of(unit)][room_of(other)] = why
    return found
