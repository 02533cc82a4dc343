"""Every link inside the documentation leads somewhere, and every page can be reached."""

import re

import pytest
from doc_pages import PAGES, ROOT

_LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_FENCED = re.compile(r"^( *)(`{3,}).*?^\1\2`*\s*$", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"`[^`\n]*`")


def links_of(page):
    """The targets of a page's links, those in code left out."""
    text = _CODE.sub("", _FENCED.sub("", page.read_text(encoding="utf-8")))
    return [match["target"] for match in _LINK.finditer(text)]


def anchors_of(page):
    """The anchors of a page's headings, as code hosts make them."""
    found = set()
    for line in _FENCED.sub("", page.read_text(encoding="utf-8")).splitlines():
        if line.startswith("#"):
            heading = line.lstrip("#").strip().lower().replace("`", "")
            found.add(re.sub(r"[^\w\- ]", "", heading).replace(" ", "-"))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_resolve(page):
    """A link to a file names one that is there; a link to a heading names one that is in that file."""
    for target in links_of(page):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{page.relative_to(ROOT)}: {target}"
        if anchor and file.suffix == ".md":
            assert anchor in anchors_of(file), f"{page.relative_to(ROOT)}: {target}"


def test_every_page_can_be_reached_from_the_readme():
    """Following links from the README one comes to every page."""
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached:
            continue
        reached.add(page)
        for target in links_of(page):
            file = (page.parent / target.partition("#")[0]).resolve()
            if not re.match(r"[a-z]+:", target) and file.suffix == ".md" and file.exists():
                waiting.append(file)
    assert {str(page) for page in PAGES} <= {str(page) for page in reached}
