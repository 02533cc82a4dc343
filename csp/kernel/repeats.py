"""A child that crashes again and again the same way: its traceback is told once, and then counted."""

_KEPT = 1000  # children; of more, the first to have crashed are told in full once more


class Repeats:
    """What a supervisor's children crashed with last."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[str, int]] = {}

    def details(self, child: str, traceback: str) -> dict[str, object]:
        """For the log: the traceback, or how many times in a row it was the same."""
        before, times = self._last.pop(child, ("", 0))
        times = times + 1 if traceback == before else 1
        self._last[child] = (traceback, times)
        if len(self._last) > _KEPT:
            del self._last[next(iter(self._last))]
        return {"traceback": traceback} if times == 1 else {"same_traceback": times}
