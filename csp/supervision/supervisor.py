"""What users write. It also loads inside actors, whose modules hold their supervisors, so it imports little.

A supervisor holds no running code of its own: its class says how its children are kept, and a driver does the
keeping.
"""

from csp.supervision.intensity import Intensity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, ClassVar

    from csp.supervision.child import ChildSpec, Kind
    from csp.supervision.strategy import AutoShutdown, Strategy


class Supervisor:
    """Keep children alive. Subclass it, set the class attributes, and yield the children in start order.

    .. code-block:: python

        class Bank(csp.Supervisor):
            strategy = "rest_for_one"
            intensity = csp.Intensity(restarts=3, seconds=5.0)

            def __init__(self, path: str) -> None:
                self.path = path

            def children(self):
                yield csp.child(Ledger, self.path)
                yield csp.child(Teller).options(restart="transient")

    Its class takes whatever arguments it likes, and a supervisor is a child like any other:
    ``csp.child(Bank, "ledger.db")``.

    Attributes:
        strategy: ``"one_for_one"`` (only the child that ended is restarted), ``"one_for_all"`` (all are) or
            ``"rest_for_one"`` (that child and those started after it are).
        intensity: how many restarts within how many seconds, before the supervisor gives up and its own
            supervisor decides.
        auto_shutdown: ``"never"``, ``"any_significant"`` or ``"all_significant"``: whether the supervisor
            stops when one, or the last, of its significant children has ended for good (OTP 24).
    """

    strategy: ClassVar[Strategy] = "one_for_one"
    intensity: ClassVar[Intensity] = Intensity()
    auto_shutdown: ClassVar[AutoShutdown] = "never"

    # How a child spec tells a nested supervisor from a worker without importing this module.
    __csp_child_kind__: ClassVar[Kind] = "supervisor"

    def children(self) -> Iterable[ChildSpec[Any]]:
        """Yield the child specs, in start order. None by default."""
        return ()
