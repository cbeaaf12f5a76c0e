"""Batches that no well-behaved client sends. Some a broker refuses; some it keeps, and consumers meet them."""

from collections.abc import Callable, Iterator

from aiokafka import codec

from tests.bad_input import raw

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "none": bytes,
    "gzip": lambda data: codec.gzip_encode(data, 1),
    "snappy": codec.snappy_encode,
    "lz4": codec.lz4_encode,
    "zstd": codec.zstd_encode,
}
COUNT = 3


def spoiled(now_ms: int) -> Iterator[tuple[str, bytes]]:
    """Each by a name, as the bytes of a produce request."""
    body = raw.body([raw.RawRecord(b"key", b"value %d" % n) for n in range(COUNT)])
    for name, pack in PACKERS.items():
        if name == "none":
            continue
        for what, payload in _payloads(body, pack):
            yield f"{name}, {what}", _batch(payload, name, now_ms)
        bomb = pack(b"\0" * 40_000_000)
        yield f"{name}, endless", raw.batch(bomb, 1, codec=raw.CODECS[name], now_ms=now_ms)
    yield (
        "zstd, a gigabyte",
        raw.batch(codec.zstd_encode(b"\0" * 10_000_000) * 100, 1, codec=4, now_ms=now_ms),
    )
    for offset in (-3, 7, 2**31 - 1):
        record = raw.sized(
            b"\0" + raw.varint(0) + raw.varint(offset) + raw.sized(b"k") + raw.sized(b"v") + b"\0"
        )
        yield f"an offset of {offset}", raw.batch(record, 1, now_ms=now_ms)
    record = raw.sized(
        b"\xff" + raw.varint(0) + raw.varint(0) + raw.sized(b"k") + raw.sized(b"v") + b"\0"
    )
    yield "attributes of a later day", raw.batch(record, 1, now_ms=now_ms)
    for unknown in (5, 6, 7):
        yield f"an unknown codec {unknown}", raw.batch(body, COUNT, codec=unknown, now_ms=now_ms)
    yield "more records than said", raw.batch(body, COUNT - 1, now_ms=now_ms)
    yield "fewer records than said", raw.batch(body, COUNT + 1, now_ms=now_ms)
    yield "a wrong checksum", raw.batch(body, COUNT, now_ms=now_ms)[:-1] + b"\1"


def _payloads(body: bytes, pack: Callable[[bytes], bytes]) -> Iterator[tuple[str, bytes]]:
    packed = pack(body)
    yield "garbage", b"\x13\x37" * 40
    yield "cut", packed[:-4]
    yield "with garbage behind", packed + b"garbage"
    yield "twice", packed * 2
    yield "in two pieces", pack(body[:10]) + pack(body[10:])
    yield "of something else", pack(b"\xff" * 50)
    yield "of nothing", pack(b"")
    for at in (1, 2, 3):
        place = at * len(packed) // 4
        flipped = bytes([packed[place] ^ 0xFF])
        yield f"flipped at {at}/4", packed[:place] + flipped + packed[place + 1 :]


def _batch(payload: bytes, name: str, now_ms: int) -> bytes:
    return raw.batch(payload, COUNT, codec=raw.CODECS[name], now_ms=now_ms)
