"""The reference and the code speak of the same names."""

import re

import pytest
from doc_pages import PAGES, ROOT

import csp

REFERENCE = "\n".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs" / "reference").glob("*.md"))

# Words that the glossary does not use, with the one to use instead. A page about other libraries may name
# theirs.
SYNONYMS = {
    r"\bactor ref(erence)?s?\b": "ref",
    r"\binbox(es)?\b": "mailbox",
    r"\bpoison(ed)?\b": "abort",
    r"\bwaitgroups?\b": "barrier",
    r"\bcoroutine actors?\b": "AsyncActor",
}


@pytest.mark.parametrize("name", csp.__all__)
def test_public_name_is_in_the_reference(name):
    """Every public name stands in the reference as code."""
    assert re.search(rf"`[^`\n]*\b(csp\.)?{name}\b[^`\n]*`", REFERENCE), f"csp.{name} is nowhere in docs/reference"


def test_names_that_pages_use_exist():
    """``csp.something`` in any page is a public name, a submodule, or a program's."""
    wrong = []
    for page in PAGES:
        for match in re.finditer(r"(?<![\w./-])csp\.([A-Za-z_]\w*)", page.read_text(encoding="utf-8")):
            name = match[1]
            if name not in csp.__all__ and not hasattr(csp, name) and not _is_module(name) and name != "h":
                wrong.append(f"{page.relative_to(ROOT)}: csp.{name}")
    assert not wrong, "\n".join(sorted(set(wrong)))


def _is_module(name):
    from importlib.util import find_spec

    return find_spec(f"csp.{name}") is not None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_page_uses_our_words(page):
    """One word for one thing: none of the synonyms that we decided against."""
    text = page.read_text(encoding="utf-8").lower()
    for pattern, word in SYNONYMS.items():
        found = re.search(pattern, text)
        if word == "mailbox" and page.name == "glossary.md":
            continue  # where it says what else is called so in the code
        assert found is None, f"{page.relative_to(ROOT)}: {found[0]!r}; the word is {word}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_page_is_plain_markdown(page):
    """One title, no line longer than a screen is wide (tables and links apart), no trailing blanks."""
    lines = page.read_text(encoding="utf-8").splitlines()
    inside, titles = False, 0
    for number, line in enumerate(lines, 1):
        where = f"{page.relative_to(ROOT)}:{number}"
        if line.lstrip().startswith("```"):
            inside = not inside
        titles += not inside and line.startswith("# ")
        assert line == line.rstrip(), where
        if not inside and not line.startswith(("|", "<!--", "![")):
            assert len(line) <= 120, where
    assert titles == 1, page
