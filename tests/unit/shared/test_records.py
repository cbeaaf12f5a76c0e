"""A header's name may be any bytes: one careless client stops nobody."""

import pytest
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from shared.records import LenientRecords

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
