"""What the tests of interpreters share."""

import pytest
from programs import BEGIN, HELPER

from csp._native import channel, unbounded_channel
from csp.hosts.interpreter import order, start


@pytest.fixture
def begin():
    """Start entries.<name> with a channel to say that it is there; gives (id, ended, here, control)."""
    opened = []

    def begin(name, *arguments):
        exits, ended = unbounded_channel()
        here, arrived = channel(10)
        started = start(name, exits, 7)
        order(started, "entries", name, (here, *arguments))
        exits.close()
        here.close()
        opened.extend((ended, arrived, started.control))
        return started.id, ended, arrived, started.control

    yield begin
    for end in opened:
        end.close()


@pytest.fixture
def run(program):
    """Run a program that has HELPER as a module and BEGIN in front."""
    program.write(HELPER, "helper.py")

    def run(text, *arguments, timeout=30.0):
        return program.script(BEGIN + text, *arguments, timeout=timeout)

    run.folder = program.folder
    return run
