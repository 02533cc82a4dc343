"""What an interpreter has loaded, beside what CPython and the site's own start-up load into every interpreter."""

import concurrent.interpreters
import functools

# What costs a fresh interpreter milliseconds: nothing of ours may bring it into an actor or a process.
HEAVY = frozenset({
    "asyncio", "attr", "attrs", "collections", "collections.abc", "concurrent", "concurrent.futures", "contextlib",
    "dataclasses", "enum", "functools", "inspect", "json", "logging", "multiprocessing", "pickle", "re", "socket",
    "string", "structlog", "subprocess", "threading", "traceback", "typing",
})  # fmt: skip


def fresh(code):
    """Run *code* in a fresh interpreter of the standard library; give what it puts into ``answer``."""
    made = concurrent.interpreters.create()
    try:
        made.exec(f"import sys\nbefore = set(sys.modules)\n{code}")
        made.exec("import concurrent.interpreters as ci")
        queue = concurrent.interpreters.create_queue()
        made.prepare_main(queue=queue)
        made.exec("queue.put(answer)")
        return queue.get()
    finally:
        made.close()


@functools.cache
def bare():
    """The modules of an interpreter that nobody did anything in. Python 3.15's own start-up loads re and functools."""
    return frozenset(fresh("answer = tuple(sys.modules)"))


def heavy(names):
    """Which of *names* are heavy and not in every interpreter anyway."""
    return (HEAVY & set(names)) - bare()
