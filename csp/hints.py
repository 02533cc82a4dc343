"""Annotations of csp's public names, evaluated where somebody asks for them.

What an annotation names is imported for type checkers alone: ``typing`` would cost every interpreter 8 ms. So a public
function's annotations are evaluated here, with the names that they need, in the interpreter of the tool that asks:
``typing.get_type_hints``, ``inspect.signature``, and all that stands on them.
"""

import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any

# Where names are found that csp's modules have for type checkers alone, the first that has one.
_HOMES = (
    "collections.abc",
    "types",
    "typing",
    "concurrent.futures",
    "csp",
    "csp._native",
    "csp.actors.bound",
    "csp.actors.description",
    "csp.actors.log",
    "csp.actors.mailbox",
    "csp.messages.ends",
    "csp.processes.pipelines.figures",
    "csp.processes.pipelines.run",
    "csp.processes.pipelines.source",
    "csp.processes.pipelines.stages",
    "csp.processes.task",
    "csp.supervision.child",
    "csp.supervision.strategy",
)


class _Names(dict[str, object]):
    """A module's globals, and behind them what its annotations name."""

    def __missing__(self, name: str) -> object:
        builtins: Any = self["__builtins__"]
        if name not in (builtins if isinstance(builtins, dict) else vars(builtins)):
            for home in _HOMES:
                try:
                    return getattr(__import__(home, fromlist=(name,)), name)
                except AttributeError:
                    continue
        raise KeyError(name)


def evaluate(annotate: Any, form: int) -> object:
    """Call ``__annotate__`` with all names at hand; *form* is an annotationlib.Format."""
    from annotationlib import Format, call_annotate_function

    if form == Format.VALUE:
        names = _Names(annotate.__globals__)
        again: Callable[[int], object] = FunctionType(
            annotate.__code__, names, annotate.__name__, annotate.__defaults__, annotate.__closure__
        )
        return again(form)
    if form == Format.VALUE_WITH_FAKE_GLOBALS:
        raise NotImplementedError
    return call_annotate_function(annotate, Format(form))


def signature_of_error(cls: Any) -> inspect.Signature:
    """Give the signature that an error's class is called with."""
    if not hasattr(cls.__init__, "__code__"):
        return inspect.Signature([inspect.Parameter("args", inspect.Parameter.VAR_POSITIONAL)])
    whole = inspect.signature(cls.__init__)
    return whole.replace(parameters=list(whole.parameters.values())[1:])
