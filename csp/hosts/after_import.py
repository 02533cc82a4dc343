"""Doing something with a module when, and if, it is imported: for what would cost too much to import for everybody."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any


def after_import(name: str, action: Callable[[Any], None]) -> None:
    """Call *action* with the module of that name: now if it is loaded, else in its first import, after its own code."""
    module = sys.modules.get(name)
    if module is not None:
        action(module)
        return
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)
    _finder.actions.setdefault(name, []).append(action)


class _Finder:
    def __init__(self) -> None:
        self.actions: dict[str, list[Callable[[Any], None]]] = {}  # by the modules that are waited for

    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Let the others find it, and have its loader tell us."""
        actions = self.actions.pop(name, None)
        if actions is None:
            return None
        for finder in sys.meta_path:
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                if spec.loader is not None:
                    spec.loader = _Loader(spec.loader, actions)  # type: ignore[assignment]  # the same
                return spec
        return None


_finder = _Finder()


class _Loader:
    def __init__(self, loader: Any, actions: list[Callable[[Any], None]]) -> None:
        self._loader = loader
        self._actions = actions

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """As the loader does."""
        made: ModuleType | None = self._loader.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        """As the loader does, which then is the module's loader again; then the actions."""
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        for action in self._actions:
            action(module)
