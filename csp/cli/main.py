"""The console script ``csp``."""

import argparse
import os
import sys

from csp import __version__
from csp.cli import demo, doctor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# Exit statuses, besides 0. Of wrong arguments argparse also says 2, and shells say 130 of what Ctrl-C ended.
FAILED = 1
WRONG = 2
INTERRUPTED = 130

_COMMANDS = {"demo": demo, "doctor": doctor}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; gives the exit status. *arguments* are those of the process, unless given."""
    _open_streams()
    parser = _parser()
    options, unknown = parser.parse_known_args(arguments)
    if options.command is None:
        parser.print_help(sys.stderr)
        return WRONG
    if unknown:
        options.refuse(_no_such(unknown[0], options.known))
    if (reconfigure := getattr(sys.stdout, "reconfigure", None)) is not None:
        reconfigure(errors="backslashreplace")  # names of files need not be text
    try:
        status: int = _COMMANDS[options.command].run(options)
        sys.stdout.flush()
    except KeyboardInterrupt:
        sys.stderr.write("\ncsp: stopped\n")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone. What is still in the buffer must not fail again at the end of the program.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    return status


def _open_streams() -> None:
    """Python has None for a standard stream that was closed (``csp doctor >&-``): what is said there goes nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  (open until the program ends)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="csp",
        description="Actors and CSP for CPython: each actor is an interpreter with a GIL of its own.",
        suggest_on_error=True,
    )
    parser.add_argument("--version", action="version", version=f"csp {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for name, module in _COMMANDS.items():
        command = commands.add_parser(name, help=module.SUMMARY, description=module.DESCRIPTION, suggest_on_error=True)
        module.add_arguments(command)
        command.set_defaults(refuse=command.error, known=list(command._option_string_actions))
    return parser


def _no_such(argument: str, known: Sequence[str]) -> str:
    from difflib import get_close_matches

    option = argument.partition("=")[0]
    close = get_close_matches(option, known, 1)
    return f"there is no {option}" + (f"; did you mean {close[0]}?" if close else "")


if __name__ == "__main__":
    sys.exit(main())
