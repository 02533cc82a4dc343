"""A native program with threads, compiled as a user's own cffi module that includes csp's."""

from pathlib import Path

import cffi
import pytest
from compiling import compile_extension, load

import csp.ffi

DECLARED = """
    typedef struct peer peer;
    peer *peer_send(csp_end *end, int64_t wanted);
    peer *peer_receive(csp_end *end);
    csp_status peer_join(peer *peer, int64_t *count, int64_t *sum);
"""


@pytest.fixture(scope="session")
def peer(tmp_path_factory):
    """The ``lib`` of the module."""
    folder = tmp_path_factory.mktemp("peer")
    builder = cffi.FFI()
    builder.include(csp.ffi.builder())
    builder.cdef(DECLARED)
    builder.set_source("peer", (Path(__file__).parent / "peer.c").read_text(encoding="utf-8"))
    source = folder / "peer_module.c"
    builder.emit_c_code(str(source))
    return load("peer", compile_extension("peer", source, folder, linked=True)).lib


@pytest.fixture
def ended(peer):
    """Join a peer; gives (name of its last status, how many messages, their sum)."""

    def ended(started):
        count, total = csp.ffi.ffi.new("int64_t *"), csp.ffi.ffi.new("int64_t *")
        status = peer.peer_join(started, count, total)
        return csp.ffi.ffi.string(csp.ffi.lib.csp_status_name(status)).decode(), count[0], total[0]

    return ended
