"""Consuming: the kernel beside the best plain code that does the same durable work."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

import orjson
from aiokafka import TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.annotations import KafkaMessage
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from shared.events.cloudevents import Envelope
from shared.events.event import new_id
from shared.storage.database import Database
from tests.bench.world import BATCH, GRACE_SECONDS, Bench, Deposited, Stopwatch, receipts

EVENTS = 20_000
EVENTS_ONE_BY_ONE = 600


async def kernel(bench: Bench, topic: str, events: int, before: int = 0) -> float:
    """Events a second: validate, dedupe, state, outbox, commit; beside what was kept before."""
    database = await bench.database("receipts")
    await _keep(database, before)
    broker, consumer = await bench.kernel_consumer(receipts(), database, topic)
    await broker.start()
    while (already := await database["receipts"].estimated_document_count()) <= before:
        await asyncio.sleep(0.005)  # joining the group is not what is measured
    with Stopwatch() as watch:
        while await database["receipts"].estimated_document_count() < before + events:
            await asyncio.sleep(0.02)
    await consumer.finish(GRACE_SECONDS)
    await broker.stop()
    return (before + events - already) / watch.seconds


async def _keep(database: Database, count: int) -> None:
    """States and ids of as many events of the past."""
    for start in range(0, count, 5_000):
        some = range(start, min(start + 5_000, count))
        states = [
            {"_id": f"past:{n}", "version": 1, "account_id": f"a{n}", "amount": n} for n in some
        ]
        ids = [{"_id": f"/copse/past#{new_id()}", "at": datetime.now(UTC)} for _ in some]
        await database["receipts"].insert_many(states, ordered=False)
        await database["deduplication"].insert_many(ids, ordered=False)


def _by_hand(records: list[Any]) -> tuple[list[Any], list[Any], list[Any]]:
    """The documents that the same events lead to, without the kernel."""
    moment = datetime.now(UTC)
    inbox: list[Any] = []
    states: list[Any] = []
    outbox: list[Any] = []
    for record in records:
        envelope = Envelope[Deposited].model_validate_json(record.value)
        event = envelope.data
        id = f"{event.account_id}:{event.amount}"
        told = {"receipt_id": id, "account_id": event.account_id, "amount": event.amount}
        event_id = new_id()
        body = {
            "specversion": "1.0",
            "id": event_id,
            "type": "copse.bench.ReceiptWritten.v1",
            "source": "/copse/bench",
            "subject": id,
            "partitionkey": id,
            "time": moment.isoformat(),
            "datacontenttype": "application/json",
            "dataschema": "urn:copse:contract:copse.bench.ReceiptWritten.v1",
            "sequence": "1",
            "traceparent": envelope.traceparent,
            "correlationid": envelope.correlationid,
            "causationid": envelope.id,
            "data": told,
        }
        inbox.append({"_id": envelope.identity, "at": moment})
        states.append({"_id": id, "version": 1, "changed_at": moment, **told})
        headers = [
            ("content-type", b"application/cloudevents+json"),
            ("ce_type", b"copse.bench.ReceiptWritten.v1"),
            ("ce_id", event_id.encode()),
        ]
        outbox.append(
            {"_id": event_id, "topic": "bench.receipts", "key": id, "seq": 1, "at": moment}
            | {"value": orjson.dumps(body), "headers": headers}
        )
    return inbox, states, outbox


async def raw_loop(bench: Bench, topic: str, events: int) -> float:
    """Events a second: `getmany`, and one bulk transaction for each batch, once the first is done."""
    database = await bench.database("receipts")
    await database["watermarks"].insert_one({"_id": topic})
    consumer = await bench.raw_consumer(topic)
    done, already, began = 0, 0, 0.0
    while done < events:
        batch = await consumer.getmany(timeout_ms=100, max_records=BATCH)
        records = [record for records in batch.values() for record in records]
        if not records:
            continue
        inbox, states, outbox = _by_hand(records)
        offsets = {tp: rs[-1].offset + 1 for tp, rs in batch.items()}
        await _one_transaction(database, topic, offsets, (inbox, states, outbox))
        await consumer.commit(offsets)
        done += len(records)
        if not began:  # as with the kernel, how reading begins is not what is measured
            began, already = time.perf_counter(), done
    seconds = time.perf_counter() - began
    await consumer.stop()
    return (events - already) / seconds


async def _one_transaction(
    database: Database, topic: str, offsets: dict[TopicPartition, int], writes: tuple[Any, Any, Any]
) -> None:
    async with await database.client.start_session() as session:
        session.start_transaction(ReadConcern("snapshot"), WriteConcern("majority"))
        where = {f"p{tp.partition}": offset for tp, offset in offsets.items()}
        await database["watermarks"].update_one({"_id": topic}, {"$set": where}, session=session)
        for name, documents in zip(("deduplication", "receipts", "outbox"), writes, strict=True):
            await database[name].insert_many(documents, session=session)
        await session.commit_transaction()


async def one_by_one(bench: Bench, topic: str, events: int) -> float:
    """Events a second: a plain FastStream handler with a transaction for each event."""
    database = await bench.database("receipts")
    await database["watermarks"].insert_one({"_id": topic})
    broker = KafkaBroker(bench.parts.kafka, logger=None)
    done = asyncio.Event()
    count = 0

    @broker.subscriber(
        topic,
        group_id=f"plain-{new_id()}",
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.MANUAL,
    )
    async def handle(body: bytes, message: KafkaMessage) -> None:
        nonlocal count
        record: Any = message.raw_message
        offsets = {TopicPartition(record.topic, record.partition): record.offset + 1}
        await _one_transaction(database, topic, offsets, _by_hand([record]))
        await message.ack()
        count += 1
        if count == events:
            done.set()

    with Stopwatch() as watch:
        await broker.start()
        await done.wait()
    await broker.stop()
    return events / watch.seconds
