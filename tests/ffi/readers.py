"""What the tests run in other interpreters. Imports nothing of cffi, except to be refused."""

import importlib

import csp


class Summing(csp.Actor):
    @csp.handler
    def take(self, numbers: csp.Receiver[int], most: int | None = None) -> int:
        if most is not None:
            return sum(numbers.recv() for _ in range(most))
        return sum(numbers)

    @csp.handler
    def try_ffi(self) -> None:
        importlib.import_module("csp.ffi")


def try_ffi(control):
    try:
        importlib.import_module("csp.ffi")
    except csp.NotImportable as error:
        return type(error.__cause__).__name__, str(error)
    return "imported", ""


def where(control):
    return csp.include_dir(), csp.library_dir()


def send_through_capsule(control, folder, sender):
    import sys

    sys.path.append(folder)
    import capsule_user

    return capsule_user.send(sender, 5)
