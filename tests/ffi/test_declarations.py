"""What cffi was told, what the headers declare, what the library exports and what the capsule holds are one list."""

import re
from pathlib import Path

import pytest

import csp
from csp.ffi import ffi, lib
from csp.ffi.declarations import HEADERS, declarations, declarations_of

ROOT = Path(__file__).parents[2]
INCLUDE = ROOT / "native" / "include" / "csp"
CAPSULE = ROOT / "native" / "python" / "include" / "csp" / "capsule.h"


def code_of(path):
    """A header without its comments."""
    return re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)


CODE = "\n".join(code_of(INCLUDE / name) for name in HEADERS)


def functions():
    """The names of the functions that the headers declare or have inline, read otherwise than by csp.ffi."""
    return set(re.findall(r"^(?:CSP_API|static inline) [\w *]*?\b(csp_\w+)\(", CODE, re.MULTILINE))


def constants():
    """The names of the macros that are values, and of what the enumerations list."""
    macros = set(re.findall(r"^#define (CSP_[A-Z0-9_]+) +\S", CODE, re.MULTILINE)) - {"CSP_API"}
    members = {
        name for body in re.findall(r"\benum\b[^{;]*\{([^}#]*)\}", CODE) for name in re.findall(r"\bCSP_\w+", body)
    }
    statuses = {f"CSP_{name}" for name in re.findall(r"\bX\(([A-Z_]+), \d+,", CODE)}
    return macros | members | statuses


def test_the_headers_are_all_there_are():
    """Every header of the core is read."""
    assert {path.name for path in INCLUDE.iterdir()} == set(HEADERS)


def test_functions_are_the_headers():
    """``lib`` has each function that the headers declare, and no other."""
    assert len(functions()) > 60
    assert {name for name in dir(lib) if name.startswith("csp_")} == functions()


def test_constants_are_the_headers():
    """``lib`` has each number that the headers define, and no other."""
    assert len(constants()) > 50
    assert {name for name in dir(lib) if name.startswith("CSP_")} == constants()


def test_types_are_the_headers():
    """``ffi`` knows each type that the headers define."""
    types = set(
        re.findall(r"^typedef (?:struct|enum) \w+ (csp_\w+);|^(?:typedef enum .*)?\} (csp_\w+);", CODE, re.MULTILINE)
    )
    names = {first or second for first, second in types}
    assert len(names) > 12
    assert set(ffi.list_types()[0]) == names


@pytest.mark.parametrize("name", HEADERS)
def test_what_is_installed_is_the_source(name):
    """The headers beside the package are those of this tree: csp.include_dir() is what it was built from."""
    assert (Path(csp.include_dir()) / "csp" / name).read_text() == (INCLUDE / name).read_text()


def test_the_builder_declares_what_was_compiled():
    """A user's module is told the same that csp._cffi was."""
    assert declarations(csp.include_dir()) == declarations(str(ROOT / "native" / "include"))


def test_the_capsule_is_the_headers():
    """The table for extension modules has each function, once."""
    table = re.search(r"#define CSP_FUNCTIONS\(X\)(?P<rows>(?:[^\n]*\\\n)+[^\n]*\n)", CAPSULE.read_text())
    assert table is not None
    names = re.findall(r"\bX\((\w+)\)", table["rows"])
    assert len(names) == len(set(names))
    assert {f"csp_{name}" for name in names} == functions()


def test_constants_have_the_values_of_c():
    """Those that cffi cannot compute were asked of the compiler: unsigned, wide and negated ones come out right."""
    assert lib.CSP_FOREVER == 2**63 - 1
    assert lib.CSP_POLL == 0
    assert lib.CSP_UNBOUNDED == 2**32 - 1
    assert lib.CSP_KIND_PAYLOAD == 1 << 31
    assert lib.CSP_KIND_BYTES_PAYLOAD == 1 << 31 | 35
    assert lib.CSP_REPLY_BROKEN == 1 << 63
    assert lib.CSP_TIMEOUT == 2


HEADER = """\
#ifndef CSP_X_H
#define CSP_X_H
#ifdef __cplusplus
extern "C" {
#endif
#define CSP_LIST(X)          \\
    X(ONE, 1, "a text (1, 2)") \\
    X(TWO, 2, "another")
typedef enum csp_x {
#define CSP_EACH(name, value, text) CSP_##name = value,
    CSP_LIST(CSP_EACH)
#undef CSP_EACH
} csp_x;
/* A comment; with { and */
#define CSP_WIDTH 3
#define CSP_MASK (UINT32_C(1) << CSP_WIDTH)
CSP_API int csp_declared(int a,
                         int b);
static inline int csp_inline(int a) {
    if (a) { return 1; }
    return CSP_WIDTH;
}
#endif
"""


def test_reading_a_header():
    """Lists are written out, inline functions become declarations, plain numbers stay, expressions are left to C."""
    lines = [line.strip() for line in declarations_of(HEADER).splitlines() if line.strip()]
    assert lines == [
        "typedef enum csp_x {",
        "CSP_ONE = 1,",
        "CSP_TWO = 2,",
        "} csp_x;",
        "#define CSP_WIDTH 3",
        "#define CSP_MASK ...",
        "int csp_declared(int a,",
        "int b);",
        "int csp_inline(int a);",
    ]


def test_a_header_that_is_cut_off_is_refused():
    """An inline function without its end is an error, not a declaration less."""
    with pytest.raises(ValueError, match="csp_inline"):
        declarations_of("static inline int csp_inline(int a) {\n    return 1;\n")
