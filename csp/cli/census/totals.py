"""What all the measurements of a census add up to.

Everything here depends on which files were counted, never on the order they were counted in, nor on how they
were spread over several :class:`Totals` before these were merged.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from csp.cli.census.measure import Report


class Totals:
    """The reports of a set of files, and what they add up to.

    ``path in totals`` tells whether a file was counted already. Two are equal if they hold equal reports of
    the same files.
    """

    __slots__ = ("_reports",)

    def __init__(self, reports: Iterable[Report] = ()) -> None:
        self._reports: dict[str, Report] = {}
        for report in reports:
            self.add(report)

    def add(self, report: Report) -> None:
        """Count one file. Raises :class:`ValueError` if it was counted already."""
        path = report[0]
        if path in self._reports:
            raise ValueError(f"counted twice: {path!r}")
        self._reports[path] = report

    def merge(self, other: Totals) -> Totals:
        """Return new totals over the files of both.

        Associative and commutative. Raises :class:`ValueError` if a file was counted in both; neither is
        changed.
        """
        twice = self._reports.keys() & other._reports.keys()
        if twice:
            raise ValueError(f"counted twice: {', '.join(map(repr, sorted(twice)))}")
        merged = Totals()
        merged._reports = self._reports | other._reports
        return merged

    @property
    def files(self) -> int:
        """How many files were counted, those with errors included."""
        return len(self._reports)

    @property
    def lines(self) -> int:
        """The lines of all files that could be read."""
        return sum(report[1] for report in self._reports.values())

    @property
    def functions(self) -> int:
        """The functions of all files that parse."""
        return sum(report[2] for report in self._reports.values())

    @property
    def classes(self) -> int:
        """The classes of all files that parse."""
        return sum(report[3] for report in self._reports.values())

    def longest(self, count: int = 5) -> list[tuple[int, str, str, int]]:
        """Return the files with the longest functions: length, path, qualified name, line.

        The longest first; of equal ones the path that sorts first. Every file appears once, with its longest
        function.
        """
        found = [(length, path, name, line) for path, _, _, _, (length, name, line), _, _ in self._reports.values()]
        return sorted((row for row in found if row[0]), key=lambda row: (-row[0], row[1]))[:count]

    def deepest(self, count: int = 5) -> list[tuple[int, str, int]]:
        """Return the files with the deepest nesting: depth, path, line.

        The deepest first; of equal ones the path that sorts first. Every file appears once.
        """
        rows = [(report[5][0], report[0], report[5][1]) for report in self._reports.values() if report[5][0]]
        return sorted(rows, key=lambda row: (-row[0], row[1]))[:count]

    def failed(self) -> list[tuple[str, str]]:
        """Return the files that do not parse or cannot be read, sorted: path, error."""
        return sorted((report[0], report[6]) for report in self._reports.values() if report[6] is not None)

    def as_tuple(self) -> tuple[Report, ...]:
        """Return all reports by path, as a plain tuple, which travels between interpreters."""
        return tuple(sorted(self._reports.values(), key=lambda report: report[0]))

    @classmethod
    def from_tuple(cls, reports: Iterable[Report]) -> Totals:
        """Return the totals that :meth:`as_tuple` was called on."""
        return cls(reports)

    def digest(self) -> str:
        """Return 24 hexadecimal digits that depend on every report and on which files were counted."""
        from hashlib import blake2b  # here, because it loads OpenSSL

        return blake2b(ascii(self.as_tuple()).encode("ascii"), digest_size=12).hexdigest()

    def __contains__(self, path: object) -> bool:
        return path in self._reports

    def __eq__(self, other: object) -> bool:
        return self._reports == other._reports if isinstance(other, Totals) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __repr__(self) -> str:
        return f"<Totals of {self.files} files: {self.lines} lines, {len(self.failed())} failed>"
