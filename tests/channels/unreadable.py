"""Messages that cannot be opened while `readable` is off; and an actor that is never begun."""

import csp

readable = True


class Touchy:
    """What can be made again only now and then."""

    def __init__(self, value):
        self.value = value

    def __setstate__(self, state):
        if not readable:
            raise RuntimeError("not here")
        self.__dict__.update(state)


class Idle(csp.Actor):
    """Has a mailbox of three."""

    mailbox = csp.Buffered(3)


class Interrupted:
    """What is being made again when Ctrl-C comes."""

    def __init__(self):
        self.value = 1

    def __setstate__(self, state):
        raise KeyboardInterrupt
