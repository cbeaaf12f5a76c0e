"""A header's name may be any bytes: one careless client stops nobody."""

import resource
from typing import Any

import pytest
from aiokafka import codec
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.consuming.aiokafka_patch import LenientRecords
from shared.events.cloudevents import UNREADABLE
from tests.bad_input import raw

STRANGE = b"\xff\xfe"


def batch(*names: str) -> bytes:
    """A batch as a producer sends it, a record for each header name."""
    builder = DefaultRecordBatchBuilder(2, 0, False, -1, -1, -1, 1_000_000)
    for offset, name in enumerate(names):
        builder.append(offset, None, b"key", b"value", [(name, b"text")])
    return bytes(builder.build())


def test_aiokafka_alone_gives_up() -> None:
    records = MemoryRecords(batch("good", "zz").replace(b"zz", STRANGE))
    with pytest.raises(UnicodeDecodeError):
        list(records.next_batch())


def test_a_name_that_is_no_text_is_read_and_so_is_all_around_it() -> None:
    data = batch("before") + batch("good", "zz", "last").replace(b"zz", STRANGE) + batch("after")
    records, names = LenientRecords(data), []
    while records.has_next():
        for record in records.next_batch():
            assert (record.key, record.value) == (b"key", b"value")
            names += [name for name, _ in record.headers]
    assert names == ["before", "good", r"\xff\xfe", "last", "after"]
    assert records.next_batch() is None


# what brokers store all the same


def stored(payload: bytes, count: int, codec: str = "none") -> bytes:
    return raw.batch(payload, count, codec=raw.CODECS[codec], now_ms=1)


def read_leniently(data: bytes) -> list[Any]:
    records, found = LenientRecords(data), []
    while records.has_next():
        found += [*records.next_batch()]
    return found


THREE = raw.body([raw.RawRecord(b"key", b"value")] * 3)
UNREADABLE_BATCHES = {
    "gzip and garbage": stored(codec.gzip_encode(THREE) + b"garbage", 3, "gzip"),
    "snappy in two streams": stored(
        codec.snappy_encode(THREE[:10]) + codec.snappy_encode(THREE[10:]), 3, "snappy"
    ),
    "lz4 and garbage": stored(codec.lz4_encode(THREE) + b"garbage", 3, "lz4"),
    "lz4 in two frames": stored(codec.lz4_encode(THREE) * 2, 3, "lz4"),
    "zstd of something else": stored(codec.zstd_encode(b"\xff" * 50), 3, "zstd"),
    "an offset beyond the batch": stored(raw.body([raw.RawRecord(None, b"v")] * 6)[-8:], 1),
    "an offset before the batch": stored(
        raw.sized(b"\0" + raw.varint(0) + raw.varint(-3) + b"\1\2v\0"), 1
    ),
    "an endless zstd stream": stored(codec.zstd_encode(b"\0" * 10_000_000) * 40, 1, "zstd"),
    "an endless lz4 stream": stored(codec.lz4_encode(b"\0" * 40_000_000), 1, "lz4"),
    "an endless gzip stream": stored(codec.gzip_encode(b"\0" * 10_000_000, 6) * 10, 1, "gzip"),
    "records without number": stored(codec.zstd_encode(b"\0" * 7), 1_000_000, "zstd"),
}


@pytest.mark.parametrize("name", UNREADABLE_BATCHES)
def test_a_batch_that_cannot_be_read_is_one_record_that_says_why(name: str) -> None:
    data = batch("before") + UNREADABLE_BATCHES[name] + batch("after")
    before, bad, after = read_leniently(data)
    assert [dict(one.headers).keys() for one in (before, after)] == [{"before"}, {"after"}]
    [(header, why)] = bad.headers
    assert (header, bad.key, bad.value) == (UNREADABLE, None, UNREADABLE_BATCHES[name])
    assert b"offsets 0 to " in why
    [last] = LenientRecords(UNREADABLE_BATCHES[name]).next_batch()
    next_offset = MemoryRecords(UNREADABLE_BATCHES[name]).next_batch().next_offset
    assert last.offset == next_offset - 1, "what was committed must be all of it"


def test_memory_stays_flat_whatever_a_batch_unpacks_to() -> None:
    bombs = [data for name, data in UNREADABLE_BATCHES.items() if "endless" in name]
    assert len(bombs) == 3
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for bomb in bombs:
        assert b"unpacks to more" in read_leniently(bomb)[0].headers[0][1]
    assert (
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150_000
    )  # kB; unpacked they are half a gigabyte


def test_a_record_too_large_for_mongodb_is_cut_and_its_neighbours_are_whole() -> None:
    large = raw.RawRecord(b"k" * 5_000, b"v" * 20_000_000, ((b"name", b"text"),))
    small = raw.RawRecord(b"key", b"value")
    found = read_leniently(stored(codec.zstd_encode(raw.body([small, large, small])), 3, "zstd"))
    assert [one.offset for one in found] == [0, 1, 2]
    assert found[0].value == found[2].value == b"value"
    assert (len(found[1].key), len(found[1].value)) == (1_000, 2 * 2**20)
    assert found[1].headers == [(UNREADABLE, b"it has 20005004 bytes; the most is 2097152")]


@pytest.mark.parametrize("name", ["gzip", "snappy", "lz4", "zstd"])
def test_a_batch_that_packs_well_is_read_as_ever(name: str) -> None:
    records = [raw.RawRecord(b"key", b"x" * 100_000) for _ in range(50)]
    packed = getattr(codec, f"{name}_encode")(raw.body(records))
    found = read_leniently(stored(packed, 50, name))
    assert [(one.offset, one.value) for one in found] == [(n, b"x" * 100_000) for n in range(50)]


@settings(deadline=None)
@given(
    name=st.sampled_from(["none", "gzip", "snappy", "lz4", "zstd"]),
    flips=st.lists(st.tuples(st.integers(0, 10_000), st.integers(1, 255)), min_size=1, max_size=4),
    records=st.lists(st.binary(max_size=60), min_size=1, max_size=4),
)
def test_no_bytes_within_a_batch_ever_raise_or_leave_it(
    name: str, flips: list[tuple[int, int]], records: list[bytes]
) -> None:
    body = raw.body([raw.RawRecord(b"k", value, ((b"h", b"t"),)) for value in records])
    payload = bytearray(body if name == "none" else getattr(codec, f"{name}_encode")(body))
    for at, by in flips:
        payload[at % len(payload)] ^= by
    offsets = [one.offset for one in read_leniently(stored(bytes(payload), len(records), name))]
    assert offsets == sorted({*offsets})
    assert offsets[-1] == len(records) - 1
    assert all(0 <= offset < len(records) for offset in offsets)
