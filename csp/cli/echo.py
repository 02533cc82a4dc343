"""An actor to talk to. It loads in an interpreter of its own and imports only what it needs."""

import csp


class Echo(csp.Actor):
    """Says what it is told."""

    @csp.handler
    def echo(self, word: int) -> int:
        """Return *word*."""
        return word
