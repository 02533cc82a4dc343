"""What an actor imports and is compiled for each life anew, because its byte code is nowhere on disk: told once."""

import os
import sys

from csp._native import Sender, wall_now
from csp.errors import ChannelError

# Bytes of source. Compiling them takes some 40 ms; what is less is not worth a line.
_WORTH_A_LINE = 40_000
_EVENT = "actors start slowly: their modules have no byte code on disk, and each actor compiles them again"


def tell_if_missing(channel: Sender[object], actor: str, seconds: float) -> None:
    """Say on the log channel that modules were compiled, if there are many; it took *seconds* to import the class."""
    missing = _without_byte_code()
    size = sum(missing.values())
    if size < _WORTH_A_LINE:
        return
    if sys.dont_write_bytecode:
        why = "PYTHONDONTWRITEBYTECODE or -B"
        advice = "run without it, or run python -m compileall once on their folders"
    else:
        why = f"{os.path.dirname(next(iter(missing)))} cannot be written"
        advice = "set PYTHONPYCACHEPREFIX to a folder that can be, or run python -m compileall once on their folders"
    values = {
        "modules": len(missing),
        "kilobytes": size // 1000,
        "import_ms": round(seconds * 1000),
        "because": why,
        "advice": advice,
    }
    try:
        channel.send_nowait(("once", _EVENT, wall_now(), actor, values))
    except ChannelError:
        pass  # nobody listens any more


def _without_byte_code() -> dict[str, int]:
    """Where byte code should be and is not, with the size of its source, for every module that is loaded here but this
    one, which only loads to tell.
    """
    missing: dict[str, int] = {}
    for name, module in list(sys.modules.items()):
        spec = getattr(module, "__spec__", None) if name != __name__ else None
        cached: str | None = getattr(spec, "cached", None)
        if spec is None or cached is None or not str(spec.origin).endswith(".py") or os.path.exists(cached):
            continue
        try:
            missing[cached] = os.stat(str(spec.origin)).st_size
        except OSError:
            pass  # it came from somewhere else
    return missing
