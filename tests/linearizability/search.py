"""Whether a concurrent history could have happened one operation after the other.

The search of Wing and Gong (1993) with the memory of Lowe (2017): it takes the operations in every order that respects
real time and the specification, and never looks twice at the same set of operations in the same state.
"""

from typing import NamedTuple


class Operation(NamedTuple):
    """What one process did, and between which two instants."""

    process: int
    begun: int
    ended: int
    name: str
    argument: object
    result: object


def explain(history, specification):
    """An order in which the operations of *history* can have taken effect, or None if there is none.

    An operation takes effect at one instant between its begin and its end. What one process did, it did in the order
    of the list, also where the clock gave several of its operations the same two instants.

    *specification* has ``start``, a state that can be hashed; ``steps(history)``, tuples of the operations that take
    effect together, by index; and ``after(state, operations)``: the state that follows, or None where they cannot.
    """
    steps = specification.steps(history)
    if steps is None:
        return None
    first = [
        sum(1 << j for j, other in enumerate(history) if _precedes(j, other, i, one)) for i, one in enumerate(history)
    ]
    masks = [sum(1 << i for i in step) for step in steps]
    needed = [_union(first[i] for i in step) for step in steps]
    operations = [[history[i] for i in step] for step in steps]
    every = (1 << len(history)) - 1
    seen = {(0, specification.start)}
    way = [(0, specification.start, iter(range(len(steps))))]
    taken = []
    while way:
        done, state, left = way[-1]
        if done == every:
            return [operation for index in taken for operation in operations[index]]
        for index in left:
            if masks[index] & done or needed[index] & ~done:
                continue
            following = specification.after(state, operations[index])
            key = (done | masks[index], following)
            if following is not None and key not in seen:
                seen.add(key)
                way.append((*key, iter(range(len(steps)))))
                taken.append(index)
                break
        else:
            way.pop()
            if taken:
                taken.pop()
    return None


def _precedes(j, other, i, one):
    if other.process == one.process:
        return j < i
    return other.ended < one.begun


def _union(masks):
    whole = 0
    for mask in masks:
        whole |= mask
    return whole
