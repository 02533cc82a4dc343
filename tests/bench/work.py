"""The functions that workers are given, in a file that imports nothing."""


def burn(steps: int) -> int:
    """A fixed piece of pure Python: integers, a list and a dict."""
    total = 0
    seen: dict[int, int] = {}
    for step in range(steps):
        total = (total * 31 + step) % 1_000_003
        seen[total % 512] = step
    return total + len(seen)


def increment(number: int) -> int:
    """One more."""
    return number + 1
