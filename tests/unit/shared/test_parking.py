"""What is set aside fits where it goes, and nothing that cannot be set aside spins in silence."""

from collections.abc import Sequence
from typing import Any

import bson
import pytest
from aiokafka import TopicPartition
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from bson.errors import InvalidDocument

from shared.consuming import parked
from shared.consuming.applying import Applied
from shared.consuming.batching import Batching
from shared.consuming.partition import Partition
from shared.consuming.record import Record, is_final
from shared.errors import Busy, NotFound, Refused
from shared.events.cloudevents import Unreadable, read
from shared.storage.database import CODEC
from shared.storage.unit_of_work import Transaction

LARGEST_OF_BROKERS = 1_048_576
HERE = TopicPartition("some.topic", 3)
MEGABYTE = 1_000_000


class Noted(Transaction):
    """Notes what is to be written."""

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, Any]] = {}
        self.emitted = 0

    def insert_later(self, collection: str, document: dict[str, Any]) -> None:
        self.documents[collection] = document


def delivered(
    key: bytes | None = b"k", value: bytes | None = b"{", headers: Sequence[tuple[str, bytes]] = ()
) -> Record:
    envelope = read(value, headers, {})
    return Record(*HERE, 7, key, value, [*headers], envelope)


def set_aside(one: Record) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parked document, and the copy that is to be published."""
    tx = Noted()
    assert parked.park(tx, one, "test") == "dead"
    return tx.documents["parked"], tx.documents["outbox"]


@pytest.mark.parametrize(
    "one",
    [
        delivered(key=b"\xff" * MEGABYTE),
        delivered(key=b"k" * 500_000, value=b"{" * 500_000),
        delivered(value=b"{" * MEGABYTE),
        delivered(value=b"{", headers=[("", b"")] * 500_000),
        delivered(value=b"{", headers=[("x", b"y" * 999)] * 1_000),
        delivered(value=b"{" * 400_000, headers=[("x", b"")] * 150_000),
        delivered(
            value=b'{"type": "x.v1"}', headers=[("ce_type", b"x" * MEGABYTE), ("ce_", b"\xff")]
        ),
        Record(*HERE, 7, b"k", b"x", [], Unreadable("é" * 500)),
    ],
)
def test_whatever_is_set_aside_mongodb_can_hold_and_kafka_take(one: Record) -> None:
    parked, copy = set_aside(one)
    assert len(bson.encode(parked, codec_options=CODEC)) < 16 * 2**20
    assert bytes(parked["raw_key"] or b"") == one.key
    assert len(parked["key"]) <= 4_000
    assert len(parked["reason"]) <= 500
    batch = DefaultRecordBatchBuilder(2, 0, False, -1, -1, -1, 2**31 - 1)
    headers = [(name, bytes(text)) for name, text in copy["headers"]]
    batch.append(0, None, copy["key"].encode(), copy["value"], headers)
    assert len(batch.build()) < LARGEST_OF_BROKERS


def test_records_of_one_long_key_stay_in_one_queue() -> None:
    one, same, other = (delivered(key=key * 2_000) for key in (b"k", b"k", b"o"))
    assert one.queue == same.queue != other.queue
    assert delivered(key=b"k" * 1_000).queue == "k" * 1_000
    assert delivered(key=None).queue == "@7"


@pytest.mark.parametrize(
    ("error", "final"),
    [
        (OverflowError("MongoDB can only handle up to 8-byte ints"), True),
        (InvalidDocument("Key names must not contain the NULL character"), True),
        (Refused("no"), True),
        (NotFound("not yet"), False),
        (Busy("later"), False),
        (RuntimeError("a bug that will be mended"), False),
    ],
)
def test_what_mongodb_can_never_hold_is_tried_once(error: Exception, final: bool) -> None:
    assert is_final(error) is final


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 10**400, 1j, object(), {"a\0b": 1}])
def test_what_mongodb_can_never_hold_says_so(value: object) -> None:
    with pytest.raises((OverflowError, InvalidDocument)) as refused:
        bson.encode({"value": value}, codec_options=CODEC)
    assert is_final(refused.value)


async def test_what_cannot_even_be_set_aside_is_told_and_does_not_spin() -> None:
    tried = 0

    async def apply(_: Partition, __: Sequence[Record]) -> Applied:
        nonlocal tried
        tried += 1
        assert tried < 10, "it spins"
        raise Refused("whatever is tried")

    with pytest.raises(Refused):
        await Batching(apply, 1).settle(Partition(HERE).hand_over([delivered(value=b"{}")]))
    assert tried == 2
