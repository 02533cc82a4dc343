"""The C core through cffi, and the way of a channel's end from Python to C and back. For the main interpreter.

:data:`lib` has every function and constant of ``csp.h`` and ``message_kinds.h``, :data:`ffi` their types. It is the
very core that Python's channels are made of: a native program's threads send into a channel that an actor reads, and
know of no GIL.

A call through ``lib`` lets the GIL go. One that blocks knows nothing of Ctrl-C, and of an actor that is told to stop:
give it a deadline, or leave blocking to the program's own threads and to :class:`csp.Sender` and :class:`csp.Receiver`.

cffi itself cannot be loaded in an interpreter with a GIL of its own, and so this module is for the main interpreter:
importing it elsewhere raises :class:`csp.NotImportable`. Start the native program from the main interpreter, and give
the channel's other end to the actor. (An extension module needs no cffi: see ``csp/capsule.h``.)
"""

from csp._native import Receiver, Sender, end_adopt, end_release, message_decode, message_encode
from csp.errors import NotImportable
from csp.ffi.declarations import HEADERS, declarations
from csp.headers import include_dir

try:
    from csp._cffi import ffi as ffi
    from csp._cffi import lib as lib
except ImportError as error:
    if "subinterpreters" not in str(error):
        raise
    raise NotImportable(
        f"csp.ffi is for the main interpreter, because cffi is ({error}). Start the native program from the main "
        "interpreter, hand it one end of a channel with csp.ffi.from_sender or from_receiver, and give the other end "
        "to the actor or process: that one needs no csp.ffi"
    ) from error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from cffi import FFI

__all__ = ["builder", "decode", "encode", "ffi", "from_receiver", "from_sender", "lib", "to_receiver", "to_sender"]

# Who holds the ends that are given to C and to nobody in particular; it lives as long as the process.
_native_program = lib.csp_holder_new(b"native program")


def from_sender(sender: Sender[Any], /, holder: Any = None) -> Any:
    """Move a sending end out of Python: the ``csp_end *``, which is the caller's, to be freed with ``csp_end_free``.

    *sender* is closed afterwards; the channel is not, it is C that holds the end now. *holder* is the ``csp_holder *``
    to hold it, the native program's own: it stands in reports, and ``csp_holder_cancel`` stops what waits through its
    ends. By default it is one for all ends given to C. Never blocks. Raises TypeError, ClosedEnd.
    """
    return _moved_out(Sender, sender, holder)


def from_receiver(receiver: Receiver[Any], /, holder: Any = None) -> Any:
    """Move a receiving end out of Python; otherwise as :func:`from_sender`."""
    return _moved_out(Receiver, receiver, holder)


def to_sender(end: Any, /) -> Sender[Any]:
    """Move a sending end from C to Python: a Sender of this interpreter. The ``csp_end *`` is freed: forget it.

    No operation may be using it. Never blocks. Raises TypeError (no sending end), ValueError (NULL), ClosedEnd; after
    an error the end is still the caller's.
    """
    return _moved_in(Sender, end, lib.CSP_SENDING)


def to_receiver(end: Any, /) -> Receiver[Any]:
    """Move a receiving end from C to Python; otherwise as :func:`to_sender`."""
    return _moved_in(Receiver, end, lib.CSP_RECEIVING)


def encode(value: Any, /) -> Any:
    """Make a message that carries *value*, as a Sender makes it: a new ``csp_message *``, which is the caller's.

    What it holds is to be sent, decoded or dropped (``csp_message_drop``): only the memory of the struct itself goes
    with the cffi object. The value is copied, and for ends inside the message has handles of its own, open until it is
    dropped: the caller keeps those that it has. Never blocks. Raises NotShareable, ClosedEnd.
    """
    message = ffi.new("csp_message *")
    message_encode(value, _address(message, "csp_message *"))
    return message


def decode(message: Any, /) -> Any:
    """Give the value that a ``csp_message *`` carries, as a Receiver would. The message is empty afterwards.

    Also of messages that C made (``csp_message_text``). Ends inside are Senders and Receivers of this interpreter.
    Never blocks. Raises TypeError, ValueError (NULL, or empty already), SystemError (of a kind that is not Python's),
    UnicodeDecodeError and what reading objects raises; after the last three the message is gone.
    """
    return message_decode(_address(message, "csp_message *"))


def builder() -> FFI:
    """Make what a cffi module of one's own gives to ``FFI.include`` to declare functions that take the types of csp.

    Such a module is compiled with :func:`csp.include_dir` and linked to ``csp_core`` in :func:`csp.library_dir`. Its
    ``csp_end *`` is the one of :data:`ffi`, so that ends go from one to the other as they are.
    """
    from cffi import FFI

    made = FFI()
    made.cdef(declarations(include_dir()))
    made.set_source("csp._cffi", "".join(f"#include <csp/{name}>\n" for name in HEADERS))
    return made


def _address(value: Any, kind: str) -> int:
    if not isinstance(value, ffi.CData) or ffi.typeof(value) is not ffi.typeof(kind):
        raise TypeError(f"a {kind} is wanted, not {value!r}")
    if value == ffi.NULL:
        raise ValueError(f"a {kind} is wanted, not NULL")
    return int(ffi.cast("uintptr_t", value))


def _moved_out[End: (Sender[Any], Receiver[Any])](kind: type[End], end: End, holder: Any) -> Any:
    if not isinstance(end, kind):
        raise TypeError(f"a csp.{kind.__name__} is wanted, not {end!r}")
    held_by = _address(_native_program if holder is None else holder, "csp_holder *")
    return ffi.cast("csp_end *", end_release(end, held_by))


def _moved_in[End: (Sender[Any], Receiver[Any])](kind: type[End], end: Any, direction: int) -> End:
    address = _address(end, "csp_end *")
    if lib.csp_end_sync(end) != lib.CSP_SYNC_NONE:
        raise TypeError(f"this is the handle of a synchronisation object: it makes no csp.{kind.__name__}")
    if lib.csp_end_direction(end) != direction:
        raise TypeError(f"this end is of the other direction: it makes no csp.{kind.__name__}")
    made = end_adopt(address)
    assert isinstance(made, kind)  # its direction was looked at
    return made
