"""Spoilt text: the value of the record is no JSON, or JSON that hardly anybody would write."""

import gzip
import json
from random import Random

import cramjam

from tests.bad_input.golden import Good
from tests.bad_input.mutations import odd
from tests.bad_input.mutations.table import mutation, said
from tests.bad_input.raw import RawRecord


@mutation("bytes flipped")
def flip(good: Good, rng: Random) -> RawRecord:
    value = bytearray(good.record.value or b"")
    for _ in range(rng.randint(1, 8)):
        value[rng.randrange(len(value))] ^= rng.randint(1, 255)
    return said(good, bytes(value))


@mutation("truncated")
def truncate(good: Good, rng: Random) -> RawRecord:
    value = good.record.value or b""
    return said(good, value[: rng.randrange(1, len(value))])


@mutation("deeply nested")
def nest(good: Good, rng: Random) -> RawRecord:
    depth = rng.choice([90, 150, 300, 5_000, 140_000])
    left, right = rng.choice([(b"[", b"]"), (b'{"a":', b"}")])
    inner = left * depth + b"0" + right * depth
    plain = json.dumps(good.event).encode()[:-2]  # within the data
    return said(good, plain + b',"deep":' + inner + b"}}")


@mutation("no number json knows")
def nan(good: Good, rng: Random) -> RawRecord:
    text = json.dumps({**good.event, "data": "here"})
    number = rng.choice(["NaN", "Infinity", "-Infinity", "1e999", "0x10", "01", "1" * 6_000 + "e"])
    return said(good, text.replace('"here"', f'{{"x": {number}}}').encode())


@mutation("a name twice")
def same(good: Good, rng: Random) -> RawRecord:
    name = rng.choice([*good.event])
    text = json.dumps(good.event)
    return said(good, f'{text[:-1]}, "{name}": {json.dumps(rng.choice(odd.VALUES))}}}'.encode())


@mutation("lone surrogate")
def surrogate(good: Good, rng: Random) -> RawRecord:
    lone = rng.choice([b'"\\ud800"', b'"\\udc00x"', b'"\xed\xa0\x80"'])
    text = json.dumps({**good.event, "data": "here"}).encode()
    return said(good, text.replace(b'"here"', b'{"x": ' + lone + b"}"))


@mutation("not a text encoding")
def encoding(good: Good, rng: Random) -> RawRecord:
    text = json.dumps(good.event)
    return said(good, text.encode(rng.choice(["utf-16", "utf-32", "utf-8-sig", "cp037"])))


@mutation("no json object")
def scalar(good: Good, rng: Random) -> RawRecord:
    return said(good, rng.choice([b"null", b"[]", b"1", b'"x"', b"{}", b"[1,2]", b"   ", b"true"]))


@mutation("random bytes")
def noise(good: Good, rng: Random) -> RawRecord:
    return RawRecord(good.key, b"\xff" + rng.randbytes(rng.randint(0, 500)), ())


@mutation("compressed value")
def compressed(good: Good, rng: Random) -> RawRecord:
    packed = (cramjam.zstd.compress, cramjam.lz4.compress, cramjam.snappy.compress_raw)
    pack = rng.choice([gzip.compress, *packed])
    return said(good, bytes(pack(good.record.value)))
