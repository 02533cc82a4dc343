"""``csp demo``: a census of the standard library, and how long it takes in other ways."""

import os
import sys
from argparse import ArgumentTypeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from csp.cli.census.census import Census
    from csp.cli.census.target import Target
    from csp.cli.census.totals import Totals
    from csp.cli.logs import ExpectedDeaths
    from csp.cli.progress import Stage

SUMMARY = "count and measure the standard library, one worker per core"
DESCRIPTION = (
    "Read, parse and measure every file of the running Python's standard library, with one worker per core under a "
    "supervisor, and add it all up in an actor. Then do the same in one interpreter, and in threads, to compare."
)

# Each is an interpreter and a thread.
_MOST_WORKERS = 1000

_DIFFERENT = "csp: the totals differ: {}. They must be equal; did files change meanwhile?"


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of ``csp demo``."""
    parser.add_argument("--path", metavar="DIR", help="count the .py files of this folder instead")
    parser.add_argument(
        "--crash", metavar="N", type=_deaths, default=0, help="let workers die N times at random; nothing is lost by it"
    )
    parser.add_argument("--workers", metavar="N", type=_workers, help="how many workers (default: one per CPU)")
    parser.add_argument("--seed", metavar="N", type=int, help="choose the same deaths as last time")
    parser.add_argument("--no-compare", action="store_true", help="leave out one interpreter and threads")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def run(options: Namespace) -> int:
    """Run ``csp demo``; gives the exit status."""
    from csp.cli.census.target import NoTarget, folder, standard_library

    try:
        target = standard_library() if options.path is None else folder(options.path)
    except NoTarget as error:
        options.refuse(str(error))
        raise  # not reached: it was refused
    return _Demo(options, target).run()


def _deaths(text: str) -> int:
    if not text.strip().isdecimal():
        raise ArgumentTypeError(f"how often workers die is a whole number, 0 or more, not {text!r}")
    return int(text)


def _workers(text: str) -> int:
    if not text.strip().isdecimal() or not 1 <= int(text) <= _MOST_WORKERS:
        raise ArgumentTypeError(f"how many workers is a whole number from 1 to {_MOST_WORKERS}, not {text!r}")
    return int(text)


class _Demo:
    """One run of the command."""

    def __init__(self, options: Namespace, target: Target) -> None:
        self._target = target
        self._json: bool = options.json
        self._compare: bool = not options.no_compare
        self._crashes: int = options.crash
        self._seed: int | None = options.seed
        self._workers = min(options.workers or os.process_cpu_count() or 1, len(target.files))

    def run(self) -> int:
        from csp.cli.logs import ExpectedDeaths
        from csp.errors import CspError

        self._introduce()
        deaths = ExpectedDeaths()
        deaths.install()
        if self._compare:
            self._read_all()
        try:
            census = self._take(deaths)
        except CspError as error:
            sys.stderr.write(f"csp: the census failed: {error}\n")
            return 1
        others = self._do_otherwise() if self._compare else {}
        digests = {"csp": census.totals.digest()} | {name: totals.digest() for name, (totals, _) in others.items()}
        seconds = {name: taken for name, (_, taken) in others.items()}
        if self._json:
            self._print_json(census, seconds, digests)
        else:
            self._print_table(census, seconds)
        if len(set(digests.values())) > 1:
            told = ", ".join(f"{name} {digest}" for name, digest in digests.items())
            sys.stderr.write(_DIFFERENT.format(told) + "\n")
            return 1
        return 0

    # ---- work -------------------------------------------------------------------------------------------------------

    def _read_all(self) -> None:
        """Read every file once, so that whoever comes first does not pay for the disk."""
        for path in self._target.files:
            try:
                if os.path.isfile(path):
                    with open(path, "rb") as file:
                        file.read()
            except OSError:
                pass  # measuring it will tell

    def _take(self, deaths: ExpectedDeaths) -> Census:
        from csp.cli.census.census import take_census

        with self._stage(f"{self._workers} worker{'s' * (self._workers != 1)}") as stage:
            return take_census(
                self._target.files,
                self._target.root,
                workers=self._workers,
                crashes=self._crashes,
                seed=self._seed,
                on_progress=stage.reach,
                on_kill=deaths.expect_kill,
            )

    def _do_otherwise(self) -> dict[str, tuple[Totals, float]]:
        from csp.cli.census.baselines import one_interpreter, threads

        files, root = self._target.files, self._target.root
        with self._stage("one interpreter") as stage:
            alone = one_interpreter(files, root, lambda done, _: stage.reach(done))
        with self._stage(f"{self._workers} thread{'s' * (self._workers != 1)}") as stage:
            threaded = threads(files, root, self._workers, lambda done, _: stage.reach(done))
        return {"one_interpreter": alone, "threads": threaded}

    def _stage(self, label: str) -> Stage:
        from csp.cli.progress import Stage

        return Stage(label, len(self._target.files), quiet=self._json)

    # ---- words ------------------------------------------------------------------------------------------------------

    def _introduce(self) -> None:
        target = self._target
        for problem in target.unreadable:
            sys.stderr.write(f"csp: left out, it cannot be read: {_plain(problem)}\n")
        if self._json:
            return
        print(f"{target.title}: {_files(len(target.files))} in {_plain(target.root)}")
        for name, count in target.left_out:
            print(f"left out: {_files(count)} in {name}, of packages that were installed")
        sys.stdout.flush()

    def _print_table(self, census: Census, seconds: dict[str, float]) -> None:
        from csp.cli.census.table import render

        table = render(
            census.totals,
            self._target.root,
            restarts=census.restarts,
            one_interpreter=seconds.get("one_interpreter"),
            threads=seconds.get("threads"),
            csp=census.seconds,
            workers=census.workers,
        )
        print(f"\n{table}")
        if self._crashes:
            print("\n".join(self._account(census)))

    def _account(self, census: Census) -> list[str]:
        """Tell what became of the deaths."""
        from csp.cli.census.ledger import MOMENTS

        ordered = sum(census.deaths)
        moments = ", ".join(f"{count:,} {moment}" for count, moment in zip(census.deaths, MOMENTS, strict=True))
        lines = [
            (
                f"{ordered:,} of {self._crashes:,} deaths asked for: {moments}; "
                f"{census.kills:,} by a kill, {ordered - census.kills:,} by an exception."
            ),
            (
                f"{_files(census.totals.files)}, handed out {census.hand_outs:,} times, each counted once; "
                f"{census.duplicates:,} report{'s' * (census.duplicates != 1)} came a second time."
            ),
        ]
        if census.restarts > ordered:
            lines.append(f"{census.restarts - ordered:,} more workers died that nobody had ordered to.")
        return lines

    def _print_json(self, census: Census, seconds: dict[str, float], digests: dict[str, str]) -> None:
        import json
        from platform import python_version

        from csp import __version__

        totals = census.totals
        result = {
            "version": __version__,
            "python": python_version(),
            "root": self._target.root,
            "left_out": dict(self._target.left_out),
            "unreadable": self._target.unreadable,
            "files": totals.files,
            "lines": totals.lines,
            "functions": totals.functions,
            "classes": totals.classes,
            "longest": [
                {"lines": length, "path": path, "function": name, "line": line}
                for length, path, name, line in totals.longest()
            ],
            "deepest": [{"blocks": depth, "path": path, "line": line} for depth, path, line in totals.deepest()],
            "failed": [{"path": path, "error": error} for path, error in totals.failed()],
            "digest": digests,
            "seconds": {"csp": census.seconds} | seconds,
            "workers": census.workers,
            "crashes": self._crashes,
            "deaths": {"before": census.deaths[0], "measured": census.deaths[1], "delivered": census.deaths[2]},
            "kills": census.kills,
            "restarts": census.restarts,
            "hand_outs": census.hand_outs,
            "duplicates": census.duplicates,
        }
        print(json.dumps(result, indent=2))


def _files(count: int) -> str:
    return f"{count:,} file{'s' * (count != 1)}"


def _plain(text: str) -> str:
    """Text without control characters."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)
