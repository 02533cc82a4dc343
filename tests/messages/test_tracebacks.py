"""What a traceback shows: the lines of the user's, here and in other interpreters, and none of csp's."""

import re

import pytest
from odd_exceptions import Frozen, Raiser, inner

import csp
from csp.messages.formatting import format_exception
from csp.messages.rebuilding import put_back
from observed import raised_in


def test_frames_of_csp_are_not_shown(system):
    """The traceback goes from the line that calls to the handler: how csp came to call it is nobody's concern."""
    with pytest.raises(Frozen) as caught:
        system.spawn(Raiser).fail("frozen")
    assert raised_in(caught.value) == ["test_frames_of_csp_are_not_shown", "fail"]


def test_an_exception_over_two_hops_has_one_traceback(system):
    """What an actor got from another, and passes on, is shown in one piece: its own frames, then those of there."""
    one, two = system.spawn(Raiser), system.spawn(Raiser)
    with pytest.raises(Frozen) as caught:
        one.ask(two, "frozen")
    assert raised_in(caught.value) == ["test_an_exception_over_two_hops_has_one_traceback", "ask", "fail"]
    assert caught.value.__cause__ is caught.value.__context__ is None


def test_what_was_handled_comes_first(system):
    """A call while another exception is handled: the handler's exception came from what it did there, and that began
    here, as if the call had been a local one.
    """
    ref = system.spawn(Raiser)
    with pytest.raises(LookupError) as caught:
        try:
            1 / 0  # noqa: B018  (that it raises is the point)
        except ZeroDivisionError:
            ref.fail_while_handling()
    assert repr(caught.value.__context__) == "KeyError('first')"
    assert repr(caught.value.__context__.__context__) == "ZeroDivisionError('division by zero')"


def one_block(process):
    """What Python shows of an uncaught exception of that program: its functions, and in how many tracebacks."""
    status, _, err = process
    assert status == 1, err
    return re.findall(r"^  File .*, in (.+)$", err, re.MULTILINE), err.count("Traceback (most recent call last)")


UNCAUGHT = {
    "call": ("system.spawn(A).fail()", ["fail"], 1),
    "future": ("system.spawn(A).fail.future().result()", ["fail"], 1),
    "spawn": ("system.spawn(Broken)", ["__init__"], 1),
    "wrong arguments": ("system.spawn(A).fail(1)", [], 1),
    "wrong arguments of a class": ("system.spawn(A, 1)", [], 1),
    "no such handler": ("system.spawn(A).nothing()", [], 1),
    "no such actor": ("system.lookup('nobody')", [], 1),
    "a late answer": ("system.spawn(A).never.options(timeout=0)()", [], 1),
    "a wrong limit": ("system.spawn(A).fail.options(timeout='s')", [], 1),
    "wait": ("csp.System.wait(system, 'nobody')", [], 1),
    "not shareable": ("system.spawn(A).fail.cast(lambda: 0)", [], 1),
    "collect": ("csp.pipeline([1, 0]).map(work).collect()", ["work", "<module>"], 2),
    "iterate": ("for _ in csp.pipeline([1, 0]).map(work): pass", ["work", "<module>"], 2),
    "C code": ("csp.pipeline(['x']).map(int).collect()", ["<module>"], 2),
    "parallel": ("with csp.parallel() as par: par.start(work, 0)", ["work", "<module>"], 2),
    "result": ("with csp.parallel() as par: par.start(work, 0).result()", ["work", "<module>"], 2),
}


@pytest.mark.parametrize("case", UNCAUGHT)
def test_what_python_shows_of_what_nobody_caught(program, case):
    """One traceback, from the user's line to the user's line; a ProcessFailed shows that of its process before. There
    is no frame of csp in it, nor of what csp uses.
    """
    line, inner, blocks = UNCAUGHT[case]
    seen = program.script(
        f"""\
import csp
class A(csp.Actor):
    mailbox = csp.Buffered(2)
    @csp.handler
    def fail(self): 1 / 0
    @csp.handler
    def never(self): csp.sleep(60)
class Broken(csp.Actor):
    def __init__(self): 1 / 0
def work(n): return 1 / n
if __name__ == "__main__":
    with csp.System(warm=0) as system:
        {line}
"""
    )
    assert one_block(seen) == (inner if blocks == 2 else ["<module>", *inner], 1 if case == "C code" else blocks)


def test_what_csp_says_by_itself_has_no_remote_traceback(system):
    """An error that the kernel made, and the user's code had no part in, stands alone."""
    with pytest.raises(csp.NoSuchActor) as caught:
        system.lookup("nobody")
    assert caught.value.__cause__ is None
    assert raised_in(caught.value) == ["test_what_csp_says_by_itself_has_no_remote_traceback"]


def test_an_error_inside_csp_shows_where():
    """The frames of csp stay where they are all that there is, and csp did not raise it on purpose."""
    with pytest.raises(AttributeError) as caught:
        put_back(None, None)
    caught.value.__traceback__ = caught.value.__traceback__.tb_next  # without the test's own frame
    assert "in put_back" in format_exception(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        "csp.System(warm=-1)",
        "csp.parallel(grace=-1)",
        "csp.parallel().start(inner, 1)",
        "par.start(3)",
        "par.start_many(-1, inner)",
        "csp.pipeline(3)",
        "csp.pipeline([1]).map(lambda n: n)",
        "csp.pipeline([1]).batch(0)",
        "csp.pipeline([1]).statistics()",
        "csp.Condition(3)",
        "csp.Condition().notify()",
        "csp.Condition().wait(-1)",
        "csp.Condition().wait_for(inner, timeout='x')",
        "csp.handler(3)",
        "csp.Buffered(0)",
        "csp.channel(-1)",
        "system.spawn(3)",
        "system.lookup(3)",
        "system.stop(3)",
        "system.stop(ref, grace='x')",
        "system.kill(3)",
        "system.supervise(3)",
        "system.wait(3)",
        "system.which_children('nobody')",
        "system.close('x')",
        "ref.nothing",
        "ref.fail()",
        "ref.fail.cast(1, 2)",
        "ref.fail.tell(1, 2)",
        "ref.fail.tell(lambda: 0)",
        "ref.fail.future(1, 2)",
        "ref.fail.options(timeout=-1)",
        "ref.send(lambda: 0)",
        "ref.send(1, -1)",
    ],
)
def test_what_csp_refuses_is_the_callers_line(system, line):
    """Wrong arguments, and whatever else csp itself raises, are shown where csp was called."""
    with csp.parallel() as par:
        names = {"csp": csp, "system": system, "par": par, "ref": system.spawn(Raiser), "inner": inner}
        with pytest.raises(Exception) as caught:  # noqa: PT011  (whatever it is, it has no frame)
            eval(line, names)
    assert raised_in(caught.value)[1:] == ["<module>"]
