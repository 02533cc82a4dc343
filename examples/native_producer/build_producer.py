"""Compile producer.c into the cffi module ``_producer``, beside this file: ``python build_producer.py``.

Needs a C compiler (``CC``, or cc) and Python's headers. A package would let its build backend do the last step.
"""

import os
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from cffi import FFI

import csp
import csp.ffi

HERE = Path(__file__).resolve().parent

ffibuilder = FFI()
ffibuilder.include(csp.ffi.builder())  # csp_end and csp_status are those of csp.ffi
ffibuilder.cdef("""
    typedef struct producer producer;
    typedef struct producer_report { int64_t sent, lost; csp_status status; } producer_report;
    producer *producer_start(csp_end *blocks);
    void producer_stop(producer *self);
    producer_report producer_join(producer *self);
""")
ffibuilder.set_source("_producer", (HERE / "producer.c").read_text(encoding="utf-8"))


def build() -> Path:
    """Compile it; gives the module's file."""
    module = HERE / ("_producer" + sysconfig.get_config_var("EXT_SUFFIX"))
    with tempfile.TemporaryDirectory() as folder:
        source = str(Path(folder) / "_producer.c")
        ffibuilder.emit_c_code(source)
        command = [os.environ.get("CC", "cc"), "-std=c11", "-D_DEFAULT_SOURCE", "-O2", "-fPIC", "-shared", "-pthread"]
        command += ["-I", csp.include_dir(), "-I", sysconfig.get_path("include"), source, "-o", str(module)]
        command += ["-L", csp.library_dir(), "-lcsp_core", f"-Wl,-rpath,{csp.library_dir()}"]
        if sys.platform == "darwin":
            command += ["-undefined", "dynamic_lookup"]
        subprocess.run(command, check=True)
    return module


if __name__ == "__main__":
    print("built", build().name)
