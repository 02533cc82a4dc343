"""As little as an actor can be."""

import csp


class Tiny(csp.Actor):
    @csp.handler
    def modules(self):
        import sys

        return tuple(sys.modules)
