"""A service as its own process, on real Kafka and MongoDB, that a test may kill."""

import asyncio
import os
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import httpx2
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.local import ports
from deploy.local.parts import Parts
from tests.support.scans import a_client, no_scans_in

PARTITIONS = 4
PATIENCE = 80  # seconds; whoever is that late hangs, and is named before pytest ends the test
Record = tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]


class World:
    """The sample service under a name of its own, and ways to look at what it did."""

    module = "tests.kernel.sample"

    def __init__(self, parts: Parts, folder: Path) -> None:
        self.parts = parts
        self.name = "s" + uuid.uuid4().hex[:8]
        self.topic = f"{self.name}.accounts"
        self._log = folder / "sample.log"
        self._port = ports.free()["smtp"]
        self._mongo = a_client(parts.mongo)
        self.db = self._mongo[self.name]
        self.http = httpx2.AsyncClient(base_url=f"http://127.0.0.1:{self._port}", timeout=10)
        self.process: subprocess.Popen[bytes] | None = None

    async def prepare(self) -> Self:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.parts.kafka)
        await admin.start()
        names = [self.topic, f"{self.name}.receipts"]
        await admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in names])
        await admin.create_topics([NewTopic(f"{self.topic}.dead", 1, 1)])
        await admin.close()
        return self

    def start(self, **variables: str) -> None:
        told = {
            "SAMPLE_NAME": self.name,
            "COPSE_KAFKA": self.parts.kafka,
            "COPSE_MONGO": self.parts.mongo,
            "COPSE_PORT": str(self._port),
            "COPSE_TEST_CLOCK": "1",
            **variables,
        }
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *self.module.split()],
                env={**os.environ, **told},
                stderr=log,
            )

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()

    def terminate(self) -> None:
        assert self.process
        self.process.terminate()

    async def ready(self) -> None:
        async def answers() -> bool:
            try:
                return (await self.http.get("/readyz")).status_code == 200
            except httpx2.TransportError:
                return False

        await until(answers, seconds=PATIENCE)

    async def deposit(self, account: str, amount: int) -> None:
        """Deposit until it is acknowledged, as a careful client does: always with the same key."""
        headers = {"idempotency-key": f"{account}-{amount}"}
        while True:
            try:
                path = f"/accounts/{account}/deposits"
                reply = await self.http.post(path, json={"amount": amount}, headers=headers)
                if reply.status_code == 201:
                    return
            except httpx2.TransportError:
                pass
            await asyncio.sleep(0.1)

    async def publish(self, records: list[Record], topic: str | None = None) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self.parts.kafka, acks="all", linger_ms=2)
        await producer.start()
        try:
            sent = [
                await producer.send(topic or self.topic, value, key=key, headers=headers)
                for key, value, headers in records
            ]
            await asyncio.gather(*sent)
        finally:
            await producer.stop()

    async def lag(self) -> int:
        """Records of the topic that Kafka holds no committed offset past."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.parts.kafka, group_id=self.name, enable_auto_commit=False
        )
        await consumer.start()
        try:
            here = [TopicPartition(self.topic, n) for n in range(PARTITIONS)]
            ends = await consumer.end_offsets(here)
            return sum([end - (await consumer.committed(tp) or 0) for tp, end in ends.items()])
        finally:
            await consumer.stop()

    async def drained(self, seconds: float = PATIENCE) -> None:
        """Wait until everything published is applied and everything decided is published."""

        async def done() -> bool:
            return await self.lag() == 0 and await self.db.outbox.count_documents({}) == 0

        await until(done, seconds=seconds, every=0.3)

    async def records(self, topic: str) -> list[Any]:
        return await everything_in(topic, self.parts.kafka)

    async def amounts(self, collection: str) -> dict[str, list[int]]:
        return {one["_id"]: one["amounts"] async for one in self.db[collection].find()}

    async def close(self) -> None:
        if self.process and self.process.poll() is None:
            self.kill()
        await self.http.aclose()
        await self._mongo.drop_database(self.name)
        self._mongo.close()


async def everything_in(topic: str, kafka: str, **access: Any) -> list[Any]:
    """The records a topic holds now."""
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=kafka, auto_offset_reset="earliest", **access
    )
    await consumer.start()
    try:
        ends = await consumer.end_offsets([*consumer.assignment()])
        found: list[Any] = []
        while any([await consumer.position(tp) < end for tp, end in ends.items()]):
            for batch in (await consumer.getmany(timeout_ms=500)).values():
                found += batch
        return found
    finally:
        await consumer.stop()


@asynccontextmanager
async def a_world(parts: Parts, folder: Path) -> AsyncIterator[World]:
    world = await World(parts, folder).prepare()
    try:
        async with no_scans_in(parts.mongo, [world.name]):
            yield world
    finally:
        await world.close()


async def until(
    condition: Callable[[], Awaitable[bool]], *, seconds: float = 30, every: float = 0.1
) -> None:
    """Wait for a condition; fail, naming it, when it does not come true in time."""
    try:
        async with asyncio.timeout(seconds):
            while not await condition():
                await asyncio.sleep(every)
    except TimeoutError:
        raise AssertionError(f"not true within {seconds} s: {condition.__qualname__}") from None
