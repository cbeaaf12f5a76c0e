"""Another system: it knows docs/integrating.md, numbers nothing, and repeats one event in ten, at once or later."""

import asyncio
import json
import random
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.events.event import new_id
from tests.faults.field import SAMPLE, Field
from tests.faults.model import Model

REQUESTED = "copse.notifications.NotificationRequested.v1"
AWAY = (KafkaError, OSError, TimeoutError)
AGAIN = 0.1
Batch = list[bytes]


class Elsewhere:
    """Publishes in order per key, each batch until Kafka acknowledged all of it."""

    def __init__(self, field: Field, model: Model, dice: random.Random) -> None:
        self._field, self._model, self._dice = field, model, dice
        self._producer: Any = None
        self._later: list[tuple[str, str, Batch]] = []
        self._batches = 0
        self.repeated = 0

    async def publish(self, stop: asyncio.Event, rest: Callable[[], Awaitable[None]]) -> None:
        """Until told to stop."""
        while not stop.is_set():
            if "notifications" in self._field.names:
                await self._request()
            if SAMPLE in self._field.names:
                await self._deposits()
            await rest()
        for topic, key, batch in self._later:
            await self._until_acknowledged(topic, key, batch)
        await self._drop()

    async def _request(self) -> None:
        """Somebody who is known is to be told something."""
        known = [key for topic, key in self._model.chains if topic == "membership.people"]
        if not known:
            return
        person, id = self._dice.choice(known), uuid.uuid4().hex
        data = {
            "request_id": id,
            "audience": {"people": [person]},
            "subject": f"News {id}",
            "text": "Really.",
        }
        await self._send("notifications.requests", id, [cloud_event(REQUESTED, data)])
        self._model.told["requested", person] += 1

    async def _deposits(self) -> None:
        """Five to an account, which meet in one batch of the consumer."""
        account = f"f{self._batches // 30}-{self._dice.randrange(3)}"
        self._batches += 1
        done = self._model.foreign[account]
        kind = f"copse.{self._field.sample}.Deposited.v1"
        amounts = [1000 + len(done) + n for n in range(5)]
        events = [cloud_event(kind, {"account_id": account, "amount": one}) for one in amounts]
        await self._send(f"{self._field.sample}.accounts", account, events)
        done += amounts

    async def _send(self, topic: str, key: str, events: Batch) -> None:
        await self._until_acknowledged(topic, key, events)
        self._model.published += len(events)
        for event in events:
            if self._dice.random() < AGAIN:
                self.repeated += 1
                self._later.append((topic, key, [event]))
        while self._later and self._dice.random() < 0.5:
            await self._until_acknowledged(*self._later.pop(0))

    async def _until_acknowledged(self, topic: str, key: str, batch: Batch) -> None:
        """What was perhaps sent is sent again, all of it: the same events, with the same ids."""
        while True:
            try:
                producer = await self._ready()
                sent = [await producer.send(topic, one, key=key.encode()) for one in batch]
                await asyncio.gather(*sent)
                return
            except AWAY:
                await self._drop()
                await asyncio.sleep(0.5)

    async def _ready(self) -> Any:
        if self._producer is None:
            producer = AIOKafkaProducer(
                bootstrap_servers=self._field.parts.kafka,
                enable_idempotence=True,  # else a batch that expires is overtaken by the next
                request_timeout_ms=10_000,
                linger_ms=2,
            )
            try:
                await producer.start()
            except BaseException:
                await producer.stop()
                raise
            self._producer = producer
        return self._producer

    async def _drop(self) -> None:
        producer, self._producer = self._producer, None
        if producer:
            with suppress(*AWAY):
                await asyncio.wait_for(producer.stop(), 5)


def cloud_event(kind: str, data: dict[str, Any]) -> bytes:
    return json.dumps(
        {
            "specversion": "1.0",
            "id": new_id(),
            "source": "https://elsewhere.test",
            "type": kind,
            "time": datetime.now(UTC).isoformat(),
            "data": data,
        }
    ).encode()
