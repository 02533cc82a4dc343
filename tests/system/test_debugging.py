"""Debugging an actor: nobody's time limit runs out meanwhile, and there is one place to switch limits off."""

import os
import time

LIMIT = 0.3  # seconds that a call, or a stop, is given in these programs
THINKING = 3 * LIMIT  # so long somebody sits at the prompt: no wait for anything, but the time that must not count

PROGRAM = f"""
import os, sys, time
import csp

class Debugged(csp.Actor):
    @csp.handler
    def stop_here(self, number):
        answer = number + 1
        breakpoint()
        return answer

    @csp.handler
    def work(self, seconds):
        csp.sleep(seconds)
        return "done"

    def on_stop(self, reason):
        print("ended well:", reason, flush=True)

class Between(csp.Actor):
    @csp.handler
    def ask(self, other, number):
        return other.stop_here.options(timeout={LIMIT})(number)

if __name__ == "__main__":
    with csp.System(warm=0) as system:
        ref = system.spawn(Debugged)
"""


def started(program, *body):
    """PROGRAM with these lines behind it, in a process."""
    return program.start(program.write(PROGRAM + "".join(f"        {line}\n" for line in body)))


def at_prompts(process, *answers):
    """Type the answers at the prompts of the debugger, each after some thought; gives what was printed."""
    shown = ""
    for answer in answers:
        while not shown.endswith("(Pdb) "):
            piece = os.read(process.stdout.fileno(), 4096).decode()
            assert piece, f"it ended before its prompt: {shown}\n{process.stderr.read()}"
            shown += piece
        time.sleep(THINKING)
        shown += "\n"
        process.stdin.write(f"{answer}\n")
        process.stdin.flush()
    rest, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    return shown + rest


def test_calls_wait_while_a_breakpoint_is_open(program):
    """A call, and a call inside a call, get their answers, however long their actor is looked at."""
    process = started(
        program,
        f"print('got', ref.stop_here.options(timeout={LIMIT})(1))",
        f"future = ref.stop_here.options(timeout={LIMIT}).future(5)",
        "print('got', future.result())",
        f"print('got', system.spawn(Between).ask.options(timeout={LIMIT})(ref, 2))",
    )
    shown = at_prompts(process, "p number, answer", "next", "continue", "continue", "continue")
    assert "(1, 2)" in shown
    assert "breakpoint()" in shown  # the line of the user's own, not one of ours
    assert "got 2\n" in shown
    assert "got 6\n" in shown
    assert "got 3\n" in shown


def test_a_limit_goes_on_after_the_prompt(program):
    """What is left of a limit counts again once the prompt is closed: it is none that was forgotten."""
    process = started(
        program,
        "other = system.spawn(Debugged)",
        "ref.stop_here.cast(1)",
        "try:",
        f"    other.work.options(timeout={LIMIT})(600)",
        "except csp.CallTimeout as error:",
        "    print('late:', error)",
        "system.kill(other)",
    )
    assert "late: debugged" in at_prompts(process, "continue")


def test_a_stop_waits_while_a_breakpoint_is_open(program):
    """An actor that is being looked at is not stopped under one's hands."""
    process = started(program, "ref.stop_here.cast(1)", f"system.stop(ref, grace={LIMIT})", "print('stopped')")
    shown = at_prompts(process, "p answer", "continue")
    assert "ended well: shutdown" in shown
    assert "stopped" in shown


def test_limits_can_be_switched_off(program, monkeypatch):
    """With CSP_NO_LIMITS=1 no call and no stop has a limit; channels keep their timeouts, and 0 never waits."""
    body = (
        f"print('call', ref.work.options(timeout=0.01)({LIMIT}))",
        f"print('future', ref.work.options(timeout=0.01).future({LIMIT}).result())",
        f"ref.work.cast({LIMIT})",
        "print('tell', ref.work.options(timeout=0).tell(0))",
        "system.stop(ref, grace=0.01)",
        "try:",
        "    csp.channel()[1].recv(timeout=0.01)",
        "except (TimeoutError, csp.EndOfChannel):",
        "    print('channel')",
    )
    monkeypatch.setenv("CSP_NO_LIMITS", "1")
    out, errors = started(program, *body).communicate(timeout=30)
    assert out.splitlines() == ["call done", "future done", "tell False", "ended well: shutdown", "channel"], errors
    monkeypatch.setenv("CSP_NO_LIMITS", "0")
    _, errors = started(program, *body).communicate(timeout=30)
    assert "CallTimeout" in errors
