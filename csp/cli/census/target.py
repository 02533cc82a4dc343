"""What a census counts: the standard library of the Python that runs, or any other tree."""

import os
import sys

import attrs

from csp.cli.census.measure import find_files
from csp.errors import CspError

# Where packages are installed, inside of the folder of the standard library.
_INSTALLED = ("site-packages", "dist-packages")


class NoTarget(CspError):
    """There is nothing to count. The text says why, and what to do."""


@attrs.frozen
class Target:
    """The files of a tree.

    Attributes:
        root: the absolute path of the tree.
        title: what it is.
        files: the paths of its ``.py`` files, sorted.
        left_out: folders below the root that were not looked into on purpose, with the number of their files.
        unreadable: folders that could not be read, with the reason.
    """

    root: str
    title: str
    files: list[str]
    left_out: list[tuple[str, int]] = attrs.field(factory=list[tuple[str, int]])
    unreadable: list[str] = attrs.field(factory=list[str])


def standard_library() -> Target:
    """Find the standard library, without the packages that are installed in it. Raises NoTarget."""
    from sysconfig import get_path

    title = f"the standard library of Python {sys.version.split()[0]}"
    root = get_path("stdlib")
    if not os.path.isdir(root):
        raise NoTarget(
            f"this Python has its standard library not in a folder ({root}); count another tree with --path DIR"
        )
    return _target(root, title, _INSTALLED)


def folder(path: str) -> Target:
    """Find the files of any tree. Raises NoTarget."""
    if not os.path.lexists(path):
        raise NoTarget(f"there is no {path!r}; --path takes a folder")
    if not os.path.isdir(path):
        what = "is a link that leads nowhere" if not os.path.exists(path) else "is a file"
        raise NoTarget(f"{path!r} {what}; --path takes a folder")
    return _target(path, "Python files", ())


def _target(path: str, title: str, without: tuple[str, ...]) -> Target:
    root = os.path.abspath(path)
    unreadable: list[str] = []
    try:
        found = find_files(root, lambda error: unreadable.append(f"{error.filename}: {error.strerror}"))
    except OSError as error:
        raise NoTarget(f"{path!r} cannot be read: {error.strerror}") from error
    left_out: list[tuple[str, int]] = []
    for name in without:
        inside = os.path.join(root, name, "")
        files = [file for file in found if not file.startswith(inside)]
        if len(files) < len(found):
            left_out.append((name, len(found) - len(files)))
            found = files
    if not found:
        raise NoTarget(f"{path!r} holds no .py file; --path takes a folder of Python sources")
    return Target(root, title, found, left_out, unreadable)
