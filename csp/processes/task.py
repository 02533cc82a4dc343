"""One process, as its block sees it: what it is called, how it ended, and what it left behind."""

from csp._native import Receiver
from csp.errors import ProcessFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from csp.messages.failure import Failure
    from csp.processes.entry import Outcome

RETURNED, STOPPED, RAISED, KILLED, FAILED, ABANDONED = (
    "returned",
    "stopped",
    "raised",
    "killed",
    "failed",  # it never got as far as its function
    "abandoned",
)


class Task:
    """A process from its start on.

    Attributes:
        name: what reports call it.
        id: its interpreter's number.
        ending: "" while it runs, then one of the words above.
    """

    __slots__ = ("_box", "_error", "_failure", "_value", "ending", "id", "name")

    def __init__(self, name: str, box: Receiver[object]) -> None:
        self.name = name
        self.id = 0
        self.ending = ""
        self._box = box  # where the result arrives
        self._value: list[object] = []  # the result, once it was fetched
        self._failure: Failure | str = ""
        self._error: ProcessFailed | None = None

    def ends(self, ending: str, detail: Any) -> None:
        """Take note of the exit message: *ending* is the interpreter's, *detail* what entry.run returned."""
        if ending == "ended" and type(detail) is not str and detail:
            outcome: Outcome = detail
            self.ending = outcome[0]
            if len(outcome) == 2:
                self._failure = outcome[1]
        else:
            self.ending = FAILED if ending == "ended" else ending
            self._failure = str(detail)

    def value(self) -> object:
        """Give what it returned; always the same object. Raises ProcessFailed. It has ended."""
        if self.ending != RETURNED:
            raise self.error().with_traceback(None)
        if not self._value:
            try:
                self._value.append(self._box.recv_nowait())
            except Exception as error:
                from csp.messages.shapes import text_of

                raise ProcessFailed(
                    f"the result of process {self.name} cannot be read here: {text_of(error)}"
                ) from error
            self._box.close()
        return self._value[0]

    def error(self) -> ProcessFailed:
        """Why there is no result; always the same object."""
        if self._error is None:
            if isinstance(self._failure, tuple):
                from csp.messages.failure import unpack

                kind, text = self._failure[2:4]
                self._error = ProcessFailed(f"process {self.name} raised {kind}: {text}".removesuffix(": "))
                self._error.__cause__ = unpack(self._failure)
            else:
                what = {
                    STOPPED: "was stopped before it returned",
                    KILLED: "was killed before it returned",
                    ABANDONED: "could not be stopped and was cut off",
                }.get(self.ending, f"could not run: {self._failure}")
                self._error = ProcessFailed(f"process {self.name} {what}")
        return self._error

    def report(self) -> str:
        """Tell the error and where it was raised, for people."""
        trace = self._failure[4] if isinstance(self._failure, tuple) else ""
        return f"{self.error()}\n{trace}".rstrip()
