"""Handlers' descriptions held against arguments, so that wrong ones are refused where they are given.

An error in the arguments is the caller's. It is found here, before anything is sent, also where the actor's class was
never imported.
"""

from csp.actors.description import Description, describe

TYPE_CHECKING = False
if TYPE_CHECKING:
    import inspect
    from typing import Any

# More arguments than anybody gives.
_ANY = 1 << 60
# What callers look for among the arguments.
_OPTIONS = frozenset({"timeout", "deadline", "on_restart"})


class Signature:
    """One handler's description, ready to be held against arguments.

    Attributes:
        name: of the handler.
        path: of the class that it is described in.
        fewest, most: arguments that are positional alone are fine when there are so many of them.
    """

    __slots__ = ("description", "fewest", "most", "name", "path")

    def __init__(self, path: tuple[str, str], description: Description) -> None:
        self.name = description[0]
        self.path = path
        self.description = description
        self.fewest, self.most = 0, _ANY
        if len(description) > 1:
            _, positional, _, required, more, keywords, _, _ = description
            self.fewest = _ANY + 1 if keywords else required
            self.most = _ANY if more else len(positional)

    def check(self, args: tuple[object, ...], kwargs: dict[str, object]) -> None:
        """Raise the TypeError that Python would raise for these arguments, if any."""
        if len(self.description) == 1:
            return
        _, positional, only, required, more, keywords, optional, any_keyword = self.description
        count = len(args)
        by_name = positional[only:]
        for key in kwargs:
            if key in by_name:
                if positional.index(key) < count:
                    self._refuse(f"got multiple values for argument {key!r}")
            elif key not in keywords and key not in optional and not any_keyword:
                if key in positional:
                    self._refuse(f"got some positional-only arguments passed as keyword arguments: {key!r}")
                self._refuse(
                    f"got an unexpected keyword argument {key!r}{self._instead(key, [*by_name, *keywords, *optional])}"
                )
        if count > len(positional) and not more:
            takes = f"{required} to {len(positional)}" if required < len(positional) else str(len(positional))
            how = "from " if required < len(positional) else ""
            plural = "" if len(positional) == 1 and not how else "s"
            self._refuse(
                f"takes {how}{takes} positional argument{plural} but {count} {'was' if count == 1 else 'were'} given"
            )
        missing = [key for i, key in enumerate(positional[:required]) if i >= count and (i < only or key not in kwargs)]
        if missing:
            self._refuse(_missing("positional", missing))
        missing = [key for key in keywords if key not in kwargs]
        if missing:
            self._refuse(_missing("keyword-only", missing))

    def _refuse(self, why: str) -> None:
        raise TypeError(f"{self.path[1]}.{self.name}() {why}")

    def _instead(self, key: str, names: list[str]) -> str:
        if key in _OPTIONS:
            return f". Options of the call stand apart: ref.{self.name}.options({key}=...)(...)"
        from difflib import get_close_matches

        close = get_close_matches(key, names, 1)
        return f". Did you mean {close[0]!r}?" if close else ""

    def for_inspect(self) -> inspect.Signature:
        """As ``inspect`` tells signatures: the class's own where it is loaded, else made from the description."""
        import inspect

        method = _loaded(self.path, self.name)
        if method is not None:
            return method
        kinds = inspect.Parameter
        if len(self.description) == 1:
            return inspect.Signature([kinds("args", kinds.VAR_POSITIONAL), kinds("kwargs", kinds.VAR_KEYWORD)])
        _, positional, only, required, more, keywords, optional, any_keyword = self.description
        parameters = [
            kinds(
                key,
                kinds.POSITIONAL_ONLY if i < only else kinds.POSITIONAL_OR_KEYWORD,
                default=... if i >= required else kinds.empty,
            )
            for i, key in enumerate(positional)
        ]
        if more:
            parameters.append(kinds("args", kinds.VAR_POSITIONAL))
        parameters += [kinds(key, kinds.KEYWORD_ONLY) for key in keywords]
        parameters += [kinds(key, kinds.KEYWORD_ONLY, default=...) for key in optional]
        if any_keyword:
            parameters.append(kinds("kwargs", kinds.VAR_KEYWORD))
        return inspect.Signature(parameters)


def _missing(kind: str, names: list[str]) -> str:
    quoted = [repr(name) for name in names]
    told = f"{', '.join(quoted[:-1])}, and {quoted[-1]}" if len(quoted) > 2 else " and ".join(quoted)
    return f"missing {len(names)} required {kind} argument{'s' if len(names) > 1 else ''}: {told}"


def _loaded(path: tuple[str, str], name: str) -> inspect.Signature | None:
    """Give the signature of a method of a class that this interpreter has loaded already."""
    import inspect
    from annotationlib import Format

    from csp.hosts.importing import loaded

    cls = loaded(*path)
    if not isinstance(cls, type):
        return None
    method: Any = getattr(cls, name, None)
    bound = isinstance(inspect.getattr_static(cls, name, None), (staticmethod, classmethod))
    try:
        whole = inspect.signature(method, annotation_format=Format.FORWARDREF)  # names that are for checkers alone
    except TypeError, ValueError:
        return None
    return whole if bound else whole.replace(parameters=list(whole.parameters.values())[1:])


def were_wrong(
    name: str, method: Any, error: BaseException, args: tuple[object, ...], kwargs: dict[str, object]
) -> bool:
    """Whether calling a handler raised this TypeError because it takes other arguments, so that its body did not run.

    *method* is the handler as it stands in its class; the lines of functools' and others' decorators may have run.
    """
    static = isinstance(method, staticmethod)
    inner: Any = getattr(method, "__func__", method)
    trace = error.__traceback__
    decorated = False
    while trace is not None:
        if trace.tb_frame.f_globals.get("__name__") in {"csp.actors.dispatch", "functools"}:
            trace = trace.tb_next
            continue
        code, wrapped = getattr(inner, "__code__", None), getattr(inner, "__wrapped__", None)
        if code is not None and (wrapped is None or trace.tb_frame.f_code is not code):
            return False
        if code is not None:
            trace = trace.tb_next
        elif wrapped is None:
            return False  # something in C that called Python code, which went on
        inner, decorated = wrapped, True
    if not decorated:
        return True
    while (wrapped := getattr(inner, "__wrapped__", None)) is not None and not hasattr(inner, "__code__"):
        inner = wrapped
    try:
        Signature(("", name), describe(name, staticmethod(inner) if static else inner)).check(args, kwargs)
    except TypeError:
        return True
    return False


_tables: dict[tuple[tuple[str, str], tuple[Description, ...]], dict[str, Signature]] = {}


def signatures(path: tuple[str, str], descriptions: tuple[Description, ...]) -> dict[str, Signature]:
    """Give the signatures of a class's handlers by name; the same for all of its refs in this interpreter."""
    table = _tables.get((path, descriptions))
    if table is None:
        table = _tables[path, descriptions] = {one[0]: Signature(path, one) for one in descriptions}
    return table
