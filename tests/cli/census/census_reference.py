"""A census of a tree of Python files that shares no code with csp, to compare the real one with.

    python census_reference.py [--files] DIR

prints the totals as JSON; ``--files`` adds what was found in every single file. The rules are those that
``csp/cli/census/measure.py`` states, written down again in another way: a recursive visitor of every node, ``elif``
told from ``else: if`` by the text of the line, lines counted by the text layer of ``io``, everything kept in
lists until the end.
"""

import ast
import io
import json
import re
import sys
import warnings
from pathlib import Path

# What opens a block: the fields that hold statements, one level deeper than the statement itself.
FIELDS = ("body", "handlers", "orelse", "finalbody", "cases")


class Census(ast.NodeVisitor):
    """Visits one module."""

    def __init__(self, lines):
        self.lines = lines
        self.scope = []  # (name, is it a function)
        self.depth = 0
        self.functions = []  # (length, name, line)
        self.classes = []
        self.places = []  # (depth, line) of every statement

    def visit(self, node):
        if isinstance(node, ast.stmt):
            self.places.append((self.depth, node.lineno))
        return super().visit(node)

    def generic_visit(self, node):
        for field, value in ast.iter_fields(node):
            # `case` and `except` are no statements, but their bodies are blocks; so is the list of the cases.
            # The list of the handlers is none: `except` stands in the column of its `try`.
            opens = (
                isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case)
                and field in FIELDS
                and isinstance(value, list)
                and field != "handlers"
                and not self.is_elif(node, field)
            )
            self.depth += opens
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    self.visit(child)
            self.depth -= opens

    def is_elif(self, node, field):
        if not (isinstance(node, ast.If) and field == "orelse" and len(node.orelse) == 1):
            return False
        other = node.orelse[0]
        return isinstance(other, ast.If) and self.lines[other.lineno - 1].lstrip().startswith("elif")

    def visit_FunctionDef(self, node):
        self.functions.append((node.end_lineno - node.lineno + 1, self.qualified(node.name), node.lineno))
        self.enter(node, True)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_ClassDef(self, node):
        self.classes.append(self.qualified(node.name))
        self.enter(node, False)

    def enter(self, node, is_function):
        self.scope.append((node.name, is_function))
        self.generic_visit(node)
        self.scope.pop()

    def qualified(self, name):
        return "".join(outer + (".<locals>." if is_function else ".") for outer, is_function in self.scope) + name


def split_lines(source):
    text = source.removeprefix(b"\xef\xbb\xbf").decode("latin-1")
    return list(io.StringIO(text, newline=None))


def error_text(error):
    kind = type(error).__name__
    if isinstance(error, OSError):
        return f"{kind}: {error.strerror}"
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    if kind == "RecursionError":
        text = re.sub(r" \(used \d+ kB\) *(\w+) +", r" \1 ", text)
    if getattr(error, "lineno", None):
        text += f" (line {error.lineno})"
    return f"{kind}: {text}"


def one_file(path):
    """Return lines, functions, classes, longest function, deepest nesting, error."""
    nothing = [0, 0, [0, "", 0], [0, 0]]
    try:
        source = path.read_bytes()
    except OSError as error:
        return [0, *nothing, error_text(error)]
    lines = split_lines(source)
    try:
        tree = compile(source, "<source>", "exec", ast.PyCF_ONLY_AST)
    except Exception as error:
        return [len(lines), *nothing, error_text(error)]
    census = Census(lines)
    census.visit(tree)
    longest = min(census.functions, key=lambda f: (-f[0], f[1], f[2]), default=(0, "", 0))
    depth = max((depth for depth, _ in census.places), default=0)
    line = min(line for found, line in census.places if found == depth) if depth else 0
    return [len(lines), len(census.functions), len(census.classes), list(longest), [depth, line], None]


def census(root):
    """Return the totals, and under ``per_file`` what they were made of."""
    per_file = {}
    for folder, _, names in root.walk():
        for name in names:
            path = folder / name
            if name.endswith(".py") and not path.is_dir():  # walk() lists links to folders among the files
                per_file[path.relative_to(root).as_posix()] = one_file(path)
    longest = [[-row[3][0], path, *row[3][1:]] for path, row in per_file.items() if row[3][0]]
    deepest = [[-row[4][0], path, row[4][1]] for path, row in per_file.items() if row[4][0]]
    return {
        "files": len(per_file),
        "lines": sum(row[0] for row in per_file.values()),
        "functions": sum(row[1] for row in per_file.values()),
        "classes": sum(row[2] for row in per_file.values()),
        "longest": [[-row[0], *row[1:]] for row in sorted(longest)[:5]],
        "deepest": [[-row[0], *row[1:]] for row in sorted(deepest)[:5]],
        "failed": sorted([path, row[5]] for path, row in per_file.items() if row[5]),
        "per_file": per_file,
    }


def main():
    """Read the command line and print."""
    *options, root = sys.argv[1:]
    sys.setrecursionlimit(1_000_000)
    warnings.simplefilter("ignore")
    result = census(Path(root))
    if options != ["--files"]:
        del result["per_file"]
    json.dump(result, sys.stdout, indent=1, sort_keys=True)
    print()


if __name__ == "__main__":
    main()
