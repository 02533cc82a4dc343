"""Interpreters that were started together and end together, watched through one inbox.

This is the starter's side of a parallel block and of a pipeline. Everything that its interpreters say arrives in the
inbox, in order: first what each sends itself, and last its exit ``(tag, ending, detail)``. An exit begins with its tag,
a negative number. What they send begins with a number that is not negative, and says what the message is.
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
from csp.hosts.interpreter import exit_of, is_bare, order, start
from csp.hosts.naming import Named
from csp.hosts.own import granted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from csp._native import Receiver, Sender
    from csp.hosts.interpreter import Exit

# Seconds between asking an interpreter to stop and killing it.
GRACE = 5.0
# The least seconds that a kill gets: the interpreter must reach its next line of Python.
KILL_GRACE = 0.5
# How many are named in a note.
_MOST_NAMED = 10
# Bytes of a name that the core keeps.
_NAME_BYTES = 63


class Crew:
    """The interpreters, by tag. Tags are negative: that is how is_exit tells an exit from what they send.

    Attributes:
        inbox: where everything arrives; nothing else receives from it.
        sender: its other end, for interpreters that send more than their exit. Unbounded: sending never waits.
        alive: ``tag -> (id, name)`` of those whose exit has not been recorded.
    """

    __slots__ = ("_next", "alive", "inbox", "sender")

    def __init__(self) -> None:
        self.sender: Sender[Any]
        self.inbox: Receiver[Any]
        self.sender, self.inbox = unbounded_channel()
        self.alive: dict[int, tuple[int, str]] = {}
        self._next = -1

    def start(self, name: str, module: str, function: str, arguments: tuple[object, ...]) -> tuple[int, int]:
        """Start an interpreter that runs ``module.function(control, *arguments)``, and return its ``(tag, id)``.

        Does not wait. Raises StartFailed, and what sending the arguments raises.
        """
        tag = self._next
        self._next -= 1
        label = name.encode()[:_NAME_BYTES].decode(errors="ignore")
        started = start(label, self.sender, tag)
        self.alive[tag] = (started.id, name)
        try:
            order(started, module, function, arguments)
        except BaseException:
            started.control.close()  # then it ends, and sends its exit
            raise
        return tag, started.id

    def ended(self, tag: int) -> str:
        """Record an exit, and return the name of its interpreter."""
        return self.alive.pop(tag, (0, "an interpreter"))[1]

    def stop(self, grace: float, *, stopped: bool, take: Callable[[Exit], object] | None = None) -> list[str]:
        """Stop all that live, wait for them, and close the inbox. Blocks for at most two times of grace.

        First they are asked: Stopped comes out of their channel operations, and one that has not begun does not begin.
        After *grace* seconds they are killed, and after a second grace cut off; the second does not pass while they
        wait for a CPU. Ctrl-C, or being stopped oneself, goes on to the next step at once. *take* gets every exit,
        after it was recorded; all other messages are dropped.

        *stopped* says that Stopped is the reason for all this. Then a step gets at most a third of the time that was
        granted to us, because once we are killed we can no longer stop what we started. And what is still alive is not
        cut off here: the end of our interpreter waits for it (native/python/interpreters/started.c).

        Returns notes for the user about those that did not stop in good order.
        """
        notes: list[str] = []
        kill_grace = max(grace, KILL_GRACE)
        given = granted.get()
        ends_soon = stopped and given is not None
        if stopped:
            self_resume()  # what follows uses channels
            if given is not None:
                grace = kill_grace = min(grace, given / 3)
        began = now()
        # A scope around us may be cancelled, and be why we are here. It must not end these waits.
        with CancelScope(shield=True), Named("what was started here stops", self._whom):
            self._step(cancel_interpreter, _by_the_clock(grace), take)
            if self.alive:
                # Less than the grace if something, a second Ctrl-C for example, cut it short.
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
        """Take one step with all that live, and wait until they have ended or *patience* returns 0.

        It returns how many seconds to wait until it is asked again.
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
                except Exception:  # noqa: BLE001, S112  (a result that cannot be read, and that nobody wants any more)
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
        """Do as _by_the_clock, but by a clock that stands still while those that must end keep the CPUs busy."""
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
    """Whether a message in a crew's inbox is an exit, rather than something that an interpreter sent."""
    return is_bare(message) or message[0] < 0


def _by_the_clock(seconds: float) -> Callable[[], float]:
    """Return a function that tells how many seconds are left."""
    deadline = now() + seconds
    return lambda: max(0.0, deadline - now())
