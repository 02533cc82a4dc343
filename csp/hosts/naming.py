"""Naming what is waited for: who it is, and at which line of its Python."""

import sys
from _thread import daemon_threads_allowed, start_new_thread

from csp._native import (
    Receiver,
    channel,
    interpreter_thread,
    look_into_interpreter,
    now,
    thread_is_runnable,
    thread_times,
)
from csp.errors import EndOfChannel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

# Seconds that a wait is silent, to the second look, and between all further looks.
NAMED_AFTER = 0.5
_LOOK_AGAIN = 0.25
_LOOK_EVERY = 1.0
# Seconds that a look waits for another interpreter's GIL.
_LOOK_FOR = 0.05
# Seconds after which one that is at no line of the program's is named, too: until then it may just wait for its turn.
# If it has slept from one look to the next it does not; it may be inside a function that is written in C.
_NAMED_ANYHOW = 5.0
# Of how many threads the line is told, and how many are named at once.
_MOST_THREADS, _MOST_NAMED = 3, 10
# Seconds that all looks together take: each waits for a GIL, and there may be thousands that queue for a CPU.
_ALL_LOOKS = 0.3


def whereabouts(id: int, seconds: float = _LOOK_FOR) -> str:
    """At which lines of the program's own Python the threads of an interpreter are. Blocks at most that long.

    Empty: nowhere but in csp, it is gone, or there is none (0, which is main's, whom nobody waits for).
    """
    threads = (look_into_interpreter(id, seconds) if id else None) or []
    places = [place for place in map(_place, threads) if place]
    return "; ".join(places[:_MOST_THREADS])


def _place(frames: list[tuple[str, int, str]]) -> str:
    """Find the innermost frame that is neither csp's nor the standard library's; if there is none, the library's."""
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


def _sleeps(id: int, had: dict[int, float]) -> bool:
    """Whether the thread of an interpreter has not had a CPU since the last look, and does not want one."""
    thread = interpreter_thread(id)
    before, had[id] = had.get(id), thread_times(thread)[0]
    return thread != 0 and had[id] == before and not thread_is_runnable(thread)


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
    had: dict[int, float] = {}
    begun = now()
    pauses = iter((NAMED_AFTER, _LOOK_AGAIN))
    try:
        while True:
            try:
                over.recv(timeout=next(pauses, _LOOK_EVERY))
            except TimeoutError:
                tell(what, who(), told, had, anyhow=now() - begun > _NAMED_ANYHOW)
    except EndOfChannel:
        return
    except Exception:  # noqa: BLE001  (naming is a courtesy; what is waited for is what counts)
        return


def tell(
    what: str,
    who: Iterable[tuple[str, int]],
    told: set[str],
    had: dict[int, float] | None = None,
    *,
    anyhow: bool = False,
) -> None:
    """Name those who are at a line of the program's on standard error, but for what is in *told*, to which it is added.

    The others, too, once, if they have slept since the last look, which left in *had* how much CPU each had had; or
    *anyhow*. Of a crowd, which may just wait for its turn, it is told how many they are.
    """
    lines: list[str] = []
    all_of_them = list(who)
    crowd = len(all_of_them) > _MOST_NAMED
    until = now() + _ALL_LOOKS
    for name, id in all_of_them:
        if len(lines) == _MOST_NAMED or now() > until:
            break
        where = whereabouts(id)
        line = f"csp: {what}; waiting for {name} ({id})" + (f", {where}" if where else "")
        alone = not crowd and not where and (anyhow or (had is not None and _sleeps(id, had)))
        if line not in told and (where or (alone and not any(other.startswith(line) for other in told))):
            lines.append(line)
    told.update(lines)
    if crowd:
        name, id = all_of_them[0]
        lines.append(f"csp: {what}; waiting for {len(all_of_them)}, {name} ({id}) and others")
    try:
        sys.stderr.write("".join(f"{line}\n" for line in lines))
        sys.stderr.flush()
    except Exception:  # noqa: BLE001, S110  (there is no standard error any more)
        pass
