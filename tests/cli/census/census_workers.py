"""Workers that the tests of the census let die; imported by path in their interpreters, so without pytest."""

import csp
from csp.cli.census.census import Workers
from csp.cli.census.measure import Report
from csp.cli.census.worker import Worker


class FailingWorker(Worker):
    """Fails at one file, always."""

    def measure(self, path: str) -> Report:
        if path.endswith("0.py"):
            raise RuntimeError("this one is too much for me")
        return super().measure(path)


class WatchedWorker(Worker):
    """Tells when it has begun with a file, and measures it when it is let."""

    def __init__(self, aggregator, root, begun: csp.Sender[str], leave: csp.Receiver[None]) -> None:
        super().__init__(aggregator, root)
        self.begun = begun
        self.leave = leave

    def measure(self, path: str) -> Report:
        self.begun.send(self.name)
        self.leave.recv()
        return super().measure(path)


class BusyWorker(Worker):
    """Tells when it has begun with a file, and measures it for ever."""

    def __init__(self, aggregator, root, begun: csp.Sender[str], leave: csp.Receiver[None]) -> None:
        super().__init__(aggregator, root)
        self.begun = begun
        self.leave = leave

    def measure(self, path: str) -> Report:
        self.begun.send(self.name)
        while True:
            found = super().measure(path)
            if self.leave.recv_nowait(True) is None:
                return found


class Watched(Workers):
    """Keeps workers of another class, that take two channels more."""

    def __init__(self, aggregator, root, workers, crashes, kind, *channels) -> None:
        super().__init__(aggregator, root, workers, crashes, kind)
        self.channels = channels

    def children(self):
        for spec in super().children():
            yield csp.child(spec.cls, *spec.args, *self.channels).options(
                name=spec.name,
                restart=spec.restart,
                significant=spec.significant,
                intensity=spec.intensity,
                shutdown=spec.shutdown,
            )
