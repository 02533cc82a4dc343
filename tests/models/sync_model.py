"""What synchronisation objects do, in plain Python: who waits is a name in a list, and served when the list says so."""


class Exclusive:
    """A lock or semaphore: units, and who holds how many. Handles are names, in the order in which they came."""

    def __init__(self, units, limit, error):
        self.units, self.limit, self.error = units, limit, error
        self.held = {}
        self.abandoned = False
        self.acquired = 0
        self.waiting = []  # (who, handle)
        self.served = []  # (who, outcome)

    def acquire(self, handle):
        if self.abandoned:
            self.abandoned = False
            return "Abandoned"
        if self.units == 0:
            return False
        self._grant(handle)
        return True

    def would_wait(self):
        return self.units == 0 and not self.abandoned

    def wait(self, who, handle):
        self.waiting.append((who, handle))

    def release(self, handle, n):
        if n > self.limit - self.units:
            return self.error
        left = n
        for holder in (handle, *self.held):
            taken = min(left, self.held[holder])
            self.held[holder] -= taken
            left -= taken
        self.units += n
        self._settle()
        return None

    def close(self, handle):
        for who, through in list(self.waiting):
            if through == handle:
                self.waiting.remove((who, through))
                self.served.append((who, "ClosedEnd"))
        held = self.held.pop(handle)
        if held:
            self.abandoned = True
            self.units += held
            self._settle()

    def _grant(self, handle):
        self.units -= 1
        self.held[handle] += 1
        self.acquired += 1

    def _settle(self):
        while self.waiting and (self.abandoned or self.units):
            who, handle = self.waiting.pop(0)
            if self.abandoned:
                self.abandoned = False
                self.served.append((who, "Abandoned"))
            else:
                self._grant(handle)
                self.served.append((who, True))


class Recursive:
    """A recursive lock. Its users are threads by name; nobody waits."""

    def __init__(self):
        self.handles = []
        self.owner = None  # (thread, handle)
        self.depth = 0
        self.abandoned = False
        self.acquired = 0

    def acquire(self, thread, handle):
        if self.abandoned:
            self.abandoned = False
            return "Abandoned"
        if self.owner is None:
            self.owner = (thread, handle)
        elif self.owner[0] != thread:
            return False
        self.depth += 1
        self.acquired += 1
        return True

    def release(self, thread):
        if self.owner is None or self.owner[0] != thread:
            return "RuntimeError"
        self.depth -= 1
        if self.depth == 0:
            self.owner = None
        return None

    def close(self, handle):
        self.handles.remove(handle)
        if self.owner is not None and self.owner[1] == handle:
            self.owner, self.depth, self.abandoned = None, 0, True


class Barrier:
    """A barrier whose parties are threads of an interpreter that has more of them."""

    def __init__(self, parties):
        self.parties = parties
        self.waiting = []  # (who, handle)
        self.broken = False
        self.handles = []
        self.served = []  # (who, outcome)

    def wait(self, who, handle):
        """None: it waits."""
        if self.broken:
            return "BrokenBarrier"
        self.waiting.append((who, handle))
        if len(self.waiting) < self.parties:
            return None
        self.waiting.pop()
        self.served += [(other, index) for index, (other, _) in enumerate(self.waiting)]
        self.waiting = []
        return self.parties - 1

    def abort(self):
        self.broken = True
        self._break()

    def reset(self):
        self._break()
        self.broken = False

    def close(self, handle, *, dies):
        self.handles.remove(handle)
        waited = [who for who, through in self.waiting if through == handle]
        self.served += [(who, "ClosedEnd") for who in waited]
        self.waiting = [(who, through) for who, through in self.waiting if through != handle]
        if waited or dies:
            self.abort()

    def _break(self):
        self.served += [(who, "BrokenBarrier") for who, _ in self.waiting]
        self.waiting = []
