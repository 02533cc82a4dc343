"""Compiling C sources to extension modules, as a user's build would, with the machine's compiler."""

import importlib.util
import os
import subprocess
import sys
import sysconfig

import csp


def compile_extension(name, source, folder, *, linked, include=None, flags=()):
    """Compile the extension *name* from one C file into *folder*; linked to the core, or built by its headers."""
    target = folder / (name + sysconfig.get_config_var("EXT_SUFFIX"))
    command = [os.environ.get("CC", "cc"), "-std=c11", "-O2", "-fPIC", "-shared", "-pthread", *flags]
    command += ["-I", include or csp.include_dir(), "-I", sysconfig.get_path("include"), source, "-o", target]
    if linked:
        command += ["-L", csp.library_dir(), "-lcsp_core", f"-Wl,-rpath,{csp.library_dir()}"]
    if sys.platform == "darwin":
        command += ["-undefined", "dynamic_lookup"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return target


def load(name, path):
    """Import an extension module from its file."""
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
