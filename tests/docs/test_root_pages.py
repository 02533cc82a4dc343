"""What hosts of repositories look for beside the README is there, linked, and promises nothing false."""

import re

import pytest
from doc_pages import ROOT
from test_links import links_of

SECURITY = (ROOT / "SECURITY.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "LICENSE", "docs/contributing.md"])
def test_the_readme_leads_there(name):
    """A newcomer finds them in the README itself."""
    assert name in links_of(ROOT / "README.md")


def test_contributing_is_a_pointer():
    """One place says how to contribute; the other leads there."""
    page = ROOT / "CONTRIBUTING.md"
    assert "docs/contributing.md" in links_of(page)
    assert len(page.read_text(encoding="utf-8").splitlines()) <= 15


def test_security_says_how_to_report_and_gives_no_address_of_its_own():
    """Reports go through the host of the repository: an address that nobody reads would be worse than none."""
    assert "private vulnerability report" in SECURITY
    assert re.findall(r"[\w.+-]+@[\w-]+\.\w+|https?://\S+", SECURITY) == []


@pytest.mark.parametrize("said", ["memory safe", "Interpreters of one process share it", "never unpickle what"])
def test_security_says_what_is_promised_and_what_is_not(said):
    """What the core promises, and the boundaries that a reader might take for granted and that are none."""
    assert said in " ".join(SECURITY.split())


def rows_of(page):
    """The rows of a page's table of workloads, by the workload's name: what csp has, free, and what others have."""
    rows = {}
    for line in (ROOT / page).read_text(encoding="utf-8").splitlines():
        if named := re.match(r"\| `(\w+)`: ", line):
            _, _, free, *_, others, _ = (cell.strip() for cell in line.split("|"))
            rows[named[1]] = (free, others)
    return rows


def test_the_readme_shows_figures_that_were_measured():
    """The README has three rows, and they say what the page of all workloads says."""
    shown, measured = rows_of("README.md"), rows_of("docs/explanation/measurements.md")
    assert len(shown) == 3
    assert shown == {name: measured[name] for name in shown}
