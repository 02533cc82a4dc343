"""What a supervisor knows about one child, as one immutable value."""

from typing import Any, Literal, NamedTuple

import attrs

from csp.exits import ExitReason
from csp.supervision.child import ChildSpec

type Phase = Literal["down", "starting", "up"]
# What is in store for a life: to be kept; to be ended when its turn comes; asked to stop; killed.
type Fate = Literal["keep", "doomed", "stopping", "killing"]
type Status = Literal["up", "starting", "restarting", "stopping", "down"]


class Starter(NamedTuple):
    """Who asked for a start that is not answered yet, and whether the spec is forgotten if it fails."""

    request_id: int
    forget: bool


@attrs.frozen
class ChildState:
    """One child: its spec, its present life, and what is meant to become of it.

    Two facts drive everything: ``wanted`` (it is supposed to be up) and ``fate`` (what is in store for its
    present life). A child that is wanted but doomed is one that a group restart bounces: down first, then up
    again.

    Attributes:
        spec: the child spec.
        incarnation: the present or latest life; of a child that has not lived yet, the number before its
            first.
        phase: how far the present life is; ``down`` when there is none.
        fate: see above; ``keep`` when down.
        wanted: see above.
        gate: the token of the retry it must wait for before it starts, or None.
        failures: how many restarts in a row, for the back-off.
        restarts: how many automatic restarts altogether, those of its group included.
        stamps: the counted restart attempts, when it has an intensity of its own.
        up_since: when its latest life came up, in monotonic seconds; None before the first did.
        last_reason: why its latest finished life ended, or None.
        starter: the request that waits for it to be up, or None.
        terminators: the requests that wait for it to be gone.
    """

    spec: ChildSpec[Any]
    incarnation: int = 0
    phase: Phase = "down"
    fate: Fate = "keep"
    wanted: bool = True
    gate: int | None = None
    failures: int = 0
    restarts: int = 0
    stamps: tuple[float, ...] = ()
    up_since: float | None = None
    last_reason: ExitReason | None = None
    starter: Starter | None = None
    terminators: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """The name of the child, its ``child_id`` in events and commands."""
        return self.spec.name

    @property
    def live(self) -> bool:
        """Tell whether a life has begun and its last event has not come yet."""
        return self.phase != "down"

    @property
    def leaving(self) -> bool:
        """Tell whether the present life is to end, or is being ended."""
        return self.fate != "keep"

    @property
    def status(self) -> Status:
        """Say how the child is, in one word.

        ``restarting`` covers a restart from its decision until the child is up (OTP: only the time between
        two attempts, for it is deaf during an attempt).
        """
        if self.phase == "up" and not self.leaving:
            return "up"
        if self.wanted:
            return "starting" if self.last_reason is None and not self.leaving else "restarting"
        return "stopping" if self.live else "down"
