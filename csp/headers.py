"""Paths for building C code against csp.

The headers are ``csp/csp.h`` and ``csp/message_kinds.h``, and for extension modules ``csp/capsule.h``; the library is
``csp_core``.
"""

import csp._native


def library_dir() -> str:
    """Give the folder of the library ``csp_core``, to link with and to look in at run time (``-L`` and the rpath).

    There is one copy of the core in a process: a program that links it and Python's channels share it.
    """
    return csp._native.__file__.rpartition("/")[0]


def include_dir() -> str:
    """Give the folder for a C compiler (``-I``), in which it finds ``<csp/csp.h>``."""
    return library_dir() + "/include"
