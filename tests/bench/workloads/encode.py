"""encode: a document becomes bytes; and bytes, and a document again; microseconds.

Four documents (documents.py). A codec that cannot carry one, or gives back something else, has no figure for it. Who
encodes for one receiver only, as csp does, may leave out what a file needs; who knows the types beforehand (msgspec,
told to make ``Small``) need not name them.
"""

import time

from tests.bench.documents import DOCUMENTS, Small
from tests.bench.workload import LESS, PINNED, Measure, Scale, Unavailable, Workload, each_us

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType
    from typing import Any

    from tests.bench.workload import Figure

    type Way = tuple[Callable[[Any], object], Callable[[Any], object] | None]

WORKLOAD = Workload(
    "encode",
    *(Measure(f"{what}-{name}", "us", LESS) for what in ("encode", "encode+decode") for name in DOCUMENTS),
    cpus=(PINNED,),
)
# Of what a round may take, the part of one of its figures.
_PART = 1 / (2 * len(DOCUMENTS))


def _repeat(document: object, step: Callable[[Any], object]) -> Callable[[int], float]:
    def run(count: int) -> float:
        begin = time.perf_counter()
        for _ in range(count):
            step(document)
        return time.perf_counter() - begin

    return run


def _rounds(ways: dict[str, Way | None], scale: Scale) -> Iterator[Figure]:
    """Yield a round's figures: of each document how long encoding takes, then of each how long both take.

    *ways*: for each document what encodes it, and what encodes and decodes it; None where it cannot.
    """
    part = Scale(quick=scale.quick)
    part.seconds *= _PART
    columns: list[Iterator[float | None]] = []
    for place in (0, 1):
        for name, make in DOCUMENTS.items():
            way = ways[name]
            step = None if way is None else way[place]
            document = make()
            if step is not None and place == 1:
                assert step(document) == document, name
            columns.append(_nothing() if step is None else each_us(_repeat(document, step), part))
    yield from zip(*columns, strict=True)


def _nothing() -> Iterator[None]:
    while True:
        yield None


def _all(encode: Callable[[Any], object], both: Callable[[Any], object]) -> dict[str, Way | None]:
    return dict.fromkeys(DOCUMENTS, (encode, both))


# ---- ours ------------------------------------------------------------------------------------------------------------


@WORKLOAD.peer("csp")
def codec(scale: Scale) -> Iterator[Figure]:
    """A message is made and dropped; made and read. The calls by which csp.ffi does so, and no channel."""
    from csp._native import message_decode, message_encode
    from csp.ffi import ffi, lib

    message = ffi.new("csp_message *")
    address = int(ffi.cast("uintptr_t", message))
    drop = lib.csp_message_drop

    def encode(document: object) -> None:
        message_encode(document, address)
        drop(message)

    def both(document: object) -> object:
        message_encode(document, address)
        return message_decode(address)

    return _rounds(_all(encode, both), scale)


@WORKLOAD.peer("csp, through a channel")
def channel(scale: Scale) -> Iterator[Figure]:
    """Sent into a buffer where it takes the place of the one before; sent and received, in one thread."""
    import csp

    dropping, kept = csp.channel(1, overflow="drop_oldest")
    tx, rx = csp.channel(1)
    send, recv = tx.send, rx.recv

    def both(document: object) -> object:
        send(document)
        return recv()

    try:
        yield from _rounds(_all(dropping.send, both), scale)
    finally:
        kept.close()


# ---- the standard library --------------------------------------------------------------------------------------------


@WORKLOAD.peer("pickle 5")
def pickled(scale: Scale) -> Iterator[Figure]:
    """pickle.dumps with protocol 5, and loads."""
    from pickle import dumps, loads

    return _rounds(_all(lambda document: dumps(document, 5), lambda document: loads(dumps(document, 5))), scale)


@WORKLOAD.peer("marshal")
def marshalled(scale: Scale) -> Iterator[Figure]:
    """marshal.dumps and loads, which know no classes of anybody's."""
    from marshal import dumps, loads

    return _rounds(_all(dumps, lambda document: loads(dumps(document))) | {"records": None}, scale)


@WORKLOAD.peer("json")
def text(scale: Scale) -> Iterator[Figure]:
    """json.dumps and loads, which know no classes of anybody's."""
    from json import dumps, loads

    return _rounds(_all(dumps, lambda document: loads(dumps(document))) | {"records": None}, scale)


# ---- packages that may be there --------------------------------------------------------------------------------------


def _package(name: str) -> ModuleType:
    try:
        return __import__(name)
    except ImportError:
        raise Unavailable(f"{name} is not installed") from None


@WORKLOAD.peer("msgspec (msgpack)")
def msgspec(scale: Scale) -> Iterator[Figure]:
    """msgspec.msgpack with an encoder and a decoder that are kept; told the type of the records."""
    msgpack: Any = _package("msgspec").msgpack
    encode = msgpack.Encoder().encode
    decode, decode_records = msgpack.Decoder().decode, msgpack.Decoder(list[Small]).decode
    ways = _all(encode, lambda document: decode(encode(document)))
    yield from _rounds(ways | {"records": (encode, lambda document: decode_records(encode(document)))}, scale)


@WORKLOAD.peer("orjson")
def orjson(scale: Scale) -> Iterator[Figure]:
    """orjson.dumps and loads; dataclasses it writes, and reads as dicts."""
    package: Any = _package("orjson")
    dumps, loads = package.dumps, package.loads
    yield from _rounds(_all(dumps, lambda document: loads(dumps(document))) | {"records": (dumps, None)}, scale)
