"""Every Python block of the documentation is a program that runs, and prints what the page says."""

import ast

import pytest
from doc_pages import EXAMPLES, ROOT, blocks_of, is_program, matches, python_blocks
from doc_programs import run

PROGRAMS = [block for block in python_blocks() if is_program(block)]
NOT_RUN = [block for block in python_blocks() if not is_program(block)]

# A block that is not run proves nothing: this number only goes down.
MOST_NOT_RUN = 0


def without_docstring(text):
    """The code of a module below its docstring."""
    tree = ast.parse(text)
    if ast.get_docstring(tree) is None:
        return text.strip()
    return "\n".join(text.splitlines()[tree.body[0].end_lineno :]).strip()


@pytest.mark.parametrize("block", PROGRAMS, ids=lambda block: block.id)
def test_program_runs_and_prints_what_the_page_says(block, tmp_path):
    """A block run as a script, beside the files that the page has named so far, ends well and gives its output."""
    for earlier in blocks_of(block.page):
        if earlier.line < block.line and "file" in earlier.directives:
            (tmp_path / earlier.directives["file"]).write_text(earlier.text, encoding="utf-8")
    file = tmp_path / block.directives.get("file", "program.py")
    file.write_text(block.text, encoding="utf-8")
    sends = None
    if "signal" in block.directives:
        name, _, text = block.directives["signal"].partition(" when ")
        sends = (name, text)

    status, out, err = run(file, sends=sends)

    told = f"{block.id}\n--- stdout\n{out}--- stderr\n{err}"
    assert int(block.directives.get("exits", "0")) == status, told
    printed = {"stdout": out, "stderr": err}
    for stream, expected in block.expected.items():
        assert matches(expected, printed[stream]), f"{told}--- but the page says, of {stream}\n{expected}"
    if not {"exits", "crashes"} & block.directives.keys() and "stderr" not in block.expected:
        assert "Traceback" not in err, told


@pytest.mark.parametrize("block", [b for b in python_blocks() if "example" in b.directives], ids=lambda block: block.id)
def test_block_is_the_example_that_it_names(block):
    """A page that shows an example shows all of it, as it is."""
    text = (ROOT / "examples" / block.directives["example"]).read_text(encoding="utf-8")
    assert without_docstring(text) == block.text.strip()


def test_few_blocks_are_not_run():
    """Only blocks that cannot be programs are left out, and each says why."""
    listed = "\n".join(f"{block.id}: {block.directives['not run']}" for block in NOT_RUN)
    assert len(NOT_RUN) <= MOST_NOT_RUN, listed
    assert all(block.directives["not run"] for block in NOT_RUN), listed


def test_there_are_programs_and_examples():
    """The parser finds what is there: an empty list would pass every test above."""
    assert len(PROGRAMS) >= 30
    assert len(EXAMPLES) >= 4
