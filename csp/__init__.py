"""Actors and CSP over own-GIL subinterpreters.

Every public name is reached as ``csp.<name>`` and loads on first touch: an interpreter pays for what it uses, and an
actor's interpreter uses little.
"""

from csp import origin as _origin  # noqa: F401  # pyright: ignore[reportUnusedImport]  # it looks around, early

TYPE_CHECKING = False
if TYPE_CHECKING:
    from csp._native import Alternative as Alternative
    from csp._native import Barrier as Barrier
    from csp._native import Broadcaster as Broadcaster
    from csp._native import CancelScope as CancelScope
    from csp._native import Counter as Counter
    from csp._native import Event as Event
    from csp._native import Lock as Lock
    from csp._native import Offer as Offer
    from csp._native import Packed as Packed
    from csp._native import Receiver as Receiver
    from csp._native import Reply as Reply
    from csp._native import RLock as RLock
    from csp._native import Semaphore as Semaphore
    from csp._native import Sender as Sender
    from csp._native import Skip as Skip
    from csp._native import Statistics as Statistics
    from csp._native import Timer as Timer
    from csp._native import after as after
    from csp._native import at as at
    from csp._native import broadcast as broadcast
    from csp._native import channel as channel
    from csp._native import fail_after as fail_after
    from csp._native import move_on_after as move_on_after
    from csp._native import never as never
    from csp._native import pack as pack
    from csp._native import select as select
    from csp._native import skip as skip
    from csp._native import sleep as sleep
    from csp._native import tick as tick
    from csp._native import watch as watch
    from csp.actors.actor import Actor as Actor
    from csp.actors.current import CurrentCall as CurrentCall
    from csp.actors.current import current_call as current_call
    from csp.actors.handler import handler as handler
    from csp.actors.mailbox import Buffered as Buffered
    from csp.actors.ref import Ref as Ref
    from csp.channels.condition import Condition as Condition
    from csp.channels.extended import Extended as Extended
    from csp.errors import Abandoned as Abandoned
    from csp.errors import ActorDied as ActorDied
    from csp.errors import ActorError as ActorError
    from csp.errors import ActorRestarting as ActorRestarting
    from csp.errors import BrokenBarrier as BrokenBarrier
    from csp.errors import BrokenChannel as BrokenChannel
    from csp.errors import CallsSelf as CallsSelf
    from csp.errors import CallTimeout as CallTimeout
    from csp.errors import Cancelled as Cancelled
    from csp.errors import ChannelError as ChannelError
    from csp.errors import ChildSpecError as ChildSpecError
    from csp.errors import ClosedEnd as ClosedEnd
    from csp.errors import CspError as CspError
    from csp.errors import EndOfChannel as EndOfChannel
    from csp.errors import EscalationError as EscalationError
    from csp.errors import ForkRefused as ForkRefused
    from csp.errors import MailboxFull as MailboxFull
    from csp.errors import MalformedMessage as MalformedMessage
    from csp.errors import NoSuchActor as NoSuchActor
    from csp.errors import NoSuchHandler as NoSuchHandler
    from csp.errors import NotImportable as NotImportable
    from csp.errors import NotShareable as NotShareable
    from csp.errors import ProcessFailed as ProcessFailed
    from csp.errors import RemoteError as RemoteError
    from csp.errors import ReservedName as ReservedName
    from csp.errors import StartFailed as StartFailed
    from csp.errors import Stopped as Stopped
    from csp.errors import SupervisionError as SupervisionError
    from csp.errors import SyncError as SyncError
    from csp.errors import SystemClosing as SystemClosing
    from csp.errors import WouldBlock as WouldBlock
    from csp.headers import include_dir as include_dir
    from csp.headers import library_dir as library_dir
    from csp.observe.waits import Awaited as Awaited
    from csp.observe.waits import Peer as Peer
    from csp.observe.waits import Wait as Wait
    from csp.observe.waits import Waits as Waits
    from csp.observe.waits import waits as waits
    from csp.processes.parallel import Parallel as Parallel
    from csp.processes.parallel import Process as Process
    from csp.processes.parallel import parallel as parallel
    from csp.processes.pipelines.pipeline import Pipeline as Pipeline
    from csp.processes.pipelines.pipeline import pipeline as pipeline
    from csp.processes.pipelines.statistics import PipelineStatistics as PipelineStatistics
    from csp.processes.pipelines.statistics import StageStatistics as StageStatistics
    from csp.supervision.child import ChildSpec as ChildSpec
    from csp.supervision.child import child as child
    from csp.supervision.intensity import Backoff as Backoff
    from csp.supervision.intensity import Intensity as Intensity
    from csp.supervision.supervisor import Supervisor as Supervisor
    from csp.system.run import run as run
    from csp.system.system import System as System

_HOMES = {
    "csp._native": (
        "Alternative",
        "Barrier",
        "Broadcaster",
        "CancelScope",
        "Counter",
        "Event",
        "Lock",
        "Offer",
        "Packed",
        "RLock",
        "Receiver",
        "Reply",
        "Semaphore",
        "Sender",
        "Skip",
        "Statistics",
        "Timer",
        "after",
        "at",
        "broadcast",
        "channel",
        "fail_after",
        "move_on_after",
        "never",
        "pack",
        "select",
        "skip",
        "sleep",
        "tick",
        "watch",
    ),
    "csp.actors.actor": ("Actor",),
    "csp.actors.current": (
        "CurrentCall",
        "current_call",
    ),
    "csp.actors.handler": ("handler",),
    "csp.actors.mailbox": ("Buffered",),
    "csp.actors.ref": ("Ref",),
    "csp.channels.condition": ("Condition",),
    "csp.channels.extended": ("Extended",),
    "csp.errors": (
        "Abandoned",
        "ActorDied",
        "ActorError",
        "ActorRestarting",
        "BrokenBarrier",
        "BrokenChannel",
        "CallTimeout",
        "CallsSelf",
        "Cancelled",
        "ChannelError",
        "ChildSpecError",
        "ClosedEnd",
        "CspError",
        "EndOfChannel",
        "EscalationError",
        "ForkRefused",
        "MailboxFull",
        "MalformedMessage",
        "NoSuchActor",
        "NoSuchHandler",
        "NotImportable",
        "NotShareable",
        "ProcessFailed",
        "RemoteError",
        "ReservedName",
        "StartFailed",
        "Stopped",
        "SupervisionError",
        "SyncError",
        "SystemClosing",
        "WouldBlock",
    ),
    "csp.headers": (
        "include_dir",
        "library_dir",
    ),
    "csp.observe.waits": (
        "Awaited",
        "Peer",
        "Wait",
        "Waits",
        "waits",
    ),
    "csp.processes.parallel": (
        "Parallel",
        "Process",
        "parallel",
    ),
    "csp.processes.pipelines.pipeline": (
        "Pipeline",
        "pipeline",
    ),
    "csp.processes.pipelines.statistics": (
        "PipelineStatistics",
        "StageStatistics",
    ),
    "csp.supervision.child": (
        "ChildSpec",
        "child",
    ),
    "csp.supervision.intensity": (
        "Backoff",
        "Intensity",
    ),
    "csp.supervision.supervisor": ("Supervisor",),
    "csp.system.run": ("run",),
    "csp.system.system": ("System",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__version__ = "0.1.0"

_NOT_BUILT = """\
csp in {} was not built. If this is a checkout that you ran a program in: run it in another folder, with the Python of
an environment that csp is installed in, because Python looks first in the folder of the program. Or build csp here with
make setup, and use .venv/bin/python."""


# The table is the list; a test compares it with the names for type checkers.
__all__ = sorted(_HOME_OF)  # noqa: PLE0605  # pyright: ignore[reportUnsupportedDunderAll]  # see above


def __getattr__(name: str) -> object:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'csp' has no attribute {name!r}")
    try:
        value = getattr(__import__(home, fromlist=(name,)), name)
    except ModuleNotFoundError as error:
        if error.name == "csp._native":
            error.add_note(_NOT_BUILT.format(__path__[0]))
        raise
    if home != "csp._native":
        __import__("csp.generic", fromlist=("with_hints",)).with_hints(value)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
