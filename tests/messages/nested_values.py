"""A strategy of nested values with parts shared and cycles planted, for hypothesis."""

import types

from hypothesis import strategies as st
from oracle_classes import MyDict, MyList, Plain, Registered, Slotted, WithState
from oracle_records import Attrs, AttrsFrozen, Data, DataFrozen, DataSlots, Pair
from oracle_values import ATOMS, BY_NAME, ENUMERATIONS, NUMBERS_AND_TIMES, OTHERS, RECORDS

LEAVES = st.one_of(
    st.integers(),
    st.integers(min_value=-(2**70), max_value=2**70),
    st.floats(),
    st.text(st.characters(), max_size=20),
    st.binary(max_size=20),
    st.complex_numbers(),
    st.decimals(),
    st.fractions(),
    st.datetimes(),
    st.timedeltas(),
    st.times(),
    st.uuids(),
    st.sampled_from(ATOMS),
    st.sampled_from(NUMBERS_AND_TIMES),
    st.sampled_from(BY_NAME),
    st.sampled_from(ENUMERATIONS),
    st.sampled_from(RECORDS + OTHERS).map(lambda make: make()),
)

# What is made of parts that are there already, so that it has no cycle but through one of those below.
_SETTLED = {
    "tuple": tuple,
    "pair": lambda parts: Pair(parts[0], tuple(parts[1:])) if parts else Pair(None, None),
    "frozen dataclass": lambda parts: DataFrozen(parts[:1], parts[1:]),
    "frozen attrs": lambda parts: AttrsFrozen(*[*parts, None][:1], parts[1:]),
    "slice": lambda parts: slice(*[*parts, None, None, None][:3]),
    "registered": Registered,
    "frozenset": lambda parts: frozenset(part for part in parts if is_hashable(part)),
}


def _fill_dict(made, parts):
    for n, part in enumerate(parts):
        made[part if n % 2 and is_hashable(part) else n] = part


def _fill_set(made, parts):
    made.update(part for part in parts if is_hashable(part))


def _fill_attributes(made, parts):
    made.x = parts
    for n, part in enumerate(parts):
        setattr(made, f"a{n}", part)


def _fill_fields(made, parts):
    made.x, made.y = [*parts, None, None][:2]


def _fill_slots(made, parts):
    made.left, made.right = [*parts, None, None][:2]


def _fill_state(made, parts):
    made.items.extend(parts)
    made.pairs.update(enumerate(parts))


# What is made empty first, and filled when all are there: it may hold itself. How it is made, how it is filled.
_OPEN = {
    "list": (list, list.extend),
    "dict": (dict, _fill_dict),
    "set": (set, _fill_set),
    "namespace": (types.SimpleNamespace, _fill_attributes),
    "object": (lambda: Plain(None), _fill_attributes),
    "dataclass": (lambda: Data(None), _fill_fields),
    "dataclass with slots": (lambda: DataSlots(None), _fill_fields),
    "attrs": (lambda: Attrs(None), lambda made, parts: made.z.extend(parts)),
    "slots": (Slotted, _fill_slots),
    "state": (WithState, _fill_state),
    "list of one's own": (MyList, list.extend),
    "dict of one's own": (MyDict, _fill_dict),
}


def is_hashable(part):
    """Whether it can be put into a set before it is filled, and found there when its hash is asked for elsewhere."""
    if type(part) in {tuple, Pair}:
        return all(map(is_hashable, part))
    if type(part) in {Plain, Slotted, WithState, Registered}:
        return True  # by identity
    return type(part) in {int, float, str, bytes, bool, type(None), frozenset}


@st.composite
def graphs(draw, most=12):
    """Values that hold each other: of those that can be filled later, any may hold any, itself among them."""
    kinds = draw(st.lists(st.sampled_from([*_SETTLED, *_OPEN, "leaf"]), min_size=1, max_size=most))
    made, fill = [], []
    for kind in kinds:
        if kind == "leaf":
            made.append(draw(LEAVES))
        elif kind in _OPEN:
            new, filler = _OPEN[kind]
            made.append(new())
            fill.append((made[-1], filler))
        else:
            made.append(_SETTLED[kind](draw(_chosen(made)) if made else []))
    for one, filler in fill:
        filler(one, draw(_chosen(made)))
    return made[-1] if draw(st.booleans()) else made


def _chosen(made):
    return st.lists(st.sampled_from(range(len(made))), max_size=5).map(lambda places: [made[place] for place in places])
