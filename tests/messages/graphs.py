"""Whether two values are the same graph: of the same types and values, with the same parts shared and the same cycles.

What a class of its own is made of is what it tells ``pickle`` (``__reduce_ex__(5)``): so the comparison knows no class,
and sees what would travel. Other interpreters import this module.
"""

import copyreg
import struct
import types

# Nobody can tell one of these from another that is equal but by ``is``, and no message promises that.
ATOMS = frozenset({type(None), type(...), type(NotImplemented), bool, int, float, complex, str, bytes})
_BY_NAME = (type, types.FunctionType, types.ModuleType)
_REPEATED = 60  # parts that a shared tuple of atoms may have, to be called one


class _Difference(Exception):
    """The way to it, and what is there."""


def same_graph(one, other, *, shared_atoms=False):
    """Whether they are. *shared_atoms*: what cannot change (text, tuples of it) is shared where it was, too."""
    return difference(one, other, shared_atoms=shared_atoms) is None


def difference(one, other, *, shared_atoms=False):
    """Say where they begin to differ, or None."""
    try:
        _Comparison(shared_atoms).run(one, other, "value")
    except _Difference as found:
        return str(found)
    return None


class _Comparison:
    def __init__(self, shared_atoms):
        self.shared_atoms = shared_atoms
        self.there = {}  # the number of each object of ours: that of its image, and the way to it
        self.back = {}
        self.kept = []  # what is only made here lives as long as its number is compared

    def copy(self):
        made = _Comparison(self.shared_atoms)
        made.there, made.back, made.kept = dict(self.there), dict(self.back), self.kept
        return made

    def run(self, one, other, path):
        todo = [(one, other, path)]
        while todo:
            one, other, path = todo.pop()
            if type(one) is not type(other):
                raise _Difference(f"{path}: {type(one).__qualname__} against {type(other).__qualname__}")
            if type(one) in ATOMS:
                if bits(one) != bits(other):
                    raise _Difference(f"{path}: {show(one)} against {show(other)}")
                if not self.shared_atoms or type(one) not in {str, bytes} or len(one) < 2:
                    continue
            if isinstance(one, _BY_NAME):
                if one is not other:
                    raise _Difference(f"{path}: another {show(one)}")
                continue
            if not self.shared_atoms and is_settled(one):
                if type(one) is tuple and len(one) != len(other):
                    raise _Difference(f"{path}: {len(one)} items against {len(other)}")
            elif self._met(one, other, path):
                continue
            self._parts(one, other, path, todo)

    def _met(self, one, other, path):
        """Whether this pair was compared before. Raises when only one of them was, or with another."""
        known = self.there.get(id(one))
        if known is None and id(other) not in self.back:
            self.there[id(one)] = id(other), path
            self.back[id(other)] = path
            self.kept += [one, other]
            return one is other  # a member of an enumeration, and what else there is only one of
        if known is None:
            raise _Difference(f"{path}: shared with {self.back[id(other)]}, and was not")
        if known[0] != id(other):
            raise _Difference(f"{path}: was shared with {known[1]}")
        return True

    def _parts(self, one, other, path, todo):
        kind = type(one)
        if kind in {list, tuple}:
            if len(one) != len(other):
                raise _Difference(f"{path}: {len(one)} items against {len(other)}")
            todo.extend((one[i], other[i], f"{path}[{i}]") for i in reversed(range(len(one))))
        elif kind is dict:
            if len(one) != len(other):
                raise _Difference(f"{path}: {len(one)} items against {len(other)}")
            for mine, theirs in reversed([*zip(one.items(), other.items(), strict=True)]):
                todo.append((mine[1], theirs[1], f"{path}[{show(mine[0])}]"))
                todo.append((mine[0], theirs[0], f"{path} key {show(mine[0])}"))
        elif kind in {set, frozenset}:
            self._members(one, other, path)
        elif kind is bytearray:
            if one != other:
                raise _Difference(f"{path}: other bytes")
        elif kind in ATOMS:
            pass
        else:
            todo += self._reduced(one, other, path)

    def _members(self, one, other, path):
        """Sets have no order: each member has to find another of the same kind, with all that is known so far."""
        if len(one) != len(other):
            raise _Difference(f"{path}: {len(one)} members against {len(other)}")
        ours, theirs = [{(type(part), bits(part)) for part in value if type(part) in ATOMS} for value in (one, other)]
        if ours != theirs:
            raise _Difference(f"{path}: nothing is like {ours ^ theirs!r:.100}")
        left = [part for part in other if type(part) not in ATOMS]
        for member in (part for part in one if type(part) not in ATOMS):
            for place, candidate in enumerate(left):
                trial = self.copy()
                try:
                    trial.run(member, candidate, f"{path} member {show(member)}")
                except _Difference:
                    continue
                self.there, self.back = trial.there, trial.back
                del left[place]
                break
            else:
                raise _Difference(f"{path}: nothing is like its member {show(member)}")

    def _reduced(self, one, other, path):
        told = []
        for value in (one, other):
            try:
                told.append(told_of(value))
            except TypeError:
                told.append(None)  # it does not pickle: it has to say itself what it equals
        by_name = any(isinstance(answer, str) for answer in told)
        if (by_name and one is not other) or (None in told and (told != [None, None] or one != other)):
            raise _Difference(f"{path}: {show(one)} against {show(other)}")
        self.kept += told
        return [] if by_name or told[0] is None else [(*told, f"{path} as {type(one).__qualname__}")]


def told_of(value):
    """What a value tells pickle: the name that it has in its module, or a list of parts."""
    way = copyreg.dispatch_table.get(type(value))
    told = way(value) if way is not None else value.__reduce_ex__(5)
    if isinstance(told, str):
        return told
    parts = list(told) + [None] * (6 - len(told))
    for place in (3, 4):
        if parts[place] is not None:
            parts[place] = list(parts[place])
    return parts


def bits(value):
    """What tells a value from another that is equal: 1 from True is told by the type, NaN from NaN by nothing."""
    if type(value) is float:
        return struct.pack("d", value)
    if type(value) is complex:
        return struct.pack("dd", value.real, value.imag)
    return value


def is_settled(value):
    """Whether it and all its parts can never change, so that only ``is`` could tell whether it is shared."""
    if type(value) in ATOMS or type(value) is range:
        return True
    if type(value) in {tuple, frozenset}:
        todo, parts = [value], 0
        while todo:
            for part in todo.pop():
                parts += 1
                if parts > _REPEATED:
                    return False
                if type(part) in {tuple, frozenset}:
                    todo.append(part)
                elif type(part) not in ATOMS:
                    return False
        return True
    return False


def show(value):
    """The beginning of its repr."""
    try:
        return f"{value!r:.60}"
    except Exception:
        return f"<{type(value).__qualname__}>"
