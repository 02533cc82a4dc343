"""Whoever takes a timeout takes a deadline: several waits then share one instant."""

import inspect
from annotationlib import Format

import pytest

import csp

# With why one instant of time.monotonic() is of no use there.
WITHOUT = {
    "Process.result": "waits for an end, and not for a turn in an exchange of several",
    "Ref.send": "an actor's mailbox: its options say how long, and travel with the ref",
    "System.close": "how long an end may take, counted from when it is asked for",
    "System.wait": "waits for an end, likewise",
}


def waits():
    """``(name, parameters)`` of every public call that takes a timeout, or an argument of that meaning."""
    for name in csp.__all__:
        thing = getattr(csp, name)
        calls = {name: thing}
        if inspect.isclass(thing):
            public = [member for member in dir(thing) if not member.startswith("_") or member == "__init__"]
            calls = {f"{name}.{member}": getattr(thing, member) for member in public}
        for full, call in calls.items():
            if not callable(call):
                continue
            try:
                parameters = inspect.signature(call, annotation_format=Format.STRING).parameters
            except ValueError:
                continue  # a slot of a builtin type, which says nothing of its arguments
            if "timeout" in parameters:
                yield full, parameters


WAITS = dict(waits())


def test_the_waits_are_found():
    """The walk sees methods of the extension, of Python classes, and constructors."""
    assert {"Sender.send", "Receiver.extended", "Lock.acquire", "Condition.wait_for", "Barrier.wait"} <= WAITS.keys()
    assert WITHOUT.keys() <= WAITS.keys()


@pytest.mark.parametrize("name", sorted(WAITS))
def test_a_timeout_comes_with_a_deadline(name):
    """It has a ``deadline``, too, given by name; or stands above with the reason."""
    parameters = WAITS[name]
    if name in WITHOUT:
        assert "deadline" not in parameters
    else:
        assert "deadline" in parameters
        assert parameters["deadline"].default is None


def test_select_takes_a_deadline():
    """select and Alternative.select name both."""
    for call in (csp.select, csp.Alternative.select):
        assert {"timeout", "deadline"} <= inspect.signature(call).parameters.keys()
