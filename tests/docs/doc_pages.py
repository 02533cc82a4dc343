"""The pages of the documentation, and the blocks of code in them.

A fenced block may have directives: HTML comments, one a line, directly above it. They are read by the tests and seen by
nobody else.

    <!-- file: bank.py -->        the block is the file of that name; later blocks of the page find it beside them
    <!-- example: hello.py -->    the block is the code of examples/hello.py, without its docstring
    <!-- exits: 1 -->             the program ends with this exit status (default 0)
    <!-- crashes -->              actors crash in it on purpose, with tracebacks on standard error
    <!-- signal: SIGTERM when TEXT -->   the program is sent this signal when a line of its output holds TEXT
    <!-- not run: REASON -->      the block is no program
    <!-- output -->               above a ``text`` block: the program above prints exactly this; ``...`` stands for
    anything <!-- output: stderr -->       the same of its standard error
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
FRAGMENTS = ROOT / "docs" / "changes"  # of the list of changes: no pages of their own, but for the folder's README
PAGES = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted(page for page in (ROOT / "docs").rglob("*.md") if page.parent != FRAGMENTS or page.name == "README.md"),
]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))

_FENCE = re.compile(r"^(?P<indent> *)(?P<ticks>`{3,})(?P<language>[\w+-]*)[^`]*$")
_DIRECTIVE = re.compile(r"^<!-- (?P<name>file|example|exits|crashes|signal|not run|output)(?:: (?P<value>.+))? -->$")
KNOWN = ("file", "example", "exits", "crashes", "signal", "not run", "output")


@dataclass
class Block:
    """One fenced block of a page."""

    page: Path
    line: int  # of its fence, from 1
    language: str
    text: str
    directives: dict[str, str]
    expected: dict[str, str] = field(default_factory=dict)  # "stdout" and "stderr", from the output blocks below it

    @property
    def id(self) -> str:
        """Where to find it: ``docs/how-to/stop.md:34``."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks_of(page: Path) -> list[Block]:
    """All fenced blocks of a page, each with its directives; those of programs with the output they are to give."""
    blocks: list[Block] = []
    directives: dict[str, str] = {}
    lines = iter(enumerate(page.read_text(encoding="utf-8").splitlines(), 1))
    for number, line in lines:
        fence = _FENCE.match(line)
        directive = _DIRECTIVE.match(line.strip())
        if fence is not None:
            text = []
            for _, inside in lines:
                if inside.strip() == fence["ticks"]:
                    break
                text.append(inside.removeprefix(fence["indent"]))
            else:
                raise ValueError(f"{page}:{number}: this block never ends")
            block = Block(page, number, fence["language"], "\n".join(text) + "\n", directives)
            if "output" in directives:
                programs = [b for b in blocks if is_program(b)]
                if not programs or block.language != "text":
                    raise ValueError(f"{page}:{number}: an output is a text block below a program")
                programs[-1].expected[directives["output"] or "stdout"] = block.text
            blocks.append(block)
            directives = {}
        elif directive is not None:
            directives[directive["name"]] = directive["value"] or ""
        elif line.strip().startswith("<!--") and any(line.strip()[4:].strip().startswith(word) for word in KNOWN):
            raise ValueError(f"{page}:{number}: {line.strip()!r} is no directive that the tests know")
        elif line.strip() and directives:
            raise ValueError(f"{page}:{number}: directives {sorted(directives)} stand above no block")
    return blocks


def is_program(block: Block) -> bool:
    """Whether the block is run."""
    return block.language == "python" and "not run" not in block.directives


def python_blocks() -> list[Block]:
    """Every Python block of every page."""
    return [block for page in PAGES for block in blocks_of(page) if block.language == "python"]


def matches(expected: str, got: str) -> bool:
    """Whether the text is as expected.

    In what is expected ``...`` inside a line stands for any text, also none, and a line of it alone for any lines, also
    none. Blanks at the ends of lines do not count: an editor takes them away.
    """
    pattern = ""
    for line in expected.strip().splitlines():
        if line.strip() == "...":
            pattern += "(?:[^\\n]*\\n)*"
        else:
            pattern += "[^\\n]*".join(re.escape(part) for part in line.rstrip().split("...")) + "\\n"
    shown = "".join(f"{line.rstrip()}\n" for line in got.strip().splitlines())
    return re.fullmatch(pattern, shown) is not None
