"""Naming what is waited for: who it is, and at which line of its Python."""

import sys
from _thread import daemon_threads_allowed, start_new_thread
from time import monotonic

from csp._native import Receiver, channel, look_into_interpreter
from csp.errors import EndOfChannel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

# Seconds that a wait is silent, and between two looks whether anything has changed.
NAMED_AFTER = 0.5
_LOOK_EVERY = 1.0
# Seconds that a look waits for another interpreter's GIL.
_LOOK_FOR = 0.05
# Seconds after which one that is at no line of the program's is named, too: until then it may just wait for its turn.
_NAMED_ANYHOW = 5.0
# Of how many threads the line is told, and how many are named at once.
_MOST_THREADS, _MOST_NAMED = 3, 10
# Seconds that all looks together take: each waits for a GIL, and there may be thousands that queue for a CPU.
_ALL_LOOKS = 0.3


def whereabouts(id: int, seconds: float = _LOOK_FOR) -> str:
    """At which lines of the program's own Python the threads of an interpreter are. Blocks at most that long.

    Empty: nowhere but in csp, or it is gone.
    """
    threads = look_into_interpreter(id, seconds) or []
    places = [place for place in map(_place, threads) if place]
    return "; ".join(places[:_MOST_THREADS])


def _place(frames: list[tuple[str, int, str]]) -> str:
    """The innermost frame that is neither csp's nor the standard library's; if there is none, the library's."""
    import linecache
    import os

    csp = os.path.dirname(os.path.dirname(__file__)) + os.sep
    library = os.path.dirname(os.__file__) + os.sep
    others = [frame for frame in frames if not frame[0].startswith(csp)]
    own = [frame for frame in others if not (frame[0].startswith((library, "<frozen")) and "-packages" not in frame[0])]
    for file, line, function in (own or others)[:1]:
        text = linecache.getline(file, line).strip()
        return f'File "{file}", line {line}, in {function}' + (f": {text}" if text else "")
    return ""


class Named:
    """A wait that is silent only for a moment: then what it waits for is named on standard error, and what is new.

    Args:
        what: how the line begins: "the block stops".
        who: gives (name, id of the interpreter) of all that are waited for. Asked in another thread.

    In other interpreters than main it does nothing: whoever waits for them is told.
    """

    __slots__ = ("_what", "_while", "_who")

    def __init__(self, what: str, who: Callable[[], Iterable[tuple[str, int]]]) -> None:
        self._what = what
        self._who = who

    def __enter__(self) -> None:
        self._while, over = channel()
        if daemon_threads_allowed():
            try:
                start_new_thread(_watch, (self._what, self._who, over))
            except RuntimeError:
                pass  # no threads any more: the program is at its very end, or the system gives none

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._while.close()


def _watch(what: str, who: Callable[[], Iterable[tuple[str, int]]], over: Receiver[object]) -> None:
    told: set[str] = set()
    begun = monotonic()
    pause = NAMED_AFTER
    try:
        while True:
            try:
                over.recv(timeout=pause)
            except TimeoutError:
                tell(what, who(), told, anyhow=monotonic() - begun > _NAMED_ANYHOW)
            pause = _LOOK_EVERY
    except EndOfChannel:
        return
    except Exception:  # noqa: BLE001  (naming is a courtesy; what is waited for is what counts)
        return


def tell(what: str, who: Iterable[tuple[str, int]], told: set[str], *, anyhow: bool = False) -> None:
    """Name those who are at a line of the program's on standard error, but for what is in *told*, to which it is added.

    *anyhow*: the others, too, once. Of many, who may just wait for their turn, it is told how many they are.
    """
    lines: list[str] = []
    all_of_them = list(who)
    until = monotonic() + _ALL_LOOKS
    for name, id in all_of_them:
        if len(lines) == _MOST_NAMED or monotonic() > until:
            break
        where = whereabouts(id)
        line = f"csp: {what}; waiting for {name} ({id})" + (f", {where}" if where else "")
        if line not in told and (where or (anyhow and not any(other.startswith(line) for other in told))):
            lines.append(line)
    told.update(lines)
    if len(all_of_them) > _MOST_NAMED:
        name, id = all_of_them[0]
        lines.append(f"csp: {what}; waiting for {len(all_of_them)}, {name} ({id}) and others")
    try:
        sys.stderr.write("".join(f"{line}\n" for line in lines))
        sys.stderr.flush()
    except Exception:  # noqa: BLE001, S110  (there is no standard error any more)
        pass
