"""Pickle, for everything that the native codec does not carry itself.

Channel ends inside the object do not go into the pickle: they are numbered, and travel beside it as the same native
ends. Classes and functions go by import path; those of the script, ``__main__``, arrive as those of the same script
there.
"""

import io
import sys
from types import ModuleType

from csp._native import Barrier, Broadcaster, ConditionQueue, Counter, Event, Lock, Receiver, RLock, Semaphore, Sender
from csp.errors import CspError, NotImportable, NotShareable
from csp.messages.shapes import show, text_of
from csp.origin import SCRIPT, module_shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any


def _import_pickle() -> ModuleType:
    """Import the ``_pickle`` module; ``pickle`` itself would cost a fresh interpreter 2 ms.

    At its start it fetches ``functools.partial`` and nothing else of functools, which with collections would cost every
    actor 450 KiB and 2 ms. So where functools is not loaded yet, and no other thread could see it, a stand-in gives it
    just that.
    """
    if "functools" not in sys.modules and "threading" not in sys.modules:
        stand_in = ModuleType("functools")
        stand_in.__dict__["partial"] = __import__("_functools").partial
        sys.modules["functools"] = stand_in
        try:
            return __import__("_pickle")
        except ImportError, AttributeError:
            pass  # another Python wants more of it
        finally:
            del sys.modules["functools"]
    return __import__("_pickle")


if TYPE_CHECKING:
    from _pickle import Pickler, Unpickler
else:
    _pickle = _import_pickle()
    Pickler, Unpickler = _pickle.Pickler, _pickle.Unpickler

PROTOCOL = 5
_DEEPEST = 20  # steps on the way to what cannot travel

type End = (
    Sender[Any]
    | Receiver[Any]
    | Broadcaster[Any]
    | Lock
    | RLock
    | Semaphore
    | Event
    | ConditionQueue
    | Barrier
    | Counter
)

_HANDLES = frozenset({Sender, Receiver, Broadcaster, Lock, RLock, Semaphore, Event, ConditionQueue, Barrier, Counter})


class _Pickler(Pickler):
    def __init__(self, file: io.BytesIO, ends: list[Any]) -> None:
        super().__init__(file, PROTOCOL)
        self.ends = ends

    def persistent_id(self, obj: object) -> int | None:
        if type(obj) in _HANDLES:
            self.ends.append(obj)
            return len(self.ends) - 1
        return None


class _ReducingPickler(_Pickler):
    def __init__(self, file: io.BytesIO, ends: list[Any], reduce: Callable[[Any], Any]) -> None:
        super().__init__(file, ends)
        self.reduce = reduce

    def reducer_override(self, obj: Any) -> Any:
        return self.reduce(obj)


class _Unpickler(Unpickler):
    def __init__(self, file: io.BytesIO, ends: list[End]) -> None:
        super().__init__(file)
        self.ends = ends

    def persistent_load(self, pid: int) -> object:
        return self.ends[pid]

    def find_class(self, module_name: str, global_name: str, /) -> object:
        if module_name in SCRIPT:
            from csp.hosts.script import main_module

            found: object = main_module()
            try:
                for part in global_name.split("."):
                    found = getattr(found, part)
            except AttributeError:
                raise NotImportable(f"the script has no {global_name!r} at module level in this interpreter") from None
            return found
        return super().find_class(module_name, global_name)


def dumps(value: object, name: str = "message", reduce: Callable[[Any], Any] | None = None) -> tuple[bytes, list[End]]:
    """Pickle *value*; gives the bytes and the ends that they refer to by number.

    Raises NotShareable, which names the path to what cannot travel, beginning with *name*. *reduce* is a pickler's
    ``reducer_override``.
    """
    file = io.BytesIO()
    ends: list[End] = []
    pickler = _Pickler(file, ends) if reduce is None else _ReducingPickler(file, ends, reduce)
    try:
        pickler.dump(value)
    except CspError, MemoryError:
        raise
    except Exception as error:
        path, culprit = _find_culprit(value, name)
        kind = type(culprit)
        why = text_of(error)
        raise NotShareable(
            f"{path}: {module_shown(kind)}.{kind.__qualname__} cannot travel to another interpreter ({why})"
        ) from error
    return file.getvalue(), ends


def loads(data: bytes, ends: list[End]) -> Any:
    """Undo dumps, in any interpreter. The ends are handed out as they are."""
    return _Unpickler(io.BytesIO(data), ends).load()


def _travels(value: object) -> bool:
    try:
        _Pickler(io.BytesIO(), []).dump(value)
    except Exception:  # noqa: BLE001  (whatever it is, the value cannot be pickled)
        return False
    return True


def _find_culprit(value: object, path: str) -> tuple[str, object]:
    """Find the innermost part of *value* that cannot be pickled, and the way to it, which has no part twice."""
    met = [value]  # they live as long as their numbers are compared
    while len(met) < _DEEPEST:
        for step, part in _parts(value):
            if not any(part is one for one in met) and not _travels(part):
                value, path = part, path + step
                met.append(part)
                break
        else:
            break
    return path, value


def _parts(value: object) -> list[tuple[str, object]]:
    held: Any = value  # for the checkers: what a dict holds is unknown to them, what Any holds is Any
    if isinstance(value, dict):
        return [(f"[{show(key)}]", part) for key, part in held.items()] + [(f" key {show(key)}", key) for key in held]
    if isinstance(value, (list, tuple)):
        return [(f"[{index}]", part) for index, part in enumerate(held)]
    if isinstance(value, (set, frozenset)):
        return [(f" item {show(part)}", part) for part in held]
    if isinstance(value, (type, ModuleType)) or callable(value) or hasattr(type(value), "__csp_stays__"):
        return []
    names: list[str] = list(getattr(value, "__dict__", ()))
    if isinstance(value, BaseException):
        names.append("args")
    for cls in type(value).__mro__:
        slots: str | Iterable[str] = cls.__dict__.get("__slots__", ())
        names.extend([slots] if isinstance(slots, str) else slots)
    parts: list[tuple[str, object]] = []
    for name in names:
        try:
            parts.append((f".{name}", getattr(value, name)))
        except Exception:  # noqa: BLE001, S112  (a property of its own, or a slot that is empty)
            continue
    return parts
