"""What the process must not do while interpreters live, and what it must do before it ends.

Only the main interpreter forks, and only it ends the process; in any other, install does nothing.

The end of the program has this order. Exit handlers that were registered after csp's run first, and may use all of it.
Then all interpreters are stopped: cancelled, and killed ``EXIT_GRACE`` seconds later; an interrupt goes to the next
step, and nothing is started any more. Then what was said in them is written. Then the exit handlers that were
registered before csp's run. If something could not be ended, the process ends here, with ``EXIT_STATUS``: CPython would
hang or crash on it. What must happen is C: between two lines of Python a signal handler may raise.
"""

import sys

from csp._native import (
    end_interpreters,
    hurry_the_end,
    interpreter_counts,
    interpreters,
    leave_without_them,
    left_interpreters,
)
from csp.errors import ForkRefused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, MutableSet
    from typing import Any

# Seconds that interpreters which nobody stopped are given at the end of the program, before and after being killed.
EXIT_GRACE = 2.0
# The same when somebody is in a hurry.
HURRIED = 0.25
# A thread could not be ended (it is inside C code), and the process ended without it. Used for nothing else.
EXIT_STATUS = 70

_installed = False
_last_words: MutableSet[Callable[[], object]] = set()


def _is_main() -> bool:
    from _interpreters import get_current, get_main

    return bool(get_current()[0] == get_main()[0])


def install() -> None:
    """Put the guards up, once."""
    global _installed
    if _installed:
        return
    _installed = True
    if not _is_main():
        return
    sys.addaudithook(_refuse_fork)
    _let_notebooks_run_commands()
    import atexit

    # They run from the last to the first.
    atexit.register(leave_without_them, (_say_what_is_left, _flush_files, EXIT_STATUS))
    atexit.register(_say_last_words)
    atexit.register(end_interpreters, EXIT_GRACE, _say_what_is_waited_for)


def at_the_end(say: Callable[[], object]) -> None:
    """Call *say*, which must not wait for long, when all interpreters have been stopped at the end of the program."""
    _last_words.add(say)


def not_at_the_end(say: Callable[[], object]) -> None:
    """Take at_the_end back."""
    _last_words.discard(say)


def _living() -> int:
    """Interpreters that live, those included that were left with threads in them that nobody could stop."""
    counts = interpreter_counts()
    return counts[0] + counts[3]


def _refuse_fork(event: str, _args: tuple[object, ...]) -> None:
    if event in {"os.fork", "os.forkpty"}:
        alive = _living()
        if alive:
            raise ForkRefused(
                f"{event} while {alive} interpreter(s) of csp live: the child would be killed by a segmentation fault "
                '(CPython gh-139759). Use subprocess without preexec_fn, or multiprocessing with "spawn" or '
                '"forkserver"'
            )
    elif event == "subprocess.Popen":
        frame = sys._getframe(1)
        if frame.f_locals.get("preexec_fn") is not None and _living():
            raise ForkRefused(
                "subprocess with preexec_fn while interpreters of csp live: the child would be killed by a "
                "segmentation fault (CPython gh-139759). Use the arguments that replace it: start_new_session, "
                "process_group, user, group, umask, cwd, env"
            )


def _let_notebooks_run_commands() -> None:
    """In a notebook ``!command`` forks, to give it a terminal. IPython's other way to run one does not."""
    shell: Any = getattr(sys.modules["builtins"], "get_ipython", lambda: None)()
    if shell is not None and shell.system == shell.system_piped:
        shell.system = shell.system_raw


# ---- the end of the program ------------------------------------------------------------------------------------------


def hurry() -> None:
    """Let the end of the program take no longer than killing the rest does: the user does not want to wait."""
    hurry_the_end(HURRIED)


def _say_what_is_waited_for() -> None:
    from csp.hosts.naming import tell

    tell("the program ends", [(name, id) for id, name, _ in interpreters()], set())


def _say_last_words() -> None:
    for say in list(_last_words):
        try:
            say()
        except BaseException:  # noqa: BLE001, S110  (an interrupt ends one wait, and the others are to be heard, too)
            pass


def _say_what_is_left() -> None:
    """Name what could not be ended, before other exit handlers run."""
    left = [f"{name} ({id})" for id, name, _ in interpreters()]
    left += [f"threads that {name} ({id}) started" for id, name, _ in left_interpreters()]
    text = (
        f"csp: {_living()} interpreter(s) cannot be stopped (they are inside C code): {', '.join(left)}. "
        f"The process ends without them, with status {EXIT_STATUS}.\n"
    )
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except Exception:  # noqa: BLE001, S110  (a stream that is closed, or None, must not keep the process)
        pass


def _flush_files() -> None:
    """Write what CPython would write when it takes the modules down."""
    import gc
    from io import BufferedWriter, TextIOWrapper

    def is_text(thing: object) -> bool:
        return isinstance(thing, TextIOWrapper)

    def is_binary(thing: object) -> bool:
        return isinstance(thing, BufferedWriter)

    things: list[Any] = gc.get_objects()
    for file in [*filter(is_text, things), *filter(is_binary, things)]:  # the first write into the second
        try:
            file.flush()
        except Exception:  # noqa: BLE001, S110  (it is closed, or whoever reads it is gone)
            pass
