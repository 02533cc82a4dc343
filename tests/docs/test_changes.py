"""A change brings a file of its own, which can become an item of the list of changes as it is."""

import re
import tomllib

from doc_pages import FRAGMENTS, ROOT
from test_links import links_of
from test_names import SYNONYMS

# Beside fragments: what explains them, and what joins them.
OTHERS = {"README.md", "joined.jinja"}
ALL = sorted(path for path in FRAGMENTS.iterdir() if path.name not in OTHERS)

WIDEST = 118  # columns: two are added where it becomes an item


def faults_of(path):
    """What would be wrong with the item that this file becomes."""
    text = path.read_text(encoding="utf-8")
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*\.md", path.name):
        yield f"is called {path.name}: small letters and hyphens, and .md"
    if not re.match(r"\*\*[^*\n]+\*\*(?=[.: ])", text):
        yield "does not begin with what it is about, in bold"
    if re.search(r"^(#|- |\* |```)", text, re.MULTILINE):
        yield "has a heading, a list or a block: it becomes one item"
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > WIDEST:
            yield f"line {number} has {len(line)} columns, at most {WIDEST}"
    for target in links_of(path):
        if not re.match(r"[a-z]+:", target) and not (ROOT / target.partition("#")[0]).exists():
            yield f"leads to {target}, which is not there: links go from the top"
    for pattern, word in SYNONYMS.items():
        if found := re.search(pattern, text.lower()):
            yield f"says {found[0]!r}; the word is {word}"


def test_fragments_can_be_items():
    """A fragment looks as the items of the list do, and its links will lead somewhere."""
    faults = [f"docs/changes/{path.name} {fault}" for path in ALL for fault in faults_of(path)]
    assert not faults, "\n".join(faults)


def test_faults_are_found(tmp_path):
    """Each fault of a fragment is told."""
    wrong = tmp_path / "Wrong_Name.md"
    wrong.write_text(f"- The inbox, [see](nowhere.md)\n{'x' * (WIDEST + 1)}\n", encoding="utf-8")
    told = "\n".join(faults_of(wrong))
    for said in ("Wrong_Name", "in bold", "one item", "line 2 has 119", "nowhere.md", "the word is mailbox"):
        assert said in told
    right = tmp_path / "right-name.md"
    right.write_text("**Scopes.** They nest: [see](docs/reference/scopes.md).\n", encoding="utf-8")
    assert list(faults_of(right)) == []


def test_the_list_has_one_mark_where_they_go():
    """The mark that towncrier looks for stands once in the list, below the heading of the newest version."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["towncrier"]
    assert ROOT / settings["directory"] == FRAGMENTS
    before, *after = (ROOT / settings["filename"]).read_text(encoding="utf-8").split(settings["start_string"])
    assert len(after) == 1
    assert before.count("\n## ") == 1
