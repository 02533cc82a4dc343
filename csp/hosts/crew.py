"""Interpreters that were started together and end together, watched through one inbox.

This is the starter's side of a parallel block and of a pipeline. Everything that its interpreters have to say arrives
in the inbox, in order: what they send there themselves, and last, from each, its exit ``(tag, ending, detail)``. An
exit begins with its tag, which is negative; what they send begins with a number that is not, and says what it is.
"""

from csp._native import (
    CancelScope,
    cancel_interpreter,
    fence_interpreter,
    kill_interpreter,
    now,
    self_resume,
    unbounded_channel,
)
from csp.errors import Stopped
from csp.hosts import granted
from csp.hosts.interpreter import exit_of, is_bare, order, start
from csp.hosts.naming import Named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from csp._native import Receiver, Sender
    from csp.hosts.interpreter import Exit

# Seconds between asking an interpreter to stop and killing it.
GRACE = 5.0
# Seconds that a kill is given at the least: the interpreter has to get as far as its next line of Python.
KILL_GRACE = 0.5
# How many are named in a note.
_MOST_NAMED = 10
# Bytes of a name that the core keeps.
_NAME_BYTES = 63


class Crew:
    """The interpreters, by tag: negative numbers, by which is_exit knows an exit from what they send.

    Attributes:
        inbox: where everything arrives; nothing else receives from it.
        sender: its other end, for interpreters that send more than their exit. Unbounded: sending never waits.
        alive: ``tag -> (id, name)`` of those whose exit has not been noted.
    """

    __slots__ = ("_next", "alive", "inbox", "sender")

    def __init__(self) -> None:
        self.sender: Sender[Any]
        self.inbox: Receiver[Any]
        self.sender, self.inbox = unbounded_channel()
        self.alive: dict[int, tuple[int, str]] = {}
        self._next = -1

    def start(self, name: str, module: str, function: str, arguments: tuple[object, ...]) -> tuple[int, int]:
        """Start an interpreter that runs ``module.function(control, *arguments)``; its ``(tag, id)``. Does not wait.

        Raises StartFailed, and what sending the arguments raises.
        """
        tag = self._next
        self._next -= 1
        label = name.encode()[:_NAME_BYTES].decode(errors="ignore")
        started = start(label, self.sender, tag)
        self.alive[tag] = (started.id, name)
        try:
            order(started, module, function, arguments)
        except BaseException:
            started.control.close()  # it ends then, and says so
            raise
        return tag, started.id

    def ended(self, tag: int) -> str:
        """Take note of an exit message; gives the name of the interpreter."""
        return self.alive.pop(tag, (0, "an interpreter"))[1]

    def stop(self, grace: float, *, stopped: bool, take: Callable[[Exit], object] | None = None) -> list[str]:
        """Stop all that live, wait for them, and close the inbox. Blocks at most for both times of grace.

        They are asked first (Stopped comes out of their channel operations; one that has not begun does not begin),
        killed after *grace* seconds, and cut off after another, which does not pass while they wait for a CPU.
        Meanwhile *take* gets the exit messages, after they were noted; all others are dropped. Ctrl-C, or being stopped
        oneself, while it waits goes on to the next step at once. *stopped* says that Stopped is the reason for it all:
        then each step gets no more than a third of the time that was granted to us, because one that is killed can no
        longer stop its own. What is still alive then is not cut off here: our interpreter's end waits for it
        (native/python/interpreters/started.c).

        Returns what people should know about those that did not stop in good order.
        """
        notes: list[str] = []
        kill_grace = max(grace, KILL_GRACE)
        ends_soon = stopped and granted.granted is not None
        if stopped:
            self_resume()  # what follows uses channels
            if granted.granted is not None:
                grace = kill_grace = min(grace, granted.granted / 3)
        began = now()
        # What is around us may be cancelled, and be why we are here.
        with CancelScope(shield=True), Named("what was started here stops", self._whom):
            self._step(cancel_interpreter, _by_the_clock(grace), take)
            if self.alive:
                # Less than the grace when it was cut short, by a second Ctrl-C for example.
                within = min(grace, round(now() - began, 1))
                notes.append(f"csp: {self._names()} did not stop within {within:g} s and had to be killed")
                clock = _by_the_clock if ends_soon else self._while_they_queue
                self._step(kill_interpreter, clock(kill_grace), take)
        if self.alive and not ends_soon:
            notes.append(
                f"csp: {self._names()} cannot be stopped, being inside C code that does not return. Their channels "
                "were closed for them; their threads are left behind"
            )
            for number, _ in self.alive.values():
                fence_interpreter(number)
        self.close()
        return notes

    def close(self) -> None:
        """Close the inbox: what comes later is dropped."""
        self.inbox.close()
        self.sender.close()

    def _step(
        self, step: Callable[[int], object], patience: Callable[[], float], take: Callable[[Exit], object] | None
    ) -> None:
        """Take one step with all that live, and wait until they have ended, or *patience* is 0: seconds until it is
        asked again.
        """
        try:
            for number, _ in self.alive.values():
                step(number)
            while self.alive:
                seconds = patience()
                try:
                    message = self.inbox.recv(seconds)
                except TimeoutError:
                    if seconds == 0.0:
                        return
                    continue
                except Exception:  # noqa: BLE001, S112  (a result that cannot be read; nobody wants it any more)
                    continue
                if is_exit(message):
                    end = exit_of(message)
                    self.ended(end[0])
                    if take is not None:
                        take(end)
        except KeyboardInterrupt:
            pass
        except Stopped:
            self_resume()

    def _whom(self) -> list[tuple[str, int]]:
        return [(name, number) for number, name in list(self.alive.values())]

    def _while_they_queue(self, seconds: float) -> Callable[[], float]:
        """As _by_the_clock, by a clock that stands still while those that are to end keep the CPUs busy."""
        from csp.hosts.patience import Patience

        looks: list[tuple[float, Callable[[], None]]] = []
        patience = Patience(lambda delay, look: looks.append((now() + delay, look)))
        late: set[int] = set()

        def is_late(number: int) -> Callable[[], None]:
            return lambda: late.add(number)

        for number, _ in self.alive.values():
            patience.give(number, seconds, is_late(number))

        def left() -> float:
            while any(number not in late for number, _ in self.alive.values()):
                due, look = looks[0]
                if due > now():
                    return due - now()
                looks.pop()
                look()
            return 0.0

        return left

    def _names(self) -> str:
        names = [f"{name} ({number})" for number, name in self.alive.values()]
        more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
        return ", ".join(names[:_MOST_NAMED]) + more


def is_exit(message: Any) -> bool:
    """Whether a message in a crew's inbox is an exit, and not what its interpreters sent."""
    return is_bare(message) or message[0] < 0


def _by_the_clock(seconds: float) -> Callable[[], float]:
    """How long there is still time to wait."""
    deadline = now() + seconds
    return lambda: max(0.0, deadline - now())
