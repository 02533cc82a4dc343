# What cffi makes of the C headers (native/ffi/build_ffi.py): every function and constant of csp.h and message_kinds.h.

from typing import Any

from _cffi_backend import FFI

ffi: FFI
lib: Any
