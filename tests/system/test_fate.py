"""When the kernel is gone, its cause is the error."""

BROKEN = """
import csp, os, sys

class A(csp.Actor):
    pass

def attempt(do):
    try:
        print(do())
    except csp.ActorError as error:
        print(type(error).__name__, error)
"""


def test_a_kernel_that_cannot_boot(program):
    """The kernel's interpreter meets a module that fails: every request says so, and closing is no trouble."""
    program.write("raise RuntimeError('not this one')\n", "broken/heapq.py")
    status, out, err = program.script(
        BROKEN
        + """
if __name__ == "__main__":
    import structlog, csp.system.system
    sys.path.insert(0, os.path.abspath("broken"))
    with csp.System(warm=0) as system:
        attempt(lambda: system.spawn(A))
        attempt(system.statistics)
        attempt(lambda: system.lookup("nobody"))
    attempt(system.statistics)
"""
    )
    assert (status, err) == (0, "")
    assert out == (
        "StartFailed the system's kernel has died: RuntimeError: not this one\n" * 3
        + "ActorError the system is closed; it can no longer 'statistics'\n"
    )


def test_a_kernel_without_descriptors(program):
    """Where no file can be opened any more no interpreter can be made, and that is the error."""
    status, out, err = program.script(
        BROKEN
        + """
if __name__ == "__main__":
    import resource
    with csp.System(warm=0) as system:
        system.spawn(A)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 4096))
    with csp.System(warm=0) as system:
        attempt(lambda: system.spawn(A))
"""
    )
    assert status == 0, err
    assert out.startswith("StartFailed the system's kernel has died: ")


def test_a_kernel_that_is_killed(program):
    """A kernel that something ends later is no system that was closed."""
    status, out, err = program.script(
        BROKEN
        + """
if __name__ == "__main__":
    from csp._native import interpreters, kill_interpreter
    with csp.System(warm=0) as system:
        system.statistics()
        (number,) = (id for id, name, _ in interpreters() if name == "csp kernel")
        kill_interpreter(number)
        attempt(system.statistics)
"""
    )
    assert status == 0, err
    assert out == "StartFailed the system's kernel has died: killed\n"
