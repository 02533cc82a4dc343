"""``python -m csp``: the command ``csp``, where its folder is not on PATH."""

import sys

from csp.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
