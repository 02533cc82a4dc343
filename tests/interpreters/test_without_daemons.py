"""What of multiprocessing needs daemon threads is refused in an actor, at once and with words."""

import re

import pytest

MAKES = """
import csp
import concurrent.futures
import multiprocessing
from multiprocessing.pool import ThreadPool

class A(csp.Actor):
    @csp.handler
    def make(self, what):
        context = multiprocessing.get_context("spawn")
        try:
            eval(what)
        except RuntimeError as error:
            return str(error), len(multiprocessing.active_children())

if __name__ == "__main__":
    import sys
    with csp.System(warm=0) as system:
        print(*system.spawn(A).make(sys.argv[1]))
"""


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("context.Pool(1)", "Pool needs daemon threads.*use csp.pipeline, or multiprocessing.Process"),
        ("multiprocessing.Pool(1)", "Pool needs daemon threads"),
        ("ThreadPool(1)", "ThreadPool needs daemon threads.*use concurrent.futures.ThreadPoolExecutor"),
        ("concurrent.futures.ProcessPoolExecutor(1)", "ProcessPoolExecutor needs daemon threads"),
        ("context.Queue()", "Queue needs daemon threads.*use a SimpleQueue or a Pipe"),
        ("context.JoinableQueue()", "JoinableQueue needs daemon threads"),
    ],
)
def test_pools_and_queues(program, what, text):
    """A pool, an executor and a queue of processes are refused, with what works instead, before a process starts."""
    program.write(MAKES, "makes.py")
    status, out, err = program.run("makes.py", what)
    assert (status, err) == (0, "")
    assert out.endswith(" 0\n")
    assert re.match(text, out)
