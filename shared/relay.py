"""Outbox → Kafka. The collection is the truth; whatever wakes the relay is only a hint."""

import asyncio
import os
import socket
import time
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError, UnknownTopicOrPartitionError
from pymongo.errors import DuplicateKeyError
from pymongo.write_concern import WriteConcern

from shared.clock import now
from shared.database import Database, is_outage
from shared.events import Document
from shared.telemetry import OUTBOX_AGE, OUTBOX_DEPTH, PUBLISHED, log

PASS = 2_000  # events read, sent and deleted at a time
POLL_SECONDS = 0.25  # for what other replicas committed
ACK_SECONDS = 30  # no acknowledgement in this time: a new producer (aiokafka #1017)
MISSING_SECONDS = (
    30  # a topic that was missing is not asked for again in this time: each asking takes long
)
BEGINNING = ("$gte", "")
LEASE_SECONDS, RENEW_SECONDS, DOUBT_SECONDS = 10, 3, 7


class Relay:
    """Publishes a service's outbox in order per key. One replica holds the lease and works.

    A relay that lost its lease unawares may publish an event twice; consumers take it once.
    """

    def __init__(self, database: Database, kafka: str, limit: int) -> None:
        self._database = database
        self._kafka = kafka
        self._limit = limit
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{id(self):x}"
        self._renewed = -1e9
        self._producer: Any = None
        self._missing: dict[str, float] = {}  # topics that are not there, and when that was seen
        self._from = BEGINNING

    async def run(self) -> None:
        """Relay until cancelled; waits out any absence of Kafka or MongoDB."""
        pause = POLL_SECONDS
        while True:
            try:
                sent = await self._pass() if await self._leads() else 0
                pause = POLL_SECONDS
            except Exception as error:
                expected = is_outage(error) or isinstance(
                    error, KafkaError | OSError | TimeoutError
                )
                (log.warning if expected else log.exception)("relay waits", error=repr(error))
                await self._drop_producer()
                sent, pause = 0, min(pause * 2, 5)
            if sent < PASS:
                await self._idle(pause)

    async def stop(self) -> None:
        """Give the lease back, so that another replica goes on at once."""
        await self._drop_producer()
        await self._database["leases"].delete_one({"_id": "relay", "holder": self._holder})

    async def measure(self) -> None:
        """Depth and age of the outbox; above the limit commands are answered 503."""
        outbox = self._database["outbox"]
        depth = await outbox.estimated_document_count()
        oldest = await outbox.find_one({}, {"at": 1}, sort=[("at", 1)]) if depth else None
        OUTBOX_DEPTH.set(depth)
        OUTBOX_AGE.set(max(0.0, (now() - oldest["at"]).total_seconds()) if oldest else 0)
        self._database.outbox_full = depth > self._limit

    async def _idle(self, seconds: float) -> None:
        committed = self._database.committed
        try:
            async with asyncio.timeout(seconds):
                await committed.wait()
        except TimeoutError:
            pass
        committed.clear()

    async def _leads(self) -> bool:
        """Whether this replica holds the lease; only MongoDB's clock counts."""
        if time.monotonic() - self._renewed < RENEW_SECONDS:
            return True
        asked = time.monotonic()
        free = {"$lt": [{"$ifNull": ["$until", 0]}, "$$NOW"]}  # in BSON a number is before any date
        mine = {"$or": [{"$eq": ["$holder", self._holder]}, free]}
        until = {"$add": ["$$NOW", LEASE_SECONDS * 1000]}
        change = {
            "holder": {"$cond": [mine, self._holder, "$holder"]},
            "until": {"$cond": [mine, until, "$until"]},
        }
        try:
            lease = await self._database["leases"].find_one_and_update(
                {"_id": "relay"}, [{"$set": change}], upsert=True, return_document=True
            )
        except DuplicateKeyError:  # two asked for the first time
            return False
        if lease["holder"] != self._holder:
            return False
        self._renewed = asked
        return True

    async def _pass(self) -> int:
        """Send what is there, from where the last pass ended in the order of keys; delete what was acknowledged."""
        operator, key = self._from
        events: list[Document] = (
            await self._database["outbox"]
            .find({"key": {operator: key}}, batch_size=PASS)
            .sort([("key", 1), ("seq", 1)])
            .limit(PASS)
            .to_list(None)
        )
        wrapped = self._from != BEGINNING and len(events) < PASS
        self._from = BEGINNING
        if not events:
            return PASS if wrapped else 0
        if time.monotonic() - self._renewed > DOUBT_SECONDS:
            return PASS  # too slow to be sure of the lease: ask again first
        done = await self._send(events)
        if len(events) == PASS:
            # A key that cannot be sent must not keep the relay from those behind it.
            self._from = ("$gte" if done else "$gt", events[-1]["key"])
        return PASS if done and (wrapped or len(events) == PASS) else 0

    async def _send(self, events: list[Document]) -> int:
        """Send in order; an event that fails stops its key. Returns how many were acknowledged and deleted."""
        producer = await self._ready_producer()
        sent: list[tuple[Document, Any]] = []
        stopped: set[str] = set()
        async with asyncio.timeout(ACK_SECONDS):
            for event in events:
                missing = (
                    time.monotonic() - self._missing.get(event["topic"], -1e9) < MISSING_SECONDS
                )
                if event["key"] in stopped or missing:
                    stopped.add(event["key"])
                    continue
                try:
                    sent.append((event, await producer.send(event["topic"], **_record(event))))
                except (KafkaError, ValueError, TypeError) as error:  # this event, not Kafka
                    stopped.add(event["key"])
                    if isinstance(error, UnknownTopicOrPartitionError | KafkaTimeoutError):
                        self._missing[event["topic"]] = time.monotonic()
                    log.error(
                        "cannot be published",
                        event_id=event["_id"],
                        topic=event["topic"],
                        error=repr(error)[:300],
                    )
            await producer.flush()
            acknowledged = await asyncio.gather(*[ack for _, ack in sent], return_exceptions=True)
        done: list[str] = []
        failed: set[str] = set()
        failure: BaseException | None = None
        for (event, _), result in zip(sent, acknowledged, strict=True):
            if isinstance(result, BaseException):
                failure = result
                failed.add(event["key"])
            elif event["key"] not in failed:  # else it is sent again, after the one that failed
                done.append(event["_id"])
                PUBLISHED.labels(event["topic"]).inc()
        # A deletion that a failover forgets is an event sent twice; waiting for it would cost every pass.
        at_ease = self._database["outbox"].with_options(write_concern=WriteConcern(1))
        await at_ease.delete_many({"_id": {"$in": done}})
        if failure:
            raise failure
        return len(done)

    async def _ready_producer(self) -> Any:
        if self._producer is None:
            producer: Any = AIOKafkaProducer(
                bootstrap_servers=self._kafka,
                **self._database.settings.kafka_access(),
                acks="all",
                enable_idempotence=True,
                linger_ms=2,
                max_batch_size=256 * 1024,
                max_request_size=1_048_576,
                compression_type="lz4",
                request_timeout_ms=15_000,
            )
            try:
                await producer.start()
            except BaseException:
                await producer.stop()
                raise
            self._producer = producer
        return self._producer

    async def _drop_producer(self) -> None:
        producer, self._producer = self._producer, None
        if producer:
            try:
                async with asyncio.timeout(5):
                    await producer.stop()
            except (KafkaError, OSError, TimeoutError):
                # What it still held is in the outbox; it must not send that later, beside its successor.
                sender = producer._sender.sender_task
                if sender:
                    sender.cancel()
                await producer.client.close()


def _record(event: Document) -> dict[str, Any]:
    headers = [(name, bytes(text)) for name, text in event["headers"]]
    return {"key": event["key"].encode(), "value": event["value"], "headers": headers}
