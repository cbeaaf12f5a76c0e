"""What every measurement needs: parts of its own, a topic full of events, a database, a stopwatch."""

import asyncio
import os
import time
import uuid
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from faststream.kafka import KafkaBroker
from pydantic import BaseModel

from deploy.local.parts import Parts
from shared.consuming.consumer import Consumer
from shared.consuming.handlers import Handlers
from shared.events.cloudevents import Origin, write
from shared.events.event import Event
from shared.storage.database import Database
from shared.storage.unit_of_work import Transaction

PARTITIONS = 4
BATCH = 500
GRACE_SECONDS = 10


class DepositEvent(Event, topic="bench.deposits", key="account_id"):
    account_id: str


class Deposited(DepositEvent):
    """An account holds this much more."""

    amount: int
    note: str = ""


class ReceiptEvent(Event, topic="bench.receipts", key="receipt_id"):
    receipt_id: str


class ReceiptWritten(ReceiptEvent):
    """Somebody is told of a deposit."""

    account_id: str
    amount: int


class Receipt(BaseModel, frozen=True):
    """The state that one event leaves behind."""

    receipt_id: str
    account_id: str
    amount: int


def deposits(count: int, accounts: int = 1000) -> list[dict[str, Any]]:
    """Outbox documents of as many events as are wanted."""
    origin = Origin("/copse/bench")
    return [
        write(Deposited(account_id=f"a{n % accounts}", amount=n, note="x" * 60), n, origin)
        for n in range(1, count + 1)
    ]


class Bench:
    """Real parts and a fresh topic and database for each measurement."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._databases: list[Database] = []

    async def database(self, *collections: str) -> Database:
        database = Database(self.parts.mongo, f"bench_{uuid.uuid4().hex[:8]}")
        await database.prepare({name: [] for name in collections})
        self._databases.append(database)
        return database

    async def topic(self, partitions: int = PARTITIONS) -> str:
        name = f"bench.{uuid.uuid4().hex[:8]}"
        admin = AIOKafkaAdminClient(bootstrap_servers=self.parts.kafka)
        await admin.start()
        await admin.create_topics([NewTopic(name, partitions, 1)])
        await admin.close()
        return name

    async def producer(self) -> Any:
        producer = AIOKafkaProducer(
            bootstrap_servers=self.parts.kafka,
            acks="all",
            enable_idempotence=True,
            linger_ms=2,
            max_batch_size=256 * 1024,
            compression_type="gzip",
        )
        await producer.start()
        return producer

    async def fill(self, topic: str, documents: Sequence[dict[str, Any]]) -> None:
        producer = await self.producer()
        sent = [
            await producer.send(topic, d["value"], key=d["key"].encode(), headers=d["headers"])
            for d in documents
        ]
        await asyncio.gather(*sent)
        await producer.stop()

    async def raw_consumer(self, topic: str) -> Any:
        consumer = AIOKafkaConsumer(
            topic,
            bootstrap_servers=self.parts.kafka,
            group_id=f"raw-{uuid.uuid4().hex[:8]}",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        await consumer.start()
        while not consumer.assignment():
            await asyncio.sleep(0.05)
        return consumer

    async def kernel_consumer(
        self, on: Handlers, database: Database, topic: str
    ) -> tuple[KafkaBroker, Consumer]:
        on.topics = {topic}
        DepositEvent.topic = topic  # an event counts on the topic of its contract alone
        on.group = f"kernel-{uuid.uuid4().hex[:8]}"
        broker = KafkaBroker(
            self.parts.kafka, apply_types=False, logger=None, allow_auto_create_topics=False
        )
        return broker, Consumer(broker, on, database, max_records=BATCH, max_failure_share=1)

    async def close(self) -> None:
        for database in self._databases:
            await database.client.drop_database(database.raw.name)
            database.client.close()


def receipts() -> Handlers:
    """What the measured service does: keep a receipt and publish that it is written."""
    on = Handlers("bench")

    @on(Deposited)
    async def write_receipt(event: Deposited, tx: Transaction) -> None:
        id = f"{event.account_id}:{event.amount}"
        told = {"receipt_id": id, "account_id": event.account_id, "amount": event.amount}
        tx.add("receipts", id, Receipt(**told), ReceiptWritten(**told))

    return on


class Stopwatch:
    """Seconds of a `with` block, and of this process's CPU in it."""

    def __enter__(self) -> "Stopwatch":
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self._wall
        self.cpu = time.process_time() - self._cpu


def megabytes() -> float:
    """Resident memory of this process."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]
