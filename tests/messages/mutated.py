"""Messages whose bytes were changed on the way, and what becomes of reading them. Run as a program it reads many:

    python mutated.py SEED EXAMPLES FOLDER
    python mutated.py keep SEED EXAMPLES FOLDER     writes there the first of each that comes of it, for the corpus
    python mutated.py read FILE ... FOLDER

Before each is read it is written to FOLDER, so that the one which kills the process is found there. Any value is fine,
and any exception of Python's; then what came is looked at, dropped and collected, and nothing may be left of it.
"""

import collections
import gc
import itertools
import re
import struct
import sys
import types
from pathlib import Path

import oracle_values
from handles import PLACES
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

import csp
from csp._native import totals
from csp.ffi import decode, encode, ffi, from_sender, lib

_HEAD = struct.Struct("<III")  # kind, size, how many ends are attached; then the bytes
_PAYLOAD = lib.CSP_KIND_PAYLOAD
_NUMBERS = [0, 1, 2, 127, 128, 255, 256, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**62, 2**63, 2**64 - 1]
_ENDS = 3


def packed(value):
    """What a message that carries *value* is made of, in one piece; None for one that has no payload."""
    message = encode(value)
    try:
        if not message.kind & _PAYLOAD:
            return None
        payload = getattr(message, "as").payload
        data = bytes(ffi.buffer(lib.csp_payload_bytes(payload), lib.csp_payload_size(payload)))
        return _HEAD.pack(message.kind, message.size, 0) + data
    finally:
        lib.csp_message_drop(message)


def unpacked(piece, end):
    """Make a message of it; at each place where it may refer to an attached end there is one like *end*."""
    kind, size, _ = _HEAD.unpack_from(piece)
    data = piece[_HEAD.size :]
    payload = lib.csp_payload_new(len(data), _ENDS)
    ffi.buffer(lib.csp_payload_bytes(payload), len(data))[:] = data
    for place in range(_ENDS):
        lib.csp_payload_attach_end(payload, place, lib.csp_end_clone(end, ffi.NULL))
    message = ffi.new("csp_message *")
    message.kind, message.size = kind | _PAYLOAD, size
    getattr(message, "as").payload = payload
    return message


def read(piece, end):
    """Read it, look at what came, and drop it. Gives the name of its type, or of the error and the error's text."""
    try:
        value = decode(unpacked(piece, end))
    except Exception as error:
        return type(error).__name__, str(error)
    _look_at(value)
    return type(value).__name__, ""


def _look_at(value):
    """Touch every part once: one that is not whole would not survive it."""
    met, todo = {id(value): value}, [value]
    while todo and len(met) < 10_000:
        part = todo.pop()
        if isinstance(part, (type, types.ModuleType, types.FunctionType)):
            continue
        if type(part) in {str, bytes, int, float, complex}:
            hash(part)
        if type(part) is str:
            part.encode("utf-8", "surrogatepass")
        if len(met) < 100:
            try:
                repr(part)
            except Exception:
                pass
        for more in gc.get_referents(part):
            if id(more) not in met:
                met[id(more)] = more
                todo.append(more)


# ---- changes ---------------------------------------------------------------------------------------------------------


def streams():
    """Give pieces of our own, of every kind of value, and of handles in every place."""
    values = [make() for make in oracle_values.VALUES.values()]
    values += [[values[n], values[-n], values[n]] for n in range(0, len(values), 7)]
    tx, _rx = csp.channel(1)
    values += [put(tx) for put, _ in PLACES.values()] + [[tx, 1, tx]]
    return [piece for piece in map(packed, values) if piece is not None and len(piece) < 5000]


def changes(count):
    """A strategy: how one of *count* pieces is changed. Each change is of plain numbers, so that it can be shown."""
    place, byte = st.floats(0, 1, exclude_max=True), st.integers(0, 255)
    one = st.one_of(
        st.tuples(st.just("flip"), place, st.integers(0, 7)),
        st.tuples(st.just("set"), place, byte),
        st.tuples(st.just("insert"), place, byte),
        st.tuples(st.just("number"), place, st.sampled_from(_NUMBERS), st.sampled_from([1, 2, 4, 8])),
        st.tuples(st.just("cut"), place),
        st.tuples(st.just("drop"), place, st.integers(1, 40)),
        st.tuples(st.just("repeat"), place, st.integers(1, 40)),
        st.tuples(st.just("splice"), place, st.integers(0, count - 1), place, st.integers(1, 200)),
        st.tuples(st.just("size"), st.sampled_from(_NUMBERS)),
        st.tuples(st.just("kind"), st.sampled_from([32, 33, 34, 35, 36, 37, 38, 39])),
    )
    return st.tuples(st.integers(0, count - 1), st.lists(one, min_size=1, max_size=4))


def changed(pieces, which, steps):
    """Apply the changes to one of the pieces."""
    piece = bytearray(pieces[which])
    for step in steps:
        name, *more = step
        if name == "size":
            struct.pack_into("<I", piece, 4, more[0] & 0xFFFFFFFF)
            continue
        if name == "kind":
            struct.pack_into("<I", piece, 0, more[0])
            continue
        at = _HEAD.size + int(more[0] * (len(piece) - _HEAD.size + 1))
        if name == "flip" and at < len(piece):
            piece[at] ^= 1 << more[1]
        elif name == "set" and at < len(piece):
            piece[at] = more[1]
        elif name == "insert":
            piece[at:at] = bytes([more[1]])
        elif name == "number":
            piece[at : at + more[2]] = (more[1] & (256 ** more[2] - 1)).to_bytes(more[2], "little")
        elif name == "cut":
            del piece[at:]
        elif name == "drop":
            del piece[at : at + more[1]]
        elif name == "repeat":
            piece[at:at] = piece[at : at + more[1]]
        elif name == "splice":
            other = pieces[more[1]]
            start = _HEAD.size + int(more[2] * (len(other) - _HEAD.size))
            piece[at:at] = other[start : start + more[3]]
    return bytes(piece)


# ---- the program -----------------------------------------------------------------------------------------------------


def main(number, examples, folder, *, keep=False):
    """Read so many changed messages; gives how often what came of it."""
    pieces, seen, kept = streams(), collections.Counter(), set()
    sender, _receiver, end = _attached()
    before = totals()
    count = itertools.count(1)
    last = folder / "last.bin"

    @seed(number)
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(changes(len(pieces)))
    def read_one(change):
        piece = changed(pieces, *change)
        last.write_bytes(piece)
        outcome, text = read(piece, end)
        if keep and (one := (outcome, re.sub(r"\W?\d.*", "", text)[:40])) not in kept and len(piece) < 1000:
            kept.add(one)
            (folder / f"{len(kept):03}-{outcome}.bin").write_bytes(piece)
        seen[outcome] += 1
        if next(count) % 200 == 0:
            gc.collect()

    read_one()
    gc.collect()
    after = totals()
    left = {kind: after[kind] - before[kind] for kind in ("payloads", "ends", "channels", "replies")}
    assert not any(left.values()), f"left behind: {left}"
    lib.csp_end_free(end)
    return seen


def _attached():
    tx, rx = csp.channel(1)
    other = tx.clone()
    return other, rx, from_sender(tx)


def read_files(files):
    """Read what is in them; a line for each, before it and behind."""
    _sender, _receiver, end = _attached()
    for file in files:
        print(file.name, end=" ", flush=True)
        print(*read(file.read_bytes(), end), flush=True)
    lib.csp_end_free(end)


if __name__ == "__main__":
    if sys.argv[1] == "read":
        read_files([Path(name) for name in sys.argv[2:-1]])
    else:
        number, examples, folder = sys.argv[-3:]
        found = main(int(number), int(examples), Path(folder), keep=sys.argv[1] == "keep")
        print(found.most_common())
