"""The source of csp._cffi, as native/CMakeLists.txt makes it: ``python -m cffi.gen_src exec-python build_ffi.py``."""

import runpy
from pathlib import Path

from cffi import FFI

ROOT = Path(__file__).parents[2]

_declarations = runpy.run_path(str(ROOT / "csp" / "ffi" / "declarations.py"))

ffibuilder = FFI()
ffibuilder.cdef(_declarations["declarations"](str(ROOT / "native" / "include")))
ffibuilder.set_source("csp._cffi", "".join(f"#include <csp/{name}>\n" for name in _declarations["HEADERS"]))
