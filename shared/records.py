"""Records that aiokafka cannot read are read all the same: a header's name may be any bytes.

aiokafka decodes header names strictly while it fetches, so one record of a careless client would stop its partition
for good. Its fetcher is given a reader that falls back to the pure Python one, told to be lenient.
"""

from collections.abc import Iterator
from typing import Any, cast

from aiokafka.consumer import fetcher
from aiokafka.record import default_records, memory_records


class _Bytes(bytearray):
    """Bytes whose text is never refused."""

    def __getitem__(self, place: Any) -> Any:
        found = cast("int | bytes", super().__getitem__(place))
        return found if isinstance(found, int) else _Bytes(found)

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
        try:
            return iter(list(self._batch))
        except UnicodeDecodeError:
            lenient: Any = default_records._DefaultRecordBatchPy(self._slice)  # pyright: ignore
            lenient._maybe_uncompress()
            lenient._buffer = _Bytes(lenient._buffer)
            return iter(list(lenient))


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
