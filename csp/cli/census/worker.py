"""The actor that measures files, and dies when it is told to.

This module loads in every worker: it imports only what it needs.
"""

import csp
from csp.cli.census.ledger import BEFORE, DELIVERED, MEASURED, MOMENTS
from csp.cli.census.measure import measure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from csp.cli.census.aggregator import Aggregator
    from csp.cli.census.ledger import Moment
    from csp.cli.census.measure import Report


class DiesOnOrder(Exception):
    """Nothing is wrong: the aggregator ordered this death, to see that nothing is lost by it."""


class Worker(csp.Actor):
    """Takes files from the aggregator, measures them and delivers the reports, until there are no more."""

    def __init__(self, aggregator: Aggregator, root: str) -> None:
        """Work for *aggregator*; files are named relative to *root*."""
        self._aggregator = aggregator
        self._root = root

    def run(self) -> None:
        """Measure until there is nothing left to measure."""
        # However busy the machine is: a call to an aggregator that is gone fails at once all the same.
        take = self._aggregator.take.options(timeout=None)
        put = self._aggregator.put.options(timeout=None)
        name = self.name
        while (work := take(name)) is not None:
            files, death = work
            for index, path in files:
                mortal = death if death is not None and death[0] == index else None
                self._die_if(mortal, BEFORE, path)
                report = self.measure(path)
                self._die_if(mortal, MEASURED, path)
                put.cast(name, index, report)
                self._die_if(mortal, DELIVERED, path)

    def measure(self, path: str) -> Report:
        """Measure one file."""
        return measure(path, self._root)

    def _die_if(self, death: tuple[int, Moment, bool] | None, moment: Moment, path: str) -> None:
        if death is None or death[1] != moment:
            return
        if death[2]:
            self._aggregator.kill.options(timeout=None).cast(self.name)
            self.mailbox.recv()  # nobody writes to a worker: the kill ends this
        raise DiesOnOrder(f"{MOMENTS[moment]} {path}")
