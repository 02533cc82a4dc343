"""Hold what mypy and pyright say about the files beside this one against what those files expect: ``make lint``.

A line that must be rejected ends in a comment: ``# rejected: arg-type``, with mypy's code, by both checkers, or
``# rejected by pyright alone``. All other lines must be accepted, and say by ``assert_type`` which types they see.
"""

import json
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).parent
CASES = sorted(path for path in HERE.glob("*.py") if not path.name.startswith("_"))
_EXPECTED = re.compile(r"#  ?rejected(?:: (?P<code>[a-z-]+)| by (?P<alone>mypy|pyright) alone)")

type Place = tuple[str, int]  # file, line
type Found = dict[Place, list[tuple[str, str]]]  # (code or rule, message)


def expected(checker: str) -> dict[Place, str]:
    """The lines that *checker* must reject, with mypy's code, or ""."""
    places: dict[Place, str] = {}
    for path in CASES:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = _EXPECTED.search(line)
            if match is not None and match["alone"] in {None, checker}:
                places[path.name, number] = match["code"] or ""
            elif match is None and "rejected" in line:
                sys.exit(f"{path}:{number}: the comment is not one of those that are understood: {line.strip()}")
    return places


def run(*command: str) -> str:
    """What a checker prints; it may find errors, but not fail."""
    done = subprocess.run(
        [sys.executable, "-m", *command, *map(str, CASES)], capture_output=True, text=True, check=False
    )
    if done.returncode not in {0, 1}:
        sys.exit(f"{' '.join(command)} failed ({done.returncode}):\n{done.stdout}{done.stderr}")
    return done.stdout


def mypy() -> Found:
    """What mypy rejects."""
    found: Found = defaultdict(list)
    for line in run("mypy", "--strict", "--output=json").splitlines():
        error = json.loads(line)
        if error["severity"] == "error":
            found[Path(error["file"]).name, error["line"]].append((error["code"], error["message"]))
    return found


def pyright() -> Found:
    """What pyright rejects."""
    found: Found = defaultdict(list)
    for error in json.loads(run("pyright", "--outputjson"))["generalDiagnostics"]:
        if error["severity"] == "error":
            line = error["range"]["start"]["line"] + 1
            found[Path(error["file"]).name, line].append((error.get("rule", ""), error["message"]))
    return found


def differences(checker: str, found: Found) -> list[str]:
    """What a checker should have rejected and has not, and the other way round."""
    wanted = expected(checker)
    lines = [f"{file}:{line}: {checker} accepts it" for file, line in sorted(wanted.keys() - found.keys())]
    for place in sorted(found):
        what = "; ".join(f"{message} [{code}]" for code, message in found[place])
        if place not in wanted:
            lines.append(f"{place[0]}:{place[1]}: {checker} rejects it: {what}")
        elif checker == "mypy" and wanted[place] not in {"", *(code for code, _ in found[place])}:
            lines.append(f"{place[0]}:{place[1]}: mypy rejects it for another reason: {what}")
    return lines


def main() -> None:
    lines = differences("mypy", mypy()) + differences("pyright", pyright())
    if lines:
        sys.exit("\n".join(lines))
    print(
        f"{len(CASES)} files; {len(expected('mypy'))} lines are rejected by mypy, {len(expected('pyright'))} by pyright"
    )


if __name__ == "__main__":
    main()
