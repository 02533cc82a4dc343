"""The core library exports what csp.h declares, and nothing else."""

import re
import subprocess
import sys
from pathlib import Path

import csp._native

ROOT = Path(__file__).parents[2]
HEADER = (ROOT / "native/include/csp/csp.h").read_text(encoding="utf-8")
DARWIN = sys.platform == "darwin"
LIBRARY = Path(csp._native.__file__).with_name("libcsp_core.dylib" if DARWIN else "libcsp_core.so")


def declared():
    """The functions that csp.h declares with CSP_API."""
    code = re.sub(r"/\*.*?\*/", "", HEADER, flags=re.DOTALL)
    code = re.sub(r"^#.*$", "", code, flags=re.MULTILINE)
    return set(re.findall(r"\bCSP_API\b[^;{(]*?\b(csp_\w+)\(", code))


def exported():
    """What the library that is installed exports."""
    only = ["-gU"] if DARWIN else ["-D", "--defined-only"]
    names = subprocess.run(["nm", *only, LIBRARY], capture_output=True, text=True, check=True).stdout
    return {line.split()[-1].removeprefix("_" if DARWIN else "") for line in names.splitlines() if line.strip()}


def test_the_header_is_read():
    """Every CSP_API in front of a declaration is seen."""
    declarations = re.findall(r"^CSP_API\b", HEADER, re.MULTILINE)
    assert len(declared()) == len(declarations) > 40


def test_exports_are_the_header():
    """Nothing that is declared is missing, and nothing else leaks out: names are hidden unless they are public."""
    assert exported() == declared()


def test_names_have_our_prefix():
    """What csp.h defines begins with csp or CSP: a program may have names of its own."""
    code = re.sub(r"/\*.*?\*/", "", HEADER, flags=re.DOTALL)
    macros = set(re.findall(r"^#define (\w+)", code, re.MULTILINE))
    types = set(re.findall(r"^typedef (?:struct|enum|union) (\w+)", code, re.MULTILINE))
    types |= set(re.findall(r"^\} (\w+);", code, re.MULTILINE))
    assert [name for name in macros if not name.startswith("CSP_")] == []
    assert [name for name in types if not name.startswith("csp_")] == []
