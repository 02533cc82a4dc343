"""What the programs of this folder have in common: ``main``'s parameters are arguments, its outcome is printed.

``run(main)`` makes ``python commstime.py 1000`` into ``main(1000)`` and ``python dining_philosophers.py --naive`` into
``main(naive=True)``, and prints two lines: the result, and the time per operation. With ``--json`` it prints one line
of JSON. A result that is not what must come out is said on standard error, and the exit status is 1.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# Every process of a program imports this file: what only the command needs is imported in run.


class Wrong(Exception):
    """What came out is not what must come out; the text says what and where."""


class Outcome:
    """What a program has to tell: a checked *result*, and the *seconds* that *count* times *operation* took."""

    def __init__(self, result: str, count: int, operation: str, seconds: float) -> None:
        self.result = result
        self.count = count
        self.operation = operation
        self.seconds = seconds

    @property
    def microseconds(self) -> float:
        """The time per operation."""
        return self.seconds / max(self.count, 1) * 1e6


def run(main: Callable[..., Outcome]) -> None:
    """Call *main* with the arguments of the command line, and print its outcome."""
    import argparse
    import inspect
    import json
    import sys

    parser = argparse.ArgumentParser(description=(sys.modules[main.__module__].__doc__ or "").partition("\n")[0])
    for name, parameter in inspect.signature(main).parameters.items():
        if isinstance(parameter.default, bool):
            parser.add_argument(f"--{name}", action="store_true")
        else:
            kind = type(parameter.default)
            parser.add_argument(name, type=kind, nargs="?", default=parameter.default, help="%(default)s if not given")
    parser.add_argument("--json", action="store_true", help="print one line of JSON")
    arguments = vars(parser.parse_args())
    as_json = arguments.pop("json")
    try:
        outcome = main(**arguments)
    except Wrong as wrong:
        sys.exit(f"{parser.prog}: wrong: {wrong}")
    if as_json:
        print(json.dumps(vars(outcome) | {"microseconds": outcome.microseconds}))
    else:
        print(outcome.result)
        print(f"{outcome.microseconds:.2f} us per {outcome.operation}, of which there were {outcome.count}")
