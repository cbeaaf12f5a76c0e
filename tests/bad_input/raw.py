"""Record batches made by hand, byte for byte, and sent without a client's checks (Kafka's record format, version 2)."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import for_code
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.record._crc32c import crc as crc32c

Header = tuple[bytes, bytes | None]
CODECS = {"none": 0, "gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}


@dataclass(frozen=True, slots=True)
class RawRecord:
    """What a record holds, before any client has an opinion on it."""

    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...] = ()


def varint(number: int) -> bytes:
    """Zigzag, seven bits a byte."""
    left = (number << 1) ^ (number >> 63)
    out = bytearray()
    while left > 0x7F:
        out.append(0x80 | (left & 0x7F))
        left >>= 7
    out.append(left)
    return bytes(out)


def sized(data: bytes | None) -> bytes:
    """Its length, then itself."""
    return varint(-1) if data is None else varint(len(data)) + data


def body(records: Sequence[RawRecord]) -> bytes:
    """The records of a batch, one after the other, before any compression."""
    out = bytearray()
    for at, record in enumerate(records):
        headers = b"".join(sized(name) + sized(text) for name, text in record.headers)
        inner = b"".join(
            (
                *(b"\0", varint(0), varint(at), sized(record.key), sized(record.value)),
                *(varint(len(record.headers)), headers),
            )
        )
        out += varint(len(inner)) + inner
    return bytes(out)


def batch(
    payload: bytes, count: int, *, codec: int = 0, now_ms: int, last: int | None = None
) -> bytes:
    """A batch around a payload, whatever that is; its checksum is right."""
    delta = count - 1 if last is None else last
    checked = struct.pack(">hiqqqhii", codec, delta, now_ms, now_ms, -1, -1, -1, count) + payload
    head = struct.pack(">ibI", -1, 2, crc32c(checked))
    return struct.pack(">qi", 0, len(head) + len(checked)) + head + checked


class RawProducer:
    """Sends batches as they are; tells what the broker said."""

    def __init__(self, kafka: str) -> None:
        self._client = AIOKafkaClient(bootstrap_servers=kafka, request_timeout_ms=20_000)

    async def __aenter__(self) -> Self:
        await self._client.bootstrap()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def send(self, topic: str, partition: int, data: bytes) -> tuple[str, int]:
        """The broker's answer: an error's name, or "" and the offset of the batch's first record."""
        await self._client.add_topic(topic)
        node = next(iter(self._client.cluster.brokers())).nodeId
        request: Any = ProduceRequest(
            transactional_id=None,
            required_acks=-1,
            timeout=15_000,
            topics=[(topic, [(partition, data)])],
        )
        response = await self._client.send(node, request)
        [(_, [(_, error, offset, *_)])] = response.topics
        return ("" if not error else for_code(error).__name__), offset
