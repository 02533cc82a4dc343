"""``csp doctor``: is this machine, and this Python, fit for csp; and if not, what to do."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

SUMMARY = "check that csp works here, and what would make it faster"
DESCRIPTION = (
    "Check that csp works on this machine and with this Python, and what would make it faster. "
    "The exit status is 1 when something does not work."
)

_INDENT = " " * 6


def add_arguments(parser: ArgumentParser) -> None:
    """``csp doctor`` has no options."""
    del parser


def run(options: Namespace) -> int:
    """Run ``csp doctor``; gives the exit status."""
    del options
    from csp.cli.diagnosis import CHECKS, FAIL, WARN

    worst: set[str] = set()
    for check in CHECKS:
        for finding in check():
            worst.add(finding.status)
            print(f"{finding.status:<{len(_INDENT)}}{finding.text}")
            for line in finding.advice.splitlines():
                print(f"{_INDENT}-> {line}")
    if FAIL in worst:
        print("\ncsp does not work here.")
        return 1
    print("\ncsp works here; see the warnings." if WARN in worst else "\nAll is well.")
    return 0
