"""Child specs: what a child is, and how its supervisor keeps it.

The user's arguments and our settings never share a call, so their names cannot clash:
``child(cls, *args, **kwargs)`` takes what the class takes, and ``.options(...)`` returns a copy with other
settings.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack, cast

import attrs

from csp.errors import ChildSpecError
from csp.supervision.checks import NAME, is_a, is_name, is_plain_name, is_seconds, refusal, words
from csp.supervision.intensity import Backoff, Intensity
from csp.supervision.strategy import RESTARTS, AutoShutdown, Restart

type Kind = Literal["worker", "supervisor"]
# When a life follows the one before: once that has ended, or when its interpreter has ended, too.
type After = Literal["end", "interpreter"]
type Isolation = Literal["interpreter", "thread", "process"]

AFTERS: tuple[After, ...] = ("end", "interpreter")
ISOLATIONS: tuple[Isolation, ...] = ("interpreter", "thread", "process")
DEFAULT_SHUTDOWN = 5.0


class ChildOptions(TypedDict, total=False):
    """The settings that :meth:`ChildSpec.options` takes; each is described at :class:`ChildSpec`."""

    name: str
    restart: Restart
    shutdown: float | Literal["kill"] | None
    backoff: Backoff | None
    intensity: Intensity | None
    significant: bool
    isolation: Isolation | None
    after: After


OPTIONS = tuple(ChildOptions.__annotations__)


@attrs.frozen
class ChildSpec[A]:
    """Describe a child: its class, its arguments, and how its supervisor keeps it. Made by :func:`child`.

    A value: it can be pickled when its class can be imported and its arguments can be pickled.

    Attributes:
        cls: the class of the child, an actor's or a supervisor's.
        args: the positional arguments its class is called with, in its own interpreter.
        kwargs: the keyword arguments its class is called with.
        name: what the child is called, unique under its supervisor and there without "/". Default: the class name
            in lower case.
        restart: ``"permanent"`` (always started again), ``"transient"`` (unless it ended cleanly) or
            ``"temporary"`` (never, and its spec is forgotten).
        shutdown: seconds between asking it to stop and killing it; None waits without limit; ``"kill"`` does
            not ask. Default: 5 seconds, and None for a supervisor, which needs the time of its children (as
            in OTP).
        backoff: how long to wait before each restart; None restarts at once (as in OTP).
        intensity: a limit for this child alone, counted in place of its supervisor's, so that a child that
            may fail often does not use up the limit of the others; None counts with the supervisor's. Over
            either limit the supervisor gives up.
        significant: its own end, when it is not restarted, may end the supervisor (see ``auto_shutdown``
            there).
        isolation: where it lives; None leaves it to the class.
        after: when its next life starts: at the ``"end"`` of the one before, which is when that one's own code is
            done; or when the ``"interpreter"`` of that one has ended too, and with it all that its libraries held: a
            port, a lock on a file. A start that fails while the interpreter before still cleans up is tried again
            after it in either case, and not counted.

    Raises:
        ChildSpecError: a value is not legal. The text names the child, the field and what is legal.
    """

    cls: Callable[..., A]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    name: str
    restart: Restart = "permanent"
    shutdown: float | Literal["kill"] | None = DEFAULT_SHUTDOWN
    backoff: Backoff | None = None
    intensity: Intensity | None = None
    significant: bool = False
    isolation: Isolation | None = None
    after: After = "end"

    def __attrs_post_init__(self) -> None:
        owner = f"child {self.name!r}"
        if not is_name(self.name):
            raise refusal(f"child {_class_name(self.cls)}", "name", self.name, "a text that is not empty")
        if self.restart not in RESTARTS:
            raise refusal(owner, "restart", self.restart, words(RESTARTS))
        if self.shutdown is not None and self.shutdown != "kill" and not is_seconds(self.shutdown):
            legal = 'a number of seconds (0 or more), None to wait without limit, or "kill"'
            raise refusal(owner, "shutdown", self.shutdown, legal)
        if self.backoff is not None and not is_a(self.backoff, Backoff):
            raise refusal(owner, "backoff", self.backoff, "a csp.Backoff, or None to restart at once")
        if self.intensity is not None and not is_a(self.intensity, Intensity):
            raise refusal(owner, "intensity", self.intensity, "a csp.Intensity, or None for the supervisor's")
        if not is_a(self.significant, bool):
            raise refusal(owner, "significant", self.significant, "True or False")
        if self.significant and self.restart == "permanent":
            # It would never take effect: a permanent child is always restarted.
            raise refusal(owner, "significant", True, 'restart="transient" or "temporary" together with it')
        if self.isolation is not None and self.isolation not in ISOLATIONS:
            raise refusal(owner, "isolation", self.isolation, f"{words(ISOLATIONS)}, or None for the class's own")
        if self.after not in AFTERS:
            raise refusal(owner, "after", self.after, words(AFTERS))

    @property
    def kind(self) -> Kind:
        """Tell whether the child is a ``"supervisor"`` or a ``"worker"``."""
        return child_kind(self.cls)

    def options(self, **changes: Unpack[ChildOptions]) -> ChildSpec[A]:
        """Return a copy with other settings; the spec itself does not change.

        Args:
            **changes: the settings to change, see :class:`ChildSpec`.

        Raises:
            ChildSpecError: there is no such setting, or its value is not legal.
        """
        for field in changes:
            if field not in OPTIONS:
                raise ChildSpecError(f"child {self.name!r}: there is no option {field!r}; use {words(OPTIONS)}")
        return attrs.evolve(self, **changes)

    if TYPE_CHECKING:

        def __call__(self) -> A:
            """Nothing that exists: so spawn, which takes a class and its arguments, takes a spec and none."""
            raise NotImplementedError

    def without_arguments(self) -> ChildSpec[A]:
        """Return a copy that holds on to no arguments, for a child that will not be started again."""
        return attrs.evolve(self, args=(), kwargs={})


def child[**P, A](cls: Callable[P, A], /, *args: P.args, **kwargs: P.kwargs) -> ChildSpec[A]:
    """Describe a child of class *cls*, made with these arguments, with the default settings.

    Nothing is made or started. A type checker holds the arguments against the class's ``__init__``.

    Args:
        cls: the class of the child: an actor's, or a supervisor's for a nested tree.
        *args: positional arguments for *cls*.
        **kwargs: keyword arguments for *cls*; none of them is ours.

    Raises:
        ChildSpecError: *cls* is not a class.
    """
    cls = getattr(cls, "__origin__", cls)  # Box, for Box[int]
    if not isinstance(cls, type):
        hint = f"; did you mean {type(cls).__name__}?" if hasattr(type(cls), "__csp_child_kind__") else ""
        raise ChildSpecError(f"child {cls!r}: cls is not a class; use the class and its arguments apart{hint}")
    shutdown = None if child_kind(cls) == "supervisor" else DEFAULT_SHUTDOWN
    return ChildSpec(cls, args, dict(kwargs), name=cls.__name__.lower(), shutdown=shutdown)


def child_kind(cls: object) -> Kind:
    """Tell whether *cls* makes a ``"supervisor"`` or a ``"worker"``.

    By a mark on the class rather than ``issubclass``: the supervisor module imports this one.
    """
    return "supervisor" if getattr(cls, "__csp_child_kind__", "worker") == "supervisor" else "worker"


def checked_child(value: object, owner: str, auto_shutdown: AutoShutdown) -> ChildSpec[Any]:
    """Return *value* as a child spec that supervisor *owner* can take.

    Raises:
        ChildSpecError: it is not a child spec (the text says how to make one of it), its name has a "/" in it, or
            it is significant under a supervisor that never shuts down by itself.
    """
    if not is_a(value, ChildSpec):
        how = _class_name(value) if isinstance(value, type) else "Class, ..."
        raise ChildSpecError(f"{owner}: {value!r} is not a child spec; wrap it: csp.child({how})")
    spec = cast("ChildSpec[Any]", value)
    if not is_plain_name(spec.name):
        raise refusal(f"{owner}, child {_class_name(spec.cls)}", "name", spec.name, NAME)
    if spec.significant and auto_shutdown == "never":
        legal = 'it only under a supervisor with auto_shutdown = "any_significant" or "all_significant"'
        raise refusal(f"{owner}, child {spec.name!r}", "significant", True, legal)
    return spec


def _class_name(cls: object) -> str:
    return cls.__name__ if isinstance(cls, type) else repr(cls)
