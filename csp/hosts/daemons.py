"""What of the standard library needs daemon threads, which an interpreter with a GIL of its own has not.

Without this a ``multiprocessing.Pool`` starts its processes and fails then, and a ``ProcessPoolExecutor`` hangs.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn


def refuse(module: Any) -> None:
    """Have what cannot work refused when it is made: in the module concurrent.futures.process, multiprocessing.pool or
    multiprocessing.queues, of this interpreter.
    """
    for name in ("ProcessPoolExecutor", "Pool", "Queue"):
        cls = getattr(module, name, None)
        if cls is not None and cls.__module__ == module.__name__:
            cls.__new__ = _refusal(name)  # before __init__, so that there is nothing to clean up


def _refusal(name: str) -> Any:
    def refused(cls: type, *_args: object, **_kwargs: object) -> NoReturn:
        if cls.__name__ == "ThreadPool":
            instead = "concurrent.futures.ThreadPoolExecutor"
        elif name == "Queue":
            instead = "a SimpleQueue or a Pipe of multiprocessing"
        else:
            instead = "csp.pipeline, or multiprocessing.Process with a SimpleQueue or a Pipe"
        raise RuntimeError(
            f"{cls.__name__} needs daemon threads, which only the program's main interpreter has: use {instead}, or "
            "make it in the main interpreter"
        )

    return refused
