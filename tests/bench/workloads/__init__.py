"""The workloads by name. Each file holds one WORKLOAD; its docstring says what is done and what is measured."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tests.bench.workload import Workload

NAMES = (
    "pingpong",
    "stream",
    "select",
    "commstime",
    "mpmc",
    "oversubscribed",
    "sync",
    "spawn",
    "supervise",
    "call",
    "future",
    "cpu",
    "pipeline",
    "encode",
    "structured",
    "payload",
)


def load(name: str) -> Workload:
    """The workload of that name."""
    module = __import__(f"tests.bench.workloads.{name}", fromlist=("WORKLOAD",))
    workload: Workload = module.WORKLOAD
    return workload
