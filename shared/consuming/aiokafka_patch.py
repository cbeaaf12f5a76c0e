"""Records that aiokafka cannot read are read all the same, or set aside: no batch stops its partition for good.

aiokafka decodes header names strictly, unpacks whatever a batch unpacks to, and takes a record's offset on trust, while
brokers check less than it does: one careless client would stop a partition, and a malicious one take all memory. Its
fetcher is given a reader that is lenient about names, and puts a record that says what is wrong in the place of a batch
that cannot be read.
"""

import gzip
import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import cramjam
from aiokafka.consumer import fetcher
from aiokafka.record import default_records, memory_records

from shared.events.cloudevents import UNREADABLE
from shared.events.event import Headers
from shared.types.limits import BATCH_BYTES, BATCH_RECORDS, RECORD_BYTES

SHOWN = 1_000  # bytes of a key that is kept of a record too large
_FORMAT = 2  # of batches; brokers take no older ones since Kafka 4
_HEAD = struct.Struct(">qiibIhiqqqhii")  # a batch's fixed fields, see aiokafka's DefaultRecordBase
_RATIO = {1: 1_032, 2: 22, 3: 255, 4: 40_000}  # how many bytes one can unpack to, by codec
_GZIP, _LZ4 = 1, 3
_PIECE = 2**20


class CannotBeRead(Exception):
    """What a batch holds, or says of itself, is not what Kafka's record format allows."""


@dataclass(frozen=True, slots=True)
class StandIn:
    """Takes the place of what cannot be read; the reason stands in a header."""

    offset: int
    timestamp: int
    timestamp_type: int
    key: bytes | None
    value: bytes
    headers: Headers
    checksum: None = None


class _Bytes(bytearray):
    """Bytes whose text is never refused."""

    def __getitem__(self, place: Any) -> Any:
        part = cast("int | bytes", super().__getitem__(place))
        return part if isinstance(part, int) else _Bytes(part)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return super().decode(encoding, "backslashreplace")


class _Batch:
    """A batch of aiokafka's fast reader, read anew where that gives up."""

    def __init__(self, batch: Any, slice_: bytes) -> None:
        self._batch = batch
        self._slice = slice_

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __next__(self) -> Any:
        return next(self._batch)

    def __iter__(self) -> Iterator[Any]:
        if self._slice[16] != _FORMAT:
            return iter(list(self._batch))
        try:
            self._check_size()
            records = self._read()
            self._check_places(records)
        except Exception as error:  # a decompressor may raise anything
            return iter([self._stand_in(error)])
        return iter([_bounded(record) for record in records])

    def _read(self) -> list[Any]:
        try:
            return list(self._batch)
        except UnicodeDecodeError:
            lenient: Any = default_records._DefaultRecordBatchPy(self._slice)  # pyright: ignore
            lenient._maybe_uncompress()
            lenient._buffer = _Bytes(lenient._buffer)
            return list(lenient)

    def _check_size(self) -> None:
        count, codec = _HEAD.unpack_from(self._slice)[-1], self._batch.compression_type
        if count > BATCH_RECORDS:
            raise CannotBeRead(f"it holds {count} records; the most is {BATCH_RECORDS}")
        packed = memoryview(self._slice)[_HEAD.size :]
        if codec and len(packed) * _RATIO[codec] > BATCH_BYTES and _unpacks_to_much(codec, packed):
            raise CannotBeRead(f"it unpacks to more than {BATCH_BYTES} bytes")

    def _check_places(self, records: list[Any]) -> None:
        """Each offset after the one before, and within the batch: else what follows seems applied already."""
        last = self._batch.base_offset - 1
        for record in records:
            if not last < record.offset < self._batch.next_offset:
                raise CannotBeRead(f"a record in it says that its offset is {record.offset}")
            last = record.offset

    def _stand_in(self, error: Exception) -> StandIn:
        base, last = self._batch.base_offset, self._batch.next_offset - 1
        why = f"the batch of offsets {base} to {last}: {type(error).__name__}: {error}"
        fields: Any = _HEAD.unpack_from(self._slice)
        return StandIn(last, fields[8], 0, None, self._slice, [(UNREADABLE, why[:500].encode())])


def _unpacks_to_much(codec: int, packed: memoryview) -> bool:
    """Whether a batch unpacks to more than there is room for, found out without unpacking it."""
    room = 0
    if codec == _GZIP:
        with gzip.open(io.BytesIO(packed)) as unpacking:
            while piece := unpacking.read1(_PIECE):
                room += len(piece)
                if room > BATCH_BYTES:
                    return True
        return False
    into = cramjam.lz4.decompress_into if codec == _LZ4 else cramjam.zstd.decompress_into
    room = 16 * len(packed)
    while True:
        room = min(room, BATCH_BYTES)
        try:
            into(packed, bytearray(room))
        except cramjam.DecompressionError as error:
            if "whole buffer" not in str(error):
                raise
            if room == BATCH_BYTES:
                return True
            room *= 8
        else:
            return False


def _bounded(record: Any) -> Any:
    """The record, unless MongoDB could not hold it."""
    key, value = record.key or b"", record.value or b""
    size = len(key) + len(value)
    for _, text in record.headers:
        size += len(text or b"")
    if size <= RECORD_BYTES:
        return record
    why = f"it has {size} bytes; the most is {RECORD_BYTES}"
    return StandIn(
        *(record.offset, record.timestamp, record.timestamp_type, record.key and key[:SHOWN]),
        *(value[:RECORD_BYTES], [(UNREADABLE, why.encode())]),
    )


class LenientRecords:
    """Stands where the fetcher expects aiokafka's MemoryRecords."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._records: Any = memory_records.MemoryRecords(data)
        self._at = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._records, name)

    def next_batch(self) -> Any:
        batch = self._records.next_batch()
        if batch is None:
            return None
        length = 12 + int.from_bytes(self._data[self._at + 8 : self._at + 12], "big")
        slice_, self._at = self._data[self._at : self._at + length], self._at + length
        return _Batch(batch, slice_)


def install() -> None:
    """Let every consumer of this process read leniently."""
    fetcher.MemoryRecords = LenientRecords  # pyright: ignore
