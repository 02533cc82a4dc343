"""The files of a tree are found, and each is measured as the docstring of csp/cli/census/measure.py says."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import threading
import tokenize
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

import pytest

from csp.cli.census.measure import Report, find_files, measure
from csp.cli.census.totals import Totals

ROOT = Path(__file__).parents[3]
REFERENCE = Path(__file__).with_name("census_reference.py")
STDLIB = sysconfig.get_path("stdlib")

NONE = (0, "", 0)
FLAT = (0, 0)
NOT_UTF8 = "but no encoding declared; see https://peps.python.org/pep-0263/ for details"

# name: (source, what measure returns for it without the name)
CORNERS: dict[str, tuple[bytes, tuple[object, ...]]] = {
    "empty.py": (b"", (0, 0, 0, NONE, FLAT, None)),
    "newline.py": (b"\n", (1, 0, 0, NONE, FLAT, None)),
    "unfinished.py": (b"x = 1\ny = 2", (2, 0, 0, NONE, FLAT, None)),
    "bom_only.py": (b"\xef\xbb\xbf", (0, 0, 0, NONE, FLAT, None)),
    "bom.py": (b"\xef\xbb\xbfdef f(): pass\n", (1, 1, 0, (1, "f", 1), (1, 1), None)),
    "crlf.py": (b"def f():\r\n  pass\r\n", (2, 1, 0, (2, "f", 1), (1, 2), None)),
    "cr.py": (b"def f():\r  pass\r\r\nx = 1", (4, 1, 0, (2, "f", 1), (1, 2), None)),
    "form_feed.py": (b"x = 1\n\x0c\ny = 2\n", (3, 0, 0, NONE, FLAT, None)),
    "latin_1.py": (
        b"# -*- coding: latin-1 -*-\ndef \xe9t\xe9(): return '\xff'\n",
        (2, 1, 0, (1, "\xe9t\xe9", 2), (1, 2), None),
    ),
    "shift_jis.py": ("# coding: shift_jis\nx = '表'\n".encode("shift_jis"), (2, 0, 0, NONE, FLAT, None)),
    "bad_cookie.py": (
        b"# coding: uft-8\nx = 1\n",
        (2, 0, 0, NONE, FLAT, "SyntaxError: unknown encoding: uft-8"),
    ),
    "bad_bom.py": (
        b"\xef\xbb\xbf# coding: latin-1\n",
        (1, 0, 0, NONE, FLAT, "SyntaxError: encoding problem: iso-8859-1 with BOM (line 1)"),
    ),
    "not_a_text_encoding.py": (
        b"# coding: hex\n",
        (
            1,
            0,
            0,
            NONE,
            FLAT,
            "SyntaxError: 'hex' is not a text encoding; use codecs.decode() to handle arbitrary codecs",
        ),
    ),
    "not_ascii.py": (
        b"# coding: ascii\n# \xe9\n",
        (
            2,
            0,
            0,
            NONE,
            FLAT,
            "SyntaxError: 'ascii' codec can't decode byte 0xe9 in position 18: ordinal not in range(128)",
        ),
    ),
    "not_utf8.py": (
        b"x = 1\n# \xe9\n",
        (
            2,
            0,
            0,
            NONE,
            FLAT,
            f"SyntaxError: Non-UTF-8 code starting with '\\xe9' on line 2, {NOT_UTF8} (line 2)",
        ),
    ),
    "null.py": (
        b"x = 1\ny = '\0'\n",
        (2, 0, 0, NONE, FLAT, "SyntaxError: source code string cannot contain null bytes"),
    ),
    "syntax_error.py": (
        b"def f(): pass\ndef g(:\n",
        (2, 0, 0, NONE, FLAT, "SyntaxError: invalid syntax (line 2)"),
    ),
    "indentation_error.py": (
        b"if x:\npass\n",
        (
            2,
            0,
            0,
            NONE,
            FLAT,
            "IndentationError: expected an indented block after 'if' statement on line 1 (line 2)",
        ),
    ),
    "tab_error.py": (
        b"if x:\n\tpass\n        pass\n",
        (3, 0, 0, NONE, FLAT, "TabError: inconsistent use of tabs and spaces in indentation (line 3)"),
    ),
    "too_deep_for_the_parser.py": (
        b"x = " + b"-" * 100_000 + b"1\n",
        (1, 0, 0, NONE, FLAT, "MemoryError: Parser stack overflowed - Python source too complex to parse"),
    ),
    "too_deep_for_the_tree.py": (
        b"x = " + b"+".join([b"1"] * 300_000) + b"\n",
        (1, 0, 0, NONE, FLAT, "RecursionError: Stack overflow during compilation"),
    ),
    "too_many_brackets.py": (
        b"(" * 300 + b")" * 300,
        (1, 0, 0, NONE, FLAT, "SyntaxError: too many nested parentheses (line 1)"),
    ),
    "deep.py": (
        b"".join(b" " * i + b"if x:\n" for i in range(99)) + b" " * 99 + b"pass\n",
        (100, 0, 0, NONE, (99, 100), None),
    ),
    "async.py": (
        b"async def f():\n  async for x in y:\n    async with z:\n      await x\n  [a async for a in b]\n",
        (5, 1, 0, (5, "f", 1), (3, 4), None),
    ),
    "nested_defs.py": (
        b"class A:\n class B:\n  def m(self):\n   def f():\n    class C:\n     def g(self):\n      pass\n",
        (7, 3, 3, (5, "A.B.m", 3), (6, 7), None),
    ),
    "qualified.py": (
        b"def f():\n class C:\n  def m(s): 1\n\nclass C:\n def f(s):\n  def g():\n   1\n   2\n   3\n   4\n",
        (11, 4, 2, (6, "C.f", 6), (3, 3), None),
    ),
    "decorators.py": (
        b"@one\n@two(\n  3)\ndef f():\n  pass\n\n@three\nclass C:\n  @four\n  def m(self): pass\n",
        (10, 2, 1, (2, "f", 4), (2, 10), None),
    ),
    "match.py": (
        b"match x:\n  case 1:\n    pass\n  case [a, b] if a:\n    if b:\n      pass\n  case _: pass\n",
        (7, 0, 0, NONE, (3, 6), None),
    ),
    "soft_keywords.py": (b"match = case = type = 1\nmatch(case)\n", (2, 0, 0, NONE, FLAT, None)),
    "generic.py": (
        b"type A[T] = list[T]\nclass B[T]:\n  def m[U](self, u: U) -> T: ...\n",
        (3, 1, 1, (1, "B.m", 3), (2, 3), None),
    ),
    "lambda.py": (b"f = lambda: (lambda: 1)\n", (1, 0, 0, NONE, FLAT, None)),
    "elif.py": (b"if a:\n  1\nelif b:\n  2\nelif c:\n  3\nelse:\n  4\n", (8, 0, 0, NONE, (1, 2), None)),
    "long_elif.py": (b"if a: 1\n" + b"elif b: 2\n" * 1_000, (1_001, 0, 0, NONE, (1, 1), None)),
    "else_if.py": (b"if a:\n  1\nelse:\n  if b:\n    2\n", (5, 0, 0, NONE, (2, 5), None)),
    "elif_in_else.py": (
        b"if a: 1\nelse:\n  if b: 2\n  elif c: 3\n  else:\n    while d: 4\n",
        (6, 0, 0, NONE, (3, 6), None),
    ),
    "try.py": (
        b"try: 1\nexcept E:\n with a: 2\nelse:\n for x in y: 3\n else: 4\nfinally:\n while z: 5\n else: 6\n",
        (9, 0, 0, NONE, (2, 3), None),
    ),
    "try_star.py": (b"try:\n  1\nexcept* E:\n  if x: 2\n", (4, 0, 0, NONE, (2, 4), None)),
    "finally_only.py": (b"try: 1\nfinally:\n  if x: 2\n", (3, 0, 0, NONE, (2, 3), None)),
    "one_line.py": (b"class C: x = 1; y = 2\n", (1, 0, 1, NONE, (1, 1), None)),
    "equally_long.py": (b"def b():\n  1\ndef a():\n  1\n", (4, 2, 0, (2, "a", 3), (1, 2), None)),
    "twice_the_same.py": (b"def a():\n  1\ndef a():\n  1\n", (4, 2, 0, (2, "a", 1), (1, 2), None)),
    "warns.py": (
        b"x = '\\d'\ny = 0x1for z in w\nx is 1\ndef f():\n  try: 1\n  finally: return 2\n",
        (6, 1, 0, (3, "f", 4), (2, 5), None),
    ),
    "return_outside.py": (b"return 1\nawait x\n", (2, 0, 0, NONE, FLAT, None)),
    "sub/folder/deeper.py": (b"x = 1\n", (1, 0, 0, NONE, FLAT, None)),
    "sub/.hidden/a.py": (b"x = 1\n", (1, 0, 0, NONE, FLAT, None)),
    "sub/__pycache__/b.py": (b"x = 1\n", (1, 0, 0, NONE, FLAT, None)),
    "spaces and \xfcmlauts.py": (b"x = 1\n", (1, 0, 0, NONE, FLAT, None)),
    "not decodable \udcff.py": (b"x = 1\n", (1, 0, 0, NONE, FLAT, None)),
}

DANGLING = (0, 0, 0, NONE, FLAT, "FileNotFoundError: No such file or directory")
IN_A_CIRCLE = (0, 0, 0, NONE, FLAT, "OSError: Too many levels of symbolic links")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with every corner in it."""
    root = tmp_path_factory.mktemp("tree")
    for name, (source, _) in CORNERS.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(source)
    (root / "link_to_file.py").symlink_to("async.py")
    (root / "link_to_folder").symlink_to("sub")
    (root / "link_to_folder.py").symlink_to("sub")
    (root / "link_to_root").symlink_to(root)
    (root / "dangling.py").symlink_to("nowhere.py")
    (root / "circle.py").symlink_to("circle.py")
    (root / "other.txt").write_text("not Python")
    (root / "UPPER.PY").write_text("x = 1")
    (root / "window.pyw").write_text("x = 1")
    return root


def reference(root: Path) -> dict[str, object]:
    """Return what the independent census says of a tree."""
    command = [sys.executable, str(REFERENCE), "--files", str(root)]
    result: dict[str, object] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return result


def as_reference(reports: list[Report]) -> dict[str, object]:
    """Return what csp says, in the form of the independent census."""
    totals = Totals(reports)
    result: dict[str, object] = {
        "files": totals.files,
        "lines": totals.lines,
        "functions": totals.functions,
        "classes": totals.classes,
        "longest": totals.longest(),
        "deepest": totals.deepest(),
        "failed": totals.failed(),
        "per_file": {path: row for path, *row in reports},
    }
    plain: dict[str, object] = json.loads(json.dumps(result))
    return plain


def run(code: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh Python that finds csp."""
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}"
    return subprocess.run([sys.executable, *options, "-c", code], capture_output=True, text=True, check=True)


@pytest.mark.parametrize("name", CORNERS)
def test_corner(tree: Path, name: str) -> None:
    """Every corner is measured as the rules say."""
    assert measure(str(tree / name), str(tree)) == (name, *CORNERS[name][1])


def test_finds_everything_once_and_sorted(tree: Path) -> None:
    """Every .py file and link to a file is found exactly once, in sorted order, and nothing else is."""
    expected = [*CORNERS, "link_to_file.py", "dangling.py", "circle.py"]
    assert find_files(str(tree)) == sorted(os.path.join(tree, name) for name in expected)


def test_trailing_slash_and_relative_root(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However the root is spelled, the reports are the same."""
    expected = [measure(path, str(tree)) for path in find_files(str(tree))]
    monkeypatch.chdir(tree)
    for root in (f"{tree}/", ".", "./", "sub/.."):
        assert [measure(path, root) for path in find_files(root)] == expected


def test_link_to_file_is_a_file_of_its_own(tree: Path) -> None:
    """A link to a file is measured like the file that it leads to, under its own name."""
    assert measure(str(tree / "link_to_file.py"), str(tree)) == ("link_to_file.py", *CORNERS["async.py"][1])


def test_unreadable_files_are_reported(tree: Path) -> None:
    """A link that leads nowhere or in a circle is reported with its real error."""
    assert measure(str(tree / "dangling.py"), str(tree)) == ("dangling.py", *DANGLING)
    assert measure(str(tree / "circle.py"), str(tree)) == ("circle.py", *IN_A_CIRCLE)


def test_vanished_file_is_reported(tree: Path) -> None:
    """A file that is gone when its turn comes is reported with its real error."""
    assert measure(str(tree / "gone.py"), str(tree)) == ("gone.py", *DANGLING)


def test_named_pipe_does_not_block(tmp_path: Path) -> None:
    """A named pipe that looks like a Python file is reported instead of waited for."""
    os.mkfifo(tmp_path / "pipe.py")
    [path] = find_files(str(tmp_path))
    assert measure(path, str(tmp_path)) == ("pipe.py", 0, 0, 0, NONE, FLAT, "OSError: not a regular file")


def test_unreadable_folder_is_left_out_and_told(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that cannot be read is left out, the rest is found, and the caller can learn of it."""
    locked = str(tree / "sub" / "folder")
    scandir = os.scandir

    def refuse(path: str) -> object:
        if path == locked:
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    everything = find_files(str(tree))
    monkeypatch.setattr(os, "scandir", refuse)
    told: list[OSError] = []
    assert find_files(str(tree), told.append) == [path for path in everything if not path.startswith(locked)]
    assert [error.filename for error in told] == [locked]
    assert find_files(str(tree)) == find_files(str(tree), told.append)


def test_unreadable_root_raises(tmp_path: Path) -> None:
    """A root that does not exist or is no folder raises instead of looking like an empty tree."""
    with pytest.raises(FileNotFoundError):
        find_files(str(tmp_path / "nothing"))
    (tmp_path / "file.py").write_text("")
    with pytest.raises(NotADirectoryError):
        find_files(str(tmp_path / "file.py"))


def test_same_as_reference_on_corners(tree: Path) -> None:
    """Over all corners, the independent census finds the same in every file and the same totals."""
    assert as_reference([measure(path, str(tree)) for path in find_files(str(tree))]) == reference(tree)


def test_same_as_reference_on_stdlib(tmp_path: Path) -> None:
    """Over 200 files from all over the standard library, the independent census finds the same."""
    for path in stdlib_slice():
        copy = tmp_path / os.path.relpath(path, STDLIB)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    reports = [measure(path, str(tmp_path)) for path in find_files(str(tmp_path))]
    assert len(reports) == 200
    assert as_reference(reports) == reference(tmp_path)


def stdlib_slice() -> list[str]:
    """Return 200 files from all over the standard library."""
    files = find_files(STDLIB)
    return files[:: max(len(files) // 200, 1)][:200]


def qualified_names(code: CodeType) -> Iterator[str]:
    """Yield the __qualname__ of every function and class that the code makes."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant.co_qualname
            yield from qualified_names(constant)


def test_names_are_those_of_python(tree: Path) -> None:
    """The longest function of every corner and of library files is named as the compiler names it."""
    named = 0
    for path in [*find_files(str(tree)), *stdlib_slice()]:
        *_, (length, name, _), _, error = measure(path, str(tree))
        if length and error is None:
            with warnings.catch_warnings(action="ignore"):
                assert name in set(qualified_names(compile(Path(path).read_bytes(), path, "exec")))
            named += 1
    assert named > 100


def test_nesting_is_indentation(tree: Path) -> None:
    """The deepest nesting is the deepest indentation, or one more if a block shares its header's line."""
    for path in [*find_files(str(tree)), *stdlib_slice()]:
        *_, (depth, _), error = measure(path, str(tree))
        if error is None:
            level = deepest = 0
            with tokenize.open(path) as file:
                for token in tokenize.generate_tokens(file.readline):
                    level += (token.type == tokenize.INDENT) - (token.type == tokenize.DEDENT)
                    deepest = max(deepest, level)
            assert depth in {deepest, deepest + 1}


def test_inner_function_is_never_the_longest(tmp_path: Path) -> None:
    """A function that is all of the body of another, or of its class, is shorter than it and not named."""
    path = tmp_path / "a.py"
    path.write_text("def outer():\n class K:\n  async def method(self):\n   1\n")
    assert measure(str(path), str(tmp_path))[4] == (4, "outer", 1)
    path.write_text("def z():\n def a(): 1; 2\n")
    assert measure(str(path), str(tmp_path))[4] == (2, "z", 1)


def test_warnings_are_silent_whatever_the_filters(tree: Path) -> None:
    """SyntaxWarnings are neither printed nor made errors, and the filters are afterwards what they were."""
    code = f"""
import warnings
from csp.cli.census.measure import measure
before = list(warnings.filters)
print(measure({str(tree / "warns.py")!r}, {str(tree)!r})[-1])
assert warnings.filters == before
"""
    for options in ((), ("-W", "always"), ("-W", "error")):
        done = run(code, *options)
        assert (done.stdout, done.stderr) == ("None\n", "")


def test_error_text_does_not_depend_on_the_thread(tree: Path) -> None:
    """An expression too deep to compile is reported in the same words by threads of different stacks."""
    reports = []
    path = str(tree / "too_deep_for_the_tree.py")
    before = threading.stack_size()
    try:
        for size in (1 << 20, 4 << 20):
            threading.stack_size(size)
            thread = threading.Thread(target=lambda: reports.append(measure(path, str(tree))))
            thread.start()
            thread.join()
    finally:
        threading.stack_size(before)
    assert reports == [measure(path, str(tree))] * 2


def test_report_travels(tree: Path) -> None:
    """A report is a plain tuple of tuples, str, int and None all the way down."""

    def plain(value: object) -> bool:
        if type(value) is tuple:
            return all(map(plain, value))
        return value is None or type(value) in (str, int)

    assert all(plain(measure(path, str(tree))) for path in find_files(str(tree)))


def test_same_in_a_subinterpreter(tree: Path) -> None:
    """An interpreter with its own GIL finds the same in every corner."""
    code = f"""
from concurrent import interpreters
from csp.cli.census.measure import find_files, measure
here = repr([measure(path, {str(tree)!r}) for path in find_files({str(tree)!r})])
queue = interpreters.create_queue()
there = interpreters.create()
there.prepare_main(queue=queue)
there.exec('''import sys; sys.path.insert(0, {str(ROOT)!r})
from csp.cli.census.measure import find_files, measure
queue.put(repr([measure(path, {str(tree)!r}) for path in find_files({str(tree)!r})]))''')
print(queue.get() == here)
"""
    assert run(code).stdout == "True\n"


def test_light_to_import() -> None:
    """Importing the module loads only ast and warnings, and what these are made of."""
    code = """
import csp, os, stat
before = set(sys.modules)
import csp.cli.census.measure
print(*sorted(set(sys.modules) - before))
"""
    loaded = set(run(code).stdout.split()) - {"csp.cli", "csp.cli.census", "csp.cli.census.measure"}
    assert loaded <= {"_ast", "ast", "warnings", "_py_warnings", "_contextvars"}
