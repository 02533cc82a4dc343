"""Whether threads are threads here. Some libraries (gevent, eventlet) replace them with tasks of one thread."""

import _thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def no_real_threads() -> str | None:
    """Why csp cannot run in this program, where something has replaced the starting of threads; else None."""
    start: Any = _thread.start_new_thread
    if start.__class__ is len.__class__:  # written in C, as it should be
        return None
    by = str(getattr(start, "__module__", None) or "something").partition(".")[0]
    return (
        f"{by} has replaced Python's threads (monkey patching), and csp's own would be tasks of one thread: the first "
        "that waits would stop the program. Leave threads as they are, with gevent by "
        "monkey.patch_all(thread=False), or use csp in another process"
    )
